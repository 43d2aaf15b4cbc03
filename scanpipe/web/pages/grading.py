"""For graders: the slots of the tests that were given to them. They look, and change nothing."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import Response

from scanpipe.desk.signing_in import Visitor
from scanpipe.desk.slots import SlotView, view_slot
from scanpipe.model import TestDefinition
from scanpipe.web.door import Person, parts_of
from scanpipe.web.drawing import draw
from scanpipe.web.pages.pictures import SIZES, Digest, send_original, send_picture

router = APIRouter(include_in_schema=False)
_SLOT = "/grading/{test}/{candidate}/{question}"


@router.get("/grading", name="grading")
def grading(request: Request, person: Person) -> Response:
    with parts_of(request).ledger.read() as r:
        found = [d for id in person.tests if (d := r.definition(id)) is not None]
    return draw(request, "grading.html", tests=found)


@router.get("/grading/{test}", name="graded_test")
def graded_test(request: Request, person: Person, test: str) -> Response:
    """Each candidate's questions, and how many pages lie there."""
    definition = _definition(request, person, test)
    with parts_of(request).ledger.read() as r:
        filed = Counter((p.candidate, p.question) for p in r.pages_of_test(definition.id) if p.state == "filed")
        filed.update((slot.candidate, slot.question) for slot in r.decisions().also_in(definition.id))
    return draw(request, "graded_test.html", test=definition, filed=filed)


@router.get(_SLOT, name="graded_slot")
def graded_slot(request: Request, person: Person, test: str, candidate: str, question: str) -> Response:
    definition, view = _definition(request, person, test), _slot(request, person, test, candidate, question)
    return draw(request, "graded_slot.html", test=definition, view=view)


@router.get(f"{_SLOT}/{{n}}/{{size}}-{{digest}}.jpg", name="graded_picture")
def graded_picture(
    request: Request,
    person: Person,
    test: str,
    candidate: str,
    question: str,
    n: Annotated[int, Path(ge=1, le=999)],
    size: str,
    digest: Digest,
) -> Response:
    """The page that lies at this place of the slot."""
    pages = _slot(request, person, test, candidate, question).pages
    if n > len(pages) or size not in SIZES:
        raise HTTPException(404)
    return send_picture(request, pages[n - 1], person.name, size, digest)


@router.get(f"{_SLOT}/{{n}}/original.jpg", name="graded_original")
def graded_original(
    request: Request, person: Person, test: str, candidate: str, question: str, n: Annotated[int, Path(ge=1, le=999)]
) -> Response:
    """The same page as it came: neither turned nor straightened."""
    pages = _slot(request, person, test, candidate, question).pages
    if n > len(pages):
        raise HTTPException(404)
    return send_original(request, pages[n - 1].id, person.name)


def _definition(request: Request, person: Visitor, test: str) -> TestDefinition:
    with parts_of(request).ledger.read() as r:
        definition = r.definition(test) if len(test) <= 40 and person.works_on(test) else None
    if definition is None:
        raise HTTPException(404)
    return definition


def _slot(request: Request, person: Visitor, test: str, candidate: str, question: str) -> SlotView:
    view = view_slot(parts_of(request), test, candidate, question) if person.works_on(test) else None
    if view is None:
        raise HTTPException(404)
    return view
