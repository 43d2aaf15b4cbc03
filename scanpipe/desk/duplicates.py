"""Two scans of one sheet: the first is kept, the new one is taken, or both are. Nothing is deleted.

All take `seen`, the `event` of the page that the person looked at, and raise UnknownThing, Refused, Overtaken, LedgerFault.
`contradict`: the person knows that a code speaks against the slot in which the first scan lies, since somebody moved it there.
"""

from __future__ import annotations

from scanpipe.desk.deciding import Decision, checked, decidable, finish_decision, place, set_aside
from scanpipe.desk.decisions import check_unlocked, lost_slots, make
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused
from scanpipe.ledgers import Transaction
from scanpipe.model import Claims, PageId, PageRecord
from scanpipe.saying import say

WHY_FIRST = say("another scan of this sheet is kept")


def keep_first(parts: Parts, page: PageId, by: str, seen: int | None = None) -> PageRecord:
    """Sets a second scan aside; the first stays in its slot."""

    def decide(tx: Transaction) -> PageRecord:
        record = decidable(tx, page, seen, "held")
        first_of(tx, record)
        return set_aside(tx, record, by, WHY_FIRST)

    return parts.ledger.write(decide)


def take_new(parts: Parts, page: PageId, by: str, seen: int | None = None, contradict: bool = False) -> PageRecord:
    """Takes a second scan of a sheet as the current version; the first is kept, out of its slot. Raises StoreFault as well."""

    def decide(tx: Transaction) -> PageRecord:
        record = decidable(tx, page, seen, "held")
        first = first_of(tx, record)
        decision = _beside(first, by, contradict)
        check_unlocked(tx, first.test or "")
        make(tx, "take_new", by, [first, record], loses=lost_slots(tx, record, None))
        tx.append("page_replaced", scan=first.scan, page=first.page, decided_by=by)
        return place(tx, record, checked(tx, record, decision), decision)

    return finish_decision(parts, parts.ledger.write(decide))


def keep_both(parts: Parts, page: PageId, by: str, seen: int | None = None, contradict: bool = False) -> PageRecord:
    """Files a second scan of a sheet beside the first, in the same slot. Raises StoreFault as well."""

    def decide(tx: Transaction) -> PageRecord:
        record = decidable(tx, page, seen, "held")
        decision = _beside(first_of(tx, record), by, contradict, twice=True)
        make(tx, "keep_both", by, [record], loses=lost_slots(tx, record, None))
        return place(tx, record, checked(tx, record, decision), decision)

    return finish_decision(parts, parts.ledger.write(decide))


def first_of(tx: Transaction, record: PageRecord) -> PageRecord:
    """The page that was filed under the same serial before. Raises Refused where there is none any more."""
    facts = tx.facts(Claims(record.test, record.candidate, record.question, record.serial, record.side), record.id)
    first = tx.page(facts.first) if facts.first is not None else None
    if first is None or first.state != "filed":
        raise Refused(say("no other scan of this sheet is filed"), say("Send it on its journey again: retry."))
    return first


def slot_of_first(tx: Transaction, record: PageRecord) -> Claims | None:
    """The slot in which the first scan lies; None where none is filed."""
    try:
        first = first_of(tx, record)
    except Refused:
        return None
    return Claims(first.test, first.candidate, first.question)


def _beside(first: PageRecord, by: str, contradict: bool, twice: bool = False) -> Decision:
    return Decision(first.candidate or "", first.question or "", first.test, by, contradict, twice)
