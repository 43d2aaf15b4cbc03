"""Pages within slots: a further slot by reference, and their order. Nothing is uploaded again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scanpipe.desk.decisions import check_seen, check_unlocked, make, page_or_fault
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused
from scanpipe.ledgers import Transaction
from scanpipe.model import Claims, Held, PageId, Slot
from scanpipe.reasons import WORDING
from scanpipe.stages.validate import validate

_MOST_FURTHER = 200
"""All changes of one event have their place in the feed's numbers: `ledgers.feed.PER_EVENT`."""


def add_slot(parts: Parts, page: PageId, question: str, by: str, seen: int | None = None) -> Slot:
    """A filed page belongs to another question of the same candidate as well. Raises UnknownThing, Refused."""

    def decide(tx: Transaction) -> Slot:
        record = page_or_fault(tx, page)
        check_seen(tx, record, seen)
        if record.state != "filed":
            raise Refused(f"page {page} is {record.state}, not filed", "Assign it to its first question before.")
        claims = Claims(record.test, record.candidate, question)
        verdict = validate(claims, tx.facts(claims, page), {})
        if isinstance(verdict, Held):
            raise Refused(WORDING[verdict.reason].en, "Choose a question that takes sketches.")
        slot = verdict.slot
        if slot.question == record.question or slot in tx.decisions().also(page):
            raise Refused(f"page {page} belongs to this slot already", "Choose another question.")
        if len(tx.decisions().also(page)) >= _MOST_FURTHER:
            raise Refused(f"page {page} belongs to {_MOST_FURTHER} further slots", "No page can belong to more.")
        check_unlocked(tx, slot.test)
        told = {"test": slot.test, "candidate": slot.candidate, "question": slot.question}
        make(tx, "also", by, [record], inverse=[("page_not_also", record.scan, record.page, told)])
        tx.append("page_also", scan=record.scan, page=record.page, **told)
        return slot

    return parts.ledger.write(decide)


def order_slot(parts: Parts, slot: Slot, order: Sequence[PageId], by: str) -> None:
    """Gives the pages of a slot this order; all of them must be named. Raises Refused."""

    def decide(tx: Transaction) -> None:
        check_unlocked(tx, slot.test)
        pages = tx.slot_pages(slot.test, slot.candidate, slot.question)
        if sorted(p.id for p in pages) != sorted(order):
            raise Refused("the slot holds other pages meanwhile", "Look at it again; nothing of yours was done.")
        told: dict[str, Any] = {"test": slot.test, "candidate": slot.candidate, "question": slot.question}
        before = [[p.scan, p.index] for p in tx.decisions().order(slot)]
        make(tx, "order", by, pages, inverse=[("slot_ordered", None, None, told | {"pages": before})])
        tx.append("slot_ordered", **told, pages=[[p.scan, p.index] for p in order])

    parts.ledger.write(decide)
