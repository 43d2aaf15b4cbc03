"""A test and a selection in, the sheets to print out, in the order of handing out. The question: who gets what?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal

from scanpipe import faults
from scanpipe.model import Candidate, Question, TestDefinition
from scanpipe.ordering import natural_key
from scanpipe.saying import joined, say

Order = Literal["room", "number"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of a test to print: all three must fit. None means all of them; capitals make no difference."""

    candidates: Collection[str] | None = None
    questions: Collection[str] | None = None
    rooms: Collection[str] | None = None


WHOLE_TEST = Selection()


@dataclass(frozen=True, slots=True)
class PlannedSheet:
    """A sheet that shall exist; it becomes a `Sheet` when it is given a serial."""

    test: str
    candidate: str | None
    question: str | None
    number: int
    """This will be sheet `number` of `of` for its slot, or of those of a pad."""
    of: int
    sides: int = 1


def plan(
    definition: TestDefinition,
    selection: Selection = WHOLE_TEST,
    *,
    per_question: int | None = None,
    order: Order = "room",
    already: Mapping[tuple[str, str], int] = MappingProxyType({}),
) -> list[PlannedSheet]:
    """One sheet (or `per_question`) for each chosen candidate and chosen question that takes sketches.

    All sheets of a candidate come together, in the order of the questions. `order` "room" sorts by room, seat and
    number, with those who have no room or seat at the end; "number" by number alone; digits count as numbers.
    `already` says how many sheets a slot (candidate, question) has: new ones are numbered on from there. How many sheets
    a question takes at most is not asked here: spoilt sheets need spare ones.

    Raises faults.UnknownThing (no such candidate, question or room), faults.Refused (no sketches here),
    faults.UsageFault (per_question below 1).
    """
    if per_question is not None and per_question < 1:
        raise faults.UsageFault(f"{per_question} sheets a question cannot be printed.", "Ask for 1 or more.")
    _check_sketches(definition)
    slots = [(c, q) for c in _candidates(definition, selection, order) for q in _questions(definition, selection)]
    if not slots:
        raise faults.Refused(say("No candidate fits this selection."), say("Leave out a part of the selection."))
    return [s for c, q in slots for s in _sheets(definition.id, c, q, already, per_question or 1)]


def plan_pad(definition: TestDefinition, question: str | None, count: int) -> list[PlannedSheet]:
    """`count` sheets for nobody, of a pad for this question, or of an open one. Raises as `plan`, for the question."""
    _check_sketches(definition)
    ids = [q.id for q in _questions(definition, Selection(questions=[question]))] if question is not None else [None]
    return [PlannedSheet(definition.id, None, id, number, count) for id in ids for number in range(1, count + 1)]


def plan_spares(definition: TestDefinition, selection: Selection, count: int) -> list[PlannedSheet]:
    """`count` sheets for nobody of each chosen question that takes sketches. Raises as `plan`, for the questions."""
    _check_sketches(definition)
    return [s for q in _questions(definition, selection) for s in plan_pad(definition, q.id, count)]


def chosen_candidates(definition: TestDefinition, selection: Selection, order: Order = "room") -> list[Candidate]:
    """The candidates that a selection means, in order. Raises faults.UnknownThing, faults.Refused when there are none."""
    chosen = _candidates(definition, selection, order)
    if not chosen:
        raise faults.Refused(say("No candidate fits this selection."), say("Leave out a part of the selection."))
    return chosen


def chosen_questions(definition: TestDefinition, selection: Selection) -> list[Question]:
    """The questions that take sketches, or the chosen ones of them. Raises faults.UnknownThing, faults.Refused."""
    return _questions(definition, selection)


def _check_sketches(definition: TestDefinition) -> None:
    if not definition.sketches:
        hint = "Set `sketches: true` in its definition and add it again."
        raise faults.Refused(say("%(test)s is a test without sketches.", test=definition.id), hint)


def _sheets(
    test: str, candidate: Candidate, question: Question, already: Mapping[tuple[str, str], int], more: int
) -> Iterable[PlannedSheet]:
    before = already.get((candidate.number, question.id), 0)
    of = before + more
    return (PlannedSheet(test, candidate.number, question.id, number, of) for number in range(before + 1, of + 1))


def _questions(definition: TestDefinition, selection: Selection) -> list[Question]:
    taking = [q for q in definition.questions if q.sketches != "none"]
    if not taking:
        hint = "Set `sketches: allowed` or `expected` for a question in its definition and add it again."
        raise faults.Refused(say("No question of %(test)s takes sketches.", test=definition.id), hint)
    if selection.questions is None:
        return taking
    wanted = _known(selection.questions, [q.id for q in definition.questions], "question", definition)
    refused = wanted - {q.id for q in taking}
    if refused:
        hint = say("These take sketches: %(names)s.", names=", ".join(q.id for q in taking))
        raise faults.Refused(
            say("Question %(question)s of %(test)s takes no sketches.", question=min(refused), test=definition.id), hint
        )
    return [q for q in taking if q.id in wanted]


def _candidates(definition: TestDefinition, selection: Selection, order: Order) -> list[Candidate]:
    chosen: Iterable[Candidate] = definition.candidates
    if selection.candidates is not None:
        numbers = _known(selection.candidates, [c.number for c in definition.candidates], "candidate", definition)
        chosen = [c for c in chosen if c.number in numbers]
    if selection.rooms is not None:
        rooms = _known(selection.rooms, [c.room for c in definition.candidates if c.room], "room", definition)
        chosen = [c for c in chosen if c.room in rooms]
    return sorted(chosen, key=_ORDERS[order])


_OR = say(" or ")
_WHAT = {"candidate": say("candidate"), "question": say("question"), "room": say("room")}


def _known(wanted: Collection[str], there: Collection[str], what: str, definition: TestDefinition) -> set[str]:
    """The wanted ones as the definition spells them; capitals make no difference."""
    spelled: dict[str, set[str]] = {}
    for name in there:
        spelled.setdefault(name.upper(), set()).add(name)
    for name in wanted:
        if name.upper() not in spelled:
            raise faults.UnknownThing(
                say("%(test)s has no %(what)s %(name)s.", test=definition.id, what=_WHAT[what], name=repr(name)),
                _suggestion(name, spelled, what),
            )
    return {name for w in wanted for name in spelled[w.upper()]}


def _suggestion(name: str, spelled: Mapping[str, set[str]], what: str) -> str:
    near = get_close_matches(name.upper(), spelled, n=3, cutoff=0.5)
    if not near:
        return f"`scanpipe tests show` lists every {what}."
    return say("Did you mean %(near)s?", near=joined((min(spelled[n]) for n in near), _OR))


def _by_room(candidate: Candidate) -> tuple[Any, ...]:
    places = [(place is None, natural_key(place or "")) for place in (candidate.room, candidate.seat)]
    return (*places, natural_key(candidate.number))


def _by_number(candidate: Candidate) -> tuple[Any, ...]:
    return natural_key(candidate.number)


_ORDERS: Mapping[Order, Callable[[Candidate], tuple[Any, ...]]] = {"room": _by_room, "number": _by_number}
