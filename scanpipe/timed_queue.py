"""A queue between threads whose waiting ends when it was told to."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")


class TimedQueue(Generic[Item]):
    """Any thread may put, a signal handler too; one thread gets.

    Instead of queue.SimpleQueue, whose get(timeout=…) waits for ever in CPython 3.11 when a signal handler runs past the end of
    the time: what is left is below zero then, which it takes for no limit. A lock's own `acquire` knows that case.
    """

    def __init__(self) -> None:
        self._items: SimpleQueue[Item] = SimpleQueue()
        self._silence = threading.Lock()
        self._silence.acquire()

    def put(self, item: Item) -> None:
        self._items.put(item)
        with suppress(RuntimeError):  # it has been broken already
            self._silence.release()

    def get(self, timeout_s: float | None = None) -> Item:
        """The next item; waits for it, without end when no time is given. Raises queue.Empty."""
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            with suppress(Empty):
                return self._items.get_nowait()
            if not self._silence.acquire(timeout=-1 if until_s is None else max(0.0, until_s - time.monotonic())):
                return self._items.get_nowait()

    def get_nowait(self) -> Item:
        """Raises queue.Empty."""
        return self._items.get_nowait()

    def empty(self) -> bool:
        return self._items.empty()

    def qsize(self) -> int:
        return self._items.qsize()
