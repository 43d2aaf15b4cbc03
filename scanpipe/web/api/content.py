"""The bytes of what lies in the slots: pictures, and smaller ones that are made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from scanpipe.desk.renditions import MEDIA_TYPE, Kind, rendition
from scanpipe.desk.slots import find_picture
from scanpipe.desk.tokens import may_see
from scanpipe.faults import StoreFault, UnknownThing
from scanpipe.web.api.door import BEARER, SomeId, TestId, admitted, parts_of, rules_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers
from scanpipe.web.api.ranges import Unsatisfiable, has_it, wanted
from scanpipe.web.api.slots import SLOT

router = APIRouter(prefix=ROOT, tags=["content"], dependencies=[Depends(BEARER)])

FOREVER = "private, max-age=31536000, immutable"
_A_DAY = "private, max-age=86400"
"""A later version of scanpipe may make renditions in another way."""
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": _BYTES, "image/png": _BYTES}},
    206: {"description": "The part that `Range` asks for", "content": {"image/jpeg": _BYTES, "image/png": _BYTES}},
    304: {"description": "The caller has it"},
    307: {"description": "The bytes are at `Location`, in the object store, for a short time"},
}
_ANSWERS = _PICTURE | answers("not_found", "range_not_satisfiable")
_CONTENT, _RENDITION = f"{SLOT}/pages/{{sha256}}", f"{SLOT}/pages/{{sha256}}/{{kind}}"

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The `sha256` of a page of the slot.")]
IfNoneMatch = Annotated[str | None, Header(max_length=2000)]
Range = Annotated[str | None, Header(alias="Range", max_length=200, description="One range of bytes.")]
IfRange = Annotated[str | None, Header(max_length=200)]


@dataclass(frozen=True, slots=True)
class Question:
    """What a request asks for: which picture, `kind` None for the picture itself, and which part under which condition."""

    test: str
    candidate: str
    question: str
    sha256: str
    kind: Kind | None
    if_none_match: str | None
    range: str | None
    if_range: str | None

    @property
    def etag(self) -> str:
        return f'"{self.sha256}-{self.kind}"' if self.kind else f'"{self.sha256}"'


async def _asked(
    test: TestId,
    candidate: SomeId,
    question: SomeId,
    sha256: Digest,
    if_none_match: IfNoneMatch = None,
    range: Range = None,
    if_range: IfRange = None,
) -> Question:
    return Question(test, candidate, question, sha256, None, if_none_match, range, if_range)


async def _asked_for(kind: Kind, asked: Annotated[Question, Depends(_asked)]) -> Question:
    return replace(asked, kind=kind)


Asked = Annotated[Question, Depends(_asked)]
AskedFor = Annotated[Question, Depends(_asked_for)]


@router.get(_CONTENT, summary="A page's picture", response_class=Response, responses=_ANSWERS)
async def get_content(request: Request, asked: Asked) -> Response:
    """Its digest is its ETag: what has it once never needs it again."""
    return await run_in_threadpool(_answer, request, asked)


@router.head(_CONTENT, summary="What a page's picture is", response_class=Response, responses=_ANSWERS)
async def head_content(request: Request, asked: Asked) -> Response:
    """As GET, without the bytes."""
    return await run_in_threadpool(_answer, request, asked)


@router.get(_RENDITION, summary="A page's picture for the screen", response_class=Response, responses=_ANSWERS)
async def get_rendition(request: Request, asked: AskedFor) -> Response:
    """`web` has a longer side of 1600 pixels, `thumbnail` of 260; `blind` is in full size and does not say whose sheet it is:
    all that is printed above and below the drawing is painted white. Made when it is asked for the first time, then kept.
    """
    return await run_in_threadpool(_answer, request, asked)


@router.head(_RENDITION, summary="What a rendition is", response_class=Response, responses=_ANSWERS)
async def head_rendition(request: Request, asked: AskedFor) -> Response:
    """As GET, without the bytes."""
    return await run_in_threadpool(_answer, request, asked)


def _answer(request: Request, asked: Question) -> Response:
    """All in one go: who asks, what for, and the bytes. Each time, so that a token that was revoked opens nothing."""
    token, parts = admitted(request, "content:read"), parts_of(request)
    picture = None
    if may_see(token, asked.test):
        picture = find_picture(parts, asked.test, asked.candidate, asked.question, asked.sha256)
    if picture is None:
        raise ApiProblem("not_found")
    key, media_type = picture
    headers = {"ETag": asked.etag, "Cache-Control": _A_DAY if asked.kind else FOREVER, "Accept-Ranges": "bytes"}
    if has_it(asked.etag, asked.if_none_match):
        return Response(status_code=304, headers=headers)
    try:
        if asked.kind is not None:
            key, media_type = rendition(parts, key, asked.sha256, asked.kind), MEDIA_TYPE
        return _bytes(request, asked, key, media_type, headers)
    except UnknownThing as e:  # the ledger knows it, the store does not: no word of the caller's is wrong
        raise StoreFault(e.message, e.hint) from e


def _bytes(request: Request, asked: Question, key: str, media_type: str, headers: dict[str, str]) -> Response:
    parts, seconds = parts_of(request), rules_of(request).presigned_s
    if request.method == "HEAD":
        info = parts.store.stat(key)
        size = {"Content-Length": str(info.size)} if info is not None else {}
        return Response(media_type=media_type, headers=headers | size)
    link = parts.store.link(key, seconds, media_type) if seconds else None
    if link is not None:
        return RedirectResponse(link, 307, {"Cache-Control": "no-store"})
    body = parts.store.read(key)
    try:
        part = wanted(asked.range, asked.if_range, asked.etag, len(body))
    except Unsatisfiable:
        raise ApiProblem("range_not_satisfiable", headers={"Content-Range": f"bytes */{len(body)}"}) from None
    if part is None:
        return Response(body, media_type=media_type, headers=headers)
    headers["Content-Range"] = f"bytes {part[0]}-{part[1] - 1}/{len(body)}"
    return Response(body[slice(*part)], 206, media_type=media_type, headers=headers)
