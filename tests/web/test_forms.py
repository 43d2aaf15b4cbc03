"""What a person does by the forms of the pages, with the fields that stand in them; what the pages say of others and of the
evening; and that the outlines lie on the codes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp
from fastapi.testclient import TestClient

from scanpipe.desk.parts import Parts
from scanpipe.desk.slots import view_slot
from scanpipe.desk.viewing import view_sheet
from scanpipe.model import PageRecord
from scanpipe.web.outlines import outlines
from scanpipe.web.pages.around import _plot
from scanpipe.web.pages.queue import pace
from tests.web.conftest import sign_in
from tests.web.forms import form
from tests.web.test_decisions import held, now

TEST = "MA0001-2026H"


@pytest.fixture
def office(app: TestClient) -> TestClient:
    return sign_in(app, "exam_office")


def at(page: PageRecord) -> str:
    return f"/sheets/{page.scan}/{page.page}"


def test_a_page_is_turned_by_its_form(office: TestClient, parts: Parts) -> None:
    page = held(parts, "no_codes")
    answer = form(office, at(page), "/turn").send(office, by_deg="270")
    turned = now(parts, page)
    assert answer.status_code == 303 and answer.headers["location"].startswith(at(page)), "it stays on the sheet"
    assert turned.sha256 != page.sha256 and turned.turn_deg == ((page.turn_deg or 0) - 270) % 360
    old = form(office, at(page), "/turn")
    old.fields = [(name, str(page.event) if name == "seen" else value) for name, value in old.fields]
    assert old.send(office, by_deg="90").status_code == 409, "somebody else turned it meanwhile"
    assert now(parts, page).sha256 == turned.sha256


def test_a_page_belongs_to_another_question_and_that_is_undone_where_it_stands(
    office: TestClient, parts: Parts
) -> None:
    with parts.ledger.read() as r:
        page = next(p for p in r.pages_in("filed") if p.test == TEST and p.question == "2a")

    def lies_in(question: str) -> bool:
        view = view_slot(parts, TEST, page.candidate or "", question)
        return view is not None and page.id in [p.id for p in view.pages]

    adding = form(office, at(page), "/also")
    assert "2a" not in adding.choices["question"], "it lies there already"
    assert adding.send(office, question="3").headers["location"].startswith(at(page))
    assert lies_in("3") and lies_in("2a")
    with parts.ledger.read() as r:
        (decision,) = [d for d in r.decisions().recent(20) if d.kind == "also"]
    undoing = form(office, at(page), f"/decisions/{decision.id}/undo")
    assert undoing.send(office).headers["location"].startswith(at(page))
    assert not lies_in("3") and lies_in("2a")
    assert undoing.send(office).status_code == 409, "once"
    assert "taken back" in office.get(at(page)).text


def test_a_pack_is_asked_for_and_dropped_by_the_forms(office: TestClient, parts: Parts) -> None:
    asking = form(office, "/packs", "/packs")
    wish = {"test": TEST, "printed_for": "10001", "handed_to": "10002"}
    assert asking.send(office, **wish, swap="yes").headers["location"] == "/packs"
    with parts.ledger.read() as r:
        (pack,) = r.packs().in_state("asked")
    assert (pack.test, pack.printed_for, pack.handed_to, pack.by, pack.swap) == (
        TEST,
        "10001",
        "10002",
        "exam_office",
        1,
    )
    page = office.get("/packs").text
    assert "10001 ⇄ 10002" in page and f"/packs/{pack.id}/confirm" not in page, "not by who asked"
    refused = asking.send(office, **wish | {"handed_to": "99999"})
    assert refused.status_code == 409 and 'role="alert"' in refused.text
    sign_in(office, "ola")
    assert f"/packs/{pack.id}/confirm" in office.get("/packs").text
    dropping = form(office, "/packs", f"/packs/{pack.id}/drop")
    assert dropping.send(office).headers["location"] == "/packs"
    with parts.ledger.read() as r:
        assert r.packs().in_state("asked") == [] and pack.id not in [p.id for p in r.packs().in_state("moved")]
    assert dropping.send(office).status_code == 409


def test_the_list_and_the_sheet_say_who_has_it_open(office: TestClient, parts: Parts) -> None:
    page = held(parts, "no_codes")
    ola = sign_in(TestClient(office.app, follow_redirects=False), "ola")
    assert "has it open" not in office.get("/queue").text
    ola.get(at(page))
    parts.ledger.write(lambda tx: None)  # nobody waits for the note that it was opened: it is there before this
    row = next(row for row in re.findall(r"<li.*?</li>", office.get("/queue").text, re.S) if page.scan in row)
    assert '<span class="busy">ola has it open</span>' in row
    assert office.get("/queue").text.count("ola has it open") == 1
    assert "ola has this sheet open as well." in office.get(at(page)).text
    assert "ola has" not in ola.get("/queue").text, "oneself is nobody else"


def made(*ago_s: float) -> Any:
    """A ledger in which decisions were made so long ago."""
    times = [SimpleNamespace(at=(datetime.now(UTC) - timedelta(seconds=s)).isoformat()) for s in sorted(ago_s)]
    return SimpleNamespace(decisions=lambda: SimpleNamespace(recent=lambda n: times[:n]))


def test_how_fast_it_goes() -> None:
    assert pace(made(*range(0, 60, 6))) == pytest.approx(10, rel=0.01)
    assert pace(made(*range(0, 600, 20))) == pytest.approx(3, rel=0.01), "of the last twenty"
    assert pace(made(0, 10, 20, 30)) is None and pace(made(0, 10, 20, 30, 1801)) is None, "too few to tell"
    assert pace(made(0, 60, 120, 180, 240, 7200)) == pytest.approx(1, rel=0.01), "before a break does not count"


def test_the_list_says_how_long_it_will_take(office: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "at this pace" not in office.get("/queue").text
    monkeypatch.setattr("scanpipe.web.pages.queue.pace", lambda r: 4.04)
    page = office.get("/queue").text
    with office.app.state.parts.ledger.read() as r:  # type: ignore[attr-defined]
        count = r.counts()["held"]
    assert f"4 a minute; at this pace done in {math.ceil(count / 4.04)} min." in page


def test_the_plot_shows_what_came_when() -> None:
    since = datetime(2026, 12, 3, 22, 30, 40, tzinfo=UTC)
    points, most = _plot([("2026-12-03T22:30", 2), ("2026-12-04T00:30", 8), ("2026-12-04T02:30", 4)], since)
    drawn = [tuple(map(float, point.split(","))) for point in points.split(" ")]
    assert most == 8 and len(drawn) == 241 and [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    assert {(x, y) for x, y in drawn if y != 80} == {(0, 61), (300, 4), (600, 42)}, (
        "up is more, and the most is the top"
    )
    assert _plot([], since)[1] == 0 and {p.split(",")[1] for p in _plot([], since)[0].split(" ")} == {"80.0"}


def test_the_overview_draws_the_inflow_of_the_ledger(office: TestClient, parts: Parts) -> None:
    with parts.ledger.read() as r:
        came = r.figures().inflow((datetime.now(UTC) - timedelta(minutes=239)).isoformat(timespec="minutes"))
    page = office.get("/overview").text
    most = max(n for _, n in came)
    assert f"Scans a minute, {most} at most" in page
    drawn = re.search(r'<polyline points="([^"]+)"', page)
    assert drawn
    up = [float(point.split(",")[1]) for point in drawn[1].split(" ")]
    assert min(up) == 4 and sum(y < 80 for y in up) == len(came)


@pytest.mark.parametrize("file", ["00-first-sheet.jpg", "05-turned-90.jpg", "08-skew-15.jpg", "11-exif-6.jpg"])
def test_an_outline_lies_on_its_code(parts: Parts, file: str) -> None:
    """Against where the codes are read on the stored picture itself."""
    with parts.ledger.read() as r:
        page = next(p for p in r.pages_in("filed") if (s := r.scan(p.scan)) and s.file.endswith(file))
        view = view_sheet(r, page.id)
    assert view is not None
    picture = cv2.imdecode(np.frombuffer(parts.store.read(page.key or ""), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    drawn = [[tuple(map(float, p.split(","))) for p in o["points"].split()] for o in outlines(view)]
    read = []
    for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode):
        p = code.position
        corners = (p.top_left, p.top_right, p.bottom_right, p.bottom_left)
        read.append([(100 * c.x / picture.shape[1], 100 * c.y / picture.shape[0]) for c in corners])
    assert len(drawn) == 3 and len(read) >= 2
    for code in read:
        assert min(farthest(code, outline) for outline in drawn) < 1.0, (code, drawn)


def farthest(code: Sequence[Sequence[float]], outline: Sequence[Sequence[float]]) -> float:
    """How far a corner of the code is from the next one of the outline, at most, in percent of the picture."""
    return max(min(max(abs(x - a), abs(y - b)) for a, b in outline) for x, y in code)
