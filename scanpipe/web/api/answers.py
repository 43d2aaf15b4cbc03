"""What the API answers: the models that its description is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from scanpipe.desk.slots import SlotView, State
from scanpipe.ledgers.feed import Change, Stretch
from scanpipe.model import PageRecord


class InvalidPart(BaseModel):
    """Where in the request something is off, and what."""

    where: str = Field(examples=["query.limit"])
    message: str


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
    """`next` is what to ask for `after` next time; `more` says that there is more already."""

    events: list[Event]
    next: int
    more: bool


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


def events_answer(stretch: Stretch) -> Events:
    return Events(events=[event_answer(c) for c in stretch.changes], next=stretch.next, more=stretch.more)


def event_answer(change: Change) -> Event:
    slot = ChangedSlot(test=change.test, candidate=change.candidate, question=change.question)
    told = {"id": change.id, "type": change.type, "at": change.at, "because": change.because}
    return Event.model_validate(told | {"slot": slot, "serial": change.serial, "sha256": change.sha256})


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
