"""A hall of 1,700 candidates: their invigilator enters all of it on one page, on a phone as well."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from scanpipe.desk import people
from scanpipe.desk.parts import Parts
from scanpipe.model import Sheet, TestDefinition
from scanpipe.wiring import open_parts
from tests.arrivals import large_test, printed
from tests.browser import chromium, sign_in
from tests.installation import Installation
from tests.serving import serving
from tests.web import conftest
from tests.web.test_completeness_pages import token

ROOM = "Åsgård"
_SMALL = large_test(1700, 10, "HALL-2026H")
HALL = replace(_SMALL, candidates=tuple(replace(c, room=ROOM) for c in _SMALL.candidates))
LINK = f"/rooms/one?{urlencode({'test': HALL.id, 'room': ROOM})}"
FEWER = replace(HALL, candidates=HALL.candidates[:300])
"""A phone is simulated by this machine: so many rows are as long as they are narrow, too."""


@pytest.fixture
def sheets(parts: Parts) -> Iterator[list[Sheet]]:
    yield hall(parts)


def hall(parts: Parts, test: TestDefinition = HALL) -> list[Sheet]:
    """Its sheets are printed, and the chief invigilator works on it."""
    sheets = printed(parts, test)
    people.change_user(parts, "chief_invigilator", people.Wish("chief_invigilator", HALL.id), "test")
    return sheets


def test_all_that_can_be_said_of_a_hall_is_taken_at_once(app: TestClient, parts: Parts, sheets: list[Sheet]) -> None:
    conftest.sign_in(app, "chief_invigilator")
    page = app.get(LINK).text
    was = re.search(r'name="was" value="([^"]*)"', page)
    assert was is not None
    form = {f"{what} {c.number}": "12" for c in HALL.candidates for what in ("handed_out", "collected")}
    form |= {f"present {c.number}": "yes" for c in HALL.candidates}
    assert app.post(LINK, data=form | {"token": token(page), "was": html.unescape(was[1])}).status_code == 303
    page = app.get(LINK).text
    was = re.search(r'name="was" value="([^"]*)"', page)
    assert was is not None and json.loads(html.unescape(was[1]))[f"collected {HALL.candidates[-1].number}"] == "12"
    everything = form | {"serials": " ".join(s.serial for s in sheets)}
    answer = app.post(LINK, data=everything | {"token": token(page), "was": html.unescape(was[1])})
    assert answer.status_code == 303, "and 17,000 serials beside it"
    with parts.ledger.read() as r:
        counted = r.expected().counted(HALL.id)
        assert len(r.expected().attendance(HALL.id)) == 1700
    assert sum(e.what == "collected" and e.count == 12 for e in counted) == 1700
    assert next(len(e.serials) for e in counted if not e.candidate) == len(sheets) == 17_000


def test_the_number_of_fields_has_a_bound(app: TestClient, sheets: list[Sheet]) -> None:
    conftest.sign_in(app, "chief_invigilator")
    form = {f"x{n}": "" for n in range(10_001)} | {"token": token(app.get(LINK).text)}
    assert app.post(LINK, data=form).status_code == 400
    assert app.post("/language", data={f"x{n}": "" for n in range(1001)}).status_code == 400, (
        "elsewhere it is as it was"
    )


@pytest.mark.parametrize("test", [FEWER, pytest.param(HALL, marks=pytest.mark.proof)], ids=["300", "1700"])
def test_on_a_phone(home: Installation, test: TestDefinition) -> None:
    with open_parts(home.settings) as parts:
        hall(parts, test)
    last = test.candidates[-1].number
    with serving(home) as url, chromium() as browser:
        phone = {"width": 360, "height": 640}
        page = browser.new_context(viewport=phone, has_touch=True, is_mobile=True).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(120_000)
        sign_in(page, url, "chief_invigilator", conftest.PASSWORD)
        page.wait_for_url(lambda there: "sign-in" not in there)
        page.goto(url + LINK)
        assert page.evaluate("document.documentElement.scrollWidth <= 360"), "nothing but the table is wider"
        field = page.locator(f'[name="collected {HALL.candidates[0].number}"]').bounding_box()
        assert field is not None and field["x"] + field["width"] <= 360, "what is entered is seen without moving aside"
        for number in (HALL.candidates[0].number, last):
            page.fill(f'[name="collected {number}"]', "3")
        page.get_by_role("button", name="Record").click()
        page.get_by_text("Recorded.").wait_for()
        assert page.input_value(f'[name="collected {last}"]') == "3"
