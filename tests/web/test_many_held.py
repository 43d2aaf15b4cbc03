"""The list and the way from sheet to sheet with thousands of held pages."""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from pathlib import Path

from fastapi.testclient import TestClient

from scanpipe.definitions import load
from scanpipe.desk.defining import register
from scanpipe.desk.parts import Parts
from scanpipe.desk.people import add_user
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.queue import Filter
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_parts
from tests.installation import MATHEMATICS, Installation
from tests.web.conftest import PASSWORD, sign_in

REASONS = ("no_codes", "missing_question_code", "codes_disagree", "sheet_seen_before")


def hold(tx: Transaction, n: int, of: int) -> None:
    scan = hashlib.sha256(f"{n} of {of}".encode()).hexdigest()
    where = {"file": f"{n}.jpg", "stack": f"bunke {n // 200}", "position": n % 200 + 1}
    tx.append("scan_taken_in", scan=scan, size=1000, key=f"originals/{scan}", holder="1-a", **where)
    tx.append("scan_unpacked", scan=scan, pages=1)
    known = {"test": "MA0001-2026H", "candidate": "10001", "question": None, "serial": f"{n:08d}", "revision": 1}
    evidence = json.dumps({"codes": []})
    tx.append("page_held", scan=scan, page=1, reason=REASONS[n % 4], evidence=evidence, decided_by=None, **known)


def filled(home: Installation, held: int) -> Parts:
    with open_parts(home.settings) as parts:
        register(parts, load(MATHEMATICS))
        add_user(parts, "kari", "exam_office", PASSWORD, "test")
        for start in range(0, held, 500):
            parts.ledger.write(lambda tx: [hold(tx, n, held) for n in range(start, start + min(500, held - start))])  # noqa: B023
    return parts


def times_s(apps: dict[int, TestClient], path: str) -> dict[int, float]:
    """CPU seconds of each, the median of many calls in turn: what else the machine does meets all alike."""
    took: dict[int, list[float]] = {held: [] for held in apps}
    for _ in range(40):
        for held, app in apps.items():
            began_s = time.process_time()
            assert app.get(path).status_code == 200
            took[held].append(time.process_time() - began_s)
    return {held: statistics.median(all_s) for held, all_s in took.items()}


def test_ten_thousand_take_no_longer_than_a_hundred(tmp_path: Path) -> None:
    """Where as many rows are shown; a filter that leaves fewer rows is only quicker."""
    apps = {}
    for held in (100, 10_000):
        home = Installation(tmp_path / str(held), tmp_path / "none.pdf", ())
        filled(home, held)
    with (
        open_parts(Installation(tmp_path / "100", tmp_path, ()).settings) as few,
        open_parts(Installation(tmp_path / "10000", tmp_path, ()).settings) as many,
    ):
        for held, parts in ((100, few), (10_000, many)):
            apps[held] = sign_in(TestClient(make_app(parts, Meter(), Site(resume=lambda scans: None))), "kari")
        for path in ("/queue", "/queue?test=MA0001-2026H"):
            took = times_s(apps, path)
            print(path, took)
            assert took[10_000] <= 1.5 * took[100], {held: f"{1000 * s:.1f} ms" for held, s in took.items()}
        with many.ledger.read() as r:
            assert r.queue().count(Filter()) == 10_000
