"""The list: links that keep the filter, days as they are shown, and a stack withdrawn by a second act."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from html import unescape

import pytest
from fastapi.testclient import TestClient

from scanpipe.desk import deciding
from scanpipe.desk.parts import Parts
from scanpipe.ledgers.queue import Filter
from scanpipe.model import PageRecord
from scanpipe.settings import SourceSettings
from scanpipe.web.pages import around
from scanpipe.web.pages.queue import wanted
from tests.web.conftest import sign_in


@pytest.fixture
def office(app: TestClient) -> TestClient:
    return sign_in(app, "exam_office")


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place where it is another day than in Greenwich, now."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "<+14>-14" if time.gmtime().tm_hour >= 10 else "<-12>12")
        time.tzset()
        yield
    time.tzset()


def links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'(?:href|action|hx-get)="([^"]+)"', page)]


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def held(parts: Parts) -> list[PageRecord]:
    with parts.ledger.read() as r:
        return list(r.pages_in("held"))


def test_links_keep_the_filter(office: TestClient, parts: Parts) -> None:
    page = office.get("/queue", params={"text": ".jpg", "reason": "no_codes"}).text
    kept = [link for link in links(page) if link.startswith(("/queue?", "/sheets/", "/queue/"))]
    assert len(kept) > 5 and all("text=.jpg" in link for link in kept)
    assert any("reason=codes_disagree" in link for link in kept), "another group, the same search"
    record = next(p for p in held(parts) if p.reason == "no_codes")
    sheet = office.get(f"/sheets/{record.scan}/{record.page}?text=.jpg").text
    within = ("/sheets/", "/queue", "/runs/", "/undo", "/decisions/")
    wrong = [x for x in links(sheet) if x.startswith(within) and "text=.jpg" not in x]
    assert set(wrong) <= {"/queue", f"/sheets/{record.scan}/{record.page}/here"}, "but the menu's"
    run = office.get(f"/runs/{record.scan}/{record.page}?text=.jpg").text
    assert "/queue?text=.jpg" in links(run)
    token = {"token": token_of(sheet)}
    answer = office.post("/queue/retry-all?reason=no_codes&text=.jpg", data=token)
    assert answer.headers["location"] == "/queue?reason=no_codes&text=.jpg"


def test_groups_are_counted_within_the_search_and_say_their_age(office: TestClient, parts: Parts) -> None:
    record = next(p for p in held(parts) if p.reason == "no_codes")
    page = office.get("/queue", params={"text": record.scan}).text
    assert re.findall(r'<b class="n">(\d+)</b>', page) == ["1"]
    ages = re.findall(r'<small id="([^"]+)" hx-swap-oob="true">([^<]+)<', office.get("/queue/stacks").text)
    assert {name for name, _ in ages} <= set(re.findall(r'<small id="([^"]+)"', office.get("/queue").text))
    assert len(ages) > 10 and all(age for _, age in ages)


def test_a_day_is_the_one_that_is_shown(far_away: None, office: TestClient, parts: Parts) -> None:
    at = held(parts)[0].at
    here = datetime.fromisoformat(at).astimezone().date().isoformat()
    assert here != at[:10]
    assert len(re.findall("data-row=.[0-9a-f]{64}", office.get(f"/queue?day={here}").text)) == len(held(parts))
    assert not re.findall("data-row=.[0-9a-f]{64}", office.get(f"/queue?day={at[:10]}").text)
    assert office.get("/queue?day=yesterday").status_code == 404
    filter = wanted(day=here)
    assert filter.since <= at < filter.before and filter.since[10:] == filter.before[10:]


def test_a_stack_is_withdrawn_by_a_second_act_also_one_of_which_nothing_is_held(
    office: TestClient, parts: Parts
) -> None:
    with parts.ledger.read() as r:
        stack = next(s for s in r.figures().receipts(100) if "filed" in s.states)
        left = [page.id for page, _ in r.queue().stack(stack.stack) if page.state != "filed"]
    for id in left:
        deciding.discard(parts, id, "ola", "test print")
    assert f"stack={stack.stack}" in unescape(office.get("/stacks").text).replace("%20", " ")
    where = "/stacks/withdraw"
    page = office.get(where, params={"stack": stack.stack}).text
    n = stack.states["filed"]
    assert re.search(rf"<dt>filed</dt><dd>{n}</dd>", page)
    told = {"token": token_of(page), "why": "wrong tray", "pages": str(n)}
    for less in ({}, {"sure": "yes", "pages": str(n + 1)}, {"sure": "yes", "why": " "}):
        answer = office.post(where, params={"stack": stack.stack}, data=told | less)
        assert answer.status_code == 409 and "Nothing was withdrawn yet" in answer.text
    answer = office.post(where, params={"stack": stack.stack, "text": "x"}, data=told | {"sure": "yes"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue?text=x")
    with parts.ledger.read() as r:
        after = r.figures().receipt(stack.stack)
    assert after is not None and after.states.get("withdrawn") == n and "filed" not in after.states
    assert "Nothing of it lies" in office.get(where, params={"stack": stack.stack}).text


def test_who_may_finds_the_way_from_receipts_and_lists_of_papers(office: TestClient, parts: Parts) -> None:
    with parts.ledger.read() as r:
        stack = r.figures().receipts(1)[0].stack
        filed = next(p for p in r.pages_in("filed"))
    sheet = office.get(f"/sheets/{filed.scan}/{filed.page}").text
    told = {"token": token_of(sheet), "seen": str(filed.event)}
    assert f"/sheets/{filed.scan}/{filed.page}/scan-again" in links(sheet)
    assert office.post(f"/sheets/{filed.scan}/{filed.page}/scan-again", data=told).status_code == 303
    assert f"/sheets/{filed.scan}/{filed.page}" in links(office.get("/receipts").text)
    assert "/stacks/withdraw" in office.get("/receipts/one", params={"stack": stack}).text
    sign_in(office, "operator")
    assert f"/sheets/{filed.scan}" not in office.get("/receipts").text
    assert "/stacks/withdraw" not in office.get("/receipts/one", params={"stack": stack}).text


def test_a_receipt_shows_noughts_too_and_renews_itself_while_its_stack_runs(
    office: TestClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(office, "operator")

    def receipt() -> str:
        return office.get("/receipts/one?stack=bunke+9").text

    scan = {
        "scan": "9" * 64,
        "file": "9.jpg",
        "stack": "bunke 9",
        "position": 1,
        "size": 9,
        "key": "originals/9",
        "holder": "1-a",
    }
    parts.ledger.write(lambda tx: tx.append("scan_taken_in", **scan))
    assert all(f"<dt>{state}</dt><dd>0</dd>" in receipt() for state in ("filed", "held", "blank"))
    monkeypatch.setattr(around, "_QUIET_MINUTES", 0)
    assert 'hx-trigger="every 2s"' in receipt(), "a file that nobody has opened"
    parts.ledger.write(lambda tx: tx.append("scan_unpacked", scan=scan["scan"], pages=1))
    assert 'hx-trigger="every 2s"' in receipt() and 'hx-trigger="every 5s"' in office.get("/receipts").text
    blank = {"reason": None, "evidence": "{}", "decided_by": None}
    parts.ledger.write(lambda tx: tx.append("page_blank", scan=scan["scan"], page=1, **blank))
    assert "hx-trigger" not in receipt() and "<dt>blank</dt><dd>1</dd>" in receipt()
    monkeypatch.setattr(around, "_QUIET_MINUTES", 2)
    assert 'hx-trigger="every 2s"' in receipt(), "more of it may come"


def test_the_imprinted_number_is_shown_and_found(office: TestClient, parts: Parts) -> None:
    with parts.ledger.read() as r:
        page, scan = r.queue().held(Filter(), 1)[0]
    number = re.search(r"(\d\d)-", scan.file.rpartition("/")[2])
    assert number is not None
    office.app.state.sources = (SourceSettings("a", scan.file.split("/")[0], imprint=r"(\d\d)-"),)  # type: ignore[attr-defined]
    assert f"imprinted number {number[1]}" in office.get(f"/sheets/{page.scan}/{page.page}").text
    assert page.scan in office.get(f"/queue?text={number[1]}-").text
    office.app.state.sources = ()  # type: ignore[attr-defined]
    assert "imprinted number" not in office.get(f"/sheets/{page.scan}/{page.page}").text


def test_a_language_is_the_person_s_in_every_browser(office: TestClient) -> None:
    other = TestClient(office.app, follow_redirects=False)
    sign_in(other, "exam_office")
    office.post("/language", data={"token": token_of(office.get("/queue").text), "language": "nb", "to": "/queue"})
    assert '<html lang="nb">' in other.get("/queue").text, "where they are signed in already"
    third = TestClient(office.app, follow_redirects=False)
    assert '<html lang="en">' in third.get("/sign-in").text
    assert '<html lang="nb">' in sign_in(third, "exam_office").get("/queue").text, "and where they come in later"
    cookies = dict(office.cookies)
    sign_in(office, "ola")
    office.cookies.set("language", cookies["language"])
    assert '<html lang="en">' in office.get("/queue").text, "another person in the same browser has not chosen it"
    office.post("/language", data={"token": token_of(office.get("/queue").text), "language": "en", "to": "/queue"})
    office.headers["Accept-Language"] = "nb"
    assert '<html lang="en">' in sign_in(office, "ola").get("/queue").text, (
        "a choice of the browser's own language, too"
    )
    assert '<html lang="nb">' in other.get("/queue").text


def test_a_language_outlasts_the_session(office: TestClient) -> None:
    page = office.get("/queue").text
    office.post("/language", data={"token": token_of(page), "language": "nb", "to": "/queue"})
    office.post("/sign-out", data={"token": token_of(page)})
    assert '<html lang="nb">' in office.get("/sign-in").text
    cookies = dict(office.cookies)
    sign_in(office, "exam_office")
    office.cookies.set("language", cookies["language"])
    assert '<html lang="nb">' in office.get("/queue").text
