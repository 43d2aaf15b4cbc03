"""What the API answers: the models that its description is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, Field

from scanpipe.definitions import to_json
from scanpipe.desk.defining import Registered
from scanpipe.desk.receiving import ScanView
from scanpipe.desk.slots import Change, SlotView, State
from scanpipe.model import PageRecord, TestDefinition


class InvalidPart(BaseModel):
    """Where in the request something is off, and what. `line` is that of a definition in YAML."""

    where: str = Field(examples=["query.limit", "questions[2].sketches"])
    message: str
    line: int | None = None


class Problem(BaseModel):
    """A problem as of RFC 9457. `code` is stable, `detail` a sentence for people."""

    type: str = Field(examples=["urn:scanpipe:problem:not_found"])
    title: str
    status: int
    code: str = Field(examples=["not_found"])
    detail: str | None = None
    errors: list[InvalidPart] | None = None


class SlotName(BaseModel):
    test: str
    candidate: str
    question: str


class Page(BaseModel):
    """A page that is filed; `content` is the link to the picture's bytes."""

    serial: str | None
    sha256: str
    key: str
    media_type: str
    dpi: float | None
    filed_at: str
    content: str


class SlotAnswer(SlotName):
    """`on_its_way` counts pages that name this slot and are not filed yet; `printed` the sheets that exist for it."""

    state: State
    pages: list[Page]
    printed: int
    on_its_way: int


class Event(BaseModel):
    id: int
    type: str = "page_filed"
    at: str
    slot: SlotName
    serial: str | None
    sha256: str


class Events(BaseModel):
    """`next` is what to ask for `after` next time."""

    events: list[Event]
    next: int


class TestAnswer(BaseModel):
    """A test as it is now. `definition` is what a `PUT` takes, `locked` says that grading has begun."""

    __test__ = False  # not a pytest class

    test: str
    revision: int
    locked: bool
    definition: dict[str, Any]


class RegisteredAnswer(BaseModel):
    """`new`: the test was not known before. `changes` are sentences; none when the definition is the one that holds already."""

    test: str
    revision: int
    new: bool
    changes: list[str]


class LockAnswer(BaseModel):
    test: str
    locked: bool


class ScanReceipt(BaseModel):
    """`scan` is the SHA-256 of the bytes that came, `status` the link under which one can ask what became of them."""

    scan: str
    size: int
    status: str


class ScanPage(BaseModel):
    """What became of a page, as `scanpipe ingest` says it. Nothing of a test that the token may not see is told."""

    page: int
    verdict: str = Field(examples=["waiting", "filed", "held", "blank"])
    test: str | None
    candidate: str | None
    question: str | None
    serial: str | None
    reason: str | None
    skew_deg: float | None
    turn_deg: int | None


class ScanAnswer(BaseModel):
    """`settled`: nothing is left to do for the machine. There are no pages as long as the file waits to be opened."""

    scan: str
    size: int
    taken_in: bool
    settled: bool
    pages: list[ScanPage]


class Health(BaseModel):
    status: str = Field(examples=["ok"])


class PartState(BaseModel):
    """`problem` is a sentence where the part is not ready."""

    part: str = Field(examples=["ledger", "store", "inbox"])
    ready: bool
    problem: str | None


class Readiness(BaseModel):
    ready: bool
    parts: list[PartState]


def slot_answer(view: SlotView, root: str) -> SlotAnswer:
    slot = view.slot
    base = f"{root}/tests/{slot.test}/slots/{slot.candidate}/{slot.question}"
    return SlotAnswer(
        test=slot.test,
        candidate=slot.candidate,
        question=slot.question,
        state=view.state,
        pages=[_page(p, base) for p in view.pages],
        printed=view.printed,
        on_its_way=view.on_its_way,
    )


def event_answer(change: Change) -> Event:
    slot = change.slot
    name = SlotName(test=slot.test, candidate=slot.candidate, question=slot.question)
    return Event(id=change.id, at=change.at, slot=name, serial=change.serial, sha256=change.sha256)


def test_answer(definition: TestDefinition, locked: bool) -> TestAnswer:
    told = json.loads(to_json(definition))
    return TestAnswer(test=definition.id, revision=definition.revision, locked=locked, definition=told)


def registered_answer(done: Registered) -> RegisteredAnswer:
    return RegisteredAnswer(test=done.test, revision=done.revision, new=done.new, changes=list(done.changes))


def scan_answer(view: ScanView, may_see: Callable[[str], bool]) -> ScanAnswer:
    return ScanAnswer(
        scan=view.scan,
        size=view.size,
        taken_in=view.record is not None,
        settled=view.settled,
        pages=[_scan_page(p, p.test is None or may_see(p.test)) for p in view.pages],
    )


def _scan_page(page: PageRecord, all_of_it: bool) -> ScanPage:
    told = {"test": page.test, "candidate": page.candidate, "question": page.question, "serial": page.serial}
    return ScanPage(
        page=page.page,
        verdict=page.state,
        reason=page.reason,
        skew_deg=page.skew_deg,
        turn_deg=page.turn_deg,
        **(told if all_of_it else dict.fromkeys(told)),
    )


def _page(page: PageRecord, base: str) -> Page:
    return Page(
        serial=page.serial,
        sha256=page.sha256 or "",
        key=page.key or "",
        media_type=page.media_type or "",
        dpi=page.dpi,
        filed_at=page.at,
        content=f"{base}/pages/{page.sha256}",
    )
