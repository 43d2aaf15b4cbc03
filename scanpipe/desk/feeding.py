"""The feed of changes to slots, and waiting for what comes next without asking the ledger all the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.feed import Change, Stretch

LOOK_EVERY_S = 0.2
_CLAIMED = ("page_on_its_way", "page_not_on_its_way")


def read_feed(parts: Parts, after: int, limit: int, tests: Collection[str] | None) -> Stretch:
    """At most `limit` changes above `after`, the oldest first. `tests` in capitals; None: all."""
    with parts.ledger.read() as r:
        stretch = r.feed().after(after, limit, tests)
        seen = (_as_defined(r, change) for change in stretch.changes)
        return replace(stretch, changes=tuple(change for change in seen if change is not None))


def _as_defined(r: Transaction, change: Change) -> Change | None:
    """A code may spell a slot in its own way, or claim one that there is not: nobody needs to hear of that."""
    if change.type not in _CLAIMED:
        return change
    test = r.definition(change.test)
    candidate = test.candidate(change.candidate or "") if test else None
    question = test.question(change.question or "") if test else None
    if test is None or candidate is None or question is None:
        return None
    return replace(change, test=test.id, candidate=candidate.number, question=question.id)


def told(change: Change) -> dict[str, Any]:
    """A change as programs are told of it, wherever they hear of it."""
    slot = {"test": change.test, "candidate": change.candidate, "question": change.question}
    about = {"id": change.id, "type": change.type, "at": change.at, "because": change.because}
    return about | {"slot": slot, "serial": change.serial, "sha256": change.sha256}


class Watch:
    """Knows how far the ledger's chain goes. However many ask, the ledger is asked once in a while only."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._head = 0
        self._looked_s = float("-inf")

    def fresh(self) -> int | None:
        """What was seen within the last moment; None: it is time to `look`."""
        return self._head if time.monotonic() - self._looked_s < LOOK_EVERY_S else None

    def look(self) -> int:
        """The end of the chain. Raises LedgerFault."""
        with self._lock:
            fresh = self.fresh()
            if fresh is not None:
                return fresh
            with self._parts.ledger.read() as r:
                self._head = r.feed().head()
            self._looked_s = time.monotonic()
            return self._head
