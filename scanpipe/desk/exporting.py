"""Results back: what lies in the slots of a test, as files with the names that another system wants. Here they are planned, and
all that can be wrong is found before the first of them is written (`handing_over.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scanpipe.desk.defining import find_test
from scanpipe.desk.naming import Named, check_names, check_pattern, name_of
from scanpipe.desk.parts import Parts
from scanpipe.desk.slots import is_complete
from scanpipe.faults import Refused
from scanpipe.ledgers import Transaction
from scanpipe.model import PageRecord, Slot, TestDefinition
from scanpipe.saying import say

Only = Literal["all", "complete", "locked"]
TREE = "{candidate}/{question}/{n}.{ext}"
FLAT = "{candidate}_{question}.{ext}"
_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class Wish:
    """`pattern` None: the usual one. `only` complete: slots to which nothing is missing and nothing is on its way; locked: all,
    but only of a test whose grading began.
    """

    pattern: str | None = None
    one_file_per_slot: bool = False
    only: Only = "all"


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it lies in the store."""

    key: str
    sha256: str
    media_type: str
    serial: str | None
    dpi: float | None
    side: int | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A file to be: one picture as it is, several as a PDF."""

    name: str
    slot: Slot
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """`left_out` counts slots that have pages and are not wanted."""

    test: str
    revision: int
    only: Only
    files: tuple[Planned, ...]
    left_out: int


def plan_export(parts: Parts, test: str, wish: Wish) -> Plan:
    """What would be written, with all names checked. Raises UnknownThing, UsageFault (the pattern), Refused."""
    pattern = wish.pattern or (FLAT if wish.one_file_per_slot else TREE)
    check_pattern(pattern)
    definition = find_test(parts, test)
    with parts.ledger.read() as r:
        _check_locked(r, definition.id, wish.only)
        found = {slot: _pictures(pages) for slot, pages in r.results().filed(definition.id)}
        wanted = _complete(r, definition.id, found) if wish.only == "complete" else found
    files = [f for slot in _in_order(definition, wanted) for f in _files(definition, slot, wanted[slot], pattern, wish)]
    if not files:
        raise Refused(
            say("nothing of %(page)s can be exported", page=definition.id), say("`scanpipe queue` shows what is held.")
        )
    check_names(f.name for f in files)
    return Plan(definition.id, definition.revision, wish.only, tuple(files), len(found) - len(wanted))


def _check_locked(tx: Transaction, test: str, only: Only) -> None:
    if only == "locked" and not tx.packs().locked(test):
        raise Refused(
            say("%(test)s is not locked", test=test), say("Lock it when grading begins: scanpipe tests lock TEST.")
        )


def _complete(tx: Transaction, test: str, found: Mapping[Slot, list[Picture]]) -> dict[Slot, list[Picture]]:
    printed, coming = tx.results().printed(test), tx.results().on_their_way(test)
    return {
        slot: pictures
        for slot, pictures in found.items()
        if is_complete(_sheets(pictures), printed[slot], coming[slot.candidate.upper(), slot.question.upper()])
    }


def _sheets(pictures: Sequence[Picture]) -> int:
    """How many sheets of paper they are."""
    return sum(1 for p in pictures if p.side != 2) or min(1, len(pictures))


def _in_order(definition: TestDefinition, slots: Iterable[Slot]) -> list[Slot]:
    """As the definition has candidates and questions; what it has no longer comes last."""
    candidates = {c.number: n for n, c in enumerate(definition.candidates)}
    questions = {q.id: n for n, q in enumerate(definition.questions)}

    def place(slot: Slot) -> tuple[int, str, int, str]:
        candidate, question = candidates.get(slot.candidate), questions.get(slot.question)
        return (
            len(candidates) if candidate is None else candidate,
            slot.candidate,
            len(questions) if question is None else question,
            slot.question,
        )

    return sorted(slots, key=place)


def _files(
    definition: TestDefinition, slot: Slot, pictures: Sequence[Picture], pattern: str, wish: Wish
) -> Iterator[Planned]:
    question = definition.question(slot.question)
    label = question.label if question else slot.question
    groups = [pictures] if wish.one_file_per_slot else [[picture] for picture in pictures]
    for number, group in enumerate(groups, 1):
        n = len(group) if wish.one_file_per_slot else number
        ext = _EXTENSIONS[group[0].media_type] if len(group) == 1 else "pdf"
        named = Named(slot.test, slot.candidate, slot.question, label, group[0].serial, n, ext)
        yield Planned(name_of(pattern, named), slot, tuple(group))


def _pictures(pages: Iterable[PageRecord]) -> list[Picture]:
    return [Picture(p.key or "", p.sha256 or "", p.media_type or "", p.serial, p.dpi, p.side) for p in pages]
