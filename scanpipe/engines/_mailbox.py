"""Between the threads that submit and the thread that dispatches: tasks and the order to stop, with a bell."""

from __future__ import annotations

import enum
import os
import threading

from scanpipe.engines._task import Task
from scanpipe.faults import Fault


class Stop(enum.IntEnum):
    """How the engine is to go on. It never goes back."""

    NOT = 0
    WHEN_DONE = 1
    NOW = 2


class Mailbox:
    """`bell` is a descriptor that is readable while there is news. All methods may be called from any thread."""

    def __init__(self) -> None:
        self.bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._lock = threading.Lock()
        self._tasks: list[Task] = []
        self._stop = Stop.NOT
        self._closed = False
        self._rung = False

    def put(self, task: Task) -> None:
        """Raises Fault after `stop` or `close`."""
        with self._lock:
            if self._stop or self._closed:
                raise Fault("The engine is closed.", "Open a new one.")
            self._tasks.append(task)
            self._ring()

    def stop(self, how: Stop) -> None:
        """No tasks from now on."""
        with self._lock:
            self._stop = max(self._stop, how)
            if not self._closed:
                self._ring()

    def take(self) -> tuple[list[Task], Stop]:
        """What is new; the bell is silent then."""
        with self._lock:
            if self._rung:
                os.eventfd_read(self.bell)
                self._rung = False
            tasks, self._tasks = self._tasks, []
            return tasks, self._stop

    def close(self) -> None:
        """No tasks from now on, and nobody listens any more. May be called twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._rung = False
                os.close(self.bell)

    def _ring(self) -> None:
        if not self._rung:
            self._rung = True
            os.eventfd_write(self.bell, 1)
