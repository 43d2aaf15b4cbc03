"""Pictures of pages, made for the screen here: never the bytes of a file as it came."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import Response

from scanpipe.desk.intake import fetch
from scanpipe.desk.parts import Parts
from scanpipe.desk.viewing import note_view
from scanpipe.model import PageId, PageRecord
from scanpipe.stages.preview import preview
from scanpipe.stages.render import render
from scanpipe.stages.unpack import DecodeError, Problem, open_document
from scanpipe.web.door import Person, parts_of
from scanpipe.web.pages.queue import Page

router = APIRouter(include_in_schema=False)
_KEPT = "private, max-age=600, immutable"
"""Long enough for the next sheet to be there ahead; sign-out empties the browser's cache (`Clear-Site-Data`)."""
SIZES = {"small": 260, "large": 1800, "full": 100_000}
Digest = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]


@router.get("/sheets/{scan}/{page}/{size}-{digest}.jpg", name="picture")
def picture(request: Request, person: Person, id: Page, size: str, digest: Digest) -> Response:
    """The straightened page. The digest is that of its bytes: what a browser has once it need not fetch again."""
    parts = parts_of(request)
    with parts.ledger.read() as r:
        record = r.page(id)
    if record is None or size not in SIZES:
        raise HTTPException(404)
    return send_picture(parts, record, person.name, size, digest)


@router.get("/sheets/{scan}/{page}/original.jpg", name="original")
def original(request: Request, person: Person, id: Page) -> Response:
    """The page as the scanner sent it, neither turned nor straightened."""
    parts = parts_of(request)
    with parts.ledger.read() as r:
        scan = r.scan(id.scan)
    if scan is None or not scan.key:
        raise HTTPException(404)
    return _answer(parts, id, person.name, _as_it_came(parts, scan.key, id))


def send_picture(parts: Parts, record: PageRecord, by: str, size: str, digest: str) -> Response:
    """A picture of a page, and on record that this person was shown it."""
    if record.key is None or not (record.sha256 or "").startswith(digest):
        raise HTTPException(404)
    return _answer(parts, record.id, by, preview(parts.store.read(record.key), SIZES[size]))


def _as_it_came(parts: Parts, key: str, id: PageId) -> bytes | None:
    with tempfile.TemporaryDirectory(dir=parts.folders.own_work) as work:
        body = fetch(parts, key, FilePath(work)).read_bytes()
    document = open_document(body, parts.errand.limits)
    page = document if isinstance(document, Problem) else document.page(id.index)
    if isinstance(page, Problem):
        return None
    try:
        return preview(render(page, 0, 0.0, page.dpi, parts.errand.jpeg_quality).body, SIZES["large"])
    except DecodeError:
        return None


def _answer(parts: Parts, id: PageId, by: str, body: bytes | None) -> Response:
    if body is None:
        raise HTTPException(404)
    note_view(parts, id, by)
    return Response(body, media_type="image/jpeg", headers={"Cache-Control": _KEPT})
