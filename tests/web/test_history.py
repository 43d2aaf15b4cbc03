"""The page of the log: filters in links, older pages, the same as a table, and what a user administrator sees of it."""

from __future__ import annotations

import csv
import io
import re

import pytest
from fastapi.testclient import TestClient

from scanpipe.desk.parts import Parts
from scanpipe.web.event_words import EVENTS
from tests.installation import Installation
from tests.web.conftest import sign_in

TEST = "MA0001-2026H"


def rows(page: str) -> list[str]:
    """What happened, line by line."""
    return re.findall(r'<td class="file">(.*?)</td>', page)


def test_the_log_is_searched_page_by_page_and_as_a_table(app: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanpipe.web.pages.history._LINES", 10)
    sign_in(app, "exam_office")
    query = {"kind": "pages", "test": TEST, "candidate": "10001"}
    page, found = app.get("/history", params=query).text, []
    assert page.count("selected") == 1 and 'value="10001"' in page
    for _ in range(50):
        found += rows(page)
        older = re.search(r'href="(/history\?[^"]+)" rel="next"', page)
        if older is None:
            break
        page = app.get(older[1].replace("&amp;", "&")).text
    answer = app.get("/history.csv", params=query)
    table = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert len(found) == len(table) > 10 and {line["type"][:5] for line in table} == {"page_"}
    assert [int(line["event"]) for line in table] == sorted((int(line["event"]) for line in table), reverse=True)
    signed_in = rows(app.get("/history", params={"kind": "sign_ins", "by": "exam_office"}).text)
    assert signed_in == ["exam_office signed in."]
    assert "Nothing was found" in app.get("/history", params={"until": "2001-01-01T00:00"}).text


def test_the_history_of_a_slot_and_of_a_sheet(app: TestClient, parts: Parts) -> None:
    sign_in(app, "exam_office")
    with parts.ledger.read() as r:
        filed = next(p for p in r.pages_in("filed") if p.test == TEST and p.serial)
        others = [p for p in r.pages_in("filed") if (p.candidate, p.question) != (filed.candidate, filed.question)]
    sheet = app.get(f"/sheets/{filed.scan}/{filed.page}").text
    slot = re.search(r'href="(/tests/[^"]+/slots/[^"]+)"', sheet)
    assert slot
    link = re.search(r'href="(/history\?test=[^"]+)"', app.get(slot[1]).text)
    assert link
    page = app.get(link[1].replace("&amp;", "&")).text
    here, elsewhere = f"/sheets/{filed.scan}/{filed.page}", [f"/sheets/{p.scan}/{p.page}" for p in others]
    assert here in page and not [path for path in elsewhere if path in page] and 'name="question"' in page
    table = app.get("/history.csv" + link[1].removeprefix("/history").replace("&amp;", "&")).text
    assert filed.scan in table and not [p for p in others if f"{p.scan},{p.page}," in table]
    for link in re.findall(r'href="(/history\?(?:text|serial)=[^"]+)"', sheet):
        assert here in app.get(link).text
    assert f"text={filed.scan}" in sheet and f"serial={filed.serial}" in sheet


def test_what_is_no_time_or_kind_is_said(app: TestClient) -> None:
    sign_in(app, "exam_office")
    for wrong in ({"since": "yesterday"}, {"kind": "x"}):
        answer = app.get("/history", params=wrong)
        assert answer.status_code == 422 and 'role="alert"' in answer.text
        assert app.get("/history.csv", params=wrong).status_code == 422


def test_kinds_have_names_in_the_person_s_language(app: TestClient) -> None:
    app.headers["Accept-Language"] = "nb"
    sign_in(app, "exam_office")
    kinds = dict(re.findall(r'<option value="([a-z_]+)" >([^<]+)</option>', app.get("/history").text))
    assert kinds["pack_move_asked"] == "flytting av pakke bedt om" and set(EVENTS) < set(kinds)
    assert not [kind for kind in EVENTS if kinds[kind] == kind.replace("_", " ")]


def test_a_user_administrator_reads_of_accounts_and_of_no_candidate(app: TestClient) -> None:
    sign_in(app, "user_administrator")
    for path in ("/history", "/history.csv"):
        for query in (
            {},
            {"candidate": "10001"},
            {"text": TEST},
            {"kind": "pages"},
            {"test": TEST, "kind": "page_filed"},
        ):
            text = app.get(path, params=query).text
            said = rows(text) if path == "/history" else text.splitlines()
            assert not [line for line in said if re.search(r"10001|Page \d|Taken in|jpg", line)], (path, query)
            assert 'href="/sheets/' not in text
    assert "test made the account ola" in app.get("/history").text
    assert rows(app.get("/history", params={"kind": "user_added", "by": "ola"}).text) == [
        "test made the account ola (exam office)."
    ]


def test_the_command_finds_the_same(home: Installation) -> None:
    lines = home.lines("log", "--kind", "accounts", "--by", "ola", "--since", "2020-01-01")
    assert [line["type"] for line in lines] == ["user_added"] and lines[0]["data"]["role"] == "exam_office"
    narrow = home.lines("log", "--test", TEST, "--question", "2A", "--kind", "page_placing")
    assert narrow and {line["data"]["question"] for line in narrow} == {"2a"}
