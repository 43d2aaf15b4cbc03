"""A run of held pages takes its suggestions in one act; what is suggested, and on what ground."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scanpipe.desk import running
from scanpipe.desk.decisions import undo_last
from scanpipe.desk.people import add_user
from scanpipe.desk.running import Taken
from scanpipe.desk.verifying import verify
from scanpipe.desk.viewing import suggestions_for
from scanpipe.faults import Overtaken, Refused
from scanpipe.stages.render import encode_jpeg
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_parts
from tests.installation import Installation, install
from tests.web.conftest import PASSWORD, sign_in
from tests.web.forms import form


def dead_codes(home: Installation, index: int) -> bytes:
    """The sheet with all its codes covered, and something drawn."""
    picture = home.picture(index)
    picture[:260] = 255
    picture[-280:] = 255
    picture[700 + 20 * index : 704 + 20 * index, 300:900] = 60
    return encode_jpeg((picture,), 150, 85)


@pytest.fixture
def stack(tmp_path: Path) -> Installation:
    """Six sheets in a job folder; the codes of the second, the fourth and the fifth are dead."""
    home = install(tmp_path / "data", sheets=6)
    job = tmp_path / "job"
    job.mkdir()
    for n in range(6):
        (job / f"{n}.jpg").write_bytes(dead_codes(home, n) if n in (1, 3, 4) else home.scan(n, stroke=n))
    home.run("ingest", str(job), ok=range(20))
    return home


def test_a_run_is_shown_and_taken_whole_or_not_at_all(stack: Installation) -> None:
    with open_parts(stack.settings) as parts:
        with parts.ledger.read() as r:
            held = sorted(r.pages_in("held"), key=lambda p: _position(r.scan(p.scan)))
            grounds = [[s.ground for s in suggestions_for(r, p.id)] for p in held]
            found = running.run_from(r, held[0].id)
        assert grounds[0][0] == "serials", "the serial between its neighbours is missing"
        assert [p.id for p, _ in found] == [p.id for p in held]
        slots = [(s.slot.candidate, s.slot.question) for _, s in found]
        assert slots[0] == (stack.sheets[1].candidate, stack.sheets[1].question)
        taken = [Taken(p.id, p.event, s.slot, s.serial) for p, s in found]
        with pytest.raises(Overtaken):
            running.take(parts, [*taken[:2], Taken(taken[2].page, 1, taken[2].slot, taken[2].serial)], "kari")
        assert _states(stack) == {"filed": 3, "held": 3}, "none of them, when one is refused"
        add_user(parts, "kari", "exam_office", PASSWORD, "test")
        app = sign_in(TestClient(make_app(parts, Meter(), Site(lambda scans: None)), follow_redirects=False), "kari")
        at = f"/runs/{held[0].scan}/{held[0].page}"
        shown = form(app, at, at)
        assert [v.split(" ")[0] for name, v in shown.fields if name == "take"] == [p.scan for p in held]
        stale = replace(shown, fields=[(n, v.replace(f" {held[0].event} ", " 1 ")) for n, v in shown.fields])
        assert stale.send(app).status_code == 409 and _states(stack) == {"filed": 3, "held": 3}
        assert shown.send(app).headers["location"] == "/queue"
        assert _states(stack) == {"filed": 6}
        undone, pages = undo_last(parts, "kari")
        assert undone.kind == "run" and len(pages) == 3 and _states(stack) == {"filed": 3, "held": 3}
        with pytest.raises(Refused):
            undo_last(parts, "kari")
        assert verify(parts).problems == []


def test_what_has_no_picture_is_suggested_nowhere_and_in_no_run(tmp_path: Path) -> None:
    home, job = install(tmp_path / "data", sheets=4), tmp_path / "job"
    job.mkdir()
    for n, body in enumerate((home.scan(0), dead_codes(home, 1), home.scan(2)[:9000], home.scan(3))):
        (job / f"{n}.jpg").write_bytes(body)
    home.run("ingest", str(job), ok=range(20))
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        dead, torn = sorted(r.pages_in("held"), key=lambda p: p.key is None)
        assert torn.key is None and suggestions_for(r, torn.id) == [] and suggestions_for(r, dead.id) != []
        assert torn.id not in [p.id for p, _ in running.run_from(r, dead.id)]


def _position(scan: object) -> int:
    position: int = scan.position  # type: ignore[attr-defined]
    return position


def _states(home: Installation) -> dict[str, int]:
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        return r.counts()
