"""Whose a spare sheet is: by the page of the invigilator, through the API, and never in silence against what is known."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from fastapi.testclient import TestClient
from playwright.sync_api import Page

from scanpipe.codes import Kind, encode
from scanpipe.desk import binding, deciding, locking, rebuilding
from scanpipe.desk.binding import Wish, bind, send_bound, unbind
from scanpipe.desk.defining import register
from scanpipe.desk.parts import Parts
from scanpipe.desk.printing import give_serials
from scanpipe.desk.shelving import shelve
from scanpipe.desk.tokens import add_token, plan_token
from scanpipe.desk.verifying import verify
from scanpipe.faults import Refused, UnknownThing
from scanpipe.model import Claims, PageRecord, Sheet
from scanpipe.sheets import plan_pad
from scanpipe.wiring import open_parts
from tests.browser import chromium
from tests.browser import sign_in as enter
from tests.installation import Installation
from tests.serving import serving
from tests.web.conftest import PASSWORD, sign_in
from tests.web.test_decisions import held
from tools import fixture_home

TEST = "MA0001-2026H"
HELD = "80000012"
"""The serial of the fixture that is held for want of a label."""


@pytest.fixture
def pads(parts: Parts) -> Iterator[list[Sheet]]:
    """Two sheets of a pad for question 2a, and one of an open pad."""
    with parts.ledger.read() as r:
        test = r.definition(TEST)
    assert test is not None
    planned = [*plan_pad(test, "2a", 2), *plan_pad(test, None, 1)]
    yield give_serials(parts, test, planned, "test")
    assert verify(parts).problems == []


def unlabelled(parts: Parts) -> PageRecord:
    """The page of the fixture that is held for want of a label."""
    with parts.ledger.read() as r:
        (page,) = r.bindings().pages(HELD)
    assert (page.state, page.reason) == ("held", "missing_candidate_code")
    return page


def sheet_of(parts: Parts, serial: str) -> Sheet:
    with parts.ledger.read() as r:
        found = r.printed(serial)
    assert found is not None
    return found


def read(parts: Parts, kind: Kind, sheet: Sheet | None = None, **claims: str) -> str:
    """The text of a code, as a hand scanner types it."""
    serial, question = (sheet.serial, sheet.question) if sheet else (None, None)
    told = replace(Claims(TEST, None, question, serial), **claims)
    return encode(kind, told, parts.keyring.active)


def test_a_bound_sheet_is_as_if_it_had_been_printed_for_the_candidate(parts: Parts, pads: list[Sheet]) -> None:
    first, _, opened = pads
    done = bind(parts, Wish(first.serial, "10001"), "kari")
    assert done.new and (done.sheet.candidate, done.sheet.question) == ("10001", "2a")
    assert not bind(parts, Wish(first.serial, "10001", "2a", TEST), "ola").new
    for wish in (Wish(first.serial, "10002"), Wish(first.serial, "10001", "3"), Wish(opened.serial, "10001")):
        with pytest.raises(Refused):
            bind(parts, wish, "ola")
    for wish in (Wish("99999999", "1"), Wish(pads[1].serial, "99999"), Wish(pads[1].serial, "10001", test="FY1")):
        with pytest.raises(UnknownThing):
            bind(parts, wish, "ola")
    assert bind(parts, Wish(opened.serial, "10002", "3"), "kari").sheet.question == "3"
    with parts.ledger.read() as r:
        printed = [s for s in r.sheets(TEST) if s.candidate is not None and s.bound is None]
    with pytest.raises(Refused, match="candidate"):
        bind(parts, Wish(printed[0].serial, "10040"), "ola")
    unbind(parts, opened.serial, "kari", "the neighbour's label")
    assert sheet_of(parts, opened.serial) == opened
    with pytest.raises(Refused, match="not bound"):
        unbind(parts, opened.serial, "kari", "once more")


def test_a_held_page_takes_its_journey_again_and_of_a_locked_test_it_is_late(parts: Parts, pads: list[Sheet]) -> None:
    page = unlabelled(parts)
    with parts.ledger.read() as r:
        test = r.definition(TEST)
    assert test is not None
    rows = [[HELD, None, "2b", 1, 1]]
    parts.ledger.write(lambda tx: tx.append("sheets_printed", test=TEST, revision=1, sheets=rows, by="t"))
    locking.lock(parts, TEST, "office")
    done = bind(parts, Wish(HELD, "10030"), "kari")
    assert done.again == (page.id,)
    with parts.ledger.read() as r:
        record, scan = r.page(page.id), r.scan(page.scan)
        assert record is not None and scan is not None
        assert record.state == "waiting" and scan.holder == parts.folders.holder


def test_what_a_scanner_types(parts: Parts, pads: list[Sheet]) -> None:
    text = read(parts, Kind.PAD, pads[0])
    claims = Claims(TEST, None, "2A", pads[0].serial)
    norwegian = text.replace(":", "Ø").replace("-", "+").replace("*", "(")
    for typed in (text, f" {text}\n", text.lower(), norwegian):
        assert binding.understood(typed, parts.keyring) == claims
    assert binding.understood("0000 0412", parts.keyring) == Claims(serial="00000412")
    assert binding.understood("10001", parts.keyring) is None
    with pytest.raises(Refused):
        binding.understood(text[:20] + ("A" if text[20] != "A" else "B") + text[21:], parts.keyring)


def test_eight_digits_are_a_serial_or_a_candidate(app: TestClient, parts: Parts, pads: list[Sheet]) -> None:
    with parts.ledger.read() as r:
        test = r.definition(TEST)
    assert test is not None
    one = replace(test.candidates[0], number="12345678")
    register(parts, replace(test, candidates=(*test.candidates[1:], one, replace(one, number=pads[1].serial))))
    assert binding.told(parts, pads[0].serial, "") == Claims(serial=pads[0].serial)
    assert binding.told(parts, "1234 5678", "") is None, "no sheet has that serial"
    assert binding.told(parts, pads[1].serial, pads[0].serial) is None, (
        "after a sheet of a test that has this candidate"
    )
    assert binding.told(parts, pads[2].serial, pads[0].serial) == Claims(serial=pads[2].serial)
    sign_in(app, "exam_office")
    token = {"token": app.get("/bind").text.split('name="token" value="')[1].split('"')[0]}
    done = app.post("/bind", data=token | {"text": "12345678", "serial": pads[0].serial})
    assert done.status_code == 303 and sheet_of(parts, pads[0].serial).candidate == "12345678"


def test_what_is_nothing_of_ours_is_refused_at_once(app: TestClient, parts: Parts, pads: list[Sheet]) -> None:
    strange = read(parts, Kind.CANDIDATE_LABEL, test="FY1001-2026H", candidate="10002")
    sign_in(app, "invigilator")
    token = {"token": app.get("/bind").text.split('name="token" value="')[1].split('"')[0]}
    opened = {"serial": pads[2].serial}
    for text, known, why in (
        ("99999999", {}, "no sheet has this serial"),
        ("SP1LADT50000XXXX", {}, "neither a whole code"),
        (f"{strange[:30]}", {}, "neither a whole code"),
        ("https://example.org/a/page", {}, "neither a whole code"),
        ("29999", opened, "has no candidate 29999"),
        (strange, opened, "the label is of test FY1001-2026H"),
    ):
        answer = app.post("/bind", data=token | known | {"text": text})
        assert answer.status_code == 409 and why.lower() in unescape(answer.text).lower(), text
    assert app.post("/bind", data=token | {"text": "10001"}).status_code == 200, "the sheet may come afterwards"
    with pytest.raises(Refused, match="label is of test FY1"):
        bind(parts, Wish(pads[0].serial, "10002", label="FY1001-2026H"), "kari")


def test_what_codes_on_one_picture_say_together(parts: Parts, pads: list[Sheet]) -> None:
    sheet, question = read(parts, Kind.PAD, pads[0]), read(parts, Kind.QUESTION, pads[0])
    label, other = (read(parts, Kind.CANDIDATE_LABEL, candidate=c) for c in ("10001", "10002"))
    both = binding.pictured(parts, [sheet, question, label, "https://example.org"])
    assert (both.serial, both.candidate) == (pads[0].serial, "10001")
    for texts in ([label, other], [sheet, read(parts, Kind.PAD, pads[1])], ["https://example.org"], []):
        with pytest.raises(Refused):
            binding.pictured(parts, texts)


def test_two_codes_on_the_page_in_any_order(app: TestClient, parts: Parts, pads: list[Sheet]) -> None:
    sign_in(app, "invigilator")
    token = {"token": app.get("/bind").text.split('name="token" value="')[1].split('"')[0]}
    label = read(parts, Kind.CANDIDATE_LABEL, candidate="10001")
    asked = app.post("/bind", data=token | {"text": label})
    assert asked.status_code == 200 and "10001" in asked.text and sheet_of(parts, pads[0].serial).candidate is None
    done = app.post("/bind", data=token | {"text": read(parts, Kind.PAD, pads[0]), "candidate": "10001", "test": TEST})
    assert done.status_code == 303 and pads[0].serial in app.get(done.headers["location"]).text
    assert sheet_of(parts, pads[0].serial).candidate == "10001"
    again = app.post("/bind", data=token | {"text": label.replace("10001", "10002"), "serial": pads[1].serial})
    assert again.status_code == 409, "a forged label binds nothing"
    other_room = app.post("/bind", data=token | {"text": "10030", "serial": pads[1].serial})
    assert other_room.status_code == 409 and sheet_of(parts, pads[1].serial).candidate is None
    open_pad = app.post("/bind", data=token | {"text": "10002", "serial": pads[2].serial})
    assert open_pad.status_code == 200 and 'name="question"' in open_pad.text
    strange = read(parts, Kind.CANDIDATE_LABEL, test="FY1001-2026H", candidate="10002")
    for first, second in ((strange, read(parts, Kind.PAD, pads[1])), (read(parts, Kind.PAD, pads[1]), strange)):
        page = app.post("/bind", data=token | {"text": first}).text
        kept = dict(re.findall(r'name="(serial|candidate|test|question)" value="([^"]*)"', page))
        assert app.post("/bind", data=token | kept | {"text": second}).status_code == 409, "a label of another test"
    app.post("/bind", data=token | {"serial": pads[2].serial, "candidate": "10002", "question": "3"})
    assert sheet_of(parts, pads[2].serial).question == "3"
    assert app.post("/bind", data={"text": "1"}).status_code == 403


def test_programs_bind_with_their_own_scope(app: TestClient, parts: Parts, pads: list[Sheet]) -> None:
    key = add_token(parts, plan_token("hall", ["sheets:write"], [], None), "test")
    asked = {"headers": {"Authorization": f"Bearer {key}"}, "json": {"candidate": "10001"}}
    path = f"/api/v1/tests/{TEST}/bindings/{pads[0].serial}"
    assert app.put(path, **asked).json() == {
        "serial": pads[0].serial,
        "candidate": "10001",
        "question": "2a",
        "new": True,
        "again": 0,
    }
    assert app.put(path, **asked).json()["new"] is False
    assert app.put(path, **asked | {"json": {"candidate": "10002"}}).status_code == 409
    assert app.put(path[:-8] + "99999999", **asked).status_code == 404


def test_the_bindings_outlive_the_ledger(home: Installation, parts: Parts, pads: list[Sheet], tmp_path: Path) -> None:
    bind(parts, Wish(pads[0].serial, "10001"), "kari")
    bind(parts, Wish(pads[2].serial, "10002", "3"), "kari")
    unbind(parts, pads[2].serial, "kari", "a mistake")
    fresh = Installation(tmp_path / "fresh", tmp_path / "none.pdf", ())
    shutil.copytree(home.data_dir / "objects", fresh.data_dir / "objects")
    shutil.copy(home.data_dir / "keys.json", fresh.data_dir / "keys.json")
    with open_parts(fresh.settings) as anew:
        rebuilding.rebuild(anew, lambda key: 1, "kari", lambda n: None)
        rebuilding.rebuild(anew, lambda key: 1, "kari", lambda n: None)
        assert sheet_of(anew, pads[0].serial).candidate == "10001"
        assert sheet_of(anew, pads[2].serial).candidate is None


def test_a_rehearsal_with_sheets_in_its_slots_never_becomes_a_real_test(app: TestClient, parts: Parts) -> None:
    with parts.ledger.read() as r:
        test = r.definition(TEST)
    assert test is not None
    with pytest.raises(Refused, match="rehearsal"):
        register(parts, replace(test, rehearsal=True))
    page = held(parts, "rehearsal")
    with pytest.raises(Refused, match="rehearsal"):
        deciding.assign(parts, page.id, deciding.Decision("10001", "2a", TEST, "kari", contradict=True))
    sign_in(app, "exam_office")
    shown = {id: app.get(f"/sheets/{id.scan}/{id.index}").text for id in (page.id, held(parts, "no_codes").id)}
    assert [("/assign" in text, "cannot be assigned" in text) for text in shown.values()] == [
        (False, True),
        (True, False),
    ]
    unused = replace(fixture_home.MATHEMATICS, id="NEW-1")
    assert register(parts, unused).new and register(parts, replace(unused, rehearsal=True)).revision == 2


def test_a_page_that_was_looked_at_while_its_sheet_was_bound_is_sent_again(parts: Parts, pads: list[Sheet]) -> None:
    assert send_bound(parts) == set()
    page = unlabelled(parts)
    rows = [[HELD, None, "2b", 1, 1]]
    parts.ledger.write(lambda tx: tx.append("sheets_printed", test=TEST, revision=1, sheets=rows, by="t"))
    about = {"test": TEST, "serial": HELD, "candidate": "10030", "question": "2b", "printed_question": "2b"}
    parts.ledger.write(lambda tx: tx.append("sheet_bound", **about, by="t"))
    shelve(parts)
    assert send_bound(parts) == {page.scan} and send_bound(parts) == set()


def pictured(page: Page, picture: np.ndarray) -> None:
    """Takes a picture with the camera of the page."""
    body = cv2.imencode(".png", picture)[1].tobytes()
    with page.expect_navigation():
        page.set_input_files("[data-photo] input", {"name": "a.png", "mimeType": "image/png", "buffer": body})


def on_a_table(text: str) -> np.ndarray:
    """A picture of a code, somewhat askew, on paper that lies on a table; larger than a slow line likes."""
    code = np.array(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=15))
    picture = np.full((3000, 2250), 90, np.uint8)
    picture[900:2000, 500:1700] = 225
    picture[1000 : 1000 + code.shape[0], 700 : 700 + code.shape[1]] = code
    turn = cv2.getRotationMatrix2D((1100, 1400), 12.0, 1.0)
    return cv2.GaussianBlur(cv2.warpAffine(picture, turn, (2250, 3000), borderValue=90), (0, 0), 2)


def photographed(page: Page, url: str, serial: str) -> None:
    """The camera of a phone whose browser reads codes itself: what it would find is said here, all else is the page's own."""
    found = f"picture.width ? [{{ rawValue: '{serial}' }}] : []"
    page.add_init_script(f"window.BarcodeDetector = class {{ async detect(picture) {{ return {found}; }} }};")
    page.goto(f"{url}/bind")
    pictured(page, np.full((20, 30), 200, np.uint8))
    assert serial in page.inner_text("#bind dl")


def sent(page: Page, url: str, sheet: str, label: str) -> None:
    """The camera of any other phone: its pictures are read here."""
    page.add_init_script("delete window.BarcodeDetector;")
    page.goto(f"{url}/bind")
    pictured(page, np.full((200, 300), 200, np.uint8))
    assert "No code was found" in page.inner_text("[role=alert]")
    for text in (sheet, label):
        pictured(page, on_a_table(text))
    page.wait_for_selector(".good")


def test_an_invigilator_reads_two_codes_with_a_scanner_that_types(home: Installation, pads: list[Sheet]) -> None:
    with open_parts(home.settings) as parts:
        typed = [read(parts, Kind.PAD, pads[0]), read(parts, Kind.CANDIDATE_LABEL, candidate="10001")]
        more = read(parts, Kind.PAD, pads[1]), read(parts, Kind.CANDIDATE_LABEL, candidate="10002")
    with serving(home) as url, chromium() as browser:
        page = browser.new_page()
        enter(page, url, "invigilator", PASSWORD)
        page.goto(f"{url}/bind")
        for text in typed:  # keys and Enter, as the scanner sends them, wherever the focus is by itself
            page.wait_for_function("document.activeElement?.name === 'text'")
            page.keyboard.type(text)
            with page.expect_navigation():
                page.keyboard.press("Enter")
        page.wait_for_selector(".good")
        assert pads[0].serial in page.inner_text(".good") and "10001" in page.inner_text(".good")
        sent(page, url, *more)
        photographed(page, url, pads[2].serial)
        browser.close()
    with open_parts(home.settings) as parts:
        assert sheet_of(parts, pads[0].serial).candidate == "10001"
        assert sheet_of(parts, pads[1].serial).candidate == "10002"
