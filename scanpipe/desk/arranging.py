"""Pages within slots: a further slot by reference, and their order. Nothing is uploaded again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scanpipe.desk.decisions import check_seen, check_unlocked, make, other_sides, page_or_fault, told_slot
from scanpipe.desk.parts import Parts
from scanpipe.faults import Overtaken, Refused
from scanpipe.ledgers import Transaction
from scanpipe.model import Claims, Held, PageId, Slot
from scanpipe.reasons import WORDING
from scanpipe.saying import say
from scanpipe.stages.validate import validate

_MOST_FURTHER = 200
"""All changes of one event have their place in the feed's numbers: `ledgers.feed.PER_EVENT`."""


def add_slot(parts: Parts, page: PageId, question: str, by: str, seen: int | None = None) -> Slot:
    """A filed page belongs to another question of the same candidate as well. Raises UnknownThing, Refused."""

    def decide(tx: Transaction) -> Slot:
        record = page_or_fault(tx, page)
        check_seen(tx, record, seen)
        if record.state != "filed":
            raise Refused(
                say("page %(page)s is %(state)s, not filed", page=page, state=record.state),
                say("Assign it to its first question before."),
            )
        claims = Claims(record.test, record.candidate, question)
        facts = replace(tx.facts(claims, page), handed_to=None)  # whose sheet it is was decided when it was filed
        verdict = validate(claims, facts, {})
        if isinstance(verdict, Held):
            raise Refused(WORDING[verdict.reason].en, say("Choose a question that takes sketches."))
        slot = verdict.slot
        if slot.question == record.question or slot in tx.decisions().also(page):
            raise Refused(say("page %(page)s belongs to this slot already", page=page), say("Choose another question."))
        if len(tx.decisions().also(page)) >= _MOST_FURTHER:
            raise Refused(
                say("page %(page)s belongs to %(most_further)s further slots", page=page, most_further=_MOST_FURTHER),
                say("No page can belong to more."),
            )
        check_unlocked(tx, slot.test)
        told: dict[str, Any] = dict(told_slot(slot))
        paper = [record, *(p for p in other_sides(tx, record) if slot not in tx.decisions().also(p.id))]
        make(tx, "also", by, paper, inverse=[("page_not_also", p.scan, p.page, told) for p in paper])
        for p in paper:
            tx.append("page_also", scan=p.scan, page=p.page, **told)
        return slot

    return parts.ledger.write(decide)


def order_slot(
    parts: Parts, slot: Slot, order: Sequence[PageId], by: str, seen: Sequence[PageId] | None = None
) -> None:
    """Gives the pages of a slot this order; all of them must be named. `seen` is the order that the person looked at.

    Raises Refused, Overtaken.
    """

    def decide(tx: Transaction) -> None:
        tx.hold_slot(slot)
        check_unlocked(tx, slot.test)
        pages = tx.slot_pages(slot.test, slot.candidate, slot.question)
        other = sorted(p.id for p in pages) != sorted(order)
        if other or (seen is not None and [p.id for p in pages] != list(seen)):
            raise Overtaken(
                say("the slot holds other pages, or another order, meanwhile"),
                say("Look at it again; nothing of yours was done."),
            )
        told: dict[str, Any] = dict(told_slot(slot))
        before = [[p.scan, p.index] for p in tx.decisions().order(slot)]
        make(tx, "order", by, pages, inverse=[("slot_ordered", None, None, told | {"pages": before})])
        tx.append("slot_ordered", **told, pages=[[p.scan, p.index] for p in order])

    parts.ledger.write(decide)
