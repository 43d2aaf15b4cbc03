"""What the API answers: the models that its description is made of."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, Field

from scanpipe.desk.feeding import told
from scanpipe.desk.slots import SlotView, State
from scanpipe.ledgers.feed import Change, Stretch
from scanpipe.ledgers.slots import Lying
from scanpipe.model import TestDefinition


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


class Renditions(BaseModel):
    """Links to smaller pictures of the page, and to one that does not say whose it is."""

    web: str
    thumbnail: str
    blind: str


class Page(BaseModel):
    """A page that is filed. `version` is 2 and more for a scan that a person took in place of an earlier one of the sheet.

    `empty`: nobody drew on it. `content` is the link to the picture's bytes, whose size is null where an earlier version of
    scanpipe filed it; `taken_in_at` is when its file came, `filed_at` when it came to lie here as it is.
    """

    serial: str | None
    version: int
    sha256: str
    key: str
    media_type: str
    width_px: int | None
    height_px: int | None
    dpi: float | None
    empty: bool
    taken_in_at: str
    filed_at: str
    content: str
    renditions: Renditions


class SlotAnswer(SlotName):
    """`printed` counts the sheets that exist for the slot, `on_its_way` the held pages that claim it: a person looks at them;
    `late` those of them that came after grading had begun and wait for a person to let them in.

    `nothing_expected`: the question takes no sketches, and none is here. `waiting`: nothing is here yet. `complete`: all that was
    printed is here, and nothing is on its way. `incomplete`: something is missing or on its way. `locked`: grading has begun.
    """

    state: State
    pages: list[Page]
    printed: int
    on_its_way: int
    late: int
    pdf: str


class SlotsAnswer(BaseModel):
    """`next` is what to ask for `after` next time; null: these were the last."""

    slots: list[SlotAnswer]
    next: str | None


class QuestionAnswer(BaseModel):
    id: str
    label: str
    sketches: Literal["none", "allowed", "expected"]
    max_sheets: int | None


class TestAnswer(BaseModel):
    """A test as its newest definition has it; `locked`: grading has begun; `candidates` is how many there are."""

    test: str
    title: str
    date: str
    language: Literal["nb", "en"]
    sketches: bool
    revision: int
    locked: bool
    candidates: int
    questions: list[QuestionAnswer]
    slots: str
    zip: str


class TestsAnswer(BaseModel):
    """`next` is what to ask for `after` next time; null: these were the last."""

    tests: list[TestAnswer]
    next: str | None


class ChangedSlot(BaseModel):
    """Neither candidate nor question: every slot of the test may have changed."""

    test: str
    candidate: str | None
    question: str | None


ChangeType = Literal[
    "page_filed",
    "page_left",
    "page_changed",
    "page_on_its_way",
    "page_not_on_its_way",
    "slot_ordered",
    "test_locked",
    "test_unlocked",
    "definition_revised",
    "sheets_printed",
]


class Event(BaseModel):
    """A change. `because` is what happened, as the ledger has it; `serial` and `sha256` are of the page that came, left or
    changed, and null for what is on its way.
    """

    id: int
    type: ChangeType
    at: str
    because: str = Field(examples=["page_filed", "page_replaced", "page_restored"])
    slot: ChangedSlot
    serial: str | None
    sha256: str | None


class Events(BaseModel):
    """`next` is what to ask for `after` next time."""

    events: list[Event]
    next: int


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
    base = f"{root}/tests/{_q(slot.test)}/slots/{_q(slot.candidate)}/{_q(slot.question)}"
    return SlotAnswer(
        test=slot.test,
        candidate=slot.candidate,
        question=slot.question,
        state=view.state,
        pages=[_page(lying, base) for lying in view.lying],
        printed=view.printed,
        on_its_way=view.on_its_way,
        late=view.late,
        pdf=f"{base}/pages.pdf",
    )


def test_answer(test: TestDefinition, locked: bool, root: str) -> TestAnswer:
    questions = [
        QuestionAnswer(id=q.id, label=q.label, sketches=q.sketches, max_sheets=q.max_sheets) for q in test.questions
    ]
    return TestAnswer(
        test=test.id,
        title=test.title,
        date=test.date,
        language=test.language,
        sketches=test.sketches,
        revision=test.revision,
        locked=locked,
        candidates=len(test.candidates),
        questions=questions,
        slots=f"{root}/tests/{_q(test.id)}/slots",
        zip=f"{root}/tests/{_q(test.id)}/pages.zip",
    )


def events_answer(stretch: Stretch) -> Events:
    return Events(events=[event_answer(c) for c in stretch.changes], next=stretch.next)


def event_answer(change: Change) -> Event:
    return Event.model_validate(told(change))


def _page(lying: Lying, base: str) -> Page:
    page, content = lying.page, f"{base}/pages/{lying.page.sha256}"
    return Page(
        serial=page.serial,
        version=lying.version,
        sha256=page.sha256 or "",
        key=page.key or "",
        media_type=page.media_type or "",
        width_px=page.width_px,
        height_px=page.height_px,
        dpi=page.dpi,
        empty='"empty": true' in (page.evidence or ""),
        taken_in_at=lying.taken_in,
        filed_at=page.at,
        content=content,
        renditions=Renditions(web=f"{content}/web", thumbnail=f"{content}/thumbnail", blind=f"{content}/blind"),
    )


def _q(id: str) -> str:
    return quote(id, safe="")
