"""The list of what is held, and what can be decided about all of a group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.datastructures import URL

from scanpipe.desk import comparing, running
from scanpipe.desk.stacks import give_back_alike
from scanpipe.faults import Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.queue import Filter
from scanpipe.model import PageId, Slot
from scanpipe.web.door import Actor, Person, parts_of
from scanpipe.web.drawing import draw
from scanpipe.web.news import HERE_S

router = APIRouter(include_in_schema=False)
ROWS = 100


def page_id(scan: str, page: int) -> PageId:
    if not (len(scan) == 64 and set(scan) <= set("0123456789abcdef") and 1 <= page < 10**6):
        raise HTTPException(404)
    return PageId(scan, page)


Page = Annotated[PageId, Depends(page_id)]


def wanted(
    reason: Annotated[str, Query(max_length=40)] = "",
    test: Annotated[str, Query(max_length=40)] = "",
    stack: Annotated[str, Query(max_length=300)] = "",
    text: Annotated[str, Query(max_length=100)] = "",
    day: Annotated[str, Query(max_length=10)] = "",
) -> Filter:
    return Filter(reason, test, stack, text.strip(), day, *_bounds(day))


Wanted = Annotated[Filter, Depends(wanted)]


def _bounds(day: str) -> tuple[str, str]:
    """A day here, where times are shown, as the ledger writes times: from its first moment to that of the next."""
    if not day:
        return "", ""
    try:
        first = datetime.strptime(day, "%Y-%m-%d")
    except ValueError:
        raise HTTPException(404) from None
    ends = (first, first + timedelta(days=1))
    since, before = (end.astimezone().astimezone(UTC).isoformat(timespec="milliseconds") for end in ends)
    return since, before


def query_of(filter: Filter) -> dict[str, str]:
    """The filter as it stands in a link."""
    return {k: v for k in ("reason", "test", "stack", "text", "day") if (v := getattr(filter, k))}


def looking(r: Transaction, but: str) -> dict[PageId, str]:
    """Who else has which page open."""
    since = (datetime.now(UTC) - timedelta(seconds=HERE_S)).isoformat(timespec="seconds")
    return r.sessions().looking(since, but)


def query_text(filter: Filter) -> str:
    """The filter as the end of an address; nothing for an empty one."""
    return str(URL("").include_query_params(**query_of(filter)))


@router.get("/queue", name="queue")
def queue(request: Request, person: Person, filter: Wanted) -> Response:
    with parts_of(request).ledger.read() as r:
        found = request.app.state.held_list.find(r, filter, ROWS)
        values: dict[str, Any] = {
            **{name: getattr(found, name) for name in ("rows", "shown", "total", "oldest", "newest", "groups")},
            "looking": looking(r, person.name),
            "pace": pace(r),
            "copies": r.copies().count(),
        }
    return draw(request, "queue.html", filter=filter, query=query_text(filter), link=_linking(filter), **values)


def _linking(filter: Filter) -> Callable[..., str]:
    """Addresses of the list that keep the filter but for what they name."""
    return lambda **other: f"/queue{query_text(replace(filter, **other))}"


@router.get("/queue/stacks", name="queue_stacks")
def list_stacks(request: Request, person: Person, filter: Wanted) -> Response:
    """A part of the list that may take a moment: the stacks, and how long the first of each group waits."""
    with parts_of(request).ledger.read() as r:
        waiting = request.app.state.held_list.ages(r)
    stacks = waiting.stacks
    values: dict[str, Any] = {"stacks": stacks[:ROWS], "more": len(stacks) > ROWS, "ages": waiting.groups}
    return draw(request, "stacks.html", link=_linking(filter), query=query_text(filter), **values)


@router.get("/queue/changes", name="queue_changes")
def changes(request: Request, person: Person) -> Response:
    """Server-sent events: how many pages are held, whenever that changes. Ends by itself; browsers ask again."""
    return StreamingResponse(request.app.state.news.listen(), media_type="text/event-stream")


@router.post("/queue/retry-all", name="retry_all")
def retry_all(request: Request, person: Actor, filter: Wanted) -> Response:
    """Once more by machine: all that are held for this reason."""
    try:
        pages = give_back_alike(parts_of(request), filter, person.name)
    except Refused as e:
        return draw(request, "refused.html", 422, fault=e, back=f"/queue{query_text(filter)}")
    request.app.state.resume({p.scan for p in pages})
    return RedirectResponse(f"/queue{query_text(filter)}", 303)


@router.get("/copies", name="copies")
def copies(request: Request, person: Person) -> Response:
    """Second scans that show the same drawing as the filed one, by stack."""
    return _draw_copies(request, None)


@router.post("/copies", name="settle")
def settle(request: Request, person: Actor, page: Annotated[list[str], Form()]) -> Response:
    """Sets all of these aside; `page` are the pages that were shown, each as scan and number."""
    try:
        comparing.settle_copies(parts_of(request), [_page_of(line) for line in page], person.name)
    except (Refused, UnknownThing) as e:
        return _draw_copies(request, e)
    return RedirectResponse("/copies", 303)


def _draw_copies(request: Request, refused: Refused | UnknownThing | None) -> Response:
    with parts_of(request).ledger.read() as r:
        found = r.copies().same()
    stacks = [(stack, list(rows)) for stack, rows in groupby(found, lambda row: row[1].stack)]
    return draw(request, "copies.html", 409 if refused else 200, stacks=stacks, refused=refused)


def _page_of(line: str) -> PageId:
    scan, _, page = line.partition(" ")
    return page_id(scan, int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 0)


@router.get("/runs/{scan}/{page}", name="run")
def run(request: Request, person: Person, id: Page, filter: Wanted) -> Response:
    """The suggestions for a run of held pages in a stack, all shown at once."""
    return _draw_run(request, id, filter)


@router.post("/runs/{scan}/{page}", name="take_run")
def take_run(request: Request, person: Actor, id: Page, filter: Wanted, take: Annotated[list[str], Form()]) -> Response:
    """`take` are the pages that were shown, each with its event and the slot that was suggested."""
    try:
        running.take(parts_of(request), [_taken(line) for line in take], person.name)
    except (Refused, UnknownThing) as e:
        return _draw_run(request, id, filter, e)
    return RedirectResponse(f"/queue{query_text(filter)}", 303)


def _draw_run(request: Request, id: PageId, filter: Filter, refused: Refused | UnknownThing | None = None) -> Response:
    with parts_of(request).ledger.read() as r:
        found = running.run_from(r, id)
    values: dict[str, Any] = {"run": found, "refused": refused, "query": query_text(filter)}
    return draw(request, "run.html", 409 if refused else 200, **values)


def _taken(line: str) -> running.Taken:
    words = line.split(" ")
    if len(words) != 7 or not all(w.isascii() and w.isdigit() and len(w) < 17 for w in words[1:3]):
        raise HTTPException(422)
    serial = None if words[6] == "-" else words[6]
    return running.Taken(PageId(words[0], int(words[1])), int(words[2]), Slot(*words[3:6]), serial)


def pace(r: Transaction) -> float | None:
    """Decisions a minute, over the last twenty that were made within half an hour."""
    since = datetime.now(UTC) - timedelta(minutes=30)
    times = [datetime.fromisoformat(d.at) for d in r.decisions().recent(20)]
    times = [t for t in times if t > since]
    if len(times) < 5:
        return None
    return (len(times) - 1) / max(1 / 60, (times[0] - times[-1]).total_seconds() / 60)
