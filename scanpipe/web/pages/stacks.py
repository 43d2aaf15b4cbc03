"""All stacks that ever came, and how one is withdrawn as a whole: shown first, confirmed by a second act."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from scanpipe.desk.phones import BY_LINK
from scanpipe.desk.stacks import withdraw_stack
from scanpipe.faults import Refused, UnknownThing
from scanpipe.ledgers.queue import Filter
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw
from scanpipe.web.pages.queue import Wanted, query_text

router = APIRouter(include_in_schema=False)
_STACKS = 50
_FILES = 10
"""So many files of a stack are shown here; all of them are on its receipt."""
_GO = ("filed", "held", "blank", "rescan")
"""States of the pages that go when their stack is withdrawn; the others are out of slots and queue already."""


@router.get("/stacks", name="stacks")
def stacks(request: Request, person: Person, skip: Annotated[int, Query(ge=0, le=10**6)] = 0) -> Response:
    """The newest first, also those of which nothing is held. What candidates handed in from home lies with its slots."""
    with parts_of(request).ledger.read() as r:
        found = r.figures().receipts(_STACKS + 1, skip, BY_LINK)
        opened = {s.stack: r.figures().opened(s.stack) for s in found[:_STACKS]}
        files = {s.stack: r.figures().files(s.stack) for s in found[:_STACKS]}
    later = skip + _STACKS if len(found) > _STACKS else None
    values: dict[str, Any] = {"stacks": found[:_STACKS], "opened": opened, "files": files, "most_files": _FILES}
    return draw(request, "all_stacks.html", skip=skip, each=_STACKS, later=later, **values)


@router.get("/stacks/withdraw", name="ask_withdraw")
def ask(request: Request, person: Person, filter: Wanted) -> Response:
    """What would go, and the form."""
    return _draw(request, filter)


@router.post("/stacks/withdraw", name="withdraw")
def withdraw(
    request: Request,
    person: Actor,
    filter: Wanted,
    why: Annotated[str, Form(max_length=300)],
    pages: Annotated[int, Form()],
    sure: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """`pages` are as many as were shown to go. Whoever is not sure, or was shown another number, is asked again."""
    if sure != "yes" or not why.strip() or _going(request, filter.stack) != pages:
        return _draw(request, filter, status=409)
    try:
        withdraw_stack(parts_of(request), filter.stack, person.name, why.strip(), pages)
    except (Refused, UnknownThing) as e:
        return _draw(request, filter, e, 409)
    return RedirectResponse(f"/queue{query_text(replace(filter, stack=''))}", 303)


def _going(request: Request, stack: str) -> int:
    with parts_of(request).ledger.read() as r:
        found = r.figures().receipt(stack)
    return sum(n for state, n in found.states.items() if state in _GO) if found else 0


def _draw(
    request: Request, filter: Filter, refused: Refused | UnknownThing | None = None, status: int = 200
) -> Response:
    with parts_of(request).ledger.read() as r:
        found = r.figures().receipt(filter.stack)
        scans = [page.scan for page, _ in r.queue().stack(filter.stack)[:1]]
        named = r.links().named(scans[0]) if scans else None
    if found is None:
        raise HTTPException(404)
    go = {state: found.states[state] for state in _GO if state in found.states}
    stay = {state: n for state, n in found.states.items() if state not in _GO}
    values: dict[str, Any] = {"stack": filter.stack, "go": go, "stay": stay, "again": status != 200 and not refused}
    values["slot"] = named.slot if named else None
    return draw(request, "withdraw.html", status, refused=refused, query=query_text(filter), **values)
