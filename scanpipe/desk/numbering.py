"""Pages that have a number of their own lie in its order in their slot, as long as no person gave them another."""

from __future__ import annotations

from scanpipe.ledgers import Transaction
from scanpipe.model import Slot


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
