"""Grading begins: no decision of a person changes what lies in the slots of a test any more, until it is unlocked.

What comes later is held (`Reason.LATE`); a person lets it in by an act of its own, with a reason (`Decision.late`). The store
knows of it as well: a ledger that is made anew from there lets nothing into a test that is being graded.
"""

from __future__ import annotations

from scanpipe.desk.defining import find_test
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.faults import Refused
from scanpipe.ledgers import Transaction
from scanpipe.saying import say


def lock(parts: Parts, test: str, by: str) -> str:
    """Answers the test's id. Raises UnknownThing, Refused when it is locked already, LedgerFault, StoreFault (it is locked)."""
    return _set(parts, test, by, to=True)


def unlock(parts: Parts, test: str, by: str) -> str:
    """Answers the test's id. Raises UnknownThing, Refused when it is not locked, LedgerFault, StoreFault (it is unlocked)."""
    return _set(parts, test, by, to=False)


def _set(parts: Parts, test: str, by: str, to: bool) -> str:
    known = find_test(parts, test).id

    def record(tx: Transaction) -> None:
        tx.hold(f"grading {known.upper()}")  # whatever is being filed comes before or after, not beside
        if tx.packs().locked(known) is to:
            raise Refused(
                say("%(known)s is %(what)s", known=known, what="locked already" if to else "not locked"),
                say("Nothing was changed."),
            )
        tx.append("grading_locked" if to else "grading_unlocked", test=known, by=by)

    parts.ledger.write(record)
    shelve(parts)
    return known
