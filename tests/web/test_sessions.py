"""Sessions and proxies, against `scanpipe serve` as it runs: a session ends when it should, and headers are believed when set."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx2 as httpx
import pytest

from scanpipe.desk.parts import Parts
from scanpipe.desk.people import Wish, add_user, change_user
from scanpipe.wiring import open_parts
from tests.installation import Installation
from tests.serving import serving
from tests.web.conftest import PASSWORD

RULES = {"SCANPIPE__WEB__IDLE_MINUTES": "5", "SCANPIPE__WEB__SESSION_HOURS": "2"}
THROUGH = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """With one person."""
    base = tmp_path_factory.mktemp("sessions")
    home = Installation(base / "data", base / "none.pdf", ())
    with open_parts(home.settings) as parts:
        add_user(parts, "kari", "exam_office", PASSWORD, "test")
    return home


@pytest.fixture(scope="module")
def served(home: Installation) -> Iterator[str]:
    with serving(home, **RULES) as url:
        yield url


@pytest.fixture
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


@pytest.fixture
def client(served: str) -> Iterator[httpx.Client]:
    """Signed in."""
    with httpx.Client(base_url=served, timeout=60) as client:
        assert sign_in(client).status_code == 303
        assert client.get("/queue").status_code == 200
        yield client


def sign_in(client: httpx.Client, **headers: str) -> httpx.Response:
    return client.post("/sign-in", data={"name": "kari", "password": PASSWORD}, headers=headers)


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="seconds")


def mark(parts: Parts, client: httpx.Client, **columns: str) -> None:
    """Sets what the ledger knows of the session: nobody waits five minutes here."""
    digest = hashlib.sha256(client.cookies["scanpipe"].encode()).hexdigest()
    parts.ledger.write(lambda tx: tx.sessions().mark(digest, **columns))


def is_in(client: httpx.Client) -> bool:
    answer = client.get("/queue")
    assert answer.status_code in (200, 303) and (answer.status_code == 200 or "/sign-in" in answer.headers["location"])
    return answer.status_code == 200


def test_unused_it_ends_and_does_not_come_back(client: httpx.Client, parts: Parts) -> None:
    mark(parts, client, seen=ago(4.5))
    assert is_in(client)
    mark(parts, client, seen=ago(4.5))
    assert is_in(client), "it was used"
    mark(parts, client, seen=ago(5.5))
    assert not is_in(client)
    mark(parts, client, seen=ago(0))
    assert not is_in(client), "it is gone, not asleep"


def test_it_ends_however_much_it_is_used(client: httpx.Client, parts: Parts) -> None:
    mark(parts, client, made=ago(119))
    assert is_in(client)
    mark(parts, client, made=ago(121), seen=ago(0))
    assert not is_in(client)


def test_a_role_that_is_taken_away_is_gone_with_the_next_click(client: httpx.Client, parts: Parts) -> None:
    change_user(parts, "kari", Wish("reporter"), "test")
    try:
        assert client.get("/queue").status_code == 404 and client.get("/overview").status_code == 200
    finally:
        change_user(parts, "kari", Wish("exam_office"), "test")
    assert is_in(client)


def test_signing_out_ends_the_session_and_only_that(client: httpx.Client, served: str) -> None:
    token = re.search(r'name="token" value="([^"]+)"', client.get("/queue").text)
    assert token is not None
    cookie = client.cookies["scanpipe"]
    with httpx.Client(base_url=served, timeout=60) as other:
        sign_in(other)
        assert client.post("/sign-out", data={"token": token[1]}).status_code == 303
        client.cookies.set("scanpipe", cookie)
        assert not is_in(client) and is_in(other)


@pytest.mark.parametrize(("proxies", "believed"), [("", False), ("203.0.113.1", False), ("127.0.0.1", True)])
def test_a_proxy_is_believed_only_where_it_is_set(home: Installation, proxies: str, believed: bool) -> None:
    """What it says of TLS marks the cookie, and what it says of the caller's address counts wrong passwords."""
    with serving(home, SCANPIPE__WEB__PROXIES=proxies) as url, httpx.Client(base_url=url, timeout=60) as client:
        answer = sign_in(client, **THROUGH)
        assert answer.status_code == 303
        assert ("secure" in answer.headers["set-cookie"].lower()) is believed
        codes = [guess(client, n).status_code for n in range(14)]
        assert (429 in codes) is not believed, "many addresses, or one"


def guess(client: httpx.Client, n: int) -> httpx.Response:
    """A wrong password of another name, from an address of its own by what the header says."""
    from_there = {**THROUGH, "X-Forwarded-For": f"203.0.113.{n + 20}"}
    return client.post("/sign-in", data={"name": f"n{n}", "password": "x"}, headers=from_there)
