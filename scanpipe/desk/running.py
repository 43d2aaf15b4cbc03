"""A run of neighbouring held pages takes its suggestions in one act, after all of them were shown."""

from __future__ import annotations

from dataclasses import dataclass

from scanpipe.desk.deciding import Decision, checked, decidable, finish_decision, place
from scanpipe.desk.decisions import lost_slots, make
from scanpipe.desk.parts import Parts
from scanpipe.desk.viewing import NEVER_IN_RUNS, suggestions_for
from scanpipe.faults import Overtaken, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.model import PageId, PageRecord, Slot
from scanpipe.saying import say
from scanpipe.stages.suggest import Suggestion

LONGEST = 24
"""As many as can be shown at once and looked at."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A page as it was shown (`seen` is its event then), and the slot, and the sheet if one, that was suggested."""

    page: PageId
    seen: int
    slot: Slot
    serial: str | None = None


def run_from(tx: Transaction, id: PageId) -> list[tuple[PageRecord, Suggestion]]:
    """The held pages from this one on, as they lie in the stack, as long as each has a suggestion. Filed ones are passed over."""
    scan = tx.scan(id.scan)
    if scan is None:
        raise UnknownThing(
            say("there is no page %(page)s", page=id), say("`scanpipe queue` lists the held pages by their names.")
        )
    rows = [page for page, _ in tx.queue().stack(scan.stack)]
    start = next((n for n, page in enumerate(rows) if page.id == id), len(rows))
    found: list[tuple[PageRecord, Suggestion]] = []
    for page in rows[start:]:
        if page.state in ("filed", "blank"):
            continue
        best = suggestions_for(tx, page.id) if page.state == "held" else []
        if not best or best[0].ground in NEVER_IN_RUNS or len(found) == LONGEST:
            break
        if best[0].serial is not None and best[0].serial in {s.serial for _, s in found}:
            break  # two pages cannot be one sheet
        found.append((page, best[0]))
    return found


def take(parts: Parts, taken: list[Taken], by: str) -> list[PageRecord]:
    """Files all of them, or none. One decision, undone as one. Raises UnknownThing, Refused, StoreFault."""

    def decide(tx: Transaction) -> list[PageRecord]:
        records = [decidable(tx, t.page, t.seen, "held") for t in taken]
        chosen = [_chosen(tx, t, by) for t in taken]
        lost = [pair for t, record in zip(taken, records, strict=True) for pair in lost_slots(tx, record, t.slot)]
        make(tx, "run", by, records, loses=lost)
        placed = []
        for decision, record in zip(chosen, records, strict=True):
            placed.append(place(tx, record, checked(tx, record, decision), decision))
        return placed

    return [finish_decision(parts, record) for record in parts.ledger.write(decide)]


def _chosen(tx: Transaction, taken: Taken, by: str) -> Decision:
    """Raises Overtaken where this is not what is suggested for the page."""
    wanted = (taken.slot, taken.serial)
    found = next((s for s in suggestions_for(tx, taken.page) if (s.slot, s.serial) == wanted), None)
    if found is None:
        raise Overtaken(
            say("something else is suggested for page %(page)s meanwhile", page=taken.page),
            say("Look at the run again."),
        )
    slot = found.slot
    return Decision(slot.candidate, slot.question, slot.test, by, serial=found.serial, ground=found.ground)
