"""What has changed: asked for from a cursor, waited for, or streamed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from scanpipe.desk.feeding import LOOK_EVERY_S, Watch, read_feed
from scanpipe.desk.tokens import may_see
from scanpipe.faults import LedgerUnavailable
from scanpipe.ledgers.accounts import Token
from scanpipe.ledgers.feed import Stretch
from scanpipe.web.api.answers import Events, event_answer, events_answer
from scanpipe.web.api.door import PRINTABLE, needs, parts_of, who
from scanpipe.web.api.problems import ROOT, ApiProblem, answers

router = APIRouter(prefix=ROOT, tags=["feed"])
_BEAT_S = 15.0
"""A stream that is silent for longer is cut by proxies."""
_AT_ONCE = 500
_NUMBERS = Query(ge=0, le=2**53, description="A number of the feed: what comes after it is told.")
_TEST = Query(max_length=40, pattern=PRINTABLE, description="Only changes of this test.")
_STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}

Caller = Annotated[Token, Depends(needs("events:read"))]


@router.get("/events", summary="What has changed in the slots", responses=answers("not_found"))
async def get_events(
    request: Request,
    token: Caller,
    after: Annotated[int, _NUMBERS] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
    test: Annotated[str | None, _TEST] = None,
    wait_s: Annotated[float, Query(ge=0, le=60, description="How long to wait for a change when there is none.")] = 0,
) -> Events:
    """Changes with a number above `after`, the oldest first; ask again with `next`, until there is none.

    Ask for slots that are named here anew: an event says that something has changed, the slot says what it is now.
    """
    tests = await _tests(request, token, test)
    end = time.monotonic() + wait_s
    stretch = await _read(request, after, limit, tests)
    while not stretch.changes and (stretch.more or await _moved(request, stretch.head, end)):
        stretch = await _read(request, stretch.next, limit, tests)
    return events_answer(stretch)


@router.get(
    "/events/stream",
    summary="What has changed, as server-sent events",
    response_class=StreamingResponse,
    responses=_STREAM | answers("not_found"),
)
async def stream_events(
    request: Request,
    token: Caller,
    after: Annotated[int, _NUMBERS] = 0,
    test: Annotated[str | None, _TEST] = None,
    last_event_id: Annotated[str | None, Header(pattern=r"^\d{1,16}$", description="Goes before `after`.")] = None,
) -> StreamingResponse:
    """One server-sent event for each change, with its number as `id` and its type as `event`, until one side hangs up.

    The stream ends when the token does, and when the ledger cannot be read: come again with `Last-Event-ID`.
    """
    tests = await _tests(request, token, test)
    number = after if last_event_id is None else int(last_event_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(request, number, tests), media_type="text/event-stream", headers=headers)


async def _told(request: Request, after: int, tests: Collection[str] | None) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    while await run_in_threadpool(_still_admitted, request):
        try:
            stretch = await _read(request, after, _AT_ONCE, tests)
        except LedgerUnavailable:
            return
        for change in stretch.changes:
            yield f"id: {change.id}\nevent: {change.type}\ndata: {event_answer(change).model_dump_json()}\n\n"
        if stretch.next > after and not (stretch.changes and stretch.changes[-1].id == stretch.next):
            yield f"id: {stretch.next}\n\n"  # of others: who comes again need not pass it again
        after = stretch.next
        if not stretch.more and not await _moved(request, stretch.head, time.monotonic() + _BEAT_S):
            if await request.is_disconnected():
                return
            yield ": still here\n\n"


def _still_admitted(request: Request) -> bool:
    try:
        token = who(request)
    except LedgerUnavailable:
        return False
    return token is not None and "events:read" in token.scopes.split(",")


async def _tests(request: Request, token: Token, test: str | None) -> Collection[str] | None:
    """Which tests are told of; one that the token may not see answers as one that does not exist."""
    if test is None:
        return token.tests.split(",") if token.tests else None
    if not may_see(token, test) or not await run_in_threadpool(_exists, request, test):
        raise ApiProblem("not_found")
    return [test.upper()]


def _exists(request: Request, test: str) -> bool:
    with parts_of(request).ledger.read() as r:
        return r.definition(test) is not None


async def _read(request: Request, after: int, limit: int, tests: Collection[str] | None) -> Stretch:
    return await run_in_threadpool(read_feed, parts_of(request), after, limit, tests)


async def _moved(request: Request, head: int, end_s: float) -> bool:
    """Waits until the chain goes beyond `head`; False when the time is over, or nobody waits any more."""
    watch: Watch = request.app.state.watch
    while (left_s := end_s - time.monotonic()) > 0 and not await request.is_disconnected():
        fresh = watch.fresh()
        if (fresh if fresh is not None else await run_in_threadpool(watch.look)) > head:
            return True
        await asyncio.sleep(min(LOOK_EVERY_S, left_s))
    return False
