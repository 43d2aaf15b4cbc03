"""What the API answers to those who write: the models that its description is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, Field

from scanpipe.definitions import to_json
from scanpipe.desk.defining import Registered
from scanpipe.desk.receiving import ScanView
from scanpipe.model import PageRecord, TestDefinition
from scanpipe.web.api.door import PRINTABLE


class DefinitionAnswer(BaseModel):
    """A test as it is now. `definition` is what a `PUT` takes, `locked` says that grading has begun."""

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


def definition_answer(definition: TestDefinition, locked: bool) -> DefinitionAnswer:
    told = json.loads(to_json(definition))
    return DefinitionAnswer(test=definition.id, revision=definition.revision, locked=locked, definition=told)


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


class NewWebhook(BaseModel):
    """`after` is a number of the feed: changes above it are sent, too. Without it only those that come from now on."""

    model_config = {"extra": "forbid"}

    test: str = Field(min_length=1, max_length=40, pattern=PRINTABLE)
    url: str = Field(min_length=1, max_length=1000, examples=["https://grading.example/hook"])
    after: int | None = Field(default=None, ge=0, le=2**53)


class WebhookAnswer(BaseModel):
    """`url` is without its query. `rests_until`: the receiver could not be reached, and is left alone until then."""

    id: str
    test: str
    url: str
    made: str
    rests_until: str | None = None
    waiting: int = 0
    delivered: int = 0
    dead: int = 0


class RegisteredWebhook(WebhookAnswer):
    """`secret` is shown this once."""

    secret: str


class WebhooksAnswer(BaseModel):
    """`next` is what to ask for `after` next time; null: these were the last."""

    webhooks: list[WebhookAnswer]
    next: str | None = None
