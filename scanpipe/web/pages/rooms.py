"""For invigilators: the sheets of a room, by candidate, and what was handed out and collected; no drawings."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import URL, FormData

from scanpipe.definitions.statements_csv import serials_in
from scanpipe.desk import expecting
from scanpipe.desk.expecting import Entry
from scanpipe.desk.signing_in import Visitor
from scanpipe.faults import UnknownThing, UsageFault
from scanpipe.model import Candidate, TestDefinition
from scanpipe.saying import say
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw

router = APIRouter(include_in_schema=False)
_WHATS: tuple[expecting.What, ...] = ("handed_out", "collected")
_MOST_FIELDS = 10_000
"""Three of each candidate: a hall of 3,300. `bounds.py` says how many bytes they may have."""
TestId = Annotated[str, Query(max_length=40)]
Room = Annotated[str, Query(max_length=100)]


@router.get("/rooms", name="rooms")
def rooms(request: Request, person: Person) -> Response:
    """The rooms that the person looks after, with how many candidates sit there."""
    found = []
    with parts_of(request).ledger.read() as r:
        for id in person.tests:
            definition = r.definition(id)
            if definition is not None:
                sitting = Counter(c.room for c in definition.candidates if c.room and _looks_after(person, c.room))
                found += [(definition, room, n) for room, n in sorted(sitting.items())]
    return draw(request, "rooms.html", rooms=found)


@router.get("/rooms/one", name="room")
def room(request: Request, person: Person, test: TestId, room: Room, done: str = "") -> Response:
    """Who sits there: how many sheets were printed, handed out and collected, and how many have come in."""
    return _draw(request, person, test, room, done=done == "yes")


@router.post("/rooms/one", name="enter_room", form_limits={"max_fields": _MOST_FIELDS})
async def enter_room(request: Request, person: Actor, test: TestId, room: Room) -> Response:
    """What changed against what the page showed (`was`) goes on record; the rest is left alone, whoever changed it meanwhile."""
    form = await request.form()  # parsed before the door looked at its secret: the limits are those of the route
    definition, sitting = _sitting(request, person, test, room)
    try:
        was = json.loads(str(form.get("was", "{}")))
        _record(request, person, definition, room, _changes(form, sitting, dict(was)))
    except (UsageFault, UnknownThing) as e:
        return _draw(request, person, test, room, refused=e)
    except (ValueError, TypeError):
        raise HTTPException(422) from None
    return RedirectResponse(str(URL("/rooms/one").include_query_params(test=test, room=room, done="yes")), 303)


def _changes(form: FormData, sitting: list[Candidate], was: dict[str, str]) -> dict[str, str]:
    """The fields that say something else than before."""
    names = [f"{what} {c.number}" for c in sitting for what in (*_WHATS, "present")] + ["serials"]
    now = {name: " ".join(str(form[name]).split()) for name in names if name in form}
    return {name: value for name, value in now.items() if value != was.get(name, "")}


def _record(request: Request, person: Visitor, definition: TestDefinition, room: str, changes: dict[str, str]) -> None:
    parts = parts_of(request)
    for what in _WHATS:
        told = {name.split(" ", 1)[1]: text for name, text in changes.items() if name.startswith(f"{what} ")}
        entries = [Entry(number, _count(text)) for number, text in told.items()]
        if what == "collected" and "serials" in changes:
            entries.append(Entry("", None, serials_in(changes["serials"])))
        if entries:
            expecting.tell_sheets(parts, definition.id, what, {room: entries}, person.name)
    present = {n.split(" ", 1)[1]: text == "yes" for n, text in changes.items() if n.startswith("present ") and text}
    if present:
        expecting.note_attendance(parts, definition.id, present, person.name)


def _count(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 6):
        raise UsageFault(say("%(text)s is no number of sheets", text=text[:20]), say("Give a whole number."))
    return int(text) if text else None


def _draw(
    request: Request,
    person: Visitor,
    test: str,
    room: str,
    refused: UsageFault | UnknownThing | None = None,
    done: bool = False,
) -> Response:
    definition, sitting = _sitting(request, person, test, room)
    with parts_of(request).ledger.read() as r:
        printed = Counter(s.candidate for s in r.sheets(definition.id))
        came = Counter((p.candidate or "").upper() for p in r.pages_of_test(definition.id) if p.state != "waiting")
        entries = [e for e in r.expected().counted(definition.id) if e.room == room]
        present = r.expected().attendance(definition.id)
    told = {(e.what, e.candidate): str(e.number) for e in entries if e.candidate}
    serials = next((" ".join(e.serials) for e in entries if e.what == "collected" and not e.candidate), "")
    was = {f"{what} {number}": text for (what, number), text in told.items()} | {"serials": serials}
    was |= {f"present {c.number}": "yes" if present[c.number] else "no" for c in sitting if c.number in present}
    values: dict[str, Any] = {"printed": printed, "came": came, "told": told, "serials": serials, "present": present}
    values |= {"test": definition, "room": room, "sitting": sitting, "was": json.dumps(was), "refused": refused}
    return draw(request, "room.html", 422 if refused else 200, **values, done=done)


def _sitting(request: Request, person: Visitor, test: str, room: str) -> tuple[TestDefinition, list[Candidate]]:
    """Who sits in a room that the person looks after; any other answers as one that does not exist."""
    with parts_of(request).ledger.read() as r:
        definition = r.definition(test) if person.works_on(test) and _looks_after(person, room) else None
    sitting = [c for c in definition.candidates if c.room == room] if definition else []
    if definition is None or not sitting:
        raise HTTPException(404)
    return definition, sitting


def _looks_after(person: Visitor, room: str) -> bool:
    return person.role == "chief_invigilator" or room in person.rooms
