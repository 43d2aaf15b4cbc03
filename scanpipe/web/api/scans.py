"""Scans that programs send in place of a hot folder, and what became of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from scanpipe.desk.receiving import Arriving, hand_in, view_scan
from scanpipe.desk.tokens import may_see
from scanpipe.desk.uploads import Uploads
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.answers import InvalidPart
from scanpipe.web.api.bodies import pieces
from scanpipe.web.api.door import needs, parts_of
from scanpipe.web.api.problems import ROOT, ApiProblem, answers
from scanpipe.web.api.written import ScanAnswer, ScanReceipt, scan_answer

router = APIRouter(prefix=ROOT, tags=["scans"])
_RAW = (
    "application/pdf",
    "image/jpeg",
    "image/png",
    "image/heic",
    "image/heif",
    "image/tiff",
    "application/octet-stream",
)
_MULTIPART = "multipart/form-data"
_PIECE = 1 << 20
_ENVELOPE = 1 << 16
"""What multipart may put around a file."""
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"schema": {"type": "object", "required": ["file"], "properties": {"file": _BYTES["schema"]}}}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": dict.fromkeys(_RAW, _BYTES) | {_MULTIPART: _FORM}}
}
_FileName = Annotated[
    str | None,
    Header(max_length=500, description="Of a file that is the body itself; what is not ASCII as %XX of its UTF-8."),
]
_Key = Annotated[
    str | None,
    Header(pattern=r"^[!-~]{1,255}$", description="Whatever is sent under one key counts once, for 30 days."),
]
_Sender = Annotated[Token, Depends(needs("scans:write"))]


@router.post(
    "/scans",
    status_code=202,
    summary="Send a scan",
    openapi_extra=_BODY,
    responses=answers("key_used_before", "too_large", "unsupported_media_type", "not_found"),
)
async def post_scan(
    request: Request,
    response: Response,
    token: _Sender,
    file_name: _FileName = None,
    idempotency_key: _Key = None,
) -> ScanReceipt:
    """A JPEG, PNG, HEIC, TIFF or PDF: as the body, with `File-Name`, or as the part `file` of a form. It goes into the inbox
    whole.

    The same bytes again change nothing, with or without a key.
    """
    file = await _arrived(request, token, file_name)
    try:
        noted = await run_in_threadpool(hand_in, parts_of(request), _uploads(request), file, idempotency_key)
    finally:
        file.close()
    status = f"{ROOT}/scans/{noted.scan}"
    response.headers["Location"] = status
    return ScanReceipt(scan=noted.scan, size=noted.size, status=status)


@router.get("/scans/{sha256}", summary="What became of a scan", responses=answers("not_found"))
def get_scan(request: Request, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], token: _Sender) -> ScanAnswer:
    """The state of each page, without its picture. A scan that the token neither sent nor may see answers as none."""
    view = view_scan(parts_of(request), token, sha256)
    if view is None:
        raise ApiProblem("not_found")
    return scan_answer(view, lambda test: may_see(token, test))


async def _arrived(request: Request, token: Token, file_name: str | None) -> Arriving:
    """The file of the request, on the disk."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == _MULTIPART:
        form = await _form(request)
        return await _written(request, token, form.filename or "", _parts_of(form))
    if media_type not in _RAW:
        raise ApiProblem("unsupported_media_type", f"Send {', '.join((*_RAW, _MULTIPART))}.")
    if file_name is None:
        raise _invalid("header.file-name", "A file that is the body itself needs a name.")
    return await _written(request, token, unquote(file_name), pieces(request, _uploads(request).most_bytes))


async def _form(request: Request) -> UploadFile:
    """The one file of a form; its bytes are on the disk where they are many."""
    limited = pieces(request, _uploads(request).most_bytes + _ENVELOPE)
    try:
        form = await MultiPartParser(request.headers, limited, max_files=1, max_fields=0).parse()
    except (MultiPartException, KeyError, UnicodeError):
        raise _invalid("body", "It is not a form with one file in it.") from None
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise _invalid("body.file", "The form has no file of this name.")
    return file


async def _parts_of(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece


async def _written(request: Request, token: Token, name: str, source: AsyncIterator[bytes]) -> Arriving:
    file = await run_in_threadpool(Arriving, _uploads(request), token.who, name)
    gathered = bytearray()
    try:
        async for piece in source:
            gathered += piece
            if len(gathered) >= _PIECE:
                await run_in_threadpool(file.write, bytes(gathered))
                gathered.clear()
        await run_in_threadpool(file.write, bytes(gathered))
    except BaseException:
        file.drop()
        raise
    return file


def _uploads(request: Request) -> Uploads:
    uploads: Uploads | None = request.app.state.uploads
    if uploads is None:
        raise ApiProblem("not_found")
    return uploads


def _invalid(where: str, message: str) -> ApiProblem:
    return ApiProblem("invalid", errors=[InvalidPart(where=where, message=message)])
