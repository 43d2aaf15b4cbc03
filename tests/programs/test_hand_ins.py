"""The exam system gives out links, and hands in by them on behalf of candidates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from scanpipe.desk.parts import Parts
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_uploads
from tests.home_exams import Home, picture
from tests.installation import Installation
from tests.programs.conftest import CHEMISTRY, MATHEMATICS, Caller

LINKS = f"/api/v1/tests/{MATHEMATICS}/links"


@pytest.fixture
def at_home(home: Installation, parts: Parts) -> Home:
    return Home(home, parts)


@pytest.fixture
def app(home: Installation, parts: Parts, at_home: Home) -> Iterator[TestClient]:
    site = Site(lambda scans: None, uploads=open_uploads(home.settings), desk=at_home.desk)
    yield TestClient(make_app(parts, Meter(), site))


def wish(minutes: float = 60, **told: Any) -> dict[str, Any]:
    closes = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    return {"candidate": "10001", "question": "2A", "closes": closes} | told


class Hands:
    """A candidate's link, in the hands of the exam system."""

    def __init__(self, app: TestClient, secret: str) -> None:
        self._app, self._headers = app, {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str = "", **told: Any) -> httpx2.Response:
        headers = self._headers | told.pop("headers", {})
        return self._app.request(method, f"/api/v1/hand-ins{path}", headers=headers, **told)

    def add(self, name: str, body: bytes) -> httpx2.Response:
        return self("POST", "/files", content=body, headers={"File-Name": name})


@pytest.fixture
def hands(caller: Callable[..., Caller], app: TestClient) -> Hands:
    given = caller("links:write")("POST", LINKS, json={"links": [wish()]})
    assert given.status_code == 201
    return Hands(app, given.json()["links"][0]["secret"])


def test_a_link_is_given_out_used_listed_and_ended(caller: Callable[..., Caller], app: TestClient) -> None:
    system = caller("links:write", tests=[MATHEMATICS])
    (given,) = system("POST", LINKS, json={"links": [wish(grace_minutes=5)]}).json()["links"]
    assert given["question"] == "2a" and given["path"] == f"/hand-in#{given['secret']}"
    (known,) = system("GET", LINKS).json()["links"]
    assert (known["id"], known["grace_minutes"], known["handed_in"], known["ended"]) == (given["id"], 5, 0, None)
    assert "secret" not in known and given["secret"] not in str(known)
    by_link = Hands(app, given["secret"])
    assert by_link("GET").json()["standing"] == "open"
    assert system("DELETE", f"{LINKS}/{given['id']}").status_code == 204
    assert by_link("GET").status_code == 401 and by_link.add("a.jpg", picture(1)).status_code == 401
    assert system("GET", LINKS).json()["links"][0]["ended"] is not None


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (wish(candidate="99999"), 422),
        (wish(question="nope"), 422),
        (wish(closes="2026-12-01T14:00:00"), 422),
        (wish(closes="tomorrow"), 422),
        (wish(grace_minutes=-1), 422),
        (wish(minutes=-1), 422),
        (wish(most_pages=0), 422),
        (wish(secret="mine"), 422),
    ],
)
def test_no_link_is_given_out_for_what_there_is_not(
    caller: Callable[..., Caller], parts: Parts, told: dict[str, Any], status: int
) -> None:
    assert caller("links:write")("POST", LINKS, json={"links": [wish(), told]}).status_code == status
    with parts.ledger.read() as r:
        assert r.links().of_test(MATHEMATICS) == [], "all or none"


def test_only_who_may_gives_links_and_only_of_its_tests(caller: Callable[..., Caller]) -> None:
    body = {"links": [wish()]}
    assert caller("tests:write")("POST", LINKS, json=body).status_code == 403
    stranger = caller("links:write", tests=[CHEMISTRY])
    for method, path in (("POST", LINKS), ("GET", LINKS), ("DELETE", f"{LINKS}/{'0' * 24}")):
        told = {"json": body} if method == "POST" else {}
        assert stranger(method, path, **told).status_code == 404
    (given,) = caller("links:write")("POST", LINKS, json=body).json()["links"]
    elsewhere = f"/api/v1/tests/{CHEMISTRY}/links/{given['id']}"
    assert stranger("DELETE", elsewhere).status_code == 404, "a link of another test"


def test_files_are_added_put_in_order_handed_in_and_receipted(hands: Hands, at_home: Home) -> None:
    one, two = picture(1), picture(2)
    for n, body in enumerate((one, two)):
        added = hands.add(f"s%C3%B8k {n}.jpg", body)
        assert added.status_code == 201
        assert added.json() == {"draft": 1, "file": n, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    assert hands.add("s%C3%B8k 0.jpg", one).json()["file"] == 0, "the same one again"
    state = hands("GET").json()
    assert [(f["name"], f["pages"]) for f in state["files"]] == [("søk 0.jpg", 1), ("søk 1.jpg", 1)]
    assert all(isinstance(f["advice"], list) for f in state["files"]) and state["draft"] == 1
    wrong = hands("POST", json={"draft": 1, "files": [0]})
    assert wrong.status_code == 409 and hands("GET").json()["handed_in"] == []
    done = hands("POST", json={"draft": 1, "files": [1, 0]})
    assert done.status_code == 201 and done.json()["late"] is False
    digests = [hashlib.sha256(body).hexdigest() for body in (two, one)]
    assert [f["sha256"] for f in done.json()["files"]] == digests
    assert hands("POST", json={"draft": 1, "files": [1, 0]}).json() == done.json(), "sent twice"
    at_home.work_off()
    assert [page.scan for page in at_home.slot()] == digests
    assert hands("GET").json()["handed_in"] == [done.json()] and hands("GET").json()["draft"] == 2


def test_a_file_is_taken_out_and_the_next_version_replaces_the_first(hands: Hands, at_home: Home) -> None:
    hands.add("a.jpg", picture(1))
    hands("POST", json={"draft": 1, "files": [0]})
    at_home.work_off()
    for draft, status in ((1, 409), (2, 204), (2, 404)):
        assert hands("DELETE", "/files/0", params={"draft": draft}).status_code == status
    assert hands("POST", json={"draft": 2, "files": []}).status_code == 409, "nothing is in it"
    assert hands.add("b.jpg", picture(2)).json()["draft"] == 2
    old = hands("POST", json={"draft": 1, "files": [0, 1]})
    assert (old.status_code, old.json()["code"]) == (409, "overtaken"), "no receipt for something else"
    assert hands("POST", json={"draft": 2, "files": [1]}).json()["version"] == 2
    at_home.work_off()
    assert len(at_home.slot()) == 1 and len(at_home.pages("replaced")) == 1


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [("a.exe", b"x", 409), ("a.jpg", b"", 409), (None, b"x", 422), ("a.jpg", bytes(201), 413)],
)
def test_what_is_not_taken(
    hands: Hands, at_home: Home, name: str | None, body: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if status == 413:
        body = body * 10**6
    answer = hands("POST", "/files", content=body, headers={} if name is None else {"File-Name": name})
    assert answer.status_code == status and hands("GET").json()["files"] == []


def test_a_file_that_was_handed_in_for_another_place_is_refused_at_once(hands: Hands, at_home: Home) -> None:
    at_home.hand_in(at_home.link("10002"), picture(1))
    refused = hands.add("a.jpg", picture(1))
    assert refused.status_code == 409 and "another place: a.jpg" in refused.json()["detail"]
    assert hands("GET").json()["files"] == []


def test_a_late_one_says_so_in_its_receipt(app: TestClient, at_home: Home) -> None:
    late = Hands(app, at_home.secret(minutes=-20))
    assert late("GET").json()["standing"] == "late"
    late.add("a.jpg", picture(1))
    assert late("POST", json={"draft": 1, "files": [0]}).json()["late"] is True
    at_home.work_off()
    assert at_home.slot() == [] and [p.reason for p in at_home.pages("held")] == ["after_deadline"]
