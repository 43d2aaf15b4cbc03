"""The nouns of an exam: which candidates and questions there are, and what its sheets may carry. Imports nothing of scanpipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    label: str
    sketches: Literal["none", "allowed", "expected"]
    max_sheets: int | None = None
    """Most sheets a candidate may hand in for it; None: no limit was set."""


@dataclass(frozen=True, slots=True)
class Candidate:
    number: str
    name: str | None = None
    room: str | None = None
    seat: str | None = None
    extra_time_min: int | None = None
    """Minutes that the candidate has beyond the others; for invigilators, never printed."""


MOST_MARKABLE = 12
"""Boxes for further questions on a sheet."""
PLAIN_SYMBOLOGIES = ("qr", "datamatrix", "code128", "pdf417", "aztec")
"""Those that carry a check of their own: the others (Code 39, ITF) are misread now and then, and nobody can tell."""


@dataclass(frozen=True, slots=True)
class PlainCode:
    """A code from elsewhere that this test takes: one of these symbologies, whose whole text the regular expression matches.

    What it claims is the pattern's first group, or the whole text where it has none. `code`: that is a shaded code, which names
    candidate and question.
    """

    symbologies: tuple[str, ...]
    pattern: str
    claims: Literal["candidate", "question", "code"]


@dataclass(frozen=True, slots=True)
class TestDefinition:
    """Which candidates and questions exist, which questions take sketches, how many.

    Ids are unique without regard to case. `revision` counts from 1; it is 0 before the definition is registered. `rehearsal`: its
    sheets are not students' work. `empty_sheets`: whether a sheet that nobody drew on is filed, or counted only.
    `further_questions`: who says that a page belongs to several questions, a person, or marks on the sheet as well.
    """

    __test__ = False  # not a pytest class

    id: str
    title: str
    date: str
    language: Literal["nb", "en"]
    sketches: bool
    questions: tuple[Question, ...]
    candidates: tuple[Candidate, ...]
    revision: int = 0
    rehearsal: bool = False
    empty_sheets: Literal["file", "count"] = "file"
    plain_codes: tuple[PlainCode, ...] = ()
    further_questions: Literal["person", "marks"] = "person"
    _questions: Mapping[str, Question] = field(init=False, repr=False, compare=False)
    _candidates: Mapping[str, Candidate] = field(init=False, repr=False, compare=False)
    _positions: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_questions", {q.id.upper(): q for q in self.questions})
        object.__setattr__(self, "_candidates", {c.number.upper(): c for c in self.candidates})
        object.__setattr__(self, "_positions", {c.number.upper(): n for n, c in enumerate(self.candidates)})

    def question(self, id: str) -> Question | None:
        return self._questions.get(id.upper())

    def candidate(self, number: str) -> Candidate | None:
        return self._candidates.get(number.upper())

    def markable(self, question: str) -> tuple[str, ...]:
        """The questions that can be marked on a sheet of this one, in the order of its boxes."""
        if self.further_questions != "marks":
            return ()
        others = (q.id for q in self.questions if q.sketches != "none" and q.id.upper() != question.upper())
        return tuple(others)[:MOST_MARKABLE]

    def position(self, number: str) -> int | None:
        """Where the candidate stands in `candidates`."""
        return self._positions.get(number.upper())
