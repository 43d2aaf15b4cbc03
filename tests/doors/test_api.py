"""The API for the grading system, asked over a real socket; and who is let in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.installation import Installation, install
from tests.serving import serving


@dataclass(frozen=True)
class Served:
    home: Installation
    url: str
    token: str
    other: str
    """A token that sees no test but the chemistry one."""

    def get(self, path: str, token: str | None = None, **headers: str) -> httpx2.Response:
        headers |= {"Authorization": f"Bearer {self.token if token is None else token}"}
        return httpx2.get(self.url + path, headers=headers)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("api")
    home = install(place / "data")
    home.run("tests", "add", "config/tests/chemistry.yaml")
    for i in range(2):
        (place / f"scan{i}.jpg").write_bytes(home.scan(i, skew_deg=0 if i else 1.0))
        home.run("ingest", str(place / f"scan{i}.jpg"))
    token = home.run("tokens", "add", "grading", "--scopes", "all").strip()
    other = home.run("tokens", "add", "other", "--scopes", "slots:read", "--tests", "KJ1001-2026H").strip()
    with serving(home, "up") as url:
        yield Served(home, url, token, other)


def slot_path(home: Installation, index: int) -> str:
    sheet = home.sheets[index]
    return f"/api/v1/tests/{sheet.test}/slots/{sheet.candidate}/{sheet.question}"


def test_a_slot_has_its_page_and_the_page_its_bytes(served: Served) -> None:
    slot = served.get(slot_path(served.home, 0)).json()
    assert (slot["state"], slot["printed"], slot["on_its_way"]) == ("complete", 1, 0)
    page = slot["pages"][0]
    assert page["serial"] == served.home.sheets[0].serial
    content = served.get(page["content"])
    assert hashlib.sha256(content.content).hexdigest() == page["sha256"]
    assert content.headers["content-type"] == "image/jpeg" and content.headers["etag"] == f'"{page["sha256"]}"'
    assert served.get(page["content"], **{"If-None-Match": content.headers["etag"]}).status_code == 304
    assert content.content == (served.home.data_dir / "objects" / page["key"]).read_bytes()


def test_a_slot_without_a_page_waits_and_one_without_sketches_expects_nothing(served: Served) -> None:
    assert served.get(slot_path(served.home, 5)).json()["state"] == "waiting"
    assert served.get("/api/v1/tests/ma0001-2026h/slots/10001/1").json()["state"] == "nothing_expected"


def test_events_are_numbered_and_asked_for_from_a_cursor(served: Served) -> None:
    first = served.get("/api/v1/events?limit=1").json()
    rest = served.get(f"/api/v1/events?after={first['next']}").json()
    events = first["events"] + rest["events"]
    assert [e["serial"] for e in events] == [s.serial for s in served.home.sheets[:2]]
    assert events[0]["id"] < events[1]["id"] == rest["next"]
    assert events[0]["slot"]["candidate"] == served.home.sheets[0].candidate
    again = served.get(f"/api/v1/events?after={rest['next']}").json()
    assert again == {"events": [], "next": rest["next"]}


def test_what_is_scanned_while_it_serves_is_there(served: Served) -> None:
    before = served.get("/api/v1/events").json()["next"]
    (served.home.settings.inbox_path / "late.jpg").write_bytes(served.home.scan(3))
    for _ in range(100):
        events = served.get(f"/api/v1/events?after={before}").json()["events"]
        if events:
            break
    else:
        pytest.fail("the page never came")
    assert served.get(slot_path(served.home, 3)).json()["pages"][0]["sha256"] == events[0]["sha256"]


@pytest.mark.parametrize("path", ["{slot}", "{slot}/pages/" + "0" * 64, "/api/v1/events"])
def test_nobody_comes_in_without_a_token(served: Served, path: str) -> None:
    url = path.format(slot=slot_path(served.home, 0))
    for token in ("sp", "sp_wrong", "x" * 5000):
        answer = served.get(url, token=token)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json" and answer.json()["code"] == "unauthorized"


def test_a_token_opens_what_its_scopes_and_tests_say(served: Served) -> None:
    assert served.get("/api/v1/events", token=served.other).status_code == 403
    foreign = served.get(slot_path(served.home, 0), token=served.other)
    missing = served.get("/api/v1/tests/NOPE/slots/1/1", token=served.other)
    assert foreign.status_code == missing.status_code == 404 and foreign.json() == missing.json()
    assert served.get("/api/v1/tests/KJ1001-2026H/slots/1/1", token=served.other).status_code == 404


def test_a_revoked_token_opens_nothing(served: Served) -> None:
    secret = served.home.run("tokens", "add", "brief", "--scopes", "events:read").strip()
    assert served.get("/api/v1/events", token=secret).status_code == 200
    served.home.run("tokens", "revoke", "brief")
    assert served.get("/api/v1/events", token=secret).status_code == 401
    listed = {t["name"]: t for t in served.home.lines("tokens", "list")}
    assert listed["brief"]["revoked"] and listed["brief"]["last_used"] and not listed["other"]["expires"]


def test_the_description_needs_no_token_and_names_every_route(served: Served) -> None:
    described = httpx2.get(f"{served.url}/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert {"/healthz", "/readyz", "/metrics"} < set(described["paths"]) and len(described["paths"]) == 28
    assert httpx2.get(f"{served.url}/healthz").json() == {"status": "ok"}


def test_no_secret_is_kept(served: Served) -> None:
    kept = b"".join(p.read_bytes() for p in served.home.data_dir.glob("ledger.db*"))
    assert served.token.encode() not in kept


def test_users_need_a_role_a_long_password_and_a_name_of_their_own(tmp_path: Path) -> None:
    home = install(tmp_path / "data")
    add = ("users", "add", "Kari Åsmund", "--role", "exam_office", "--password-stdin")
    assert home.call(*add, stdin="short\n").returncode == 2
    home.run(*add, stdin="a long enough password\n")
    assert home.call(*add, stdin="a long enough password\n").returncode == 6
    assert home.call("users", "add", "x", "--role", "king", "--password-stdin", stdin="a" * 20).returncode == 2
    assert [(u["name"], u["role"]) for u in home.lines("users", "list")] == [("Kari Åsmund", "exam_office")]
    assert home.call("tokens", "add", "x", "--scopes", "everything").returncode == 2
    assert home.call("tokens", "add", "x", "--scopes", "all", "--tests", "NOPE").returncode == 5
    home.run("verify")
