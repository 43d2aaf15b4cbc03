"""Sign-in by a real OpenID Connect provider: in, refused, and out again when the role is taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused
from scanpipe.identity import Departure, IdentityProvider, ProviderRules
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from tests.browser import chromium
from tests.installation import Installation
from tests.oidc_server import CLIENT, OidcServer, free_port, oidc_server
from tests.serving import serving

BACK = "http://testserver/sign-in/back"


@pytest.fixture(scope="module")
def server() -> Iterator[OidcServer]:
    with oidc_server(free_port(), BACK) as server:
        yield server


@pytest.fixture(autouse=True)
def usual(server: OidcServer) -> None:
    server.tell(name="kari", roles=["exam-staff"])
    server.tell(clock_s=0, revoke=False)


def rules(server: OidcServer, recheck_s: float = 600.0) -> ProviderRules:
    roles = {"exam-staff": "exam_office", "print-room": "planner"}
    scopes = "openid profile offline_access"
    return ProviderRules(
        server.issuer, *CLIENT, scopes, "preferred_username", "roles", roles, "The university", recheck_s
    )


def application(parts: Parts, rules: ProviderRules) -> TestClient:
    site = Site(resume=lambda scans: None, provider=IdentityProvider(rules))
    return TestClient(make_app(parts, Meter(), site), follow_redirects=False)


def out(app: TestClient) -> str:
    """Where the person is sent."""
    answer = app.get("/sign-in/provider?to=/queue")
    assert answer.status_code == 303
    return answer.headers["location"]


def events(parts: Parts, kind: str) -> list[str]:
    with parts.ledger.read() as r:
        return [e.data for e in r.events_of(kind)]


def test_in_with_the_role_that_the_claim_says(server: OidcServer, parts: Parts) -> None:
    app = application(parts, rules(server))
    assert "The university" in app.get("/sign-in").text
    address = out(app)
    asked = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
    assert asked["code_challenge_method"] == "S256" and asked["state"] and asked["nonce"]
    assert CLIENT[1] not in address
    answer = app.get(server.sign_in(address, "kari"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")
    assert app.get("/queue").status_code == 200
    assert "kari" in app.get("/queue").text
    assert '"name":"kari"' in events(parts, "signed_in")[-1]


def test_the_language_of_a_person_comes_along(server: OidcServer, parts: Parts) -> None:
    first, second = application(parts, rules(server)), application(parts, rules(server))
    first.get(server.sign_in(out(first), "kari"))
    token = re.search(r'name="token" value="([^"]+)"', first.get("/queue").text)
    assert token and first.post("/language", data={"token": token[1], "language": "nb"}).status_code == 303
    second.get(server.sign_in(out(second), "kari"))
    assert '<html lang="nb">' in second.get("/queue").text


def test_who_has_no_role_does_not_come_in(server: OidcServer, parts: Parts) -> None:
    server.tell(name="per", roles=["student"])
    app = application(parts, rules(server))
    answer = app.get(server.sign_in(out(app), "per"))
    assert answer.status_code == 403 and "no role here" in answer.text
    assert app.get("/queue").status_code == 303
    assert '"per"' in events(parts, "sign_in_failed")[-1]


def test_a_wrong_state_another_browser_and_a_code_used_twice(server: OidcServer, parts: Parts) -> None:
    app = application(parts, rules(server))
    back = server.sign_in(out(app), "kari")
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert app.get(back.replace(state, "x" * len(state))).status_code == 403
    back = server.sign_in(out(app), "kari")
    assert application(parts, rules(server)).get(back).status_code == 400, "a browser that did not go out"
    assert app.get(back).status_code == 303
    way = app.cookies.get("scanpipe-way")
    assert way is None, "the way back works once"
    assert app.get(f"/sign-in/back?error=access_denied&state={state}").status_code == 400


def test_an_expired_token_another_issuer_audience_or_nonce(server: OidcServer, parts: Parts) -> None:
    app = application(parts, rules(server))
    back = server.sign_in(out(app), "kari")
    server.tell(clock_s=-7200)
    assert app.get(back).status_code == 403, "what it signs now ended an hour ago"
    server.tell(clock_s=0)
    provider = IdentityProvider(rules(server))
    for wrong, told in (({"nonce": "other"}, "trusted"), ({"verifier": "v" * 43}, "accept")):
        departure = provider.begin(BACK)
        with pytest.raises(Refused, match=told):
            provider.arrive(BACK, replace(departure, **wrong), said_on_return(server, departure))
    departure = provider.begin(BACK)
    with pytest.raises(Refused, match="another provider"):
        provider.arrive(BACK, departure, said_on_return(server, departure) | {"iss": "https://elsewhere.example"})
    stranger = IdentityProvider(replace(rules(server), client_id="somebody else"))
    stranger._known = provider._known
    departure = provider.begin(BACK)
    with pytest.raises(Refused):
        stranger.arrive(BACK, departure, said_on_return(server, departure))


def said_on_return(server: OidcServer, departure: Departure) -> dict[str, str]:
    """The query of the way back."""
    return {k: v[0] for k, v in parse_qs(urlsplit(server.sign_in(departure.url, "kari")).query).items()}


def test_a_role_that_is_taken_away_during_a_session(server: OidcServer, parts: Parts) -> None:
    app = application(parts, rules(server, recheck_s=0.0))
    app.get(server.sign_in(out(app), "kari"))
    assert app.get("/queue").status_code == 200
    server.tell(name="kari", roles=["print-room"])
    assert app.get("/queue").status_code in (200, 404), "the role is another one from the next request on"
    assert app.get("/packs").status_code == 404
    server.tell(name="kari", roles=[])
    app.get("/")
    assert app.get("/").headers["location"].startswith("/sign-in")
    assert "gives no role any more" in events(parts, "signed_out")[-1]


def test_an_account_that_is_ended_at_the_provider(server: OidcServer, parts: Parts) -> None:
    app = application(parts, rules(server, recheck_s=0.0))
    app.get(server.sign_in(out(app), "kari"))
    server.tell(revoke=True)
    app.get("/queue")
    assert app.get("/queue").status_code == 303


def test_a_provider_that_is_away(parts: Parts) -> None:
    port = free_port()
    with oidc_server(port, BACK) as server:
        server.tell(name="kari", roles=["exam-staff"])
        app = application(parts, rules(server, recheck_s=0.0))
        app.get(server.sign_in(out(app), "kari"))
    assert app.get("/queue").status_code == 200, "who is in stays in"
    other = application(parts, rules(server))
    assert other.get("/sign-in/provider").status_code == 503
    assert other.get("/sign-in").status_code == 200, "accounts of our own work on"


def test_nothing_of_the_grant_can_be_read_in_the_ledger(server: OidcServer, home: Installation, parts: Parts) -> None:
    app = application(parts, rules(server))
    app.get(server.sign_in(out(app), "kari"))
    rows = [str(e) for kind in ("signed_in", "signed_out") for e in events(parts, kind)]
    assert not any("access_token" in row for row in rows)
    ledger = b"".join(p.read_bytes() for p in home.data_dir.glob("ledger.db*"))
    assert b"access_token" not in ledger and CLIENT[1].encode() not in ledger


def test_in_a_browser(home: Installation) -> None:
    port = free_port()
    settings = {
        "SCANPIPE__OIDC__ISSUER": f"http://127.0.0.1:{port}",
        "SCANPIPE__OIDC__CLIENT_SECRET": CLIENT[1],
        "SCANPIPE__OIDC__ROLES": "exam-staff = exam_office",
        "SCANPIPE__OIDC__LABEL": "Universitetet",
    }
    with (
        serving(home, **settings) as url,
        oidc_server(port, f"{url}/sign-in/back") as server,
        chromium() as browser,
    ):
        server.tell(name="kari", roles=["exam-staff"])
        page = browser.new_context(locale="en").new_page()
        page.goto(f"{url}/queue")
        page.click("text=Sign in by Universitetet")
        page.fill("[name=login]", "kari")
        page.fill("[name=password]", "any")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/queue")
        assert "to look at" in page.inner_text("h1")
        page.click("text=Sign out kari")
        page.wait_for_url(f"{url}/sign-in")
