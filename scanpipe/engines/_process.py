"""A worker process as its parent sees it: start it, hand it a task, hear its answers, bury it. Never blocks for long."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import NamedTuple

from scanpipe.engines._environment import worker_environment
from scanpipe.engines._task import Task
from scanpipe.engines._wire import OUT_OF_MEMORY, Frame, Inflow
from scanpipe.faults import Fault

_PIECE = 1 << 18
_BOUNDS: Mapping[int, str] = {
    signal.SIGXCPU: "used more CPU time than a page may (engine.page_timeout_s)",
    signal.SIGALRM: "took longer than a page may (engine.page_timeout_s)",
}
"""Signals by which a worker ends that met one of its own bounds."""


class Limits(NamedTuple):
    """What a worker may use: address space (0: all), CPU time for each task (0: all), and whether it is cut off from the network
    and from credentials.
    """

    memory_mib: int
    cpu_s: int = 0
    confined: bool = True


class WorkerProcess:
    """Belongs to one thread: the kernel ends the worker when the thread that started it ends.

    The worker leads a session of its own, so that Ctrl-C does not reach it and all of its children end with it.
    `task` is what it works on; `deadline_s` (monotonic) is when the patience with it ends; `doom` says why it was killed,
    `complaint` why it could not set itself up.
    """

    def __init__(self, limits: Limits, start: bytes, deadline_s: float) -> None:
        """Raises OSError when there is no process to be had. `start` is the first frame for it."""
        self.task: Task | None = None
        self.ready = False
        self.hung_up = False
        self.doom: str | None = None
        self.complaint: Fault | None = None
        self.deadline_s = deadline_s
        self.unsent = memoryview(b"")
        self._limits = limits
        self._inflow = Inflow()
        with ExitStack() as undo:
            self._open(undo)
            self._undo = undo.pop_all()
        self.send(start)

    def _open(self, undo: ExitStack) -> None:
        self.line, theirs = socket.socketpair()
        undo.callback(self.line.close)
        self._cell = os.memfd_create("task", os.MFD_CLOEXEC)
        undo.callback(os.close, self._cell)
        with theirs:
            self._popen = _spawn(theirs.fileno(), self._cell, self._limits)
        undo.callback(self._popen.wait)
        undo.callback(self.kill)
        self.sentinel = os.pidfd_open(self._popen.pid)
        undo.callback(os.close, self.sentinel)
        self.line.setblocking(False)

    def give(self, task: Task, deadline_s: float) -> None:
        """Hands it a task; the rest of a long one waits in `unsent`."""
        self.task = task
        self.deadline_s = deadline_s
        self.send(task.frame)

    def send(self, frame: bytes) -> None:
        self.unsent = memoryview(frame)
        self.send_on()

    def send_on(self) -> None:
        """Sends as much as the line takes. That the worker is gone is told by its sentinel, not here."""
        try:
            while self.unsent:
                self.unsent = self.unsent[self.line.send(self.unsent) :]
        except BlockingIOError:
            pass
        except ConnectionError:
            self.unsent = memoryview(b"")

    def hear(self) -> list[Frame]:
        """The answers that have arrived; `hung_up` is set when no more can come."""
        answers: list[Frame] = []
        with suppress(BlockingIOError):
            while len(piece := self._piece()) == _PIECE:
                answers += self._inflow.add(piece)
            answers += self._inflow.add(piece)
            self.hung_up = not piece
        return answers

    def _piece(self) -> bytes:
        try:
            return self.line.recv(_PIECE)
        except ConnectionError:
            return b""

    def kill(self, doom: str | None = None) -> None:
        """Ends it and its children, with the reason for the record. The sentinel tells when it is done."""
        self.doom = self.doom or doom
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    def had_begun(self, task: Task) -> bool:
        """Whether the worker had taken the task up."""
        return int.from_bytes(os.pread(self._cell, 8, 0), "little") == task.number

    def bury(self) -> str:
        """Frees all that it held. Says how it ended, as a sentence without a full stop."""
        self._undo.close()
        return self.doom or _ending(self._popen.returncode, self._limits.memory_mib)


def _spawn(line: int, cell: int, limits: Limits) -> subprocess.Popen[bytes]:
    """Standard output belongs to the parent's answers: a library that chats must not get in between."""
    told = (line, cell, os.getpid(), limits.memory_mib, limits.cpu_s, int(limits.confined))
    return subprocess.Popen(
        (sys.executable, "-P", "-m", "scanpipe.engines._worker", *map(str, told)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=worker_environment(os.environ, sys.path, limits.confined),
        pass_fds=(line, cell),
        start_new_session=True,
    )


def _ending(code: int, memory_mib: int) -> str:
    if code == OUT_OF_MEMORY:
        return f"needed more than {memory_mib} MiB" if memory_mib else "needed more memory than there is"
    if code >= 0:
        return f"the worker ended with exit code {code}"
    if -code in _BOUNDS:
        return _BOUNDS[-code]
    with suppress(ValueError):
        return f"the worker was ended by signal {signal.Signals(-code).name}"
    return f"the worker was ended by signal {-code}"
