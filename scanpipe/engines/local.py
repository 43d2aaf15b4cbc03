"""Worker processes on this machine (Linux): one process and one socket for each, all heard by one thread."""

from __future__ import annotations

import itertools
import os
import pickle
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Any

from scanpipe.engines import EngineOptions
from scanpipe.engines._dispatcher import Dispatcher
from scanpipe.engines._mailbox import Mailbox, Stop
from scanpipe.engines._task import Task
from scanpipe.engines._wire import Kind, packed


def open_workers(options: EngineOptions) -> LocalEngine:
    """An engine on this machine. Workers are started when there are tasks for them."""
    return LocalEngine(options)


class LocalEngine:
    """See `engines.Engine`. Callbacks of the futures run in the dispatching thread: they must be short, and not close it."""

    far = False

    def __init__(self, options: EngineOptions) -> None:
        self._tries = options.tries
        self.workers = options.workers or len(os.sched_getaffinity(0))
        self._numbers = itertools.count(1)
        self._mailbox = Mailbox()
        dispatcher = Dispatcher(options, self.workers, self._mailbox)
        self._thread = threading.Thread(target=dispatcher.run, name="engine", daemon=True)
        self._thread.start()

    def submit(self, function: str, *args: Any) -> Future[Any]:
        number = next(self._numbers)
        body = pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL)
        task = Task(number, packed(number, Kind.TASK, body), self._tries)
        self._mailbox.put(task)
        return task.future

    def close(self, *, wait: bool = True) -> None:
        self._mailbox.stop(Stop.WHEN_DONE if wait else Stop.NOW)
        self._thread.join()

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(wait=error is None)
