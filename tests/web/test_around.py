"""Tests, people, grading, rooms: what each role does there, and that it ends where it should."""

from __future__ import annotations

import errno
import html
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from fastapi.testclient import TestClient

import scanpipe.web
from scanpipe.desk import people
from scanpipe.desk.defining import register
from scanpipe.desk.parts import Parts
from scanpipe.desk.readiness import look
from scanpipe.faults import Refused, StoreFault, UnknownThing, UsageFault
from scanpipe.saying import of_system
from scanpipe.stores._disk import disk_faults
from scanpipe.web.drawing import refusal, said
from scanpipe.wiring import open_parts
from tests.installation import ROOT, Installation
from tests.qti import makers
from tests.web.conftest import PASSWORD, sign_in

TEST = "MA0001-2026H"
DEFINITION = b"""test: FY0001-2026H
title: Fysikk
date: 2026-12-04
questions:
  - {id: "1", sketches: expected, max_sheets: 2}
candidates:
  file: people.csv
"""
PEOPLE = "Kandidatnr;Navn\n10001;Kari Åsmund\n10002;Ola\n".encode()


def token(app: TestClient, path: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', app.get(path).text)
    assert found
    return found[1]


def files(**bodies: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (name.replace("_", "."), body)) for name, body in bodies.items()]


def sent(app: TestClient, **bodies: bytes) -> str:
    """Where a definition that was sent leads."""
    answer = app.post("/drafts", data={"token": token(app, "/tests")}, files=files(**bodies))
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_a_definition_is_checked_shown_and_applied(app: TestClient, parts: Parts) -> None:
    sign_in(app, "planner")
    draft = sent(app, fysikk_yaml=DEFINITION, people_csv=PEOPLE)
    page = app.get(draft).text
    assert "This test is new" in page and "2 candidates" in page
    with parts.ledger.read() as r:
        assert r.definition("FY0001-2026H") is None, "nothing changes before it is applied"
    secret = token(app, draft)
    assert app.post(draft, data={"token": secret, "seen": "0"}).headers["location"] == "/tests/FY0001-2026H"
    draft = sent(app, fysikk_yaml=DEFINITION.replace(b"max_sheets: 2", b"max_sheets: 3"), people_csv=PEOPLE)
    assert "the most sheets changed from 2 to 3" in app.get(draft).text
    assert app.post(draft, data={"token": secret, "seen": "0"}).status_code == 409, "shown against another revision"
    assert app.post(draft, data={"token": secret, "seen": "1"}).status_code == 303
    with parts.ledger.read() as r:
        definition = r.definition("FY0001-2026H")
        event = list(r.events_of("definition_registered"))[-1]
    assert definition is not None and definition.revision == 2 and definition.candidates[0].name == "Kari Åsmund"
    assert '"by":"planner"' in event.data


def test_errors_stand_at_their_lines(app: TestClient) -> None:
    sign_in(app, "planner")
    page = app.get(sent(app, a_yaml=DEFINITION.replace(b"expected", b"perhaps"), people_csv=PEOPLE)).text
    assert "line 5" in page and "perhaps" in page and "<b>5</b>" in page and 'name="seen"' not in page
    page = app.get(sent(app, a_yaml=DEFINITION)).text
    assert "people.csv" in page and "no such file" in page
    for bodies in ({"a_csv": PEOPLE}, {"a_exe": b""}, {"a_yaml": b"x" * 10_000_001}):
        answer = app.post("/drafts", data={"token": token(app, "/tests")}, files=files(**bodies))
        assert answer.status_code == 422 and 'role="alert"' in answer.text
    evil = app.get(sent(app, a_yaml=b"test: <script>alert(1)</script>\n")).text
    assert "<script>alert" not in evil and "&lt;script&gt;" in evil


def test_errors_and_changes_are_said_in_the_person_s_language(app: TestClient) -> None:
    app.headers["Accept-Language"] = "nb"
    sign_in(app, "planner")
    wrong = DEFINITION.replace(b"expected", b"perhaps").replace(b"2026-12-04", b"4.12.2026").replace(b"test:", b"tset:")
    page = html.unescape(app.get(sent(app, a_yaml=wrong, people_csv=PEOPLE + b"1.;\n10001;\n;Per\n")).text)
    for told in (
        'a.yaml, linje 5, questions[1].sketches: fant "perhaps"; tillatt: om ark leveres: none (det vanlige)',
        "Skriv 2026-12-04.",
        "fant en ukjent nøkkel; tillatt: test, title",
        "Mente du test?",
        'people.csv, linje 4, kolonne "Kandidatnr": fant "1."; tillatt: 1 til 20 bokstaver',
        '"10001" en gang til; tillatt: hvert kandidatnummer én gang. "10001" står allerede på linje 2',
    ):
        assert told in page, told
    assert not re.search(
        r"\b(found|allowed:|nothing|once|line|column|Write)\b", page.split("<main")[1].split("</main>")[0]
    )
    draft = sent(app, a_yaml=DEFINITION, people_csv=PEOPLE)
    assert app.post(draft, data={"token": token(app, draft), "seen": "0"}).status_code == 303
    new = DEFINITION.replace(b"max_sheets: 2", b"label: Fall").replace(b"title: Fysikk", b"title: Fysikk 1")
    page = html.unescape(app.get(sent(app, a_yaml=new, people_csv=b"Kandidatnr;Navn\n10001;Kari\n")).text)
    for told in (
        'Tittelen er endret fra "Fysikk" til "Fysikk 1".',
        "Oppgave 1: det høyeste antallet ark er endret fra 2 til ingen grense.",
        "Kandidat 10002 er tatt bort.",
        'Kandidat 10001: navnet er endret fra "Kari Åsmund" til "Kari".',
    ):
        assert told in page, told


def test_a_package_and_its_candidates_are_a_draft_too(app: TestClient, parts: Parts) -> None:
    sign_in(app, "planner")
    package = makers.zipped(makers.exam(makers.V30))
    said = {"token": token(app, "/tests"), "test": "FY0002-2026H", "date": "2026-12-04"}
    both = files(exam_zip=package, people_csv=PEOPLE)
    draft = app.post("/drafts", data=said, files=both).headers["location"]
    page = app.get(draft).text
    assert "What was made of the package" in page and "2 candidates" in page and "# item 2a: drawing" in page
    assert "Kari Åsmund" not in page, "the candidates are counted, not listed"
    assert app.post(draft, data={"token": said["token"], "seen": "0"}).headers["location"] == "/tests/FY0002-2026H"
    with parts.ledger.read() as r:
        definition = r.definition("FY0002-2026H")
    assert definition is not None
    assert [(q.id, q.sketches) for q in definition.questions if q.sketches != "none"] == [
        (id, "allowed") for id in ("2a", "2b", "3")
    ]
    broken = {**makers.exam(makers.V22), "items/graf.xml": "<assessmentItem>\n<p>"}
    draft = app.post("/drafts", data=said, files=files(exam_zip=makers.zipped(broken), people_csv=PEOPLE))
    page = app.get(draft.headers["location"]).text
    assert "items/graf.xml, line 2" in page and "broken XML" in page and 'name="seen"' not in page
    for fields, bodies in (
        (said, {"exam_zip": package}),
        (said | {"date": ""}, {"exam_zip": package, "a_csv": PEOPLE}),
    ):
        assert app.post("/drafts", data=fields, files=files(**bodies)).status_code == 422
    assert app.post("/drafts", data=said, files=files(a_zip=package, a_yaml=DEFINITION)).status_code == 422


def test_a_draft_is_its_sender_s_alone(app: TestClient, parts: Parts) -> None:
    people.add_user(parts, "per", "planner", PASSWORD, "test")
    sign_in(app, "planner")
    draft = sent(app, a_yaml=DEFINITION, people_csv=PEOPLE)
    sign_in(app, "per")
    assert app.get(draft).status_code == 404
    assert app.get("/drafts/..%2f..%2fkeys").status_code == 404


def test_sheets_are_printed_with_serials_of_their_own(
    app: TestClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(app, "planner")
    with parts.ledger.read() as r:
        before = r.last_serial()
    data = {"token": token(app, f"/tests/{TEST}"), "question": "3", "candidate": "10001", "per_question": "2"}
    answer = app.post(f"/tests/{TEST}/sheets", data=data)
    assert answer.headers["content-type"] == "application/pdf" and len(pypdfium2.PdfDocument(answer.content)) == 2
    with parts.ledger.read() as r:
        assert r.last_serial() == before + 2
        event = list(r.events_of("sheets_printed"))[-1]
    assert '"by":"planner"' in event.data
    refused = app.post(f"/tests/{TEST}/sheets", data=data | {"candidate": "99999"})
    assert refused.status_code == 422 and "99999" in refused.text
    monkeypatch.setattr("scanpipe.web.pages.tests._MOST_SHEETS", 1)
    too_many = app.post(f"/tests/{TEST}/sheets", data=data)
    assert too_many.status_code == 422 and "2 sheets" in too_many.text


def test_a_sample_is_never_filed(app: TestClient, home: Installation, tmp_path: Path) -> None:
    sign_in(app, "author")
    body = app.get(f"/tests/{TEST}/questions/3/sample.pdf").content
    sample = tmp_path / "sample.pdf"
    sample.write_bytes(body)
    home.run("ingest", str(sample), ok=range(20))
    (held,) = [line for line in home.lines("queue") if line["file"].endswith("sample.pdf")]
    assert held["reason"] in ("bad_signature", "foreign_code", "no_codes")


def test_an_author_says_which_questions_take_sketches(app: TestClient, parts: Parts) -> None:
    sign_in(app, "author")
    page = app.get(f"/tests/{TEST}").text
    assert "Print sheets" not in page
    revision = re.search(r'name="seen" value="(\d+)"', page)
    assert revision
    data = {"token": token(app, f"/tests/{TEST}"), "seen": revision[1], "sketches 1": "allowed", "most 1": "3"}
    assert app.post(f"/tests/{TEST}/questions", data=data).status_code == 303
    with parts.ledger.read() as r:
        definition = r.definition(TEST)
    assert definition is not None and definition.revision == int(revision[1]) + 1
    question = definition.question("1")
    assert question is not None and (question.sketches, question.max_sheets) == ("allowed", 3)
    assert app.post(f"/tests/{TEST}/questions", data=data).status_code == 422, "somebody changed it meanwhile"
    data = data | {"seen": str(definition.revision), "sketches 1": "often"}
    assert app.post(f"/tests/{TEST}/questions", data=data).status_code == 422


@pytest.mark.parametrize("role", people.BOUND_TO_TESTS)
def test_a_test_of_others_answers_as_one_that_does_not_exist(app: TestClient, parts: Parts, role: str) -> None:
    people.change_user(parts, role, people.Wish(role, "", "S4"), "test")
    sign_in(app, role)
    for path in (f"/tests/{TEST}", f"/grading/{TEST}", f"/grading/{TEST}/10001/2a", f"/rooms/one?test={TEST}&room=S4"):
        assert app.get(path).status_code == 404
    for path in ("/tests", "/grading", "/rooms"):
        assert TEST not in app.get(path).text


def test_a_grader_sees_the_slots_and_changes_nothing(app: TestClient, parts: Parts) -> None:
    sign_in(app, "grader")
    with parts.ledger.read() as r:
        filed = next(p for p in r.pages_in("filed") if p.test == TEST)
    page = app.get(f"/grading/{TEST}").text
    slot = f"/grading/{TEST}/{filed.candidate}/{filed.question}"
    assert slot in page
    shown = app.get(slot).text
    picture = re.search(r'src="([^"]+large[^"]+)"', shown)
    assert picture and "<form method" not in shown.split("<main")[1].split("</main>")[0]
    assert app.get(picture[1]).headers["content-type"] == "image/jpeg"
    parts.ledger.write(lambda tx: None)  # behind what was handed in before
    with parts.ledger.read() as r:
        assert '"by":"grader"' in list(r.events_of("drawing_viewed"))[-1].data
    assert app.get(f"/sheets/{filed.scan}/{filed.page}/large-{(filed.sha256 or '')[:12]}.jpg").status_code == 404
    assert app.get(picture[1].replace("/1/large", "/99/large")).status_code == 404
    assert app.get(re.sub(r"-\w{12}\.jpg", "-" + "0" * 12 + ".jpg", picture[1])).status_code == 404


def test_an_invigilator_sees_the_own_rooms_and_no_drawing(app: TestClient, parts: Parts) -> None:
    with parts.ledger.read() as r:
        definition = r.definition(TEST)
    assert definition is not None
    rooms = sorted({c.room for c in definition.candidates if c.room})
    people.change_user(parts, "invigilator", people.Wish("invigilator", TEST, rooms[0]), "test")
    sign_in(app, "invigilator")
    page = app.get(f"/rooms/one?test={TEST}&room={rooms[0]}").text
    first = next(c for c in definition.candidates if c.room == rooms[0])
    assert first.number in page and "<img" not in page
    assert app.get(f"/rooms/one?test={TEST}&room=elsewhere").status_code == 404
    assert "Extra time" not in page, "a column that says nothing is left out"
    longer = [replace(c, extra_time_min=30) if c == first else c for c in definition.candidates]
    register(parts, replace(definition, candidates=tuple(longer)))
    page = app.get(f"/rooms/one?test={TEST}&room={rooms[0]}").text
    assert "Extra time" in page and page.count("30 min") == 1
    if len(rooms) > 1:
        assert app.get(f"/rooms/one?test={TEST}&room={rooms[1]}").status_code == 404
    sign_in(app, "chief_invigilator")
    assert all(app.get(f"/rooms/one?test={TEST}&room={room}").status_code == 200 for room in rooms)


def test_a_role_that_is_taken_away_during_a_session(app: TestClient, parts: Parts) -> None:
    sign_in(app, "exam_office")
    assert app.get("/queue").status_code == 200
    people.change_user(parts, "exam_office", people.Wish("reporter"), "user_administrator")
    assert app.get("/queue").status_code == 404 and app.get("/overview").status_code == 200
    people.end_user(parts, "exam_office", "user_administrator")
    assert app.get("/overview").headers["location"].startswith("/sign-in")
    assert app.post("/sign-in", data={"name": "exam_office", "password": PASSWORD}).status_code == 401


def test_the_user_administrator_adds_changes_and_ends(app: TestClient, parts: Parts) -> None:
    sign_in(app, "user_administrator")
    secret = {"token": token(app, "/people")}
    new = {"name": "Åse <b>", "role": "grader", "tests": TEST.lower(), "password": "et langt passord"}
    assert app.post("/people/add", data=secret | new).status_code == 303
    page = app.get("/people").text
    assert "Åse &lt;b&gt;" in page and TEST in page
    for wrong in (
        {"name": "kari", "role": "king"},
        {"name": "x", "password": "short"},
        {"name": "y", "tests": "no-test"},
    ):
        assert app.post("/people/add", data=secret | {"role": "grader"} | wrong).status_code == 422
    own = secret | {"name": "user_administrator", "role": "exam_office"}
    assert app.post("/people/change", data=own).status_code == 422, "nobody gives themselves a role"
    assert app.post("/people/end", data=secret | {"name": "Åse <b>"}).status_code == 303
    assert app.post("/people/password", data=secret | {"name": "Åse <b>", "password": "x" * 12}).status_code == 422


def test_everybody_changes_their_own_password(app: TestClient, parts: Parts) -> None:
    other = TestClient(app.app, follow_redirects=False)
    sign_in(other, "grader")
    sign_in(app, "grader")
    secret = {"token": token(app, "/password")}
    assert app.post("/password", data=secret | {"old": "wrong", "new": "x" * 20}).status_code == 422
    assert app.post("/password", data=secret | {"old": PASSWORD, "new": "short"}).status_code == 422
    assert app.post("/password", data=secret | {"old": PASSWORD, "new": "x" * 20}).status_code == 200
    assert app.get("/grading").status_code == 200 and other.get("/grading").status_code == 303
    assert app.post("/sign-in", data={"name": "grader", "password": "x" * 20}).status_code == 303


def test_without_a_password_nobody_signs_in(app: TestClient, parts: Parts) -> None:
    people.add_user(parts, "sso", "grader", None, "test", TEST)
    for password in ("", " ", "x" * 12):
        assert app.post("/sign-in", data={"name": "sso", "password": password}).status_code in (401, 429)
    with pytest.raises(Refused):
        people.add_user(parts, "sso", "grader", None, "test")
    with pytest.raises(UsageFault):
        people.set_password(parts, "sso", "short", "test")
    with pytest.raises(UnknownThing):
        people.end_user(parts, "nobody", "test")


def test_the_overview_says_who_watches_what_waits_and_what_came_twice(app: TestClient, parts: Parts) -> None:
    sign_in(app, "operator")
    page = app.get("/overview").text
    assert "No watcher is at work" in page and "No file waits in the inbox." in page and "GB free" in page
    waiting = parts.folders.inbox / "stack 1" / "late.jpg"
    waiting.parent.mkdir()
    waiting.write_bytes(b"?")
    os.utime(waiting, (1_770_000_000, 1_770_000_000))
    parts.folders.begin_watching()
    page = app.get("/overview").text
    assert "1 watcher is at work" in page and re.search(r"1 file waits in the inbox, since 2 Feb", page)
    row = re.search(rf"{TEST}</th>(.*?)</tr>", page, re.S)
    assert row is not None
    numbers = [int(n) for n in re.findall(r">(\d+)</td>", row[1])]
    with parts.ledger.read() as r:
        serials = [(p.serial, p.side or 1) for p in r.pages_of_test(TEST) if p.serial]
    assert numbers[-2] == len(serials) - len(set(serials)) > 0


def test_what_is_refused_at_the_printer_and_in_a_room_is_said_in_the_person_s_language(app: TestClient) -> None:
    app.headers["Accept-Language"] = "nb"
    sign_in(app, "planner")
    data = {"token": token(app, f"/tests/{TEST}"), "question": "3", "candidate": "99999", "per_question": "1"}
    refused = html.unescape(app.post(f"/tests/{TEST}/sheets", data=data).text)
    assert f"{TEST} har ikke kandidat '99999'." in refused
    wrong = app.post("/drafts", data={"token": token(app, "/tests")}, files=files(a_exe=b""))
    assert "Send en .yaml" in wrong.text
    sign_in(app, "chief_invigilator")
    link = f"/rooms/one?test={TEST}&room=S4"
    room = app.get(link).text
    hidden = dict(re.findall(r'name="(token|was)" value="([^"]*)"', room))
    field = re.search(r'name="(collected [^"]+)"', room)
    assert field
    told = app.post(link, data={name: html.unescape(v) for name, v in hidden.items()} | {field[1]: "many"})
    assert told.status_code == 422 and "many er ikke et antall ark" in told.text


def test_what_the_machine_says_is_said_in_the_person_s_language(app: TestClient, parts: Parts) -> None:
    app.headers["Accept-Language"] = "nb"
    sign_in(app, "operator")
    parts.folders.inbox.rename(parts.folders.inbox.parent / "away")
    page = app.get("/overview").text
    assert "innboks: Filen eller mappen finnes ikke" in page and "No such file" not in page
    assert dict(look(parts))["inbox"] == "No such file or directory", "to programs it is said as before"


@pytest.mark.parametrize("error", [errno.ENOENT, errno.EACCES, errno.ENOSPC])
def test_the_usual_errors_of_a_disk_are_in_the_catalogue(error: int) -> None:
    told = of_system(OSError(error, os.strerror(error)))
    assert str(told) == os.strerror(error) and said(told, "nb") != said(told, "en")
    with pytest.raises(StoreFault) as fault, disk_faults("/x"):
        raise OSError(error, os.strerror(error), "/x/y")
    assert (
        refusal(fault.value, "nb").startswith("Objektlageret: ") and refusal(fault.value, "nb") != fault.value.message
    )


def test_a_watcher_that_is_killed_counts_no_more(home: Installation) -> None:
    script = "import os, sys; from scanpipe.settings import load_settings; from scanpipe.wiring import open_parts\n"
    script += "with open_parts(load_settings(None, os.environ)[0]) as parts:\n"
    script += "    parts.folders.begin_watching(); print('watching', flush=True); sys.stdin.read()"
    watcher = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, **home.environ},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert watcher.stdout is not None and watcher.stdout.readline() == b"watching\n"
    with open_parts(home.settings) as parts:
        assert parts.folders.watchers() == 1
        watcher.kill()
        watcher.wait()
        assert parts.folders.watchers() == 0


def test_everything_that_a_page_loads_is_served(app: TestClient) -> None:
    templates = Path(scanpipe.web.__file__).parent / "templates"
    named = {name for t in templates.glob("*.html") for name in re.findall(r"/static/([\w.]+)", t.read_text())}
    assert len(named) >= 5
    assert {name: app.get(f"/static/{name}").status_code for name in named} == dict.fromkeys(named, 200)
