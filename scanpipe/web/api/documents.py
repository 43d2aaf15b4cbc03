"""Several pages at once: a PDF of a slot or of a candidate, a ZIP of a test. They are made while they are sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse

from scanpipe.desk.documents import Document, candidate_pdf, slot_pdf
from scanpipe.desk.tokens import may_see
from scanpipe.desk.zipping import test_zip
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.door import SomeId, TestId, needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers
from scanpipe.web.api.ranges import has_it
from scanpipe.web.api.slots import SLOT, slot_of

router = APIRouter(prefix=ROOT, tags=["content"])
_FIRST = 3
"""Pieces that are made before the answer begins: where the store cannot be read, the answer says so."""

Caller = Annotated[Token, Depends(needs("content:read"))]
IfNoneMatch = Annotated[str | None, Header(max_length=2000)]


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}},
        304: {"description": "The caller has it"},
    }


def _head(responses: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """The same answers without the bytes."""
    return responses | {200: {"description": "As GET, without the bytes and without their length"}}


_SLOT_PDF, _CANDIDATE_PDF = f"{SLOT}/pages.pdf", "/tests/{test}/candidates/{candidate}/pages.pdf"
_TEST_ZIP = "/tests/{test}/pages.zip"
_PDF = _file("application/pdf") | answers("not_found")
_ZIP = {200: _file("application/zip")[200], **answers("not_found")}


@router.get(_SLOT_PDF, summary="A slot as PDF", response_class=StreamingResponse, responses=_PDF)
@router.head(_SLOT_PDF, summary="What a slot's PDF is", response_class=Response, responses=_head(_PDF))
def get_slot_pdf(
    request: Request,
    test: TestId,
    candidate: SomeId,
    question: SomeId,
    token: Caller,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Its pages in their order, each as the scanner sent it, turned straight without loss. There is none of an empty slot."""
    view = slot_of(request, token, test, candidate, question)
    if not view.pages:
        raise ApiProblem("not_found")
    return _pdf(request, slot_pdf(parts_of(request), view), if_none_match)


@router.get(_CANDIDATE_PDF, summary="All of a candidate as PDF", response_class=StreamingResponse, responses=_PDF)
@router.head(_CANDIDATE_PDF, summary="What a candidate's PDF is", response_class=Response, responses=_head(_PDF))
def get_candidate_pdf(
    request: Request, test: TestId, candidate: SomeId, token: Caller, if_none_match: IfNoneMatch = None
) -> Response:
    """In the order of the questions. There is none where nothing lies."""
    document = candidate_pdf(parts_of(request), test, candidate) if may_see(token, test) else None
    if document is None:
        raise ApiProblem("not_found")
    return _pdf(request, document, if_none_match)


@router.get(_TEST_ZIP, summary="All of a test as ZIP", response_class=StreamingResponse, responses=_ZIP)
@router.head(_TEST_ZIP, summary="What a test's ZIP is", response_class=Response, responses=_head(_ZIP))
def get_test_zip(request: Request, test: TestId, token: Caller) -> Response:
    """The pictures as they are filed, by candidate and question, with `index.csv` and `index.json` at the end. The index has the
    number of the feed from which on changes may be missing (`feed`): ask for the events after it.
    """
    if not may_see(token, test):
        raise ApiProblem("not_found")
    name, pieces = test_zip(parts_of(request), test)
    return _sent(request, pieces, "application/zip", {"Content-Disposition": _attached(f"{name}.zip")})


def _pdf(request: Request, document: Document, if_none_match: str | None) -> Response:
    headers = {"ETag": f'"{document.tag}"', "Cache-Control": "private, no-cache"}
    if has_it(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = _attached(f"{document.name}.pdf")
    return _sent(request, document.pieces, "application/pdf", headers)


def _sent(request: Request, pieces: Iterator[bytes], media_type: str, headers: dict[str, str]) -> Response:
    """Made while it is sent, so nobody knows its length beforehand: HEAD does not tell it, and makes nothing."""
    if request.method == "HEAD":
        return StreamingResponse(iter(()), media_type=media_type, headers=headers)
    first = list(islice(pieces, _FIRST))
    return StreamingResponse(chain(first, pieces), media_type=media_type, headers=headers)


def _attached(name: str) -> str:
    """For a file of this name (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name)}"
