"""Is anything of a test missing? Expected against received, the differences to work off, and the report."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import URL

from scanpipe.desk import completeness as desk
from scanpipe.desk.report_acts import acts_about
from scanpipe.desk.reporting import Report, draw, make_report
from scanpipe.desk.signing_in import Visitor
from scanpipe.desk.tracing import sentence
from scanpipe.faults import Refused, UnknownThing
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw as draw_page
from scanpipe.web.rules import may

router = APIRouter(include_in_schema=False)
_AT = "/tests/{test}/completeness"
_ROWS = 200
_BOUND_TO_ROOMS = "invigilator"
Room = Annotated[str, Query(max_length=100)]
Kind = Annotated[str, Query(max_length=40)]
Word = Annotated[str, Form(max_length=400)]
Figure = Annotated[str, Form(max_length=10, pattern="^[0-9]*$")]


@router.get(_AT, name="completeness")
def completeness(request: Request, person: Person, test: str, room: Room = "", kind: Kind = "") -> Response:
    return _draw(request, person, test, room, kind)


@router.get(f"{_AT}/live", name="completeness_live")
def live(
    request: Request,
    person: Person,
    test: str,
    room: Room = "",
    seen: Annotated[int, Query(ge=0, le=2**53)] = 0,
    open: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """The figures alone, when anything happened since the event `seen`. The list below them stays where it is: `open` is how many
    differences it has.
    """
    view = _view(request, person, test, patient=True)
    if view.event == seen:
        return Response(status_code=204)
    return draw_page(request, "completeness_figures.html", view=view, room=room, listed=open)


@router.post(f"{_AT}/close", name="close_difference")
def close(
    request: Request,
    person: Actor,
    test: str,
    kind: Word,
    subject: Word,
    why: Word,
    expected: Figure = "",
    received: Figure = "",
    room: Room = "",
) -> Response:
    figures = (int(expected) if expected else None, int(received) if received else None)
    try:
        desk.close(parts_of(request), _known(request, person, test), kind, subject, why, person.name, figures)
    except (Refused, UnknownThing) as e:
        return _draw(request, person, test, room, "", e)
    return RedirectResponse(_link(test, room), 303)


@router.post(f"{_AT}/reopen", name="reopen_difference")
def reopen(request: Request, person: Actor, test: str, kind: Word, subject: Word, room: Room = "") -> Response:
    try:
        desk.reopen(parts_of(request), _known(request, person, test), kind, subject, person.name)
    except UnknownThing as e:
        return _draw(request, person, test, room, "", e)
    return RedirectResponse(_link(test, room), 303)


@router.get("/tests/{test}/report.pdf", name="report_pdf")
def report_pdf(request: Request, person: Person, test: str) -> Response:
    """A draft, signed off by nobody."""
    return _pdf(make_report(parts_of(request), _known(request, person, test), person.name))


@router.get("/tests/{test}/report.json", name="report_json")
def report_json(request: Request, person: Person, test: str) -> Response:
    """A draft, signed off by nobody."""
    made = make_report(parts_of(request), _known(request, person, test), person.name)
    return Response(made.body, media_type="application/json", headers=_headers(made, "json"))


@router.post("/tests/{test}/report", name="sign_report")
def sign_report(request: Request, person: Actor, test: str) -> Response:
    """The person vouches for how the test stands now: on record, with the digest of the report."""
    return _pdf(make_report(parts_of(request), _known(request, person, test), person.name, person.name))


def _pdf(made: Report) -> Response:
    return Response(draw(made), media_type="application/pdf", headers=_headers(made, "pdf"))


def _headers(made: Report, extension: str) -> dict[str, str]:
    id = made.content["test"]["id"]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in id)
    return {"Content-Disposition": f'attachment; filename="{plain} report.{extension}"', "Cache-Control": "no-store"}


def _known(request: Request, person: Visitor, test: str) -> str:
    """The id of a test that the person works on; any other answers as one that does not exist."""
    with parts_of(request).ledger.read() as r:
        definition = r.definition(test) if len(test) <= 40 and person.works_on(test) else None
    if definition is None:
        raise HTTPException(404)
    return definition.id


def _view(request: Request, person: Visitor, test: str, patient: bool = False) -> desk.View:
    """How the test stands, as far as the person may know: an invigilator of their rooms."""
    monitor: desk.Monitor = request.app.state.monitor
    view = monitor.look(parts_of(request), _known(request, person, test), patient)
    return desk.in_rooms(view, person.rooms) if person.role == _BOUND_TO_ROOMS else view


def _draw(
    request: Request, person: Visitor, test: str, room: str, kind: str, refused: Refused | UnknownThing | None = None
) -> Response:
    view = _view(request, person, test)
    found = [f for f in view.open if room in ("", f.room) and kind in ("", f.kind)]
    values: dict[str, Any] = {
        "view": view,
        "room": room,
        "kind": kind,
        "found": found[:_ROWS],
        "number": len(found),
        "kinds": Counter(str(f.kind) for f in view.open if room in ("", f.room)),
        "closed": [c for c in view.closed if room in ("", c[0].room)][:_ROWS],
        "people": [p for p in view.people if room and p.room == room],
        "listed": len(view.open),
        "refused": refused,
        "acts": _acts(request, view.definition.id) if may(person.role, "sign_report") else [],
    }
    return draw_page(request, "completeness.html", 409 if refused else 200, **values)


def _acts(request: Request, test: str) -> list[tuple[str, str]]:
    """When and what persons decided beside single pages, the newest first."""
    with parts_of(request).ledger.read() as r:
        return [(e.at, sentence(e)) for e in reversed(acts_about(r, test)[-_ROWS:])]


def _link(test: str, room: str) -> str:
    link = URL(f"/tests/{test}/completeness")
    return str(link.include_query_params(room=room) if room else link)
