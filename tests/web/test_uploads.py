"""Sketches that come through the browser: whole, once, and only into their own stack."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Route, expect

from scanpipe.desk.parts import Parts
from scanpipe.desk.uploads import Overlap, UploadedFile, Uploads
from scanpipe.faults import FolderUnavailable, Refused, UnknownThing
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_uploads
from tests.browser import chromium, press, sign_in
from tests.installation import Installation
from tests.serving import serving
from tests.web.conftest import PASSWORD
from tests.web.conftest import sign_in as sign_in_app
from tools import fixture_home

SCAN = fixture_home.SCANS / "01-straight-keeps-its-bytes.jpg"


@pytest.fixture
def uploads(home: Installation) -> Uploads:
    return open_uploads(home.settings)


def announced(uploads: Uploads, body: bytes, name: str = "side 1.jpg") -> tuple[str, int]:
    batch = uploads.begin("operator")
    return batch.id, uploads.add(batch.id, UploadedFile(name, len(body), "1"))


def test_pieces_go_behind_each_other_and_nowhere_else(uploads: Uploads) -> None:
    body = os.urandom(5000)
    id, n = announced(uploads, body)
    assert uploads.put(id, n, 0, body[:2000]) == 2000
    for offset in (0, 1999, 2001):
        with pytest.raises(Overlap) as e:
            uploads.put(id, n, offset, body[offset : offset + 10])
        assert e.value.size == uploads.there(id, n) == 2000
    with pytest.raises(Refused, match="larger"):
        uploads.put(id, n, 2000, body + b"more")
    uploads.put(id, n, 2000, body[2000:])
    assert (uploads.root / id / "files" / str(n)).read_bytes() == body


def test_handed_in_once_as_one_stack_and_on_record(uploads: Uploads, parts: Parts) -> None:
    body = SCAN.read_bytes()
    id, n = announced(uploads, body)
    with pytest.raises(Refused, match="not come in whole"):
        uploads.hand_in(parts, id)
    uploads.put(id, n, 0, body)
    batch = uploads.hand_in(parts, id)
    assert uploads.hand_in(parts, id) == batch, "a second time changes nothing"
    assert [p.name for p in uploads.inbox.iterdir() if not p.name.startswith(".")].count(batch.job) == 1
    assert [p.read_bytes() for p in (uploads.inbox / batch.job).iterdir()] == [body]
    with parts.ledger.read() as r:
        (event,) = r.events_of("upload_handed_in")
    assert hashlib.sha256(body).hexdigest() in event.data and '"by":"operator"' in event.data
    with pytest.raises(Refused, match="handed in"):
        uploads.put(id, n, len(body), b"more")


@pytest.mark.parametrize("what", ["before the move", "amid the copy", "after the move"])
def test_a_process_that_dies_while_it_hands_in(
    uploads: Uploads, parts: Parts, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = SCAN.read_bytes()
    id, n = announced(uploads, body)
    uploads.put(id, n, 0, body)
    at = {"before the move": "shutil.rmtree", "amid the copy": "shutil.copyfile", "after the move": "shutil.rmtree"}[
        what
    ]
    calls = 0

    def dies(*args: object, **more: object) -> None:
        nonlocal calls
        calls += 1
        if what != "after the move" or calls == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as m, pytest.raises(KeyboardInterrupt):
        m.setattr(f"scanpipe.desk.uploads.{at}", dies)
        uploads.hand_in(parts, id)
    batch = uploads.batch(id)
    if what == "after the move":  # the watcher may have taken it meanwhile; the same bytes count once
        (uploads.inbox / batch.job).rename(uploads.inbox.parent / "taken")
    uploads.hand_in(parts, id)
    assert [p.read_bytes() for p in (uploads.inbox / batch.job).iterdir()] == [body]
    assert not list(uploads.inbox.glob(".upload*"))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/cron.jpg", "cron.jpg"),
        ("C:\\scans\\a.PDF", "a.PDF"),
        (".hidden.png", "hidden.png"),
        ("<b>\x00ø\n.tif", "bø.tif"),
        ("x" * 400 + ".jpg", "x" * 176 + ".jpg"),
    ],
)
def test_names_are_harmless(uploads: Uploads, name: str, kept: str) -> None:
    id, n = announced(uploads, b"x", name)
    assert uploads.batch(id).files[n].name == kept


def test_what_is_not_taken(uploads: Uploads, tmp_path: Path) -> None:
    id = uploads.begin("operator").id
    for name, size, why in (("a.exe", 1, "such files"), ("a.jpg", 0, "empty"), ("a.jpg", 10**12, "too large")):
        with pytest.raises(Refused, match=why):
            uploads.add(id, UploadedFile(name, size, ""))
    for strange in ("../batches", "0" * 32, "", "A" * 32):
        with pytest.raises(UnknownThing):
            uploads.batch(strange)
    n = uploads.add(id, UploadedFile("a.jpg", 3, ""))
    uploads.remove(id, n)
    with pytest.raises(UnknownThing):
        uploads.put(id, n, 0, b"abc")
    gone = Uploads(uploads.root, tmp_path / "no inbox", 10)
    n = gone.add(id, UploadedFile("b.jpg", 1, ""))
    gone.put(id, n, 0, b"x")
    with pytest.raises(FolderUnavailable):
        gone._move(gone._sealed(gone.batch(id)))
    assert (gone.root / id / "files" / str(n)).read_bytes() == b"x", "nothing is lost"


def test_nobody_sees_the_upload_of_another(parts: Parts, uploads: Uploads) -> None:
    site = Site(resume=lambda scans: None, uploads=uploads)
    app = TestClient(make_app(parts, Meter(), site), follow_redirects=False)
    id, n = announced(uploads, b"abc")
    for person, status in (("operator", 200), ("planner", 404), ("exam_office", 200), ("grader", 404)):
        sign_in_app(app, person)
        assert app.get(f"/import/{id}").status_code == app.get(f"/import/{id}/files/{n}").status_code == status
    sign_in_app(app, "operator")
    assert app.post(f"/import/{id}/files/{n}", content=b"abc", headers={"Upload-Offset": "0"}).status_code == 403
    token = app.get(f"/import/{id}").text.split('data-token="')[1].split('"')[0]
    headers = {"Upload-Offset": "0", "X-CSRF-Token": token}
    assert app.post(f"/import/{id}/files/{n}", content=b"abc", headers=headers).json() == {"offset": 3}
    assert app.post(f"/import/{id}/files/{n}", content=b"abc", headers=headers).status_code == 409
    assert app.post(f"/import/{id}/files/{n}", content=bytes(9 * 2**20), headers=headers).status_code == 413


def test_the_receipt_says_where_each_page_lies_and_why_one_is_held(
    app: TestClient, uploads: Uploads, parts: Parts
) -> None:
    with parts.ledger.read() as r:
        filed = next(p for p in r.pages_in("filed"))
        held = next(p for p in r.pages_in("held") if p.reason == "no_codes")
        keys = [scan.key for p in (filed, held) if (scan := r.scan(p.scan))]
    batch = uploads.begin("operator").id
    for n, body in enumerate([*map(parts.store.read, keys), os.urandom(500)]):
        uploads.put(batch, uploads.add(batch, UploadedFile(f"{n}.jpg", len(body), "1")), 0, body)
    uploads.hand_in(parts, batch)
    shown = sign_in_app(app, "operator").get(f"/import/{batch}").text
    assert f"filed: {filed.test} · {filed.candidate} · {filed.question}" in shown
    assert "held: No code could be read on this page" in shown and "waits in the inbox" in shown
    assert 'hx-trigger="every 2s"' in shown, "as long as one of them waits"


def test_in_a_browser_with_a_connection_that_drops(home: Installation, tmp_path: Path) -> None:
    """Two files, one of 9 MB; the connection goes away in the middle of it and comes again; then the receipt."""
    large = tmp_path / "stor side.jpg"
    large.write_bytes(SCAN.read_bytes() + os.urandom(9 * 2**20))
    with serving(home, command="up") as url, chromium() as browser:
        context = browser.new_context(locale="en")
        page = context.new_page()
        sign_in(page, url, "operator", PASSWORD)
        page.goto(f"{url}/import")
        press(page, "n")
        pieces = 0

        def passes(route: object) -> None:
            nonlocal pieces
            pieces += 1
            route.abort() if pieces in (2, 3) else route.continue_()  # type: ignore[attr-defined]

        page.route("**/files/1", passes)
        page.set_input_files("input[type=file]", [str(fixture_home.SCANS / "02-colour.jpg"), str(large)])
        page.wait_for_selector("text=The connection is away")
        page.wait_for_selector("li:nth-child(2) .said:text('has come in')", timeout=30_000)
        assert pieces >= 6
        page.wait_for_selector("button.main:not([disabled])")
        press(page, "Enter")
        page.wait_for_selector("tr:nth-child(1) td:nth-child(3):text('waits')", state="detached", timeout=30_000)
        page.wait_for_selector("td:text('held'), td:text('filed')", timeout=30_000)
        assert hashlib.sha256(large.read_bytes()).hexdigest() in page.inner_text("table")
    assert "Nothing is missing" in home.run("verify")


DROPPED = """([names, sizes]) => {
  const dropped = new DataTransfer();
  names.forEach((name, n) => dropped.items.add(new File([new Uint8Array(sizes[n]).fill(7 + n)], name, { type: "image/jpeg" })));
  return dropped;
}"""


def test_dropped_files_show_how_far_each_of_them_is(home: Installation) -> None:
    """Two files with Norwegian names; the first stands still in the middle, then all goes on, and both lie in the inbox."""
    names, sizes = ["skisse æøå.jpg", "Prøve – Ærlig Ødegård, side 2.jpg"], [5 * 2**20, 1000]
    with serving(home) as url, chromium() as browser:
        page = browser.new_context(locale="nb-NO").new_page()
        sign_in(page, url, "operator", PASSWORD)
        page.goto(f"{url}/import")
        press(page, "n")
        kept: list[Route] = []

        def held_up(route: Route) -> None:
            """All but the second piece of the first file."""
            route.continue_() if kept or route.request.headers["upload-offset"] == "0" else kept.append(route)

        page.route("**/files/0", held_up)
        page.dispatch_event(".drop label", "drop", {"dataTransfer": page.evaluate_handle(DROPPED, [names, sizes])})
        expect(page.locator("li progress").first).to_have_js_property("value", 2 * 2**20, timeout=30_000)
        assert page.locator(".files li").all_inner_texts()[0].startswith(names[0])
        assert page.locator("button.main").is_disabled(), "what is not whole is not handed in"
        kept[0].continue_()
        page.wait_for_selector("li:nth-child(2) .said:text('er kommet inn')")
        assert page.locator("li progress").evaluate_all("all => all.map((bar) => bar.value / bar.max)") == [1, 1]
        page.wait_for_selector("button.main:not([disabled])")
        press(page, "Enter")
        shown = page.inner_text("table")
    came = {path.name: path.read_bytes() for path in home.settings.inbox_path.rglob("*.jpg")}
    assert all(name in shown for name in names) and sorted(came) == [
        f"00{n + 1} {name}" for n, name in enumerate(names)
    ]
    assert all(came[name] == bytes([7 + n]) * sizes[n] for n, name in enumerate(sorted(came)))
