"""What lies in a slot beside the page that took its place: others in the order of their numbers, as long as no person gave them
another; and by reference in further slots, where the sheet is marked so.
"""

from __future__ import annotations

from scanpipe.desk.decisions import told_slot
from scanpipe.ledgers import Transaction
from scanpipe.model import Filed, PageId, Slot


def order_by_number(tx: Transaction, slot: Slot) -> None:
    """After a page with a number took its place: puts those of the slot in order, where they came in another one."""
    numbers = dict(tx.shaded().numbered(slot))
    ranked = tx.shaded().ranked(slot)
    if ranked and ranked != sorted((p for p in ranked if p in numbers), key=numbers.__getitem__):
        return  # a person's order, or one with pages that have no number
    inset = ranked + [p for p in numbers if p not in ranked]
    wanted = sorted(inset, key=numbers.__getitem__)
    if inset != wanted:
        pages = [[p.scan, p.index] for p in wanted]
        tx.append("slot_ordered", test=slot.test, candidate=slot.candidate, question=slot.question, pages=pages)


def add_marked(tx: Transaction, page: PageId, filed: Filed) -> None:
    """After a page took its place: it lies by reference in the slots of the further questions that are marked on it."""
    slot = filed.slot
    there = set(tx.decisions().also(page)) if filed.evidence.get("also") else set()
    for question in filed.evidence.get("also", ()):
        further = Slot(slot.test, slot.candidate, question)
        if further not in there:
            tx.append("page_also", scan=page.scan, page=page.index, **told_slot(further))
