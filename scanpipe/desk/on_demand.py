"""One worker process that is opened with the first thing there is to do: for bytes that the process that serves does not open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from scanpipe.desk.parts import Engine


class OnDemand:
    """Any thread may call."""

    def __init__(self, engine: Callable[[], AbstractContextManager[Engine]]) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._at_work: Engine | None = None

    def submit(self, function: str, *args: Any) -> Future[Any]:
        """As an engine does. Raises Fault when the worker cannot be had."""
        with self._lock:
            if self._at_work is None:
                self._at_work = self._open.enter_context(self._engine())
            return self._at_work.submit(function, *args)

    def close(self) -> None:
        with self._lock:
            self._open.close()
