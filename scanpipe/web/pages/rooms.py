"""For invigilators: the sheets of a room, by candidate; no drawings."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from scanpipe.desk.signing_in import Visitor
from scanpipe.web.door import Person, parts_of
from scanpipe.web.drawing import draw

router = APIRouter(include_in_schema=False)


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
def room(
    request: Request,
    person: Person,
    test: Annotated[str, Query(max_length=40)],
    room: Annotated[str, Query(max_length=100)],
) -> Response:
    """Who sits there: how many sheets were printed for them, and how many have come in."""
    with parts_of(request).ledger.read() as r:
        definition = r.definition(test) if person.works_on(test) and _looks_after(person, room) else None
        sitting = [c for c in definition.candidates if c.room == room] if definition else []
        if definition is None or not sitting:
            raise HTTPException(404)
        printed = Counter(s.candidate for s in r.sheets(definition.id))
        came = Counter((p.candidate or "").upper() for p in r.pages_of_test(definition.id) if p.state != "waiting")
    return draw(request, "room.html", test=definition, room=room, sitting=sitting, printed=printed, came=came)


def _looks_after(person: Visitor, room: str) -> bool:
    return person.role == "chief_invigilator" or room in person.rooms
