"""What is done beside the server because it takes a while, and is wanted before a person looks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from scanpipe.faults import Fault

_log = logging.getLogger(__name__)
_PAUSE_S = 3.0


class Chores:
    """Does pieces of the first chore that has any to do, until it is closed; a chore answers whether there was one.

    Closing waits `patience_s` at most for one that is being done: what is done with others must bear being broken off.
    """

    def __init__(
        self, chores: Sequence[Callable[[], object]], pause_s: float = _PAUSE_S, patience_s: float | None = None
    ) -> None:
        self._chores, self._pause_s, self._patience_s = chores, pause_s, patience_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(self._patience_s)

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            while not self._stop.is_set() and any(self._do(chore) for chore in self._chores):
                pass

    def _do(self, chore: Callable[[], object]) -> bool:
        try:
            return bool(not self._stop.is_set() and chore())
        except Fault as e:  # the store or the ledger is away: the watcher tells of that, here it is tried again
            _log.warning("a chore was put off: %s", e.message)
            return False
