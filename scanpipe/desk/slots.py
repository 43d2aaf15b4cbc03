"""What the grading system asks: what lies in a slot, in what state is it; and the same of all slots of a test, bit by bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeVar

from scanpipe.desk.parts import Parts
from scanpipe.faults import UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.decisions import DecisionRecord
from scanpipe.ledgers.slots import Contents, Lying
from scanpipe.model import Candidate, PageRecord, Question, Slot, TestDefinition
from scanpipe.saying import say

T = TypeVar("T")
State = Literal["nothing_expected", "waiting", "incomplete", "complete", "locked"]
_MOST_LOOKED_AT = 1000
"""Slots that one answer looks through, where only those of some state are asked for."""


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot with its pages in their order; `on_its_way` counts held pages that claim it, `late` those of them that came after
    grading had begun.
    """

    slot: Slot
    state: State
    lying: tuple[Lying, ...]
    printed: int
    on_its_way: int
    late: int = 0

    @property
    def pages(self) -> tuple[PageRecord, ...]:
        return tuple(lying.page for lying in self.lying)

    def page(self, sha256: str) -> PageRecord | None:
        """The page whose picture has this digest."""
        return next((p for p in self.pages if p.sha256 == sha256), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which slots of a test are asked for; None: all."""

    candidate: str | None = None
    question: str | None = None
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list goes on: behind this slot, and where its candidate and question stood in the definition."""

    candidate: str
    question: str
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class SlotList:
    """Some slots, in the order of the definition. There are more behind `next`; None: these were the last."""

    slots: tuple[SlotView, ...]
    next: Cursor | None


def view_slot(parts: Parts, test: str, candidate: str, question: str) -> SlotView | None:
    """The slot, or None where the test has none such; ids without regard to case."""
    with parts.ledger.read() as r:
        definition = r.definition(test)
        person = definition.candidate(candidate) if definition else None
        asked = definition.question(question) if definition else None
        if definition is None or person is None or asked is None:
            return None
        return _views(r, definition, [(person, asked)])[0]


def find_picture(parts: Parts, test: str, candidate: str, question: str, sha256: str) -> tuple[str, str] | None:
    """The key and the media type of a picture that lies in a slot now; ids without regard to case."""
    with parts.ledger.read() as r:
        definition = r.definition(test)
        person = definition.candidate(candidate) if definition else None
        asked = definition.question(question) if definition else None
        if definition is None or person is None or asked is None:
            return None
        return r.slots().picture(definition.id, person.number, asked.id, sha256)


def list_slots(parts: Parts, test: str, wanted: Wanted, after: Cursor | None, limit: int) -> SlotList:
    """At most `limit` slots behind `after`. With a state wanted there may be fewer, or none, and still more behind `next`.

    Raises UnknownThing for a test, a candidate or a question that there is not.
    """
    with parts.ledger.read() as r:
        definition = r.definition(test)
        if definition is None:
            raise UnknownThing(say("there is no test %(test)s", test=test), say("The list of tests has them."))
        looked_at = limit if wanted.state is None else _MOST_LOOKED_AT
        places = list(islice(_places(definition, wanted, after), looked_at + 1))
        more, places = len(places) > looked_at, places[:looked_at]
        views = _views(r, definition, [(candidate, question) for candidate, question, _ in places])
    found = [(view, place) for view, place in zip(views, places, strict=True) if wanted.state in (None, view.state)]
    more = more or len(found) > limit
    last = found[limit - 1][1] if len(found) >= limit else places[-1] if places else None
    behind = Cursor(last[0].number, last[1].id, last[2]) if more and last is not None else None
    return SlotList(tuple(view for view, _ in found[:limit]), behind)


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


def _places(
    definition: TestDefinition, wanted: Wanted, after: Cursor | None
) -> Iterator[tuple[Candidate, Question, tuple[int, int]]]:
    """Candidates and their questions in the order of the definition, with where they stand in it, behind a cursor."""
    questions = list(enumerate(definition.questions))
    first, behind = _position(definition, after) if after else (0, -1)
    numbers = range(first, len(definition.candidates))
    if wanted.question is not None:
        asked = _known(definition.question(wanted.question), "question")
        questions = [(m, q) for m, q in questions if q == asked]
    if wanted.candidate is not None:
        only = _known(definition.position(wanted.candidate), "candidate")
        numbers = range(max(only, first), only + 1)
    for n in numbers:
        for m, question in questions:
            if n > first or m > behind:
                yield definition.candidates[n], question, (n, m)


def _known(thing: T | None, what: str) -> T:
    if thing is None:
        raise UnknownThing(say("the test has no such %(what)s", what=what), say("Its definition lists them."))
    return thing


def _position(definition: TestDefinition, cursor: Cursor) -> tuple[int, int]:
    """Where the cursor's slot stands now: the definition may have been revised since. What is gone left its place to the next."""
    n, known = definition.position(cursor.candidate), definition.question(cursor.question)
    if n is None:
        return cursor.at[0], -1
    return n, definition.questions.index(known) if known else cursor.at[1] - 1


def _views(r: Transaction, test: TestDefinition, places: list[tuple[Candidate, Question]]) -> list[SlotView]:
    candidates = list(dict.fromkeys(candidate.number for candidate, _ in places))
    questions = list(dict.fromkeys(question.id for _, question in places))
    contents = r.slots().contents(test.id, candidates, questions)
    locked = r.locked(test.id)
    return [_view(contents, Slot(test.id, c.number, q.id), q.sketches == "none", locked) for c, q in places]


def _view(contents: Contents, slot: Slot, takes_none: bool, locked: bool) -> SlotView:
    place = slot.candidate, slot.question
    lying = tuple(contents.lying.get(place, ()))
    printed, on_its_way = contents.printed[place], contents.on_its_way[place]
    sheets = sum(1 for one in lying if one.page.side != 2) or min(1, len(lying))
    state = _state(sheets, printed, on_its_way, takes_none)
    state = "locked" if locked and state != "nothing_expected" else state
    return SlotView(slot, state, lying, printed, on_its_way, contents.late[place])


def _state(received: int, printed: int, on_its_way: int, takes_none: bool) -> State:
    if not received:
        return "nothing_expected" if takes_none and not on_its_way else "waiting"
    return "complete" if is_complete(received, printed, on_its_way) else "incomplete"


def is_complete(received: int, printed: int, on_its_way: int) -> bool:
    """Of a slot with pages: nothing that was printed for it is missing, and nothing is on its way."""
    return received >= printed and not on_its_way
