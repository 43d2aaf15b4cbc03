"""A ledger in PostgreSQL as schema 0003 kept it, the first one for which several may write: for an upgrade of any size.

The events are those that the code writes, chained; what they add up to is told from them by the database itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from scanpipe.definitions import digest, to_json
from scanpipe.ledgers import __file__ as ledgers_file
from scanpipe.ledgers.chain import GENESIS, Event, canonical
from tests.arrivals import large_test

SCHEMA = "0003"
QUESTIONS, CANDIDATES = 10, 1700
HELD_EVERY = 50
_AT = "2026-12-03T12:00:00.000+00:00"
_EVIDENCE = "{" + " " * 700 + "}"
_STATE = (
    """INSERT INTO definition SELECT r.* FROM event CROSS JOIN LATERAL jsonb_populate_record(NULL::definition,
       data::jsonb || jsonb_build_object('test_id', upper(data::jsonb->>'test'), 'at', at)) AS r
       WHERE type = 'definition_registered'""",
    """INSERT INTO sheet SELECT s->>0, d->>'test', s->>1, s->>2, (s->>3)::int, (s->>4)::int, 1
       FROM (SELECT data::jsonb AS d FROM event WHERE type = 'sheets_printed' OFFSET 0) AS printed
       CROSS JOIN LATERAL jsonb_array_elements(d->'sheets') AS s""",
    """INSERT INTO scan SELECT r.* FROM event CROSS JOIN LATERAL jsonb_populate_record(NULL::scan,
       data::jsonb || jsonb_build_object('scan', scan, 'pages', 1, 'seen', 1, 'at', at)) AS r
       WHERE type = 'scan_taken_in'""",
    """INSERT INTO page SELECT r.* FROM event CROSS JOIN LATERAL jsonb_populate_record(NULL::page,
       data::jsonb || jsonb_build_object('scan', scan, 'page', page, 'at', at) || CASE type
       WHEN 'page_held' THEN jsonb_build_object('state', 'held', 'event', id)
       ELSE jsonb_build_object('state', 'filed', 'event', id + 1) END) AS r WHERE type IN ('page_placing', 'page_held')""",
    "SELECT setval('event_id', (SELECT max(id) FROM event))",
    "ANALYZE",
)


def make_early_postgresql(url: str, pages: int) -> int:
    """Fills an empty database; answers how many events there are."""
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    config = Config()
    config.set_main_option("script_location", str(Path(ledgers_file).parent / "migrations"))
    with engine.begin() as c:
        config.attributes["connection"] = c
        command.upgrade(config, SCHEMA)
    engine.dispose()
    last = 0
    with psycopg.connect(url) as raw, raw.cursor() as cursor:
        with cursor.copy("COPY event (id, at, type, scan, page, data, previous, hash, link) FROM STDIN") as copy:
            for e in _chained(pages):
                copy.write_row((e.id, e.at, e.type, e.scan, e.page, e.data, e.previous, e.hash, e.link))
                last = e.id
        for statement in _STATE:
            cursor.execute(statement)  # type: ignore[call-overload]
    return last


def _chained(pages: int) -> Iterator[Event]:
    previous = GENESIS
    for n, (type, scan, page, data) in enumerate(_events(pages), 1):
        event = Event(n, _AT, type, scan, page, canonical(data), previous, link=n)
        previous = event.digest()
        yield replace(event, hash=previous)


def _events(pages: int) -> Iterator[tuple[str, str | None, int | None, dict[str, Any]]]:
    """Exam days of 17,000 sheets: each page of its own scan, one in fifty held."""
    a_day = QUESTIONS * CANDIDATES
    for first in range(0, pages, a_day):
        test = large_test(CANDIDATES, QUESTIONS, f"MA{first // a_day:04d}-2026H")
        about = {"test": test.id, "revision": 1, "by": "planner"}
        yield "definition_registered", None, None, {**about, "digest": digest(test), "body": to_json(test)}
        slots = [(c.number, q.id) for c in test.candidates for q in test.questions][: pages - first]
        rows = [[f"{first + n:08d}", candidate, question, 1, 1] for n, (candidate, question) in enumerate(slots)]
        yield "sheets_printed", None, None, {**about, "sheets": rows}
        for serial, candidate, question, *_ in rows:
            yield from _life(test.id, str(serial), str(candidate), str(question))


def _life(
    test: str, serial: str, candidate: str, question: str
) -> Iterator[tuple[str, str, int | None, dict[str, Any]]]:
    scan = f"{int(serial):064x}"
    where = {"file": f"S4/{serial}.jpg", "stack": "S4", "position": int(serial), "size": 700_000, "holder": "1-a"}
    yield "scan_taken_in", scan, None, {"key": f"originals/{scan}.jpg", **where}
    yield "scan_unpacked", scan, None, {"pages": 1}
    slot = {"test": test, "candidate": candidate, "question": question, "serial": serial, "revision": 1}
    picture = {"key": f"tests/{scan}.jpg", "sha256": scan, "media_type": "image/jpeg", "dpi": 300.0}
    rest = {"skew_deg": 0.4, "turn_deg": 0, "evidence": _EVIDENCE, "decided_by": None}
    if int(serial) % HELD_EVERY == 0:
        yield "page_held", scan, 1, {**slot, **picture, **rest, "reason": "poor_quality"}
        return
    yield "page_placing", scan, 1, {**slot, **picture, **rest, "reason": None}
    yield "page_filed", scan, 1, {}
