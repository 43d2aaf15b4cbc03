"""Around the queue: the overview, and the receipts of stacks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from scanpipe.desk.condition import condition
from scanpipe.desk.phones import BY_LINK
from scanpipe.desk.readiness import look
from scanpipe.ledgers.figures import Receipt
from scanpipe.web.door import Person, parts_of
from scanpipe.web.drawing import draw
from scanpipe.web.rules import may

router = APIRouter(include_in_schema=False)
_STACKS = 60
_INFLOW_MINUTES = 240
_MAIL_DAYS = 7
_QUIET_MINUTES = 2
"""A stack of which nothing came for so long is through the scanner."""
_ALWAYS = ("filed", "held", "blank")
"""What an operator looks for on a receipt, also where there is none."""
_PLOT = (600, 80)


@router.get("/overview", name="overview")
def overview(request: Request, person: Person) -> Response:
    since = datetime.now(UTC) - timedelta(minutes=_INFLOW_MINUTES)
    with parts_of(request).ledger.read() as r:
        tests, printed = r.figures().of_tests(), r.figures().printed()
        duplicates = r.figures().duplicates()
        inflow = r.figures().inflow(since.isoformat(timespec="minutes"))
        rescan = r.queue().to_rescan()
        oldest = r.queue().oldest()
        lately = datetime.now(UTC) - timedelta(days=_MAIL_DAYS)
        mail = r.notices().mail_trouble(lately.isoformat(timespec="milliseconds"))
    names = sorted(name for name in set(tests) | set(printed) if person.works_on(name))
    rescan = rescan if may(person.role, "receipts") else []
    rows = [(name, printed.get(name, (0, 0)), tests.get(name, Counter())) for name in names]
    state = look(parts_of(request))
    points, most = _plot(inflow, since)
    values: dict[str, Any] = {"rows": rows, "state": state, "points": points, "most": most, "rescan": rescan}
    values |= {"oldest": oldest, "duplicates": duplicates, "mail": mail, "now": condition(parts_of(request))}
    return draw(request, "overview.html", **values)


@router.get("/receipts", name="receipts")
def receipts(request: Request, person: Person) -> Response:
    with parts_of(request).ledger.read() as r:
        found, rescan = r.figures().receipts(_STACKS, but=BY_LINK), r.queue().to_rescan()
    return draw(request, "receipts.html", receipts=found, rescan=rescan, running=any(_runs(one) for one in found))


@router.get("/receipts/one", name="receipt")
def receipt(request: Request, person: Person, stack: Annotated[str, Query(max_length=300)]) -> Response:
    with parts_of(request).ledger.read() as r:
        found = r.figures().receipt(stack)
        unopened = r.queue().unopened(stack)
        opened, files = r.figures().opened(stack), r.figures().files(stack)
    if found is None:
        raise HTTPException(404)
    states = sorted({**dict.fromkeys(_ALWAYS, 0), **found.states}.items())
    running = unopened > 0 or _runs(found)
    return draw(request, "receipt.html", receipt=found, states=states, opened=opened, files=files, running=running)


def _runs(receipt: Receipt) -> bool:
    """Are pages of the stack on their way, or may more come? Then its receipt renews itself."""
    quiet = datetime.now(UTC) - datetime.fromisoformat(receipt.last) > timedelta(minutes=_QUIET_MINUTES)
    return not quiet or bool(receipt.states.get("waiting") or receipt.states.get("placing"))


def _plot(inflow: list[tuple[str, int]], since: datetime) -> tuple[str, int]:
    """Points of a line over the last hours, and the most that came in a minute."""
    width, height = _PLOT
    most = max((n for _, n in inflow), default=0)
    counts = dict(inflow)
    points = []
    for minute in range(_INFLOW_MINUTES + 1):
        at = (since + timedelta(minutes=minute)).isoformat(timespec="minutes")[:16]
        y = height - (height - 4) * counts.get(at, 0) / max(1, most)
        points.append(f"{width * minute / _INFLOW_MINUTES:.1f},{y:.1f}")
    return " ".join(points), most
