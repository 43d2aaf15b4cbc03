"""A stack that was fed twice: recognised, shown, and settled in one act; what differs is never part of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scanpipe.desk import comparing, turning
from scanpipe.desk.decisions import undo_last
from scanpipe.desk.people import add_user
from scanpipe.desk.verifying import verify
from scanpipe.faults import Refused
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_parts
from tests.installation import Installation, install
from tests.web.conftest import PASSWORD, sign_in


@pytest.fixture
def twice(tmp_path: Path) -> Installation:
    """Four sheets, fed twice in two job folders; what is drawn on the third is another drawing the second time."""
    home = install(tmp_path / "data", sheets=4)
    for feed, skew_deg in (("first", 0.7), ("second", -0.4)):
        job = tmp_path / feed
        job.mkdir()
        for n in range(4):
            drawn = n + 10 if (feed, n) == ("second", 2) else n
            (job / f"{n}.jpg").write_bytes(home.scan(n, skew_deg, dpi=200, stroke=drawn))
        home.run("ingest", str(job), ok=range(20))
    return home


def test_a_stack_fed_twice_is_settled_in_one_act(twice: Installation) -> None:
    with open_parts(twice.settings) as parts:
        add_user(parts, "kari", "exam_office", PASSWORD, "test")
        assert comparing.compare(parts) == 4 and comparing.compare(parts) == 0, "each pair once"
        with parts.ledger.read() as r:
            found, held = r.copies().same(), list(r.pages_in("held"))
            assert r.copies().count() == len(found) == 3
        other = next(p for p in held if p.id not in {page.id for page, _, _ in found})
        assert other.serial == twice.sheets[2].serial, "another drawing under the same serial"
        with pytest.raises(Refused):
            comparing.settle_copies(parts, [found[0][0].id, other.id], "kari")
        assert _states(twice)["held"] == 4, "all or none"

        app = sign_in(TestClient(make_app(parts, Meter(), Site(resume=lambda scans: None))), "kari")
        page = app.get("/copies").text
        assert page.count('name="page"') == 3 and f"{other.scan} {other.page}" not in page
        token = page.split('name="token" value="')[1].split('"')[0]
        shown = [f"{record.scan} {record.page}" for record, _, _ in found]
        assert app.post("/copies", data={"token": token, "page": shown}).status_code == 200
        assert _states(twice) == {"filed": 4, "held": 1, "discarded": 3}
        undone, pages = undo_last(parts, "kari")
        assert undone.kind == "same_drawing" and len(pages) == 3
        assert verify(parts).problems == []


def test_a_picture_that_was_turned_is_compared_anew(twice: Installation) -> None:
    with open_parts(twice.settings) as parts:
        comparing.compare(parts)
        with parts.ledger.read() as r:
            page = r.copies().same()[0][0]
        turning.turn(parts, page.id, 180, "kari", page.event)
        with parts.ledger.read() as r:
            assert r.copies().count() == 2
        assert comparing.compare(parts) == 1
        with parts.ledger.read() as r:
            assert r.copies().count() == 2, "upside down it does not lie on the other"


def test_by_command(twice: Installation) -> None:
    assert len(twice.lines("queue", "copies")) == 3
    assert "set aside" in twice.run("queue", "copies", "--settle")
    assert twice.lines("queue", "copies") == []
    assert _states(twice)["discarded"] == 3


def _states(home: Installation) -> dict[str, int]:
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        return r.counts()
