"""Every role against every route, both directions; and what the door does with those who may not."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from scanpipe.desk import deciding
from scanpipe.desk.parts import Parts
from scanpipe.desk.people import ROLES
from scanpipe.desk.uploads import UploadedFile
from scanpipe.web.pages.entrance import Patience
from scanpipe.web.rules import BY_LINK, MAY, OPEN
from tests.installation import MATHEMATICS, ROOT
from tests.web.conftest import PASSWORD, sign_in

NOT_PAGES = re.compile(r"/api/v1/|/healthz$|/readyz$|/metrics$")
SCAN = "0" * 64
SOME = {"scan": SCAN, "page": "1", "size": "large", "digest": "0" * 12, "test": "MA0001-2026H"}
SOME |= {
    "candidate": "10001",
    "question": "2a",
    "number": "1",
    "decision": "1",
    "name": "scanpipe.css",
    "batch": "0" * 32,
    "n": "0",
}
SOME |= {"draft": "0" * 32}
STREAM = "queue_changes"
"""It does not end; tests/web/test_listening.py listens to it."""


def all_pages(app: TestClient) -> list[APIRoute]:
    found = [r for r in app.app.routes if isinstance(r, APIRoute)]  # type: ignore[attr-defined]
    return [r for r in found if not NOT_PAGES.match(r.path)]


def pages(app: TestClient) -> list[APIRoute]:
    """Those for people with a role; what a link opens: tests/web/test_link_rules.py."""
    return [r for r in all_pages(app) if r.name not in BY_LINK]


def test_every_route_has_a_rule_and_every_rule_a_route(app: TestClient) -> None:
    names = {r.name for r in all_pages(app)}
    assert names == set(MAY) | OPEN | BY_LINK
    assert not set(MAY) & OPEN and not BY_LINK & (OPEN | set(MAY))


def things(parts: Parts, app: TestClient, by: str) -> dict[str, str]:
    """Addresses of things that are there, by route, where the names of `SOME` are of nothing; uploads and drafts are `by`'s."""
    with parts.ledger.read() as r:
        held = next(p for p in r.pages_in("held") if p.sha256)
        filed = next(p for p in r.pages_in("filed") if p.test == SOME["test"])
        scan = r.scan(filed.scan)
        definition = r.definition(SOME["test"])
    assert scan is not None and definition is not None and held.sha256 and filed.sha256
    at, slot = f"/sheets/{held.scan}/{held.page}", f"/grading/{filed.test}/{filed.candidate}/{filed.question}"
    uploads, drafts = app.app.state.uploads, app.app.state.drafts  # type: ignore[attr-defined]
    batch = uploads.begin(by).id
    uploads.add(batch, UploadedFile("side 1.jpg", 9, "1"))
    files = {
        file.name: file.read_bytes() for file in (MATHEMATICS, MATHEMATICS.with_name("mathematics-candidates.csv"))
    }
    return {
        "sheet": at,
        "picture": f"{at}/large-{held.sha256[:12]}.jpg",
        "original": f"{at}/original.jpg",
        "run": f"/runs/{held.scan}/{held.page}",
        "receipt": f"/receipts/one?stack={quote(scan.stack)}",
        "ask_withdraw": f"/stacks/withdraw?stack={quote(scan.stack)}",
        "room": f"/rooms/one?test={SOME['test']}&room=S4",
        "graded_picture": f"{slot}/1/large-{filed.sha256[:12]}.jpg",
        "graded_original": f"{slot}/1/original.jpg",
        "candidates": f"/candidates?test={SOME['test']}",
        "upload": f"/import/{batch}",
        "file_state": f"/import/{batch}/files/0",
        "draft": f"/drafts/{drafts.keep(by, files)}",
    }


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_in_where_the_table_says_and_nowhere_else(app: TestClient, parts: Parts, role: str) -> None:
    """Also with the address of something that is there: who may not is not told that it is."""
    sign_in(app, role)
    there = things(parts, app, role)
    missing = app.get("/no/such/page")
    for route in pages(app):
        if route.name in OPEN or route.name == "sign_out" or (route.name == STREAM and role in MAY[STREAM]):
            continue
        method = next(iter(route.methods))
        path = there.get(route.name) or re.sub(r"\{(\w+)\}", lambda m: SOME[m[1]], route.path)
        answer = app.request(method, path)
        if role not in MAY[route.name]:
            assert answer.status_code == missing.status_code == 404
            told = answer.text.replace(html.escape(path), "").replace('aria-current="true"', "")
            assert told == missing.text.replace("/no/such/page", "")
        elif method == "POST":
            assert answer.status_code == 403, f"{path} changes things without the session's secret"
        else:
            assert answer.status_code in {200, 303}, (path, answer.status_code)


def test_who_is_not_signed_in_is_led_to_the_door(app: TestClient) -> None:
    for route in pages(app):
        if route.name in OPEN:
            continue
        method = next(iter(route.methods))
        path = re.sub(r"\{(\w+)\}", lambda m: SOME[m[1]], route.path)
        answer = app.request(method, path)
        assert answer.status_code in (303, 422) and "scanpipe=" not in answer.headers.get("set-cookie", "")
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in")


def test_the_door_leads_back_and_never_to_another_site(app: TestClient) -> None:
    told = {"name": "exam_office", "password": PASSWORD}
    for to, leads in [
        ("/queue?text=å", "/queue"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil", "/"),
    ]:
        answer = app.post("/sign-in", data=told | {"to": to})
        assert answer.headers["location"].startswith(leads) and "evil" not in answer.headers["location"]


def test_a_wrong_password_waits_longer_each_time(app: TestClient) -> None:
    codes = [app.post("/sign-in", data={"name": "kari", "password": "x"}).status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2
    assert app.post("/sign-in", data={"name": "exam_office", "password": PASSWORD}).status_code == 429


def test_signing_out_ends_the_session(app: TestClient) -> None:
    sign_in(app, "exam_office")
    cookie = app.cookies["scanpipe"]
    page = app.get("/queue")
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token is not None
    assert app.post("/sign-out", data={"token": token[1]}).status_code == 303
    app.cookies.set("scanpipe", cookie)
    assert app.get("/queue").status_code == 303


def test_the_cookie_and_the_headers(app: TestClient) -> None:
    answer = app.post("/sign-in", data={"name": "exam_office", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secure" not in cookie
    told = {"name": "exam_office", "password": PASSWORD}
    over_tls = TestClient(app.app, base_url="https://testserver", follow_redirects=False)
    assert "secure" in over_tls.post("/sign-in", data=told).headers["set-cookie"].lower()
    page = app.get("/queue")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY" and page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=)|style=|\son\w+=", page.text), "inline script or style"


def test_another_site_cannot_send_our_forms(app: TestClient) -> None:
    sign_in(app, "exam_office")
    token = re.search(r'name="token" value="([^"]+)"', app.get("/queue").text)
    assert token is not None
    foreign = {"origin": "https://evil.example"}
    assert app.post("/undo", data={"token": token[1]}, headers=foreign).status_code == 403
    assert app.post("/undo", data={"token": "x"}).status_code == 403
    assert app.post("/undo").status_code == 403
    assert app.post("/undo", data={"token": token[1]}).status_code == 409
    assert app.post("/sign-in", data={"name": "ola", "password": PASSWORD}, headers=foreign).status_code == 403


def test_the_documented_table_is_the_one_in_the_code() -> None:
    rows = [line.split("|")[1:-1] for line in (ROOT / "docs/roles.md").read_text(encoding="utf-8").splitlines()]
    told = {
        row[0].strip(): {r for r, cell in zip(ROLES, row[1:], strict=True) if "×" in cell}
        for row in rows
        if len(row) == 10
    }
    assert {name: told.get(name) for name in MAY} == {name: set(roles) for name, roles in MAY.items()}
    text = (ROOT / "docs/roles.md").read_text(encoding="utf-8")
    assert set(
        re.findall(r"`(\w+)`", text.partition("none of the table above")[2].partition("where a link")[0])
    ) == BY_LINK | {
        "open_link",
        "open_link_post",
    }


def test_a_form_without_the_sessions_secret_is_refused_whatever_else_it_says(app: TestClient) -> None:
    """Every route that changes something, by somebody who may: never 422, which would say what the form should be."""
    for role in ROLES:
        sign_in(app, role)
        for route in pages(app):
            if route.name in OPEN or "POST" not in route.methods or role not in MAY[route.name]:
                continue
            path = re.sub(r"\{(\w+)\}", lambda m: SOME[m[1]], route.path)
            for told in ({}, {"token": "guessed"}):
                assert app.post(path, data=told).status_code == 403, path
            assert app.post(path, data={}, headers={"Origin": "https://evil.example"}).status_code == 403


def test_a_wrong_method_does_not_tell_which_pages_there_are(app: TestClient) -> None:
    assert app.delete("/queue").status_code == app.delete("/no/such/page").status_code == 404


def test_too_much_is_refused_before_anybody_reads_it(app: TestClient) -> None:
    much = b"x" * (2 * 2**20)
    assert app.post("/sign-in", content=much).status_code == 413
    said = app.post("/sign-in", content=(much[:65536] for _ in range(64)), headers={"Content-Type": "text/plain"})
    assert said.status_code in (401, 413), "a body whose length is not said is read no further than the bound"
    form = {"files": ("a.yaml", b"x" * (12 * 2**20))}
    assert app.post("/drafts", files=form).status_code == 413


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_who_guesses_waits_longer_each_time_and_many_at_once_gain_nothing() -> None:
    clock = Clock()
    patience = Patience(clock)
    assert [patience.begin("name kari", "from a") for _ in range(7)] == [True] * 5 + [False] * 2
    for wait_s in (2.0, 4.0, 8.0):
        clock.now_s += wait_s - 0.1
        assert not patience.begin("name kari", "from b")
        clock.now_s += 0.2
        assert patience.begin("name kari", "from c")
    patience.succeeded("name kari", "from c")
    assert patience.begin("name kari", "from d")
    assert [patience.begin(f"name {n}", "from e") for n in range(5)] == [True] * 5
    patience.succeeded("name 0", "from e")
    assert patience.begin("name per", "from e") and not patience.begin("name ola", "from e"), (
        "one try is taken off, no more"
    )


def test_the_old_password_is_not_guessed_at_leisure(app: TestClient) -> None:
    sign_in(app, "planner")
    token = re.search(r'name="token" value="([^"]+)"', app.get("/password").text)
    assert token is not None
    told = {"token": token[1], "old": "guessed", "new": "a new and long one"}
    codes = [app.post("/password", data=told).status_code for _ in range(8)]
    assert codes[0] == 422 and codes[-1] == 429


def test_who_sees_figures_only_sees_no_file_and_no_serial(app: TestClient, parts: Parts) -> None:
    with parts.ledger.read() as r:
        page = next(p for p in r.pages_in("filed") if p.serial)
    deciding.scan_again(parts, page.id, "kari", "cut off")
    sign_in(app, "exam_office")
    assert f"serial {page.serial}" in app.get("/overview").text
    sign_in(app, "reporter")
    shown = app.get("/overview").text
    assert page.serial is not None and page.serial not in shown and ".jpg" not in shown and "HI1001" in shown
    sign_in(app, "chief_invigilator")
    assert "HI1001" not in app.get("/overview").text, "a test that was not given to them"
