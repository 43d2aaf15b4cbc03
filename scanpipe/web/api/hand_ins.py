"""`/hand-ins`: what is handed in by a link, on behalf of the candidate whose it is. The secret of the link is the token."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from typing import IO, Annotated, Any, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from scanpipe.desk import submitting
from scanpipe.desk.links import deadline_of
from scanpipe.desk.submitting import Desk
from scanpipe.desk.uploads import Batch, UploadedFile
from scanpipe.ledgers.links import Link, Submission
from scanpipe.web.api.bodies import pieces
from scanpipe.web.api.door import by_link
from scanpipe.web.api.problems import ROOT, ApiProblem, only

router = APIRouter(prefix=ROOT, tags=["hand-ins"])
ByLink = Annotated[Link, Depends(by_link)]
_MEMORY_BYTES = _PIECE = 1 << 20
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_KINDS = ("image/jpeg", "image/png", "image/heic", "application/pdf", "application/octet-stream")
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": dict.fromkeys(_KINDS, _BYTES)}}
_USUAL = ("unauthorized", "invalid", "too_many_requests", "unavailable")
DraftNumber = Annotated[int, Query(ge=1, le=10**6)]
FileNumber = Annotated[int, Path(ge=0, le=9999)]


class DraftFile(BaseModel):
    """A file of the draft. `pages` and `advice` are known a moment after it came; until then they are null."""

    file: int
    name: str
    size: int
    pages: int | None
    advice: list[str] | None = Field(examples=[["blurred", "cut"]])


class HandedInFile(BaseModel):
    name: str
    size: int
    sha256: str


class HandedIn(BaseModel):
    """The receipt of a version of the slot. `late`: it came after the deadline and its grace, and is held for a person."""

    version: int
    handed_in: str
    late: bool
    files: list[HandedInFile]


class HandInState(BaseModel):
    """`standing` says whether what is handed in now is in time; `draft` is the number that handing in takes."""

    test: str
    candidate: str
    question: str
    closes: str
    grace_minutes: int
    standing: Literal["open", "grace", "late", "shut"]
    draft: int
    files: list[DraftFile]
    handed_in: list[HandedIn]


class HandIn(BaseModel):
    """`draft` is the number that was looked at: sent twice, it is handed in once. `files` are the numbers of all its files, in
    their order.
    """

    model_config = ConfigDict(extra="forbid")

    draft: Annotated[int, Field(ge=1, le=10**6)]
    files: Annotated[list[Annotated[int, Field(ge=0, le=9999)]], Field(max_length=500)]


class Added(BaseModel):
    """`file` is its number in draft `draft`; `sha256` is the digest of the bytes that came."""

    draft: int
    file: int
    size: int
    sha256: str


@router.get("/hand-ins", summary="What is being handed in by a link", responses=only(*_USUAL, "not_found"))
def get_hand_ins(request: Request, link: ByLink) -> HandInState:
    desk = _desk(request)
    batch = submitting.draft(desk, link)
    return HandInState(
        test=link.test,
        candidate=link.candidate,
        question=link.question,
        closes=link.closes,
        grace_minutes=link.grace_minutes,
        standing=deadline_of(link).standing(datetime.now(UTC)).value,
        draft=submitting.number_of(batch),
        files=[_file(desk, batch, n) for n in batch.ordered],
        handed_in=[_receipt(one.submission) for one in submitting.receipts(desk, link)],
    )


@router.post(
    "/hand-ins/files",
    status_code=201,
    summary="Add a file to what is handed in",
    openapi_extra=_BODY,
    responses=only(*_USUAL, "not_found", "refused", "too_large"),
)
async def post_file(
    request: Request,
    link: ByLink,
    file_name: Annotated[str, Header(max_length=500, description="What is not ASCII as %XX of its UTF-8.")],
) -> Added:
    """A JPEG, PNG, HEIC or PDF, whole, as the body. The same file again changes nothing; one that was handed in for another place
    is refused. It counts when it is handed in.
    """
    desk, digest, size = _desk(request), hashlib.sha256(), 0
    with tempfile.SpooledTemporaryFile(_MEMORY_BYTES, dir=str(desk.parts.folders.own_work)) as kept:
        async for piece in pieces(request, link.most_bytes):
            await run_in_threadpool(kept.write, piece)
            digest.update(piece)
            size += len(piece)
        return await run_in_threadpool(_added, desk, link, unquote(file_name), digest.hexdigest(), size, kept)


@router.delete(
    "/hand-ins/files/{file}",
    status_code=204,
    summary="Take a file out",
    responses=only(*_USUAL, "not_found", "refused", "overtaken"),
)
def delete_file(request: Request, link: ByLink, file: FileNumber, draft: DraftNumber) -> Response:
    """It is not handed in. What was handed in before stays as it is. Files have other numbers in another draft: where this one
    was handed in meanwhile, nothing is taken out.
    """
    submitting.remove(_desk(request), link, draft, file)
    return Response(status_code=204)


@router.post(
    "/hand-ins",
    status_code=201,
    summary="Hand in",
    responses=only(*_USUAL, "not_found", "refused", "overtaken", "bad_request"),
)
def post_hand_in(request: Request, link: ByLink, told: HandIn) -> HandedIn:
    """What was handed in before is replaced, as long as it is in time; it is kept. Where other files are in the draft meanwhile,
    nothing is handed in.
    """
    return _receipt(submitting.hand_in(_desk(request), link, told.draft, told.files))


def _added(desk: Desk, link: Link, name: str, digest: str, size: int, kept: IO[bytes]) -> Added:
    batch, n = submitting.add(desk, link, UploadedFile(name, size, digest[:40], digest))
    there = desk.uploads.there(batch.id, n)
    kept.seek(there)
    while piece := kept.read(_PIECE):
        there = desk.uploads.put(batch.id, n, there, piece)
    desk.straightener.shown(batch, n)
    return Added(draft=submitting.number_of(batch), file=n, size=size, sha256=digest)


def _file(desk: Desk, batch: Batch, n: int) -> DraftFile:
    file = batch.files[n]
    shown = desk.straightener.shown(batch, n) if desk.uploads.is_whole(batch, n) else None
    pages, advice = (shown.pages, list(shown.advice)) if shown is not None else (None, None)
    return DraftFile(file=n, name=file.name, size=file.size, pages=pages, advice=advice)


def _receipt(one: Submission) -> HandedIn:
    files = [HandedInFile(name=f.name, size=f.size, sha256=f.sha256) for f in one.files]
    return HandedIn(version=one.version, handed_in=one.at, late=one.late, files=files)


def _desk(request: Request) -> Desk:
    desk: Desk | None = request.app.state.desk
    if desk is None:
        raise ApiProblem("not_found")
    return desk
