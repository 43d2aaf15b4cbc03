"""Every scope against every route of the API; tests of others; how often one may ask."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from scanpipe.desk import tokens
from scanpipe.desk.limiting import Limiter
from scanpipe.desk.locking import lock
from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import SCOPES, add_token, plan_token
from scanpipe.ledgers.accounts import Token
from scanpipe.web.api.door import ApiRules
from scanpipe.web.api.problems import PROBLEMS, ROOT
from scanpipe.wiring import open_parts
from tests.installation import ROOT as PROJECT
from tests.installation import Installation
from tests.programs.conftest import CHEMISTRY, MATHEMATICS, application, token

_SLOT = "/tests/{test}/slots/{candidate}/{question}"
_PAGE = f"{_SLOT}/pages/{{sha256}}"
OPENS = {
    "slots:read": {("GET", "/tests"), ("GET", "/tests/{test}/slots"), ("GET", _SLOT)},
    "content:read": {
        *((method, path) for method in ("GET", "HEAD") for path in (_PAGE, f"{_PAGE}/{{kind}}")),
        ("GET", f"{_SLOT}/pages.pdf"),
        ("GET", "/tests/{test}/candidates/{candidate}/pages.pdf"),
        ("GET", "/tests/{test}/pages.zip"),
        ("HEAD", f"{_SLOT}/pages.pdf"),
        ("HEAD", "/tests/{test}/candidates/{candidate}/pages.pdf"),
        ("HEAD", "/tests/{test}/pages.zip"),
    },
    "events:read": {("GET", "/events"), ("GET", "/events/stream")},
    "receipts:read": {("GET", "/receipts/{code}")},
    "expected:write": {("PUT", "/tests/{test}/declared/{candidate}/{question}")},
    "sheets:write": {("PUT", "/tests/{test}/bindings/{serial}")},
    "tests:write": {
        ("GET", "/tests/{test}"),
        ("PUT", "/tests/{test}"),
        ("GET", "/tests/{test}/codes"),
        ("POST", "/tests/{test}/codes"),
    },
    "links:write": {
        ("POST", "/tests/{test}/links"),
        ("GET", "/tests/{test}/links"),
        ("DELETE", "/tests/{test}/links/{link}"),
    },
    "locks:write": {("PUT", "/tests/{test}/lock"), ("DELETE", "/tests/{test}/lock")},
    "scans:write": {("POST", "/scans"), ("GET", "/scans/{sha256}")},
    "webhooks:write": {
        ("POST", "/webhooks"),
        ("GET", "/webhooks"),
        ("GET", "/webhooks/{webhook}"),
        ("DELETE", "/webhooks/{webhook}"),
    },
}
"""What each scope opens, and nothing else does."""
BY_LINK = {
    ("GET", "/hand-ins"),
    ("POST", "/hand-ins"),
    ("POST", "/hand-ins/files"),
    ("DELETE", "/hand-ins/files/{file}"),
}
"""What the secret of a link opens, and no token does."""
SOME = {
    "candidate": "10001",
    "question": "2a",
    "sha256": "0" * 64,
    "webhook": "0" * 16,
    "kind": "web",
    "code": "0" * 9,
    "serial": "0" * 8,
    "link": "0" * 24,
    "file": "0",
}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", "/tests/{test}"): {"content": b"{}", "headers": {"Content-Type": "application/json"}},
    ("PUT", "/tests/{test}/declared/{candidate}/{question}"): {
        "content": b'{"count": 1}',
        "headers": {"Content-Type": "application/json"},
    },
    ("PUT", "/tests/{test}/bindings/{serial}"): {
        "content": b'{"candidate": "10001"}',
        "headers": {"Content-Type": "application/json"},
    },
    ("POST", "/tests/{test}/codes"): {"content": b'{"codes": []}', "headers": {"Content-Type": "application/json"}},
    ("POST", "/tests/{test}/links"): {
        "content": b'{"links": [{"candidate": "10001", "question": "2a", "closes": "2030-01-01T00:00:00Z"}]}',
        "headers": {"Content-Type": "application/json"},
    },
    ("POST", "/webhooks"): {"json": {"test": "{test}", "url": "https://receiver.example/"}},
}


@pytest.fixture(scope="module")
def home(made: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    data_dir = tmp_path_factory.mktemp("authorisation") / "data"
    shutil.copytree(made.data_dir, data_dir)
    return replace(made, data_dir=data_dir)


@pytest.fixture(scope="module")
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


@pytest.fixture(scope="module")
def app(home: Installation, parts: Parts) -> TestClient:
    return application(home, parts)


@pytest.fixture(scope="module")
def ask(app: TestClient) -> Callable[..., Any]:
    def ask(route: tuple[str, str], secret: str | None, test: str) -> Any:
        path = re.sub(r"\{(\w+)\}", lambda m: ({"test": test} | SOME)[m[1]], route[1])
        told = {**BODIES.get(route, {})}
        if "json" in told:
            told["json"] = told["json"] | {"test": test}
        headers = told.pop("headers", {}) | ({"Authorization": f"Bearer {secret}"} if secret is not None else {})
        with app.stream(route[0], ROOT + path, headers=headers, **told) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return answer.status_code, None
            return answer.status_code, answer.read()

    return ask


ROUTES = sorted((route, scope) for scope, routes in OPENS.items() for route in routes)


def test_every_route_has_a_row_and_every_scope_its_own(app: TestClient) -> None:
    api = [r for r in app.app.routes if isinstance(r, APIRoute) and r.path.startswith(f"{ROOT}/")]  # type: ignore[attr-defined]
    assert {route for route, _ in ROUTES} | BY_LINK == {(m, r.path.removeprefix(ROOT)) for r in api for m in r.methods}
    assert set(OPENS) == set(SCOPES)


@pytest.fixture(scope="module")
def secrets(parts: Parts) -> dict[str, str]:
    found = {scope: token(parts, scope, tests=(CHEMISTRY,)) for scope in SCOPES}
    return found | {"none": add_token(parts, Token("none", "", "", "", "2026-01-01"), "test")}


@pytest.mark.parametrize(("route", "scope"), ROUTES, ids=lambda x: " ".join(x) if isinstance(x, tuple) else x)
def test_each_scope_opens_its_routes_alone(
    ask: Callable[..., Any], secrets: dict[str, str], route: tuple[str, str], scope: str
) -> None:
    if route[1] == "/events/stream":
        pytest.skip("never ends: its door is asked in test_a_stream_has_a_door")
    for other, secret in secrets.items():
        status, _ = ask(route, secret, CHEMISTRY)
        assert (status not in (401, 403)) if other == scope else (status == 403), (other, status)
    for wrong in (None, "", "sp_wrong", "a.b.c"):
        assert ask(route, wrong, CHEMISTRY)[0] in (401, 429)


@pytest.mark.parametrize("route", sorted(BY_LINK))
def test_no_token_opens_what_a_link_opens(
    ask: Callable[..., Any], secrets: dict[str, str], route: tuple[str, str]
) -> None:
    for secret in (*secrets.values(), None, "", "spl_wrong"):
        assert ask(route, secret, CHEMISTRY)[0] in (401, 429)


def test_a_stream_has_a_door(ask: Callable[..., Any], secrets: dict[str, str]) -> None:
    for other, secret in secrets.items():
        if other != "events:read":
            assert ask(("GET", "/events/stream"), secret, CHEMISTRY)[0] == 403
    assert ask(("GET", "/events/stream"), None, CHEMISTRY)[0] in (401, 429)


@pytest.mark.parametrize(("route", "scope"), [r for r in ROUTES if "{test}" in r[0][1] or r[0] in BODIES])
def test_a_test_of_others_answers_as_one_that_does_not_exist(
    ask: Callable[..., Any], secrets: dict[str, str], route: tuple[str, str], scope: str
) -> None:
    theirs, none = ask(route, secrets[scope], MATHEMATICS), ask(route, secrets[scope], "NONE-1")
    assert theirs == none and theirs[0] == 404


def test_lists_leave_out_what_is_of_others(parts: Parts, ask: Callable[..., Any], secrets: dict[str, str]) -> None:
    lock(parts, MATHEMATICS, "kari")
    assert MATHEMATICS.encode() not in ask(("GET", "/tests"), secrets["slots:read"], CHEMISTRY)[1]
    assert MATHEMATICS.encode() not in ask(("GET", "/events"), secrets["events:read"], CHEMISTRY)[1]
    assert MATHEMATICS.encode() in ask(("GET", "/events"), token(parts, "events:read"), CHEMISTRY)[1]


def test_a_token_whose_time_is_over_opens_nothing(
    home: Installation, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = application(home, parts)  # of its own: the other one has refused so many that it refuses to listen
    short = add_token(parts, plan_token("short", ["slots:read"], [], 1), "test")
    ask = partial(app.get, f"{ROOT}/tests", headers={"Authorization": f"Bearer {short}"})
    end = datetime.now(UTC) + timedelta(days=1)
    for later, status in ((timedelta(minutes=-1), 200), (timedelta(0), 401), (timedelta(days=400), 401)):
        monkeypatch.setattr(tokens, "_now", lambda at=end + later: at.isoformat(timespec="seconds"))
        assert ask().status_code == status, later


def test_a_token_asks_as_often_as_it_may_and_is_told_when_to_come_again(home: Installation, parts: Parts) -> None:
    app = application(home, parts, ApiRules(requests_per_minute=60, burst=3))
    bearers = [{"Authorization": f"Bearer {token(parts, 'slots:read')}"} for _ in range(2)]
    answers = [app.get(f"{ROOT}/tests", headers=bearers[0]) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"token";q=3;w=3'
    assert [a.headers["ratelimit"].partition(";t")[0] for a in answers] == [f'"token";r={n}' for n in (2, 1, 0, 0)]
    assert answers[3].json()["code"] == "too_many_requests" and answers[3].headers["retry-after"] == "1"
    assert app.get(f"{ROOT}/tests", headers=bearers[1]).status_code == 200, "each token for itself"


def test_whoever_guesses_is_slowed_down_and_shuts_nobody_else_out(home: Installation, parts: Parts) -> None:
    app = application(home, parts)
    wrong = [app.get(f"{ROOT}/tests", headers={"Authorization": f"Bearer sp_{n}"}) for n in range(40)]
    assert [a.status_code for a in wrong] == [401] * 30 + [429] * 10 and int(wrong[-1].headers["retry-after"]) >= 1
    good = {"Authorization": f"Bearer {token(parts, 'slots:read')}"}
    assert app.get(f"{ROOT}/tests", headers=good).status_code == 200


def test_a_bucket_fills_again_and_never_above_its_rim() -> None:
    now = 0.0
    limiter = Limiter(60, 2, lambda: now)
    assert [limiter.take("a").wait_s for _ in range(3)] == [0.0, 0.0, 1.0]
    now = 0.5
    assert limiter.take("a").wait_s == pytest.approx(0.5)
    now = 1000.0
    assert [limiter.take("a").left for _ in range(2)] == [1, 0] and limiter.take("a").wait_s
    for n in range(10_001):
        limiter.take(str(n))
    assert len(limiter._buckets) == 10_000
    limiter = Limiter(60, 1, lambda: now)
    assert not any(limiter.take("b", 0).wait_s for _ in range(3)) and not limiter.take("b").wait_s
    assert limiter.take("b", 0).wait_s == 1.0, "a look takes nothing, and tells that nothing is left"
    assert Limiter(0, 1).take("a").wait_s == Limiter(0, 1).take("a").wait_s == 0.0


@pytest.mark.parametrize("path", [ROOT, f"{ROOT}/", f"{ROOT}/none"])
def test_an_address_of_the_api_that_there_is_not_is_a_problem_and_no_page(app: TestClient, path: str) -> None:
    for method in ("GET", "POST"):
        answer = app.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert answer.json()["code"] == "not_found"
    assert app.get(f"{ROOT}x").headers["content-type"].startswith("text/html")


def test_every_problem_is_documented_with_its_status() -> None:
    told = (PROJECT / "docs/api-problems.md").read_text(encoding="utf-8")
    rows = {m[1]: (int(m[2]), m[3].strip()) for m in re.finditer(r"^\| `(\w+)` \| (\d+) \| ([^|]+) \|", told, re.M)}
    assert rows == dict(PROBLEMS)


def test_every_scope_and_its_routes_are_documented() -> None:
    told = (PROJECT / "docs/api-writing.md").read_text(encoding="utf-8")
    rows = {m[1]: m[2] for m in re.finditer(r"^\| `(\w+:\w+)` \| (.+) \|$", told, re.M)}
    assert set(rows) == set(SCOPES)
    for scope, routes in OPENS.items():
        listed = set(re.findall(r"`([A-Z]+) (\S+)`", rows[scope]))
        assert listed == routes, scope


def test_nothing_of_a_token_is_in_the_ledger(home: Installation, secrets: dict[str, str]) -> None:
    kept = b"".join(Path(p).read_bytes() for p in home.data_dir.glob("ledger.db*"))
    assert not any(secret.encode() in kept for secret in secrets.values())
