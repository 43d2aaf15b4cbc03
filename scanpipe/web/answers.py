"""What the API answers: the models that its description is made of."""

from __future__ import annotations

from pydantic import BaseModel, Field

from scanpipe.desk.slots import Change, SlotView, State
from scanpipe.model import PageRecord


class Problem(BaseModel):
    """A problem as of RFC 9457; `code` is stable."""

    type: str = "about:blank"
    title: str
    status: int
    code: str


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
    """`on_its_way` counts pages that name this slot and are not filed yet, `late` those of them that came after grading had begun
    and wait for a person to let them in; `printed` the sheets that exist for it.
    """

    state: State
    pages: list[Page]
    printed: int
    on_its_way: int
    late: int


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
        late=view.late,
    )


def event_answer(change: Change) -> Event:
    slot = change.slot
    name = SlotName(test=slot.test, candidate=slot.candidate, question=slot.question)
    return Event(id=change.id, at=change.at, slot=name, serial=change.serial, sha256=change.sha256)


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
