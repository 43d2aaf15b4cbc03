"""The log of events: searched, page by page, and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response, StreamingResponse

from scanpipe.desk import looking_back
from scanpipe.desk.tracing import sentence
from scanpipe.faults import UsageFault
from scanpipe.ledgers.chain import Event
from scanpipe.ledgers.log import LogFilter
from scanpipe.web.door import Person, parts_of
from scanpipe.web.drawing import draw

router = APIRouter(include_in_schema=False)
_LINES = 200
Word = Annotated[str, Query(max_length=100)]
Time = Annotated[str, Query(max_length=25)]


def asked(
    kind: Word = "",
    by: Word = "",
    test: Word = "",
    candidate: Word = "",
    question: Word = "",
    serial: Word = "",
    file: Word = "",
    since: Time = "",
    until: Time = "",
    text: Word = "",
) -> dict[str, str]:
    """The filter as it stands in a link."""
    given = {"kind": kind, "by": by, "test": test, "candidate": candidate, "serial": serial, "file": file}
    given |= {"question": question, "since": since, "until": until, "text": text}
    return {name: value.strip() for name, value in given.items() if value.strip()}


Asked = Annotated[dict[str, str], Depends(asked)]


@router.get("/history", name="history")
def history(
    request: Request, person: Person, query: Asked, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> Response:
    events: list[Event] = []
    try:
        wanted = _filter(person.role, query)
        events = looking_back.search(parts_of(request), wanted, _LINES + 1, before)
        wrong = False
    except UsageFault:
        wrong = True
    lines = [(e, sentence(e)) for e in events[:_LINES]]
    older = query | {"before": str(lines[-1][0].id)} if len(events) > _LINES else None
    values: dict[str, Any] = {"lines": lines, "query": query, "older": older, "before": before, "wrong": wrong}
    groups = looking_back.groups_for(person.role)
    return draw(request, "history.html", 422 if wrong else 200, groups=groups, **values)


@router.get("/history.csv", name="history_csv")
def history_csv(request: Request, person: Person, query: Asked) -> Response:
    """All that the filter lets through, sent as it is found."""
    try:
        wanted = _filter(person.role, query)
    except UsageFault as e:
        raise HTTPException(422) from e
    lines = _table(looking_back.search_all(parts_of(request), wanted))
    headers = {"Content-Disposition": 'attachment; filename="history.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _filter(role: str, query: dict[str, str]) -> LogFilter:
    """Raises UsageFault for what is no kind or no time."""
    words = {k: v for k, v in query.items() if k in asdict(LogFilter())}
    words["since"] = looking_back.moment(query.get("since", ""))
    words["until"] = looking_back.moment(query.get("until", ""), end=True)
    return looking_back.filter_for(role, LogFilter(**words), query.get("kind", ""))  # type: ignore[arg-type]


def _table(events: Iterable[Event]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out)
    yield "\N{BYTE ORDER MARK}"
    writer.writerow(["event", "at", "type", "scan", "page", "sentence"])
    for e in events:
        writer.writerow([e.id, e.at, e.type, e.scan or "", e.page or "", _harmless(sentence(e))])
        if out.tell() > 1 << 16:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _harmless(text: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
