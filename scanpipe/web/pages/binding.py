"""For invigilators: a spare sheet becomes a candidate's. Two codes are read, by a hand scanner that types, or by a phone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import URL

from scanpipe.desk import binding
from scanpipe.desk.camera import MOST_BYTES
from scanpipe.desk.parts import Parts
from scanpipe.desk.signing_in import Visitor
from scanpipe.faults import Refused, UnknownThing
from scanpipe.model import Claims, Sheet, TestDefinition
from scanpipe.saying import say
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw

router = APIRouter(include_in_schema=False)
Word = Annotated[str, Form(max_length=40)]
Text = Annotated[str, Form(max_length=600)]
Serial = Annotated[str, Query(max_length=16)]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read so far; empty where nothing was. `test` is the one that a label named."""

    serial: str = ""
    candidate: str = ""
    question: str = ""
    test: str = ""

    def and_then(self, claims: Claims | None, text: str) -> _Read:
        """With one more code: the sheet's, a label, or a number that somebody typed. What a label says is not taken back by the
        sheet: a label of another test must be noticed.
        """
        if claims is None:
            return replace(self, candidate=text)
        first, then = (self, claims) if claims.serial is not None else (claims, self)
        return _Read(
            claims.serial or self.serial,
            claims.candidate or self.candidate,
            first.question or then.question or "",
            first.test or then.test or "",
        )


@router.get("/bind", name="bind")
def look(request: Request, person: Person, done: Serial = "") -> Response:
    """The empty form, and what was done just now."""
    with parts_of(request).ledger.read() as r:
        sheet = r.printed(done) if done else None
    return _draw(request, _Read(), done=sheet if sheet and person.works_on(sheet.test) and sheet.candidate else None)


@router.post("/bind", name="bind_sheet")
def bind(
    request: Request,
    person: Actor,
    text: Text = "",
    serial: Word = "",
    candidate: Word = "",
    question: Word = "",
    test: Word = "",
    photo: UploadFile | None = None,
) -> Response:
    """Takes one more code, typed or on a picture; the sheet is bound when enough of them were read."""
    parts, read = parts_of(request), _Read(serial, candidate, question, test)
    before = read
    try:
        if text.strip():
            read = read.and_then(binding.told(parts, text, serial, person.works_on), "".join(text.split()))
        elif photo is not None and photo.size and request.app.state.camera is not None:
            texts = request.app.state.camera.texts(photo.file.read(MOST_BYTES))
            read = read.and_then(binding.pictured(parts, texts), "")
        sheet, definition = _looked_up(parts, person, read)
        if sheet is None or not read.candidate or not (read.question or sheet.question):
            return _draw(request, read, sheet, definition)
        wish = binding.Wish(read.serial, read.candidate, read.question or None, label=read.test or None)
        bound = binding.bind(parts, wish, person.name)
    except (Refused, UnknownThing) as e:
        return _draw(request, before if photo is not None and photo.size else _Read(), refused=e)
    request.app.state.resume({page.scan for page in bound.again})
    return RedirectResponse(str(URL("/bind").include_query_params(done=bound.sheet.serial)), 303)


def _looked_up(parts: Parts, person: Visitor, read: _Read) -> tuple[Sheet | None, TestDefinition | None]:
    """The sheet and its test. What the person does not look after answers as what does not exist.

    Raises UnknownThing, Refused (the label is of another test).
    """
    if not read.serial:
        return None, None
    with parts.ledger.read() as r:
        sheet = r.printed(read.serial)
        definition = r.definition(sheet.test) if sheet is not None and person.works_on(sheet.test) else None
    if sheet is None or definition is None:
        raise UnknownThing(say("there is no sheet %(serial)s", serial=read.serial), say("Read its code once more."))
    binding.check_label(sheet, read.test or None)
    whose = binding.candidate_of(definition, read.candidate) if read.candidate else None
    if whose is not None and person.role == "invigilator" and whose.room not in person.rooms:
        raise UnknownThing(
            say("candidate %(candidate)s does not sit in one of your rooms", candidate=read.candidate),
            say("Ask the chief invigilator."),
        )
    return sheet, definition


def _draw(
    request: Request, read: _Read, sheet: Sheet | None = None, definition: TestDefinition | None = None, **more: Any
) -> Response:
    questions = [q for q in definition.questions if q.sketches != "none"] if definition else []
    asks = bool(sheet and read.candidate and not sheet.question)
    values = {
        "read": read,
        "sheet": sheet,
        "questions": questions if asks else [],
        "done": None,
        "refused": None,
    } | more
    return draw(request, "bind.html", 409 if values["refused"] else 200, **values)
