"""Notices: what a person should know of, and how they want to be told."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from scanpipe.desk.choosing import choice_of, choose
from scanpipe.desk.noticing import bound_tests, shown
from scanpipe.desk.signing_in import Visitor
from scanpipe.faults import UsageFault
from scanpipe.ledgers.notices import Choice
from scanpipe.stages.digest import DigestRules, personal
from scanpipe.stages.noticing import KINDS, kinds_for, may_know
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw, language_for
from scanpipe.web.notice_words import label, link, sentence
from scanpipe.web.words import LANGUAGES, translations

router = APIRouter(include_in_schema=False)
_LATELY = 20
Kinds = Annotated[list[str], Form(max_length=len(KINDS))]
Time = Annotated[str, Form(max_length=5)]


@router.get("/notices", name="notices")
def notices(request: Request, person: Person) -> Response:
    language = language_for(request)
    return _draw(request, person, choice_of(parts_of(request), person.name, person.role, language), None)


@router.post("/notices", name="notices_post")
def notices_post(
    request: Request,
    person: Actor,
    language: Annotated[str, Form(max_length=5)],
    address: Annotated[str, Form(max_length=300)] = "",
    mail: Kinds = [],  # noqa: B006  FastAPI copies it
    browser: Kinds = [],  # noqa: B006
    times: Annotated[Literal["", "own"], Form()] = "",
    quiet_from: Time = "",
    quiet_to: Time = "",
    gather_minutes: Annotated[int | None, Form()] = None,
) -> Response:
    if language not in LANGUAGES:
        raise HTTPException(422)
    wish = Choice(person.name, person.role, address, language, tuple(mail), tuple(browser))
    if times == "own":
        wish = replace(wish, gather_minutes=gather_minutes, quiet_hours=_hours(quiet_from, quiet_to))
    try:
        choose(parts_of(request), wish)
    except UsageFault as e:
        return _draw(request, person, wish, e)
    return RedirectResponse("/notices", 303)


@router.get("/notices/count", name="notices_count")
def notices_count(request: Request, person: Person) -> Response:
    """How many notices count for the person now, as a number and as a sentence for who does not see it."""
    with parts_of(request).ledger.read() as r:
        counting, _ = shown(r, person.name, person.role, ",".join(person.tests), datetime.now(UTC))
    n, words = len(counting), translations(language_for(request))
    said = words.ngettext("%(num)s notice", "%(num)s notices", n) % {"num": n} if n else ""
    return JSONResponse({"count": n, "said": said})


def _hours(begin: str, end: str) -> str:
    """Nothing, or twice the same: never quiet."""
    return "" if begin == end else f"{begin}-{end}"


def _times(request: Request, choice: Choice) -> dict[str, Any]:
    """When the mails of this person go, for the form."""
    rules: DigestRules = request.app.state.mail_rules
    with suppress(ValueError):  # what was tried and refused
        rules = personal(rules, choice.gather_minutes, choice.quiet_hours)
    begin, end = (f"{at:%H:%M}" for at in rules.quiet)
    own = choice.gather_minutes is not None or choice.quiet_hours is not None
    return {"own": own, "begin": begin, "end": end, "gather_minutes": int(rules.gather.total_seconds() // 60)}


def _draw(request: Request, person: Visitor, choice: Choice, refused: UsageFault | None) -> Response:
    language, tests = language_for(request), ",".join(person.tests)
    bound = bound_tests(person.role, tests)
    with parts_of(request).ledger.read() as r:
        counting, others = shown(r, person.name, person.role, tests, datetime.now(UTC))
        ended = [n for n in r.notices().lately_ended(_LATELY) if may_know(person.role, bound, n.kind, n.subject)]
    told = {
        name: [(n, sentence(n, language), link(n, person.role)) for n in found]
        for name, found in (("counting", counting), ("others", others), ("ended", ended))
    }
    kinds = [(kind, label(kind, language)) for kind in kinds_for(person.role)]
    return draw(
        request,
        "notices.html",
        422 if refused else 200,
        **told,
        kinds=kinds,
        choice=choice,
        times=_times(request, choice),
        refused=refused,
    )
