"""The nouns: plain immutable values that every other module speaks in. Those of an exam are in `exam.py`, and found here, too."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from scanpipe.exam import PLAIN_SYMBOLOGIES as PLAIN_SYMBOLOGIES
from scanpipe.exam import Candidate as Candidate
from scanpipe.exam import PlainCode as PlainCode
from scanpipe.exam import Question as Question
from scanpipe.exam import TestDefinition as TestDefinition

Point: TypeAlias = tuple[float, float]
Corners: TypeAlias = tuple[Point, Point, Point, Point]
"""Top left, top right, bottom right, bottom left of the symbol itself (as printed, so that a symbol
on an upside-down page has its first corner at the lower right), in pixels of the page as it came."""


class Reason(enum.StrEnum):
    """Why a page is held. The value is stored and served: add, never rename."""

    NO_CODES = "no_codes"
    MISSING_CANDIDATE_CODE = "missing_candidate_code"
    MISSING_QUESTION_CODE = "missing_question_code"
    CODES_DISAGREE = "codes_disagree"
    FOREIGN_CODE = "foreign_code"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_TEST = "unknown_test"
    SKETCHES_NOT_ENABLED = "sketches_not_enabled"
    UNKNOWN_CANDIDATE = "unknown_candidate"
    UNKNOWN_QUESTION = "unknown_question"
    QUESTION_TAKES_NO_SKETCHES = "question_takes_no_sketches"
    TOO_MANY_SHEETS = "too_many_sheets"
    SHEET_SEEN_BEFORE = "sheet_seen_before"
    UNREADABLE_FILE = "unreadable_file"
    UNSUPPORTED_FILE = "unsupported_file"
    TOO_LARGE = "too_large"
    POOR_QUALITY = "poor_quality"
    PACK_EXCHANGED = "pack_exchanged"
    LATE = "late"
    MISSING_SHEET_CODE = "missing_sheet_code"
    REHEARSAL = "rehearsal"
    SHADED_CODE_UNCLEAR = "shaded_code_unclear"
    BACK_OF = "back_of"
    OTHER_SIDE_MISSING = "other_side_missing"
    SIDES_DISAGREE = "sides_disagree"
    MARKS_UNCLEAR = "marks_unclear"
    AFTER_DEADLINE = "after_deadline"


class Difference(enum.StrEnum):
    """How what was received differs from what was expected. The value is stored and served: add, never rename."""

    COLLECTED_NOT_SCANNED = "collected_not_scanned"
    RECEIVED_NOT_COLLECTED = "received_not_collected"
    FEWER_THAN_DECLARED = "fewer_than_declared"
    MORE_THAN_DECLARED = "more_than_declared"
    SHEETS_OF_ABSENT = "sheets_of_absent"
    PRESENT_WITHOUT_SHEET = "present_without_sheet"
    EXPECTED_WITHOUT_SHEET = "expected_without_sheet"
    SCANNED_TWICE = "scanned_twice"
    STACK_DIFFERS = "stack_differs"
    SHEET_OF_OTHER_TEST = "sheet_of_other_test"
    SHEET_EXCHANGED = "sheet_exchanged"


@dataclass(frozen=True, slots=True)
class Code:
    """One barcode as read. `help` names what it took beyond the first, cheap look, if anything."""

    text: str
    symbology: str
    corners: Corners
    reader: str
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What codes say about a sheet. Not trusted before `validate`. None means: says nothing about it."""

    test: str | None = None
    candidate: str | None = None
    question: str | None = None
    serial: str | None = None
    side: int | None = None
    """1 or 2 of a sheet that is printed on both sides; None: of one that is not, or nothing is said about it."""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """The place a sheet belongs; the only type that spells an object key."""

    test: str
    candidate: str
    question: str

    def key(self, name: str) -> str:
        """The object key of a page of this slot; `name` carries its extension."""
        return f"{self.prefix}{name}"

    @property
    def prefix(self) -> str:
        return f"tests/{self.test}/candidates/{self.candidate}/questions/{self.question}/"

    def __str__(self) -> str:
        return f"{self.test} · {self.candidate} · {self.question}"


@dataclass(frozen=True, slots=True, order=True)
class PageId:
    """(scan, index): the SHA-256 of the file's bytes and the page's number in it, from 1."""

    scan: str
    index: int

    def __str__(self) -> str:
        return f"{self.scan[:12]}-{self.index}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of paper as printed; the ledger knows every one.

    That of a pad has no candidate, and that of an open pad no question, until it is bound: `bound` is the event in which a person
    said whose it is.
    """

    serial: str
    test: str
    candidate: str | None
    question: str | None
    number: int
    """This is sheet `number` of `of` for its slot, or of those printed together, as printed on it."""
    of: int
    revision: int
    bound: int | None = None
    sides: int = 1
    """2: printed on both sides, each with codes of its own."""

    @property
    def for_nobody(self) -> bool:
        """Printed as anybody's, whoever's it is now."""
        return self.candidate is None or self.bound is not None


@dataclass(frozen=True, slots=True)
class PrintedSeparator:
    """A page that opens a stack, as printed. `count` is how many sheets follow, None: nobody said; `test` whose they are."""

    serial: str
    room: str
    source: str
    count: int | None
    person: str
    test: str | None


@dataclass(frozen=True, slots=True)
class Named:
    """The slot that a page was handed in for by a link: what it says is known, whatever stands on the page. Its codes may not
    contradict it.

    `position` is the place of its file among those of the submission, `overdue` says when the deadline was if it was missed.
    """

    claims: Claims
    link: str
    version: int
    position: int
    overdue: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """The page belongs into `slot`, certainly. `side` is that of its sheet of paper, where both count."""

    slot: Slot
    serial: str | None
    evidence: Mapping[str, Any]
    revision: int
    side: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A person must look. `claims` is what is known all the same; `revision` of the definition that was consulted."""

    reason: Reason
    evidence: Mapping[str, Any]
    claims: Claims = Claims()
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Blank:
    """Nobody wrote on it, and it has no code, or its test only counts empty sheets: `slot` and `serial` say whose it is then.
    One that is nobody's has no slot.
    """

    evidence: Mapping[str, Any]
    slot: Slot | None = None
    serial: str | None = None
    revision: int | None = None
    side: int | None = None


@dataclass(frozen=True, slots=True)
class Separator:
    """A page that opens a stack: no sheet, and never in a slot. What is known of it was printed under its serial."""

    serial: str
    evidence: Mapping[str, Any]


Verdict: TypeAlias = Filed | Held | Blank | Separator


@dataclass(frozen=True, slots=True)
class Stack:
    """What was fed together: a job folder or a multi-page file. Pages know their position in it, from 1. A separator opens one
    within it: `ledgers/spans.py`.
    """

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """A scan as the ledger has it. `pages` is None until the file was opened; `holder` names the process that works on it."""

    scan: str
    file: str
    stack: str
    position: int
    size: int
    key: str
    holder: str
    pages: int | None
    seen: int
    at: str


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A page as the ledger has it.

    `state`: waiting and placing are the machine's; filed, held, blank; by a person's decision discarded, replaced (another scan
    of the sheet is the current version), split (its halves are pages of their own), rescan (the paper is to be scanned again),
    withdrawn (with its stack); retired. separator: it opens a stack, and is no sheet. `side` is that of the sheet of paper,
    where it is printed, or was written on, on both.
    """

    scan: str
    page: int
    state: str
    test: str | None
    candidate: str | None
    question: str | None
    serial: str | None
    key: str | None
    sha256: str | None
    media_type: str | None
    reason: str | None
    evidence: str | None
    revision: int | None
    skew_deg: float | None
    turn_deg: int | None
    dpi: float | None
    decided_by: str | None
    at: str
    event: int
    width_px: int | None = None
    height_px: int | None = None
    side: int | None = None

    @property
    def id(self) -> PageId:
        return PageId(self.scan, self.page)

    @property
    def slot(self) -> Slot | None:
        """The slot that it lies in, or that its claims name in full."""
        named = self.test is not None and self.candidate is not None and self.question is not None
        return Slot(self.test, self.candidate, self.question) if named else None  # type: ignore[arg-type]

    @property
    def settled(self) -> bool:
        """Nothing is left to do for the machine."""
        return self.state not in ("waiting", "placing")
