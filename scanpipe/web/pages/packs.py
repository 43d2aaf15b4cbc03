"""Packs that were handed to the wrong candidate: one person asks for the move, a second one confirms it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from scanpipe.desk import packs
from scanpipe.faults import Refused, UnknownThing
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw

router = APIRouter(include_in_schema=False)
Word = Annotated[str, Form(max_length=80)]


@router.get("/packs", name="packs")
def list_packs(request: Request, person: Person) -> Response:
    return _draw(request)


@router.post("/packs", name="ask_pack")
def ask(request: Request, person: Actor, test: Word, printed_for: Word, handed_to: Word, swap: Word = "") -> Response:
    try:
        packs.ask(parts_of(request), packs.Exchange(test, printed_for, handed_to, swap == "yes"), person.name)
    except (Refused, UnknownThing) as e:
        return _draw(request, e)
    return RedirectResponse("/packs", 303)


@router.post("/packs/{number}/confirm", name="confirm_pack")
def confirm(request: Request, person: Actor, number: int, shown: Word) -> Response:
    """`shown` names the sheets that the person saw."""
    try:
        packs.confirm(parts_of(request), number, person.name, shown)
    except (Refused, UnknownThing) as e:
        return _draw(request, e)
    return RedirectResponse("/packs", 303)


@router.post("/packs/{number}/drop", name="drop_pack")
def drop(request: Request, person: Actor, number: int) -> Response:
    try:
        packs.drop(parts_of(request), number, person.name)
    except (Refused, UnknownThing) as e:
        return _draw(request, e)
    return RedirectResponse("/packs", 303)


def _draw(request: Request, refused: Refused | UnknownThing | None = None) -> Response:
    with parts_of(request).ledger.read() as r:
        asked = [
            (pack, moves := packs.what_moves(r, pack), packs.shown_as(moves)) for pack in r.packs().in_state("asked")
        ]
        moved, tests = r.packs().in_state("moved"), r.tests()
    return draw(request, "packs.html", 409 if refused else 200, asked=asked, moved=moved, tests=tests, refused=refused)
