"""What the grading system asks: what lies in a slot, in what state is it, and what has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.decisions import DecisionRecord
from scanpipe.model import PageRecord, Slot

State = Literal["nothing_expected", "waiting", "incomplete", "complete"]


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot with its pages in the order of filing; `on_its_way` counts pages that claim it and are not filed, `late` those of
    them that came after grading had begun.
    """

    slot: Slot
    state: State
    pages: tuple[PageRecord, ...]
    printed: int
    on_its_way: int
    late: int = 0

    def page(self, sha256: str) -> PageRecord | None:
        """The page whose picture has this digest."""
        return next((p for p in self.pages if p.sha256 == sha256), None)


@dataclass(frozen=True, slots=True)
class Change:
    """A change to a slot: a page was filed in it. `id` counts upwards."""

    id: int
    at: str
    slot: Slot
    serial: str | None
    sha256: str


def view_slot(parts: Parts, test: str, candidate: str, question: str) -> SlotView | None:
    """The slot, or None where the test has none such; ids without regard to case."""
    with parts.ledger.read() as r:
        definition = r.definition(test)
        person = definition.candidate(candidate) if definition else None
        asked = definition.question(question) if definition else None
        if definition is None or person is None or asked is None:
            return None
        return _view(r, Slot(definition.id, person.number, asked.id), takes_none=asked.sketches == "none")


@dataclass(frozen=True, slots=True)
class Left:
    """A page that lay in a slot until a person decided otherwise: `record` is what it is now; its old object is still there."""

    decision: DecisionRecord
    record: PageRecord


def left(tx: Transaction, view: SlotView) -> list[Left]:
    """The pages that a decision which stands took out of this slot."""
    here, found = {p.id for p in view.pages}, []
    for decision, page in tx.decisions().taken_from(view.slot):
        record = tx.page(page) if page not in here else None
        if record is not None:
            here.add(page)
            found.append(Left(decision, record))
    return found


def changes(parts: Parts, after: int, limit: int) -> list[Change]:
    """Changes with a number above `after`, the oldest first."""
    with parts.ledger.read() as r:
        rows = r.filings(after, limit)
    return [_change(*row) for row in rows]


def _view(r: Transaction, slot: Slot, takes_none: bool) -> SlotView:
    pages = tuple(r.slot_pages(slot.test, slot.candidate, slot.question))
    printed, on_its_way = r.printed_for(slot), r.on_its_way(slot)
    state = _state(len(pages), printed, on_its_way, takes_none)
    return SlotView(slot, state, pages, printed, on_its_way, r.expected().late(slot))


def _state(received: int, printed: int, on_its_way: int, takes_none: bool) -> State:
    if not received:
        return "nothing_expected" if takes_none and not on_its_way else "waiting"
    return "complete" if received >= printed and not on_its_way else "incomplete"


def _change(id: int, at: str, placed: Mapping[str, str | None]) -> Change:
    slot = Slot(placed.get("test") or "", placed.get("candidate") or "", placed.get("question") or "")
    return Change(id, at, slot, placed.get("serial"), placed.get("sha256") or "")
