"""Claims and the test definition in, a slot or a reason out: may this sheet be filed there?

A person's decision goes through the same function as the machine's.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scanpipe.model import Claims, Filed, Held, PageId, Reason, Slot, TestDefinition


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger knows that bears on these claims.

    `first` is another page that was filed under the same serial before, `in_slot` how many other sheets lie in the slot,
    `handed_to` another candidate who wrote on the sheets that were printed for this one, `locked`: grading of the test began,
    `rehearsal`: whether the sheet was printed for a rehearsal; None: nobody knows. `overdue`: when the deadline was by which it
    was to be handed in, if that was missed.
    """

    definition: TestDefinition | None
    first: PageId | None = None
    in_slot: int = 0
    handed_to: str | None = None
    locked: bool = False
    rehearsal: bool | None = None
    overdue: Mapping[str, Any] | None = None


def validate(claims: Claims, facts: Facts, evidence: Mapping[str, Any]) -> Filed | Held:
    """The slot that the definition allows for these claims, or the first reason why there is none."""
    test = facts.definition
    if test is None:
        return Held(Reason.UNKNOWN_TEST, {**evidence, "test": claims.test}, claims)
    problem = _problem(claims, facts, test)
    if problem is not None:
        reason, detail = problem
        return Held(reason, {**evidence, **detail}, claims, test.revision)
    return Filed(slot_of(claims, test), claims.serial, dict(evidence), test.revision, claims.side)


def closed_question(slot: Slot, questions: Iterable[str], facts: Callable[[Claims], Facts]) -> str | None:
    """The first of these further questions of the candidate whose slot does not take the page as well; None: all do."""
    for question in questions:
        further = Claims(slot.test, slot.candidate, question)
        if isinstance(validate(further, replace(facts(further), handed_to=None), {}), Held):
            return question
    return None


def slot_of(claims: Claims, test: TestDefinition) -> Slot:
    """The slot in the definition's own spelling. Raises ValueError when the definition does not have it."""
    candidate, question = test.candidate(claims.candidate or ""), test.question(claims.question or "")
    if candidate is None or question is None:
        raise ValueError(f"{test.id} has no slot for {claims}")
    return Slot(test.id, candidate.number, question.id)


def _problem(claims: Claims, facts: Facts, test: TestDefinition) -> tuple[Reason, dict[str, Any]] | None:
    if not test.sketches:
        return Reason.SKETCHES_NOT_ENABLED, {"test": test.id}
    if facts.rehearsal is not None and facts.rehearsal != test.rehearsal:
        return Reason.REHEARSAL, {"sheet": _day(facts.rehearsal), "test_is": _day(test.rehearsal)}
    if claims.candidate is None:
        return Reason.MISSING_CANDIDATE_CODE, {}
    if claims.question is None:
        return Reason.MISSING_QUESTION_CODE, {}
    if test.candidate(claims.candidate) is None:
        return Reason.UNKNOWN_CANDIDATE, _nearest(claims.candidate, (c.number for c in test.candidates))
    question = test.question(claims.question)
    if question is None:
        return Reason.UNKNOWN_QUESTION, _nearest(claims.question, (q.id for q in test.questions))
    if question.sketches == "none":
        return Reason.QUESTION_TAKES_NO_SKETCHES, {"fits": [q.id for q in test.questions if q.sketches != "none"]}
    if facts.handed_to is not None:
        return Reason.PACK_EXCHANGED, {"handed_to": facts.handed_to}
    if facts.first is not None:
        return Reason.SHEET_SEEN_BEFORE, {"first": {"scan": facts.first.scan, "page": facts.first.index}}
    if (
        question.max_sheets is not None and facts.in_slot >= question.max_sheets and claims.side != 2
    ):  # a back is no sheet
        return Reason.TOO_MANY_SHEETS, {"max_sheets": question.max_sheets, "in_slot": facts.in_slot}
    if facts.locked:
        return Reason.LATE, {}
    if facts.overdue is not None:
        return Reason.AFTER_DEADLINE, dict(facts.overdue)
    return None


def _day(rehearsal: bool) -> str:
    return "rehearsal" if rehearsal else "live"


def _nearest(found: str, known: Iterable[str]) -> dict[str, Any]:
    """What was found and the ids nearest to it (capitals make no difference), for the person who looks."""
    spelled = {k.upper(): k for k in known}
    near = difflib.get_close_matches(found.upper(), list(spelled), n=5, cutoff=0.5)
    return {"found": found, "nearest": [spelled[n] for n in near]}
