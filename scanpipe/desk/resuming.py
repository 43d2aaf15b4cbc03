"""Works off what persons send on its journey again, beside whatever else the process does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack

from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.parts import Engine, Parts


class Resumer:
    """The engine is opened with the first scan: most evenings nothing is sent again. Any thread may call."""

    def __init__(self, parts: Parts, engine: Callable[[], AbstractContextManager[Engine]]) -> None:
        self._parts, self._engine = parts, engine
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._conveyor: Conveyor | None = None

    def resume(self, scans: Iterable[str]) -> None:
        """Works these off, which are on record as this process's own. Answers at once."""
        with self._lock:
            if self._conveyor is None:
                self._conveyor = Conveyor(self._parts, self._open.enter_context(self._engine()))
                self._open.callback(self._conveyor.close)
            with self._parts.ledger.read() as r:
                found = [r.scan(scan) for scan in scans]
            for scan in found:
                if scan is not None:
                    self._conveyor.resume(scan)

    def close(self) -> None:
        """Finishes what was begun."""
        with self._lock:
            self._open.close()
