"""The door of links, both directions: a link opens its own pages and nothing else, and no role opens the pages of a link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from scanpipe.desk import submitting
from scanpipe.desk.defining import find_test, register
from scanpipe.desk.links import admit_link, end_link
from scanpipe.desk.parts import Parts
from scanpipe.desk.people import ROLES
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.rules import BY_LINK, OPEN
from scanpipe.web.site import Site
from scanpipe.wiring import open_drafts, open_uploads
from tests.home_exams import TEST, Home, picture
from tests.installation import Installation
from tests.web.conftest import sign_in
from tests.web.test_rules import SOME, all_pages, things


@pytest.fixture
def at_home(home: Installation, parts: Parts) -> Home:
    return Home(home, parts)


@pytest.fixture
def app(home: Installation, parts: Parts, at_home: Home) -> Iterator[TestClient]:
    site = Site(
        lambda scans: None, uploads=open_uploads(home.settings), drafts=open_drafts(home.settings), desk=at_home.desk
    )
    yield TestClient(make_app(parts, Meter(), site), follow_redirects=False)


def opened(app: TestClient, secret: str) -> str:
    """Opens a link in a new browser; answers the path of its pages."""
    app.cookies.clear()
    answer = app.post("/hand-in", data={"code": secret})
    assert answer.status_code == 303
    return answer.headers["location"]


def token(app: TestClient, at: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', app.get(at).text)
    assert found is not None
    return found[1]


def of_links(app: TestClient) -> list[APIRoute]:
    return [r for r in all_pages(app) if r.name in BY_LINK]


def path_of(route: APIRoute, link: str) -> str:
    return route.path.replace("{link}", link).replace("{draft}", "1").replace("{n}", "0")


def test_a_link_opens_its_own_pages_and_nothing_of_any_role_or_of_another_link(app: TestClient, at_home: Home) -> None:
    other = at_home.link("10002")
    at_home.add(other, "hers.jpg", picture(9))
    at = opened(app, at_home.secret("10001"))
    app.cookies.set("scanpipe-link", app.cookies["scanpipe-link"])  # also where another browser would not send it
    there = things(at_home.parts, app, "operator")
    for route in all_pages(app):
        if route.name in OPEN or route.name in BY_LINK:
            continue
        method = next(iter(route.methods))
        path = there.get(route.name) or re.sub(r"\{(\w+)\}", lambda m: SOME[m[1]], route.path)
        answer = app.request(method, path)
        assert answer.status_code in (303, 422), path
        assert answer.status_code == 422 or answer.headers["location"].startswith("/sign-in"), path
    for name in (other.id, "0" * 24):
        for route in of_links(app):
            for data in ({}, {"token": token(app, at), "number": "1", "by": "1", "language": "nb"}):
                answer = app.request(next(iter(route.methods)), path_of(route, name), data=data or None)
                assert (answer.status_code, answer.headers["location"]) == (303, "/hand-in?shut=1"), route.name
    assert [f.name for f in submitting.draft(at_home.desk, other).files] == ["hers.jpg"]
    assert app.get("/hand-in/no-such-id").status_code in (404, 422)


def test_the_api_takes_no_link_where_it_wants_a_token_and_no_token_where_it_wants_a_link(
    app: TestClient, at_home: Home
) -> None:
    secret = at_home.secret()
    headers = {"Authorization": f"Bearer {secret}"}
    own = 0
    for route in app.app.routes:  # type: ignore[attr-defined]
        if not isinstance(route, APIRoute) or not route.path.startswith("/api/v1/"):
            continue
        path = re.sub(r"\{(\w+)\}", lambda m: SOME.get(m[1], "0" * 64), route.path)
        answer = app.request(next(iter(route.methods)), path, headers=headers, json={})
        if "/hand-ins" in route.path:
            own += 1
            assert answer.status_code not in (401, 403), path
        else:
            assert answer.status_code in (200, 401, 404, 422, 429), path
            assert answer.status_code != 200 or "openapi" in path or "receipts" in path, path
    assert own == 4


def test_no_role_opens_what_a_link_opens(app: TestClient, at_home: Home) -> None:
    link = at_home.link()
    for role in (None, *ROLES):
        if role is not None:
            sign_in(app, role)
        for route in of_links(app):
            answer = app.request(next(iter(route.methods)), path_of(route, link.id))
            assert (answer.status_code, answer.headers["location"]) == (303, "/hand-in?shut=1"), (role, route.name)


def test_nothing_changes_without_the_secret_of_this_browser(app: TestClient, at_home: Home) -> None:
    at = opened(app, at_home.secret())
    for route in of_links(app):
        if "POST" not in route.methods:
            continue
        path = path_of(route, at.rpartition("/")[2])
        for data, headers in (
            ({}, {}),
            ({"token": "guessed"}, {}),
            ({"token": token(app, at)}, {"Origin": "https://evil.example"}),
        ):
            assert app.post(path, data=data, headers=headers | {"Upload-Offset": "0"}).status_code == 403, path


def test_the_door_tells_nothing_and_keeps_the_secret_to_itself(app: TestClient, at_home: Home) -> None:
    secret = at_home.secret()
    for wrong in ("", "x", secret[:-1], "spl_" + "A" * 43, "sp_" + secret[4:]):
        answer = app.post("/hand-in", data={"code": wrong})
        assert answer.status_code in (401, 422) and "set-cookie" not in answer.headers
    app.cookies.clear()
    whole = app.post("/hand-in", data={"code": f"https://scan.example/hand-in#{secret}"})
    cookie = whole.headers["set-cookie"].lower()
    assert whole.status_code == 303 and secret not in str(whole.headers) and secret not in whole.headers["location"]
    assert "httponly" in cookie and "samesite=strict" in cookie and f"path={whole.headers['location']}" in cookie
    page = app.get(whole.headers["location"])
    assert page.status_code == 200 and secret not in page.text and page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store" and not re.search(r"style=|\son\w+=", page.text)
    assert app.post("/hand-in", data={"code": secret}, headers={"Origin": "https://evil.example"}).status_code == 403


def test_a_link_that_was_ended_opens_nothing_any_more_also_where_it_is_open(app: TestClient, at_home: Home) -> None:
    secret = at_home.secret()
    at = opened(app, secret)
    assert app.get(at).status_code == 200
    end_link(at_home.parts, at.rpartition("/")[2], "kari", "lost")
    refused = app.post(at, data={"number": 1})
    assert refused.status_code == 303 and "nothing was handed in" in app.get(refused.headers["location"]).text
    assert app.get(at).status_code == 303 and app.post("/hand-in", data={"code": secret}).status_code == 401


def test_files_of_another_link_are_not_there_by_any_number(app: TestClient, at_home: Home) -> None:
    hers = at_home.link("10002")
    at_home.add(hers, "hers.jpg", picture(9))
    at = opened(app, at_home.secret("10001"))
    for n in range(3):
        assert app.get(f"{at}/files/1/{n}").status_code == 404
        assert app.get(f"{at}/files/1/{n}/picture.jpg").status_code == 404
        headers = {"Upload-Offset": "0", "X-CSRF-Token": token(app, at)}
        assert app.post(f"{at}/files/1/{n}", content=b"x", headers=headers).status_code == 404


def test_pieces_pictures_advice_and_the_receipt(app: TestClient, at_home: Home) -> None:
    at = opened(app, at_home.secret())
    body, headers = picture(1), {"X-CSRF-Token": token(app, at)}
    begun = app.post(f"{at}/files", data={"name": "side 1.jpg", "size": len(body), "stamp": "1"}, headers=headers)
    assert begun.json() == {"file": "1/0", "offset": 0}
    half = len(body) // 2
    for offset, piece, there in ((0, body[:half], half), (half, body[half:], len(body))):
        told = headers | {"Upload-Offset": str(offset)}
        assert app.post(f"{at}/files/1/0", content=piece, headers=told).json() == {"offset": there}
    assert app.post(f"{at}/files/1/0", content=b"x", headers=headers | {"Upload-Offset": "0"}).status_code == 409
    refused = app.post(f"{at}/files", data={"name": "a.exe", "size": 1}, headers=headers | {"Accept-Language": "nb"})
    assert refused.status_code == 422 and "tas ikke imot" in refused.json()["problem"]
    page = app.get(at).text
    assert (
        f'src="{at}/files/1/0/picture.jpg' in page and app.get(f"{at}/files/1/0/picture.jpg").content[:2] == b"\xff\xd8"
    )
    done = app.post(at, data={"token": token(app, at), "number": 1, "shown": [0]})
    assert done.headers["location"] == f"{at}/receipt"
    assert app.post(at, data={"token": token(app, at), "number": 1, "shown": [0]}).status_code == 303, "sent twice"
    at_home.work_off()
    receipt = app.get(f"{at}/receipt").text
    assert "This version counts." in receipt and "lies with your answer" in receipt
    assert at_home.slot()[-1].scan in receipt and receipt.count("<code") == 1


def test_an_old_window_is_told_that_it_is_old_and_shown_what_there_is(app: TestClient, at_home: Home) -> None:
    secret = at_home.secret(most_pages=5)
    link, at = admit_link(at_home.parts, secret), opened(app, secret)
    assert link is not None
    at_home.add(link, "side 1.jpg", picture(1))
    told = {"token": token(app, at), "number": 1, "shown": [0], "by": "1"}
    at_home.add(link, "side 2.jpg", picture(2))
    changed = app.post(at, data=told)
    assert (
        changed.status_code == 409 and "pages were changed meanwhile" in changed.text and "side 2.jpg" in changed.text
    )
    assert app.post(at, data=told | {"shown": [0, 1]}).status_code == 303
    at_home.add(link, "side 3.jpg", picture(3))
    for path, data in ((at, told), (f"{at}/files/1/0/remove", told), (f"{at}/files/1/0/move", told)):
        answer = app.post(path, data=data)
        assert answer.status_code == 409 and "meanwhile" in answer.text and "side 3.jpg" in answer.text, path
    piece = {"X-CSRF-Token": token(app, at), "Upload-Offset": "0"}
    assert "meanwhile" in app.post(f"{at}/files/1/0", content=b"x", headers=piece).json()["problem"]
    assert app.post(f"{at}/files/2/2/remove", data=told).status_code == 303
    again = app.post(f"{at}/files/2/2/remove", data=told)
    assert again.status_code == 422 and 'id="pages"' in again.text, "taken out twice"


def test_what_was_handed_in_for_another_place_and_what_cannot_be_opened_is_marked_at_once(
    app: TestClient, at_home: Home
) -> None:
    at_home.hand_in(at_home.link("10002"), picture(1), picture(2))
    secret = at_home.secret(most_pages=5)
    link, at = admit_link(at_home.parts, secret), opened(app, secret)
    assert link is not None
    for name, body in (("a.jpg", picture(1)), ("b.jpg", picture(3)), ("c.jpg", picture(2)), ("d.jpg", b"no picture")):
        at_home.add(link, name, body)
    app.get(at)  # they are looked at
    rows = re.findall(r"<li>.*?</li>", app.get(at).text, re.DOTALL)
    assert ["handed in before, for another place" in row for row in rows] == [True, False, True, False]
    assert "JPEG, PNG, HEIC or PDF" in rows[3] and "TIFF" not in rows[3]
    refused = app.post(at, data={"token": token(app, at), "number": 1, "shown": [0, 1, 2, 3]})
    assert refused.status_code == 422 and "for another place: a.jpg, c.jpg" in refused.text


def test_the_heading_says_what_is_a_question(app: TestClient, at_home: Home) -> None:
    at = opened(app, at_home.secret())
    assert "Candidate 10001 · Oppgave 2a" in app.get(at).text
    definition = find_test(at_home.parts, TEST)
    questions = tuple(replace(q, label=q.id) for q in definition.questions)
    register(at_home.parts, replace(definition, questions=questions))
    assert "Candidate 10001 · Question 2a" in app.get(at).text


def test_hand_ins_are_in_no_list_of_stacks_and_reached_by_their_slot(app: TestClient, at_home: Home) -> None:
    link = at_home.link()
    scan = at_home.hand_in(link, picture(1)).files[0].sha256
    job = at_home.place.settings.inbox_path / "beside"
    job.mkdir()
    (job / "1.jpg").write_bytes(picture(9))
    at_home.work_off()
    sign_in(app, "exam_office")
    for path in ("/stacks", "/receipts"):
        shown = app.get(path).text
        assert link.id not in shown and "by links is not in this list" in shown, path
    assert "beside" in app.get("/stacks").text
    assert f"/sheets/{scan}/1" in app.get(f"/tests/{TEST}/slots/10001/2a").text
    withdraw = re.search(r'href="(/stacks/withdraw[?][^"]+)"', app.get(f"/sheets/{scan}/1").text)
    assert withdraw is not None
    asked = app.get(withdraw[1].replace("&amp;", "&")).text
    assert f'href="/tests/{TEST}/slots/10001/2a"' in asked and "Candidate 10001 · Question 2a" in asked
