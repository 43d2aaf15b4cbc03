"""Programs that come in by access tokens of a real OpenID Connect provider, and everything that is not quite one."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from scanpipe.access import AccessRules, AccessTokens
from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import SCOPES
from scanpipe.faults import ConfigFault
from scanpipe.identity import IdentityProvider, ProviderRules
from scanpipe.telling.meter import Meter
from scanpipe.web.api.door import ApiRules
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from tests.oidc_server import CLIENT, OidcServer, free_port, oidc_server

AUDIENCE = "https://scanpipe.example/api"
RULES = AccessRules(AUDIENCE, "scope", "scanpipe_tests")
SLOT = "/api/v1/tests/MA0001-2026H/slots/10001/2a"


@pytest.fixture(scope="module")
def server() -> Iterator[OidcServer]:
    with oidc_server(free_port(), "http://testserver/sign-in/back") as server:
        yield server


@pytest.fixture(autouse=True)
def usual(server: OidcServer) -> None:
    server.tell(clock_s=0, tests=["ma0001-2026h"])


def provider(server: OidcServer) -> IdentityProvider:
    return IdentityProvider(ProviderRules(server.issuer, *CLIENT, "openid", "name", "roles", {}, "", 600.0))


@pytest.fixture
def access(server: OidcServer) -> AccessTokens:
    return AccessTokens(provider(server), RULES)


@pytest.fixture
def app(parts: Parts, access: AccessTokens) -> TestClient:
    return TestClient(make_app(parts, Meter(), Site(lambda scans: None), ApiRules(access=access)))


def get(app: TestClient, path: str, token: str) -> Any:
    return app.get(path, headers={"Authorization": f"Bearer {token}"})


def test_in_with_the_scopes_and_tests_that_the_claims_say(server: OidcServer, app: TestClient) -> None:
    token = server.access_token("slots:read", AUDIENCE)
    assert get(app, SLOT, token).status_code == 200
    assert get(app, "/api/v1/events", token).status_code == 403
    server.tell(tests=["OTHER-1"])
    assert get(app, SLOT, server.access_token("slots:read", AUDIENCE)).status_code == 404


@pytest.mark.parametrize(
    ("claim", "tests"),
    [
        ([], "-"),
        ("", "-"),
        (7, "-"),
        ("*", ""),
        (["a1", "b2"], "A1,B2"),
        ("a1 b2", "A1,B2"),
    ],
)
def test_a_claim_without_tests_opens_none(server: OidcServer, access: AccessTokens, claim: Any, tests: str) -> None:
    server.tell(tests=claim)
    found = access.admit(server.access_token("slots:read events:read", AUDIENCE), SCOPES)
    assert found is not None
    assert (found.tests, found.scopes, found.who) == (tests, "slots:read,events:read", "grading (OAuth)")


def test_no_claim_of_tests_is_none_of_them_unless_the_settings_ask_for_none(server: OidcServer) -> None:
    server.tell(tests=None)
    token = server.access_token("slots:read", AUDIENCE)
    for claim, tests in (("scanpipe_tests", "-"), ("", "")):
        found = AccessTokens(provider(server), replace(RULES, tests_claim=claim)).admit(token, SCOPES)
        assert found is not None and found.tests == tests


def test_another_audience_another_issuer_and_what_has_ended(server: OidcServer, access: AccessTokens) -> None:
    assert access.admit(server.access_token("slots:read", AUDIENCE), SCOPES) is not None
    assert access.admit(server.access_token("slots:read", f"{AUDIENCE}/other"), SCOPES) is None
    stranger = AccessTokens(provider(server), RULES)
    metadata = {**stranger._provider._metadata(), "issuer": "https://elsewhere.example"}
    stranger._provider._known = (time.monotonic(), metadata, stranger._provider._keys())
    assert stranger.admit(server.access_token("slots:read", AUDIENCE), SCOPES) is None
    server.tell(clock_s=-7200)
    assert access.admit(server.access_token("slots:read", AUDIENCE), SCOPES) is None, "it ended an hour ago"
    server.tell(clock_s=7200)
    assert access.admit(server.access_token("slots:read", AUDIENCE), SCOPES) is None, "it is of the time to come"


def test_what_the_provider_has_not_signed(server: OidcServer, access: AccessTokens) -> None:
    good = server.access_token("slots:read", AUDIENCE)
    head, body, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    public = json.dumps(access._provider._keys()["keys"][0]).encode()
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    none = base64.urlsafe_b64encode(json.dumps(header | {"alg": "none"}).encode()).rstrip(b"=").decode()
    for forged in (
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{none}.{body}.",
        jwt.encode(header | {"alg": "HS256"}, claims, OctKey.import_key(public), algorithms=["HS256"]),
        jwt.encode(header | {"alg": "ES256"}, claims, ECKey.generate_key("P-256"), algorithms=["ES256"]),
        "a.b.c",
        "..",
        "x" * 20_000 + "..",
    ):
        assert access.admit(forged, SCOPES) is None
    assert access.admit(good, SCOPES) is not None


def test_new_keys_of_the_provider_are_fetched_but_not_for_every_stranger(parts: Parts) -> None:
    port = free_port()
    with oidc_server(port, "http://testserver/back") as before:
        access = AccessTokens(provider(before), RULES)
        old = before.access_token("slots:read", AUDIENCE)
        assert access.admit(old, SCOPES) is not None
    with oidc_server(port, "http://testserver/back") as after:
        new = after.access_token("slots:read", AUDIENCE)
        assert access.admit(new, SCOPES) is None, "the keys are fresh: nobody is asked"
        known = access._provider._known
        assert known is not None
        access._provider._known = (known[0] - 60.0, *known[1:])
        assert access.admit(new, SCOPES) is not None
        assert access.admit(old, SCOPES) is None


def test_a_provider_that_is_away_is_no_defect_and_our_own_tokens_go_on(parts: Parts) -> None:
    with oidc_server(free_port(), "http://testserver/back") as server:
        access = AccessTokens(provider(server), RULES)
        token = server.access_token("slots:read", AUDIENCE)
    app = TestClient(make_app(parts, Meter(), Site(lambda scans: None), ApiRules(access=access)))
    answer = get(app, SLOT, token)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert get(app, SLOT, "sp_wrong").status_code == 401


def test_the_audience_is_never_that_of_people(server: OidcServer) -> None:
    with pytest.raises(ConfigFault, match="same as"):
        AccessTokens(provider(server), replace(RULES, audience=CLIENT[0]))
