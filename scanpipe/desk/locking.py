"""Grading begins: no decision of a person changes what lies in the slots of a test any more, until it is unlocked."""

from __future__ import annotations

from scanpipe.desk.defining import find_test
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused
from scanpipe.ledgers import Transaction
from scanpipe.saying import say


def lock(parts: Parts, test: str, by: str) -> str:
    """Answers the test's id. Raises UnknownThing, Refused when it is locked already."""
    return _set(parts, test, by, to=True)


def unlock(parts: Parts, test: str, by: str) -> str:
    """Answers the test's id. Raises UnknownThing, Refused when it is not locked."""
    return _set(parts, test, by, to=False)


def _set(parts: Parts, test: str, by: str, to: bool) -> str:
    known = find_test(parts, test).id

    def record(tx: Transaction) -> None:
        if tx.packs().locked(known) is to:
            raise Refused(
                say("%(known)s is %(what)s", known=known, what="locked already" if to else "not locked"),
                say("Nothing was changed."),
            )
        tx.append("grading_locked" if to else "grading_unlocked", test=known, by=by)

    parts.ledger.write(record)
    return known
