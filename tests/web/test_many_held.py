"""The list and the way from sheet to sheet with thousands of held pages."""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import pytest
from fastapi.testclient import TestClient

from scanpipe.definitions import load
from scanpipe.desk import deciding
from scanpipe.desk.defining import register
from scanpipe.desk.people import add_user
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.queue import Filter
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_parts
from tests.installation import MATHEMATICS, Installation
from tests.web.conftest import PASSWORD, sign_in

REASONS = ("missing_question_code", "codes_disagree", "sheet_seen_before")
TODAY = date.today().isoformat()
ALIKE = (
    "",
    "?test=MA0001-2026H",
    "?reason=no_codes",
    "?text=10001",
    "?text=00000",
    "?text=.jpg",
    "?stack=bunke+0",
    f"?day={TODAY}",
    f"?reason=no_codes&test=MA0001-2026H&text=10001&day={TODAY}",
)
"""Filters that show as many rows of a hundred held sheets as of ten thousand: a reason 97, others 100."""
RARE = ("?text=nobody", "?text=000000042", "?day=2020-01-01", "?stack=none")
"""Those that show next to nothing of either: what they take must stay below the whole list's."""


def hold(tx: Transaction, n: int, of: int) -> None:
    scan = hashlib.sha256(f"{n} of {of}".encode()).hexdigest()
    where = {"file": f"{n}.jpg", "stack": f"bunke {n // 200}", "position": n % 200 + 1}
    tx.append("scan_taken_in", scan=scan, size=1000, key=f"originals/{scan}", holder="1-a", **where)
    tx.append("scan_unpacked", scan=scan, pages=1)
    known = {"test": "MA0001-2026H", "candidate": "10001", "question": None, "serial": f"{n:08d}", "revision": 1}
    evidence = json.dumps({"codes": []})
    tx.append(
        "page_held",
        scan=scan,
        page=1,
        reason=REASONS[n % 100] if n % 100 < 3 else "no_codes",
        evidence=evidence,
        decided_by=None,
        **known,
    )


def filled(home: Installation, held: int) -> Installation:
    with open_parts(home.settings) as parts:
        register(parts, load(MATHEMATICS))
        add_user(parts, "kari", "exam_office", PASSWORD, "test")
        for start in range(0, held, 500):
            parts.ledger.write(lambda tx: [hold(tx, n, held) for n in range(start, start + min(500, held - start))])  # noqa: B023
    return home


def times_s(apps: dict[int, TestClient], path: str) -> dict[int, float]:
    """CPU seconds of each, the median of many calls in turn: what else the machine does meets all alike."""
    took: dict[int, list[float]] = {held: [] for held in apps}
    for _ in range(15):
        for held, app in apps.items():
            began_s = time.process_time()
            assert app.get(path).status_code == 200
            took[held].append(time.process_time() - began_s)
    return {held: statistics.median(all_s) for held, all_s in took.items()}


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, TestClient]]:
    """By how many sheets are held."""
    base = tmp_path_factory.mktemp("many")
    with ExitStack() as stack:
        made = {}
        for held in (100, 10_000):
            parts = stack.enter_context(open_parts(filled(Installation(base / str(held), base, ()), held).settings))
            made[held] = sign_in(TestClient(make_app(parts, Meter(), Site(resume=lambda scans: None))), "kari")
        yield made


def rows_of(app: TestClient, query: str) -> int:
    return app.get(f"/queue{query}").text.count('href="/sheets/')


@pytest.mark.parametrize("query", ALIKE)
def test_ten_thousand_take_no_longer_than_a_hundred(apps: dict[int, TestClient], query: str) -> None:
    assert 97 <= rows_of(apps[100], query) <= rows_of(apps[10_000], query) <= 100
    took = times_s(apps, f"/queue{query}")
    assert took[10_000] <= 1.5 * took[100], {held: f"{1000 * s:.1f} ms" for held, s in took.items()}


@pytest.mark.parametrize("query", RARE)
def test_what_is_rare_among_ten_thousand_is_found_sooner_than_a_hundred_are_shown(
    apps: dict[int, TestClient], query: str
) -> None:
    assert rows_of(apps[100], query) <= rows_of(apps[10_000], query) <= 1
    rare, all_rows = apps[10_000], apps[100]
    took_s = (times_s({1: rare}, f"/queue{query}")[1], times_s({1: all_rows}, "/queue")[1])
    assert took_s[0] <= took_s[1]


def test_what_a_search_finds_is_what_the_ledger_finds(apps: dict[int, TestClient]) -> None:
    """By the list in memory, and by the ledger, as the way from sheet to sheet goes; also after something was decided."""
    parts = apps[100].app.state.parts  # type: ignore[attr-defined]
    for _ in range(2):
        for filter in (
            Filter(),
            Filter("no_codes"),
            Filter(text="3.JPG"),
            Filter(stack="bunke 0", test="ma0001-2026h"),
        ):
            with parts.ledger.read() as r:
                found = apps[100].app.state.held_list.find(r, filter, 1000)  # type: ignore[attr-defined]
                assert found.rows == r.queue().held(filter, 1000) and found.shown == r.queue().count(filter)
                assert found.total == r.queue().count(Filter()) and found.newest == r.queue().newest_held()
                first = found.rows[0][0]
        deciding.discard(parts, first.id, "kari", "a blank")
