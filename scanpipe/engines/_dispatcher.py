"""The one thread that hands tasks to workers and hears from them: what is running where, and what was lost?"""

from __future__ import annotations

import pickle
import selectors
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from scanpipe.engines import EngineOptions, TaskLost
from scanpipe.engines._mailbox import Mailbox, Stop
from scanpipe.engines._process import Task, WorkerProcess
from scanpipe.engines._wire import Frame, Kind, packed
from scanpipe.faults import Fault

_START_TIMEOUT_S = 120.0
_START_TRIES = 3
_LOSSES = 2
_HANDED_IN_VAIN = 5
"""So often a task is handed out free of charge when its worker was gone before it began."""


class Dispatcher:
    """`run` is the thread; everything here belongs to it."""

    def __init__(self, options: EngineOptions, workers: int, mailbox: Mailbox) -> None:
        self._options = options
        self._workers = workers
        self._mailbox = mailbox
        self._start = _start_frame(options)
        self._waiting: deque[Task] = deque()
        self._alive: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._failed_starts = 0
        self._complaint: Fault | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(mailbox.bell, selectors.EVENT_READ, lambda: None)

    def run(self) -> None:
        """Works until the mailbox says stop. However it ends, no future stays open and no worker alive."""
        fault = Fault("The engine broke down.", "Start again; what was not finished is done then.")
        try:
            self._work()
            fault = Fault("The engine was closed before this was done.", "Start again; it is done then.")
        finally:
            self._end(fault)

    def _work(self) -> None:
        while True:
            tasks, stop = self._mailbox.take()
            self._waiting += tasks
            if stop is Stop.NOW:
                return
            self._hand_out()
            self._staff()
            if stop and not self._waiting and not self._tasks_running():
                return
            for key, _ in self._selector.select(self._patience_s()):
                key.data()
            self._end_patience()

    def _hand_out(self) -> None:
        while self._waiting and self._idle:
            task = self._waiting.popleft()
            if not task.begun and not task.future.set_running_or_notify_cancel():
                continue
            task.begun = True
            worker = self._idle.pop()
            worker.give(task, time.monotonic() + self._options.task_timeout_s)
            self._watch_line(worker)

    def _staff(self) -> None:
        """Starts workers for the tasks that wait, unless starting has failed too often."""
        starting = sum(not w.ready for w in self._alive)
        while len(self._waiting) > starting and len(self._alive) < self._workers:
            if self._failed_starts >= _START_TRIES:
                self._give_up_starting()
                return
            starting += self._start_worker()

    def _start_worker(self) -> bool:
        try:
            worker = WorkerProcess(self._options.memory_mib, self._start, time.monotonic() + _START_TIMEOUT_S)
        except OSError as e:
            self._start_failed(str(e))
            return False
        self._alive.add(worker)
        self._selector.register(worker.sentinel, selectors.EVENT_READ, partial(self._bury, worker))
        self._selector.register(worker.line, selectors.EVENT_READ, partial(self._converse, worker))
        self._watch_line(worker)
        return True
