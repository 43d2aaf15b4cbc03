"""Pages that are open while nobody presses anything: they cost little, keep nobody signed in, and leave no drawing behind."""

from __future__ import annotations

import http.client
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi.testclient import TestClient

import scanpipe.web
from scanpipe.desk.parts import Parts
from scanpipe.ledgers.tables import session
from tests.installation import Installation
from tests.serving import serving
from tests.web.conftest import PASSWORD, sign_in
from tests.web.test_around import token
from tests.web.test_decisions import held

LISTENERS = 60
"""More than the server has threads."""


def test_many_who_listen_keep_nobody_waiting(home: Installation) -> None:
    with serving(home) as url:
        place = urlsplit(url).netloc
        door = http.client.HTTPConnection(place, timeout=20)
        form = f"name=exam_office&password={PASSWORD.replace(' ', '+').replace('å', '%C3%A5')}"
        door.request("POST", "/sign-in", form, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = door.getresponse()
        answer.read()
        cookie = {"Cookie": (answer.headers["Set-Cookie"] or "").split(";")[0]}
        listening = [http.client.HTTPConnection(place, timeout=20) for _ in range(LISTENERS)]
        for one in listening:
            one.request("GET", "/queue/changes", headers=cookie)
        first = [one.getresponse().readline() for one in listening]
        assert set(first) == {first[0]} and b'"held"' in first[0]
        door.request("GET", "/queue", headers=cookie)
        assert door.getresponse().status == 200
        for one in listening:
            one.close()


def age_session(parts: Parts, name: str, by: timedelta) -> str:
    at = (datetime.now(UTC) - by).isoformat(timespec="seconds")

    with parts.ledger.writing() as c:
        (digest,) = c.execute(sa.select(session.c.digest).where(session.c.name == name)).scalars()
        c.execute(sa.update(session).values(seen=at))
    return str(digest)


def test_an_open_page_keeps_nobody_signed_in(app: TestClient, parts: Parts) -> None:
    sign_in(app, "exam_office")
    page = held(parts, "no_codes")
    secret = token(app, "/queue")
    digest = age_session(parts, "exam_office", timedelta(minutes=50))

    def seen() -> str:
        with parts.ledger.read() as r:
            found = r.sessions().one(digest)
        assert found is not None
        return found.seen

    before = seen()
    assert app.post(f"/sheets/{page.scan}/{page.page}/here", data={"token": secret}).status_code == 204
    assert seen() == before
    for path in ("/queue", "/queue/stacks", "/receipts"):
        assert app.get(path, headers={"X-By-Itself": "1"}).status_code == 200 and seen() == before
    assert app.get("/queue").status_code == 200 and seen() > before, "but a person does"


def test_pages_that_renew_themselves_say_so() -> None:
    templates = Path(scanpipe.web.__file__).parent / "templates"
    polling = [
        t
        for t in templates.glob("*.html")
        for line in t.read_text().splitlines()
        if "every " in line and "hx-get" in line
    ]
    quiet = {"completeness_figures.html", "link_receipt.html"}  # one of BY_ITSELF; a link is no session
    assert len(polling) >= 4
    for path in polling:
        assert path.name in quiet or '"X-By-Itself": "1"' in path.read_text(), path.name


def test_every_view_of_a_drawing_is_on_record_and_none_comes_after_signing_out(app: TestClient, parts: Parts) -> None:
    sign_in(app, "exam_office")
    page = held(parts, "no_codes")
    picture = f"/sheets/{page.scan}/{page.page}/large-{(page.sha256 or '')[:12]}.jpg"

    def views() -> int:
        parts.ledger.write(lambda tx: None)  # behind what was handed in before
        with parts.ledger.read() as r:
            return sum(e.scan == page.scan for e in r.events_of("drawing_viewed"))

    assert app.get(f"/sheets/{page.scan}/{page.page}").status_code == 200 and views() == 1, (
        "it may have been fetched ahead"
    )
    first = app.get(picture)
    assert first.headers["cache-control"] == "private, no-cache" and views() == 2
    again = app.get(picture, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"") and views() == 3, "shown by the browser from what it has"
    out = app.post("/sign-out", data={"token": token(app, "/queue")})
    assert out.headers["clear-site-data"] == '"cache"'
    assert app.get(picture, headers={"If-None-Match": first.headers["etag"]}).status_code == 303 and views() == 3
    missing = f"/sheets/{page.scan}/99/original.jpg"
    assert app.get(missing).status_code == 303
    sign_in(app, "exam_office")
    assert app.get(missing).status_code == 404
