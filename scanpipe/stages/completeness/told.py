"""The nouns of completeness: what people said, what came, and a difference between the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from scanpipe.model import Difference, Sheet, TestDefinition


@dataclass(frozen=True, slots=True)
class Counted:
    """What an invigilator said of a room; `candidate` is empty where the room as a whole is meant."""

    what: Literal["handed_out", "collected"]
    room: str
    candidate: str
    count: int | None
    serials: tuple[str, ...]
    by: str = ""
    at: str = ""
    event: int = 0

    @property
    def number(self) -> int:
        """How many sheets that are."""
        return len(self.serials) if self.count is None else self.count


@dataclass(frozen=True, slots=True)
class Declared:
    """What a candidate declared at hand-in."""

    candidate: str
    question: str
    count: int | None
    serials: tuple[str, ...]
    by: str = ""
    at: str = ""
    event: int = 0

    @property
    def number(self) -> int:
        """How many sheets that are."""
        return len(self.serials) if self.count is None else self.count


@dataclass(frozen=True, slots=True)
class Arrival:
    """A page as far as completeness asks; `stack` and `position` are those of its scan, `side` that of its sheet of paper."""

    scan: str
    page: int
    state: str
    test: str | None
    candidate: str | None
    question: str | None
    serial: str | None
    reason: str | None
    stack: str
    position: int
    side: int | None = None

    @property
    def name(self) -> str:
        return f"{self.scan[:12]}-{self.page}"


@dataclass(frozen=True, slots=True)
class Told:
    """All that bears on one test. `arrivals` are its pages and the others of the stacks that they came in; `attendance` says of a
    candidate whether they were there, `stacks` how many pages a stack must have, `promised` those of them that were announced for
    this test; `of_files` are the arrivals of those that are a file, which lie in the stack of its folder as well.
    """

    definition: TestDefinition
    sheets: Sequence[Sheet] = ()
    counted: Sequence[Counted] = ()
    declared: Sequence[Declared] = ()
    attendance: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    stacks: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    promised: frozenset[str] = frozenset()
    arrivals: Sequence[Arrival] = ()
    of_files: Mapping[str, Sequence[Arrival]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Found:
    """A difference. `subject` is its name among those of its kind: the same as long as it is about the same thing.

    `serials` and `pages` are what it is about, as far as that is known, `expected` and `received` its figures; `other` is the
    candidate, serial or test that stands on the other side.
    """

    kind: Difference
    subject: str
    room: str | None = None
    candidate: str | None = None
    question: str | None = None
    serials: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    expected: int | None = None
    received: int | None = None
    other: str | None = None
