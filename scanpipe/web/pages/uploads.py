"""Sketches that come through the browser: chosen or dropped, sent in pieces, handed in, and what became of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Header, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from scanpipe.desk.signing_in import Visitor
from scanpipe.desk.uploads import ENDINGS, Batch, Overlap, UploadedFile, Uploads
from scanpipe.faults import Fault, Refused, UnknownThing
from scanpipe.model import PageRecord
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw, language_for, refusal

router = APIRouter(include_in_schema=False)
_MOST_PIECE_BYTES = 8 * 2**20
_AT = "/import/{batch}"


@router.get("/import", name="import")
def uploads(request: Request, person: Person) -> Response:
    """What the person sent before, and a new one."""
    found = _uploads(request).batches(None if person.role == "exam_office" else person.name)
    return draw(request, "import.html", batches=found[:60])


@router.post("/import", name="begin_upload")
def begin(request: Request, person: Actor) -> Response:
    return RedirectResponse(f"/import/{_uploads(request).begin(person.name).id}", 303)


@router.get(_AT, name="upload")
def upload(request: Request, person: Person, batch: str) -> Response:
    """Before it is handed in: the files and what is there of them. After: the receipt."""
    uploads, found = _uploads(request), _batch(request, person, batch)
    if found.handed_in:
        became = _became(request, found)
        running = len(became) < len({f.sha256 for f in found.files if f.name}) or any(
            one.running for pages in became.values() for one in pages
        )
        return draw(request, "upload_receipt.html", batch=found, became=became, running=running, most=0)
    there = [uploads.there(batch, n) if f.name else 0 for n, f in enumerate(found.files)]
    values: dict[str, Any] = {"endings": ",".join(ENDINGS), "most": uploads.most_bytes}
    return draw(request, "upload.html", batch=found, there=there, refused=None, **values)


@router.post(f"{_AT}/files", name="add_file")
def add_file(
    request: Request,
    person: Actor,
    batch: str,
    name: Annotated[str, Form(max_length=500)],
    size: Annotated[int, Form(ge=0, le=2**50)],
    stamp: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Announces a file; answers its number and how much of it is there already."""
    _batch(request, person, batch)
    try:
        n = _uploads(request).add(batch, UploadedFile(name, size, stamp))
    except Refused as e:
        return _problem(request, 422, e)
    return JSONResponse({"file": n, "offset": _uploads(request).there(batch, n)})


@router.post(f"{_AT}/files/{{n}}/remove", name="remove_file")
def remove_file(request: Request, person: Actor, batch: str, n: int) -> Response:
    _batch(request, person, batch)
    _uploads(request).remove(batch, n)
    return RedirectResponse(f"/import/{batch}", 303)


@router.get(f"{_AT}/files/{{n}}", name="file_state")
def file_state(request: Request, person: Person, batch: str, n: int) -> Response:
    """How many bytes of a file are there: where to go on after the connection dropped."""
    _batch(request, person, batch)
    return JSONResponse({"offset": _uploads(request).there(batch, n)})


@router.post(f"{_AT}/files/{{n}}", name="put_piece")
async def put_piece(
    request: Request, person: Actor, batch: str, n: int, upload_offset: Annotated[int, Header(ge=0)]
) -> Response:
    """The body goes behind what is there. 409 says where that ends, if it is somewhere else."""
    await run_in_threadpool(_batch, request, person, batch)
    piece = bytearray()
    async for part in request.stream():
        piece += part
        if len(piece) > _MOST_PIECE_BYTES:
            raise HTTPException(413)
    try:
        there = await run_in_threadpool(_uploads(request).put, batch, n, upload_offset, bytes(piece))
    except Overlap as e:
        return JSONResponse({"offset": e.size}, 409)
    except Refused as e:
        return _problem(request, 422, e)
    return JSONResponse({"offset": there})


@router.post(f"{_AT}/hand-in", name="hand_in")
def hand_in(request: Request, person: Actor, batch: str) -> Response:
    uploads, found = _uploads(request), _batch(request, person, batch)
    try:
        uploads.hand_in(parts_of(request), batch)
    except Refused as e:
        there = [uploads.there(batch, n) if f.name else 0 for n, f in enumerate(found.files)]
        values: dict[str, Any] = {"endings": ",".join(ENDINGS), "most": uploads.most_bytes}
        return draw(request, "upload.html", 422, batch=found, there=there, refused=e, **values)
    return RedirectResponse(f"/import/{batch}", 303)


def _uploads(request: Request) -> Uploads:
    uploads: Uploads | None = request.app.state.uploads
    if uploads is None:
        raise HTTPException(404)
    return uploads


def _batch(request: Request, person: Visitor, id: str) -> Batch:
    """An upload of somebody else answers as one that does not exist; the exam office sees all of them."""
    try:
        batch = _uploads(request).batch(id)
    except UnknownThing:
        raise HTTPException(404) from None
    if batch.by != person.name and person.role != "exam_office":
        raise HTTPException(404)
    return batch


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a page: the reason why it is held, or the slot that it lies in."""

    state: str
    reason: str | None = None
    slot: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        return self.state in ("waiting", "placing")


def _became(request: Request, batch: Batch) -> dict[str, Counter[Became]]:
    """For each file, by its digest: how many of its pages became what; empty as long as it waits in the inbox."""
    found: dict[str, Counter[Became]] = {}
    with parts_of(request).ledger.read() as r:
        for file in batch.files:
            scan = r.scan(file.sha256) if file.sha256 else None
            if scan is not None:
                pages = Counter(_of(page) for page in r.pages(scan.scan))
                found[file.sha256] = pages or Counter({Became("waiting"): 1})
    return found


def _of(page: PageRecord) -> Became:
    if page.state == "held":
        return Became("held", page.reason)
    if page.state == "filed":
        return Became("filed", slot=(page.test or "", page.candidate or "", page.question or ""))
    return Became(page.state)


def _problem(request: Request, status: int, fault: Fault) -> Response:
    return JSONResponse({"problem": refusal(fault, language_for(request))}, status)
