"""Works off what persons send on its journey again, beside whatever else the process does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack

from scanpipe.desk.conveyor import Carried, Conveyor
from scanpipe.desk.parts import Engine, Parts
from scanpipe.desk.working import abandoned


class Resumer:
    """The engine is opened with the first scan: most evenings nothing is sent again. Any thread may call."""

    def __init__(self, parts: Parts, engine: Callable[[], AbstractContextManager[Engine]]) -> None:
        self._parts, self._engine = parts, engine
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._conveyor: Conveyor | None = None
        self._failed: set[str] = set()

    def resume(self, scans: Iterable[str]) -> None:
        """Works these off, which are on record as this process's own. Answers at once."""
        with self._lock:
            with self._parts.ledger.read() as r:
                found = [r.scan(scan) for scan in scans]
            for scan in found:
                if scan is not None:
                    self._at_work().resume(scan).add_done_callback(self._note(scan.scan))

    def try_again(self) -> None:
        """Begins anew what the machine was at fault with: the store was away, say."""
        if self._failed:  # it is asked every few seconds, and nearly always there is nothing
            self.resume({self._failed.pop() for _ in range(len(self._failed))})

    def inherit(self) -> None:
        """Goes on with what processes began that are dead now. Raises LedgerFault."""
        self.resume([scan.scan for scan in abandoned(self._parts)])

    def close(self) -> None:
        """Finishes what was begun."""
        with self._lock:
            self._open.close()

    def _at_work(self) -> Conveyor:
        if self._conveyor is None:
            self._conveyor = Conveyor(self._parts, self._open.enter_context(self._engine()))
            self._open.callback(self._conveyor.close)
        return self._conveyor

    def _note(self, scan: str) -> Callable[[Future[Carried]], None]:
        def done(future: Future[Carried]) -> None:
            if not future.cancelled() and future.exception() is not None:
                self._failed.add(scan)

        return done
