"""Pictures of pages, made for the screen here: never the bytes of a file as it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import Response

from scanpipe.desk.originals import original_page
from scanpipe.desk.parts import Parts
from scanpipe.desk.viewing import note_view
from scanpipe.model import PageId, PageRecord
from scanpipe.stages.preview import preview
from scanpipe.stages.render import render
from scanpipe.stages.unpack import DecodeError, Problem
from scanpipe.web.door import Person, parts_of
from scanpipe.web.pages.queue import Page

router = APIRouter(include_in_schema=False)
_KEPT = "private, no-cache"
"""A browser may keep a picture and must ask each time whether it still may show it: every view is on record, and none comes after
the person signed out.
"""
SIZES = {"small": 260, "medium": 1100, "large": 1800, "full": 100_000}
Digest = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]


@router.get("/sheets/{scan}/{page}/{size}-{digest}.jpg", name="picture")
def picture(request: Request, person: Person, id: Page, size: str, digest: Digest) -> Response:
    """The straightened page. The digest is that of its bytes: what a browser has once it need not fetch again."""
    parts = parts_of(request)
    with parts.ledger.read() as r:
        record = r.page(id)
    if record is None or size not in SIZES:
        raise HTTPException(404)
    return send_picture(request, record, person.name, size, digest)


@router.get("/sheets/{scan}/{page}/original.jpg", name="original")
def original(request: Request, person: Person, id: Page) -> Response:
    """The page as the scanner sent it, neither turned nor straightened."""
    return send_original(request, id, person.name)


def send_picture(request: Request, record: PageRecord, by: str, size: str, digest: str) -> Response:
    """A picture of a page, and on record that this person was shown it."""
    key, store = record.key, parts_of(request).store
    if key is None or not (record.sha256 or "").startswith(digest):
        raise HTTPException(404)
    return _answer(request, record.id, by, f"{size}-{digest}", lambda: preview(store.read(key), SIZES[size]))


def send_original(request: Request, id: PageId, by: str) -> Response:
    """A page as it came, and on record that this person was shown it."""
    parts = parts_of(request)
    with parts.ledger.read() as r:
        scan, record = r.scan(id.scan), r.page(id)
    if scan is None or record is None or not scan.key:
        raise HTTPException(404)
    key = scan.key
    return _answer(request, id, by, f"original-{id}", lambda: _as_it_came(parts, key, id))


def _as_it_came(parts: Parts, key: str, id: PageId) -> bytes | None:
    page = original_page(parts, key, id.index)
    if isinstance(page, Problem):
        return None
    try:
        made = render(page, 0, 0.0, page.dpi, parts.errand.jpeg_quality)
    except DecodeError:
        return None
    return preview(made.body, SIZES["large"])


def _answer(request: Request, id: PageId, by: str, name: str, make: Callable[[], bytes | None]) -> Response:
    """Every view goes on record. `name` says which picture it is; what `make` makes never changes."""
    headers = {"Cache-Control": _KEPT, "ETag": f'"{name}"'}
    known = headers["ETag"] in request.headers.get("if-none-match", "")
    body = None if known else make()
    if body is None and not known:
        raise HTTPException(404)
    note_view(parts_of(request), id, by)
    return Response(body, 304 if known else 200, headers, "image/jpeg")
