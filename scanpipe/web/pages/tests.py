"""Tests: their definitions, uploaded and applied; which questions take sketches; sheets as PDF."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from scanpipe.desk import drafting
from scanpipe.desk.printing import already_printed, draw_sample, plan_sheets, print_sheets
from scanpipe.desk.signing_in import Visitor
from scanpipe.faults import DefinitionFault, Refused, UnknownThing
from scanpipe.model import TestDefinition
from scanpipe.saying import say
from scanpipe.sheets import Selection
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw

router = APIRouter(include_in_schema=False)
_MOST_SHEETS = 5000
_MOST_FILES = 2
Id = Annotated[str, Form(max_length=40)]


@router.get("/tests", name="tests")
def tests(request: Request, person: Person) -> Response:
    with parts_of(request).ledger.read() as r:
        found = [d for id in r.tests() if person.works_on(id) and (d := r.definition(id)) is not None]
        printed = r.figures().printed()
    return draw(request, "tests.html", tests=found, printed=printed, refused=None)


@router.get("/tests/{test}", name="test")
def test(request: Request, person: Person, test: str) -> Response:
    return _draw(request, _definition(request, person, test), None)


@router.get("/tests/{test}/questions/{question}/sample.pdf", name="sample")
def sample(request: Request, person: Person, test: str, question: str) -> Response:
    """The sheet of a question as it will be printed, for nobody."""
    definition = _definition(request, person, test)
    asked = definition.question(question)
    if asked is None or asked.sketches == "none":
        raise HTTPException(404)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sample.pdf"
        draw_sample(definition, asked.id, out)
        return _pdf(out.read_bytes(), f"{definition.id} {asked.id} sample")


@router.post("/tests/{test}/sheets", name="print_sheets")
def print_pdf(
    request: Request,
    person: Actor,
    test: str,
    per_question: Annotated[int, Form(ge=1, le=20)] = 1,
    room: Annotated[list[str] | None, Form()] = None,
    question: Annotated[list[str] | None, Form()] = None,
    candidate: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """New sheets with serials of their own."""
    definition = _definition(request, person, test)
    chosen = Selection([candidate.strip()] if candidate.strip() else None, question or None, room or None)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sheets.pdf"
        try:
            planned = plan_sheets(parts_of(request), definition, chosen, per_question)
            if len(planned) > _MOST_SHEETS:
                raise Refused(
                    say("that are %(n)s sheets", n=len(planned)),
                    say("Choose rooms or questions: %(most_sheets)s at once.", most_sheets=_MOST_SHEETS),
                )
            print_sheets(parts_of(request), definition, planned, out, person.name)
        except (Refused, UnknownThing) as e:
            return _draw(request, definition, e)
        return _pdf(out.read_bytes(), f"{definition.id} sheets")


async def _fields(request: Request) -> FormData:
    return await request.form()


Fields = Annotated[FormData, Depends(_fields)]
"""All fields of a form whose names are not known beforehand."""


@router.post("/tests/{test}/questions", name="set_questions")
def set_questions(
    request: Request, person: Actor, test: str, seen: Annotated[int, Form(ge=0)], form: Fields
) -> Response:
    """Which questions take sketches, how many: `sketches ID` and `most ID` for each."""
    definition = _definition(request, person, test)
    wishes = {}
    for q in definition.questions:
        most = str(form.get(f"most {q.id}", ""))
        if f"sketches {q.id}" in form:
            wishes[q.id] = (str(form[f"sketches {q.id}"]), int(most) if most.isascii() and most.isdigit() else None)
    try:
        drafting.set_questions(parts_of(request), definition.id, wishes, person.name, seen)
    except (Refused, UnknownThing) as e:
        return _draw(request, _definition(request, person, test), e)
    return RedirectResponse(f"/tests/{definition.id}", 303)


@router.post("/drafts", name="draft_post")
def draft_post(
    request: Request,
    person: Actor,
    files: list[UploadFile],
    test: Annotated[str, Form(max_length=40)] = "",
    date: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """A definition and the CSV that it names, or a QTI package, the CSV of its candidates, and what no package says."""
    bodies = {f.filename or "": f.file.read(drafting.MOST_BYTES + 1) for f in files[:_MOST_FILES]}
    try:
        id = _drafts(request).keep(person.name, bodies, test.strip(), date)
    except Refused as e:
        with parts_of(request).ledger.read() as r:
            found = [d for test in r.tests() if (d := r.definition(test)) is not None]
            printed = r.figures().printed()
        return draw(request, "tests.html", 422, tests=found, printed=printed, refused=e)
    return RedirectResponse(f"/drafts/{id}", 303)


@router.get("/drafts/{draft}", name="draft")
def draft(request: Request, person: Person, draft: str) -> Response:
    """What is wrong with it, or what it would change."""
    return draw(request, "draft.html", draft=_draft(request, person, draft), refused=None)


@router.post("/drafts/{draft}", name="apply_draft")
def apply_draft(request: Request, person: Actor, draft: str, seen: Annotated[int, Form(ge=0)]) -> Response:
    found = _draft(request, person, draft)
    try:
        done = _drafts(request).apply(parts_of(request), draft, person.name, seen)
    except Refused as e:
        return draw(request, "draft.html", 409, draft=found, refused=e)
    return RedirectResponse(f"/tests/{done.test}", 303)


def _definition(request: Request, person: Visitor, test: str) -> TestDefinition:
    """A test that a person does not work on answers as one that does not exist."""
    with parts_of(request).ledger.read() as r:
        definition = r.definition(test) if len(test) <= 40 and person.works_on(test) else None
    if definition is None:
        raise HTTPException(404)
    return definition


def _draw(request: Request, definition: TestDefinition, refused: Refused | UnknownThing | None) -> Response:
    rooms = sorted({c.room for c in definition.candidates if c.room})
    printed: dict[str, int] = {}
    for (_, question), n in already_printed(parts_of(request), definition.id).items():
        printed[question] = printed.get(question, 0) + n
    values: dict[str, Any] = {"test": definition, "rooms": rooms, "printed": printed, "refused": refused}
    return draw(request, "test.html", 422 if refused else 200, **values)


def _drafts(request: Request) -> drafting.Drafts:
    drafts: drafting.Drafts | None = request.app.state.drafts
    if drafts is None:
        raise HTTPException(404)
    return drafts


def _draft(request: Request, person: Visitor, id: str) -> drafting.Draft:
    try:
        return _drafts(request).draft(parts_of(request), id, person.name)
    except (UnknownThing, DefinitionFault):
        raise HTTPException(404) from None


def _pdf(body: bytes, name: str) -> Response:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    headers = {"Content-Disposition": f'attachment; filename="{plain}.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)
