"""For candidates at home: what they photographed is sent, looked at, put in order, and handed in; then the receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Header, HTTPException, Path, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from scanpipe.desk import submitting
from scanpipe.desk.links import Guest, deadline_of, open_link
from scanpipe.desk.submitting import Desk, Receipt
from scanpipe.desk.uploads import MOST_FILES, Batch, Overlap, UploadedFile
from scanpipe.faults import Fault, Overtaken, Refused, UnknownThing
from scanpipe.stages.phone import ADVICE, Advised
from scanpipe.web.door import check_origin, keep_language, parts_of
from scanpipe.web.drawing import draw, language_for, refusal
from scanpipe.web.link_door import ActsByLink, ByLink, set_cookie
from scanpipe.web.words import LANGUAGES

router = APIRouter(include_in_schema=False)
_MOST_PIECE_BYTES = 8 * 2**20
_AT = "/hand-in/{link}"
_FILE = f"{_AT}/files/{{draft}}/{{n}}"
_Draft = Annotated[int, Path(ge=1, le=10**6)]
_Number = Annotated[int, Path(ge=0, le=9999)]


@router.get("/hand-in", name="open_link")
def opening(request: Request, shut: bool = False) -> Response:
    """Reads the secret behind the #, or lets it be typed in. `shut`: the page that was asked for is not open any more."""
    return draw(request, "open_link.html", wrong=False, shut=shut)


@router.post("/hand-in", name="open_link_post")
def opened(request: Request, code: Annotated[str, Form(max_length=500)] = "") -> Response:
    """A whole address will do as well as the code at its end."""
    check_origin(request)
    found = open_link(parts_of(request), code.rpartition("#")[2])
    if found is None:
        return draw(request, "open_link.html", 401, wrong=True, shut=False)
    link, cookie = found
    answer = RedirectResponse(f"/hand-in/{link.id}", 303)
    set_cookie(request, answer, link, cookie)
    return answer


@router.get(_AT, name="handing_in")
def handing_in(request: Request, who: ByLink) -> Response:
    return _page(request, who)


@router.post(_AT, name="hand_in_by_link")
def hand_in(
    request: Request,
    who: ActsByLink,
    number: Annotated[int, Form(ge=1, le=10**6)],
    shown: Annotated[list[int] | None, Form(max_length=MOST_FILES)] = None,
) -> Response:
    """`number` is the draft that the candidate looked at, `shown` the files that they saw: sent twice, it is handed in once."""
    try:
        submitting.hand_in(_desk(request), who.link, number, shown or [])
    except Refused as e:
        return _refused(request, who, e)
    return RedirectResponse(f"/hand-in/{who.link.id}/receipt", 303)


@router.get(f"{_AT}/receipt", name="link_receipt")
def receipt(request: Request, who: ByLink) -> Response:
    """Every version that was handed in by this link, the newest first."""
    found = submitting.receipts(_desk(request), who.link)
    running = any(_running(one) for one in found[:1])
    return draw(request, "link_receipt.html", **_told(request, who), receipts=found, running=running)


@router.post(f"{_AT}/language", name="link_language")
def choose_language(request: Request, who: ActsByLink, language: Annotated[str, Form(max_length=5)]) -> Response:
    answer = RedirectResponse(f"/hand-in/{who.link.id}", 303)
    if language in LANGUAGES:
        keep_language(request, answer, language)
    return answer


@router.post(f"{_AT}/files", name="link_add")
def add_file(
    request: Request,
    who: ActsByLink,
    name: Annotated[str, Form(max_length=500)],
    size: Annotated[int, Form(ge=0, le=2**50)],
    stamp: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Announces a file; answers its name in addresses (its draft, its number there) and how much of it is there already."""
    desk = _desk(request)
    try:
        batch, n = submitting.add(desk, who.link, UploadedFile(name, size, stamp))
    except Refused as e:
        return _problem(request, e)
    file = f"{submitting.number_of(batch)}/{n}"
    return JSONResponse({"file": file, "offset": desk.uploads.there(batch.id, n)})


@router.get(_FILE, name="link_file_state")
def file_state(request: Request, who: ByLink, draft: _Draft, n: _Number) -> Response:
    """How many bytes of a file are there: where to go on after the connection dropped."""
    return JSONResponse({"offset": _desk(request).uploads.there(submitting.draft_id(who.link, draft), n)})


@router.post(_FILE, name="link_put_piece")
async def put_piece(
    request: Request, who: ActsByLink, draft: _Draft, n: _Number, upload_offset: Annotated[int, Header(ge=0)]
) -> Response:
    """The body goes behind what is there. 409 says where that ends, if it is somewhere else."""
    piece = bytearray()
    async for part in request.stream():
        piece += part
        if len(piece) > _MOST_PIECE_BYTES:
            raise HTTPException(413)
    try:
        there = await run_in_threadpool(_put, _desk(request), who, draft, n, upload_offset, bytes(piece))
    except Overlap as e:
        return JSONResponse({"offset": e.size}, 409)
    except Refused as e:
        return _problem(request, e)
    return JSONResponse({"offset": there})


def _put(desk: Desk, who: Guest, draft: int, n: int, offset: int, piece: bytes) -> int:
    batch = submitting.looked_at(desk, who.link, draft)
    there = desk.uploads.put(batch.id, n, offset, piece)
    if desk.uploads.is_whole(batch, n):
        desk.straightener.shown(batch, n)
    return there


@router.post(f"{_FILE}/remove", name="link_remove")
def remove(request: Request, who: ActsByLink, draft: _Draft, n: _Number) -> Response:
    try:
        submitting.remove(_desk(request), who.link, draft, n)
    except (Refused, UnknownThing) as e:
        return _refused(request, who, e)
    return RedirectResponse(f"/hand-in/{who.link.id}", 303)


@router.post(f"{_FILE}/move", name="link_move")
def move(
    request: Request, who: ActsByLink, draft: _Draft, n: _Number, by: Annotated[Literal["-1", "1"], Form()]
) -> Response:
    try:
        submitting.move(_desk(request), who.link, draft, n, int(by))
    except Refused as e:
        return _refused(request, who, e)
    return RedirectResponse(f"/hand-in/{who.link.id}", 303)


@router.get(f"{_FILE}/picture.jpg", name="link_picture")
def picture(request: Request, who: ByLink, draft: _Draft, n: _Number) -> Response:
    """The straightened first page of a file of a draft."""
    desk = _desk(request)
    batch = desk.uploads.batch(submitting.draft_id(who.link, draft))
    body = desk.straightener.picture(batch.id, n) if n in batch.ordered else None
    if body is None:
        raise HTTPException(404)
    return Response(body, media_type="image/jpeg")


def _refused(request: Request, who: Guest, fault: Fault) -> Response:
    """The page as it is now, and why nothing was done."""
    return _page(request, who, 409 if isinstance(fault, Overtaken) else 422, fault)


def _page(request: Request, who: Guest, status: int = 200, refused: Fault | None = None) -> Response:
    desk = _desk(request)
    batch = submitting.draft(desk, who.link)
    elsewhere = submitting.handed_in_elsewhere(desk, who.link, batch)
    files = [_file(request, desk, batch, n) | {"elsewhere": n in elsewhere} for n in batch.ordered]
    values = _told(request, who) | {
        "batch": batch,
        "number": submitting.number_of(batch),
        "files": files,
        "refused": refused,
        "pause_s": desk.straightener.pause_s,
        "looking": any(file["whole"] and file["shown"] is None for file in files),
        "endings": ",".join(submitting.ENDINGS),
        "versions": len(submitting.receipts(desk, who.link)),
    }
    return draw(request, "hand_in.html", status, **values)


def _file(request: Request, desk: Desk, batch: Batch, n: int) -> dict[str, Any]:
    file, whole = batch.files[n], desk.uploads.is_whole(batch, n)
    shown = desk.straightener.shown(batch, n) if whole else None
    advice = [getattr(ADVICE[Advised(a)], language_for(request)) for a in shown.advice] if shown is not None else []
    there = desk.uploads.there(batch.id, n)
    picture = shown is not None and desk.straightener.picture(batch.id, n) is not None
    return {"n": n, "file": file, "whole": whole, "there": there, "shown": shown, "advice": advice, "picture": picture}


def _told(request: Request, who: Guest) -> dict[str, Any]:
    """What stands above every page of a link."""
    link = who.link
    with parts_of(request).ledger.read() as r:
        definition = r.definition(link.test)
    question = definition.question(link.question) if definition is not None else None
    standing = deadline_of(link).standing(datetime.now(UTC)).value
    at = f"/hand-in/{link.id}"
    return {
        "link": link,
        "secret": who.secret,
        "at": at,
        "test": definition,
        "question": question,
        "standing": standing,
    }


def _running(one: Receipt) -> bool:
    return any(not pages or any(not page.settled for page in pages) for pages in one.pages.values())


def _desk(request: Request) -> Desk:
    desk: Desk | None = request.app.state.desk
    if desk is None:
        raise HTTPException(404)
    return desk


def _problem(request: Request, fault: Fault) -> Response:
    return JSONResponse({"problem": refusal(fault, language_for(request))}, 422)
