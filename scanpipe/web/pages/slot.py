"""A slot: the pages in it, in their order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from scanpipe.desk.arranging import order_slot
from scanpipe.desk.slots import SlotView, left, view_slot
from scanpipe.faults import Refused
from scanpipe.model import PageId
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw

router = APIRouter(include_in_schema=False)
_AT = "/tests/{test}/slots/{candidate}/{question}"


@router.get(_AT, name="slot")
def slot(request: Request, person: Person, test: str, candidate: str, question: str) -> Response:
    return _draw(request, _slot(request, test, candidate, question))


@router.post(f"{_AT}/order", name="order")
def order(
    request: Request,
    person: Actor,
    test: str,
    candidate: str,
    question: str,
    page: Annotated[list[str], Form()],
    seen: Annotated[list[str], Form()],
) -> Response:
    """`page` are the pages in their new order, `seen` in the one that was shown, each as scan-page."""
    view = _slot(request, test, candidate, question)
    try:
        order_slot(
            parts_of(request), view.slot, [_page(name) for name in page], person.name, [_page(name) for name in seen]
        )
    except Refused as e:
        return _draw(request, _slot(request, test, candidate, question), e)
    return RedirectResponse(request.url.path.removesuffix("/order"), 303)


def _draw(request: Request, view: SlotView, refused: Refused | None = None) -> Response:
    with parts_of(request).ledger.read() as r:
        gone = left(r, view)
    return draw(request, "slot.html", 409 if refused else 200, view=view, gone=gone, refused=refused)


def _slot(request: Request, test: str, candidate: str, question: str) -> SlotView:
    view = view_slot(parts_of(request), test, candidate, question)
    if view is None:
        raise HTTPException(404)
    return view


def _page(name: str) -> PageId:
    scan, _, index = name.rpartition("-")
    if not (index.isascii() and index.isdigit() and len(index) < 9):
        raise HTTPException(404)
    return PageId(scan, int(index))
