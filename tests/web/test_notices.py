"""Notices from how an installation stands to the person who is told, in the browser and by mail."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial

import pytest
from fastapi.testclient import TestClient

from scanpipe.definitions import load
from scanpipe.desk import completeness, expecting, people
from scanpipe.desk.choosing import choose
from scanpipe.desk.defining import register
from scanpipe.desk.expecting import Entry
from scanpipe.desk.mailing import Mailroom
from scanpipe.desk.noticing import Lookout
from scanpipe.desk.parts import Parts
from scanpipe.desk.surveying import Survey
from scanpipe.faults import MailFault, StoreUnavailable
from scanpipe.ledgers.log import LogFilter
from scanpipe.ledgers.notices import Choice, NoticeRecord
from scanpipe.mail import Letter
from scanpipe.model import PageRecord, Reason
from scanpipe.settings import SourceSettings
from scanpipe.stages.digest import DigestRules
from scanpipe.stages.noticing import KINDS, Kind, NoticeRules, kinds_for
from scanpipe.web.notice_words import LABELS, link, mail, sentence
from scanpipe.web.words import LANGUAGES
from scanpipe.wiring import open_parts
from tests.installation import Installation
from tests.web.conftest import sign_in

TEST = "MA0001-2026H"
DISK = NoticeRules(disk_bytes=2**62)
"""Every disk is nearly full."""


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Postbox:
    """Takes letters; `fault` is raised instead."""

    letters: list[Letter] = field(default_factory=list)
    fault: MailFault | None = None

    def send(self, letter: Letter) -> None:
        if self.fault:
            raise self.fault
        self.letters.append(letter)


@dataclass
class Office:
    """The lookout, the mailroom and a clock of the test's own."""

    parts: Parts
    home: Installation
    clock: Clock = field(default_factory=Clock)
    post: Postbox = field(default_factory=Postbox)
    sources: tuple[SourceSettings, ...] = ()

    def lookout(self, rules: NoticeRules | None = None, parts: Parts | None = None) -> Lookout:
        disks = {"data": self.home.settings.root}
        survey = Survey(parts or self.parts, self.sources, disks)
        return Lookout(parts or self.parts, survey, rules or NoticeRules(disk_bytes=0), self.clock)

    def mailroom(self, quiet: tuple[time, time] = (time(0), time(0))) -> Mailroom:
        def write(*said: object) -> tuple[str, str]:
            return mail(*said, "https://scan.example")  # type: ignore[arg-type]

        return Mailroom(self.parts, self.post, write, DigestRules(timedelta(minutes=10), quiet), self.clock)

    def standing(self) -> dict[tuple[str, str], NoticeRecord]:
        with self.parts.ledger.read() as r:
            return {(n.kind, n.subject): n for n in r.notices().standing()}

    def begin(self, kind: str, subject: str = "", **params: str | int) -> None:
        """A notice, as the lookout puts it on record."""
        since = self.clock().isoformat(timespec="milliseconds")
        what = {"kind": kind, "subject": subject, "since": since, "severity": KINDS[kind].severity, "params": params}
        self.parts.ledger.write(lambda tx: tx.append("notice_begun", **what))


@pytest.fixture
def office(parts: Parts, home: Installation) -> Office:
    """Nothing is late: the sheet of the fixtures that came after grading had begun is set aside."""
    with parts.ledger.read() as r:
        late = [page for page in r.pages_in("held") if page.reason == Reason.LATE]
    for page in late:
        set_aside(parts, page)
    return Office(parts, home)


def set_aside(parts: Parts, page: PageRecord) -> None:
    told = {"decided_by": "kari", "why": "test", **{k: getattr(page, k) for k in ("test", "candidate", "question")}}
    parts.ledger.write(lambda tx: tx.append("page_discarded", scan=page.scan, page=page.page, **told))


def by_mail(parts: Parts, name: str, *kinds: str, role: str = "", language: str = "en") -> None:
    choose(parts, Choice(name, role or name, f"{name}@example.org", language, kinds, kinds))


def test_held_sheets_are_told_and_over_when_they_are_settled(office: Office) -> None:
    lookout = office.lookout()
    assert lookout.look() and office.standing() == {}
    office.clock.later(minutes=31)
    lookout.look()
    waiting = {subject: n for (kind, subject), n in office.standing().items() if kind == "waiting"}
    assert TEST in waiting and waiting[TEST].values["test"] == TEST
    with office.parts.ledger.read() as r:
        known = set(r.tests())
    assert set(waiting) <= {*known, ""}, "what a code says of a test that nobody registered is told as unknown"
    with office.parts.ledger.read() as r:
        held = list(r.pages_in("held"))
    assert sum(n.values["count"] for n in waiting.values()) == len(held)
    for page in held:
        set_aside(office.parts, page)
    lookout.look()
    assert office.standing() == {}
    with office.parts.ledger.read() as r:
        assert len(r.notices().lately_ended(9)) == len(waiting)
    assert office.parts.ledger.difference() == []


def test_a_late_sheet_is_told_to_office_and_grader(office: Office, app: TestClient) -> None:
    with office.parts.ledger.read() as r:
        page = next(p for p in r.pages_in("held") if p.test == TEST)
    office.parts.ledger.write(
        lambda tx: tx.append("page_held", scan=page.scan, page=page.page, reason="late", evidence="{}", test=TEST)
    )
    office.lookout().look()
    assert office.standing()["late", TEST].values == {"test": TEST, "count": 1}
    assert count(app, "grader") == count(app, "exam_office") == 1 and count(app, "operator") == 0
    people.change_user(office.parts, "grader", people.Wish("grader", ""), "test")
    assert count(app, "grader") == 0, "not of their tests any more"


def test_only_one_process_tells(office: Office, home: Installation) -> None:
    with open_parts(home.settings) as other:
        first, second = office.lookout(DISK), office.lookout(DISK, other)
        assert first.look() and not second.look()
        office.clock.later(seconds=59)
        assert not second.look(), "the first one lives"
        office.clock.later(seconds=2)
        assert second.look() and not first.look(), "it is gone: the other one goes on"
        second.close()
        assert first.look(), "left at once to the next"
    with office.parts.ledger.read() as r:
        assert len(list(r.events_of("notice_begun"))) == 1


def test_a_store_that_fails_is_urgent(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    lookout = office.lookout()

    def away(key: str) -> None:
        raise StoreUnavailable("the store does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(type(office.parts.store), "stat", lambda self, key: away(key))
        lookout.look()
        office.clock.later(seconds=31)
        lookout.look()
        assert office.standing()["store", ""].severity == "urgent"
    lookout.look()
    office.clock.later(seconds=61)
    lookout.look()
    assert office.standing() == {}


def test_a_scanner_that_stops_in_the_middle_of_a_file(office: Office) -> None:
    office.sources = (SourceSettings("Scanner 2", "rom 210"),)
    for n in range(4):
        about = {"file": f"rom 210/{n}.jpg", "stack": _stack("rom 210"), "position": n + 1, "size": 9, "key": f"k{n}"}
        office.parts.ledger.write(
            lambda tx, n=n, a=about: tx.append("scan_taken_in", scan=f"{n:064d}", holder="h", **a)
        )
        office.parts.ledger.write(lambda tx, n=n: tx.append("scan_unpacked", scan=f"{n:064d}", pages=1))
    lookout = office.lookout()
    lookout.look()
    office.clock.later(minutes=6)
    lookout.look()
    assert ("silent", _stack("rom 210")) not in office.standing(), "the stack may be at its end"
    half = office.parts.folders.inbox / "rom 210" / "4.jpg"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"\xff\xd8")
    lookout.look()
    assert ("silent", _stack("rom 210")) not in office.standing(), "it grew a moment ago"
    office.clock.later(minutes=6)
    lookout.look()
    told = office.standing()["silent", _stack("rom 210")]
    assert told.values == {"source": "Scanner 2", "count": 4}
    half.unlink()
    lookout.look()
    assert ("silent", _stack("rom 210")) not in office.standing()


def test_a_scanner_that_stops_before_a_counted_stack_is_through(office: Office) -> None:
    office.sources = (SourceSettings("Scanner 2", "rom 210", duplex=True),)
    for n in range(3):
        about = {"file": f"rom 210/{n}.jpg", "stack": _stack("rom 210"), "position": n + 1, "size": 9, "key": f"k{n}"}
        office.parts.ledger.write(
            lambda tx, n=n, a=about: tx.append("scan_taken_in", scan=f"{n:064d}", holder="h", **a)
        )
        office.parts.ledger.write(lambda tx, n=n: tx.append("scan_unpacked", scan=f"{n:064d}", pages=1))
    expecting.expect_stacks(office.parts, {_stack("rom 210"): 3}, "kari")
    lookout = office.lookout()
    lookout.look()
    office.clock.later(minutes=6)
    lookout.look()
    assert ("silent", _stack("rom 210")) not in office.standing(), "all came, though their number is odd"
    expecting.expect_stacks(office.parts, {_stack("rom 210"): 4}, "kari")
    lookout.look()
    assert office.standing()["silent", _stack("rom 210")].values == {"source": "Scanner 2", "count": 3}


def _stack(folder: str) -> str:
    return f"{folder} {datetime.now().date().isoformat()}"


def small_test(office: Office) -> list[PageRecord]:
    """A test of one candidate of whom two sheets were printed, and the pages that lie in slots of other tests till now."""
    definition = office.home.data_dir / "t.yaml"
    text = "test: FY1\ntitle: F\ndate: 2026-12-04\nquestions: [{id: '1', sketches: expected}]\ncandidates: [{number: '1'}]\n"
    definition.write_text(text)
    register(office.parts, load(definition))
    sheets = [[f"0099999{n}", "1", "1", n, 2] for n in (1, 2)]
    office.parts.ledger.write(lambda tx: tx.append("sheets_printed", test="FY1", revision=1, sheets=sheets, by="t"))
    with office.parts.ledger.read() as r:
        return list(r.pages_in("filed"))


def file_in(parts: Parts, page: PageRecord, serial: str) -> None:
    columns = {"test": "FY1", "candidate": "1", "question": "1", "serial": serial}
    parts.ledger.write(lambda tx: tx.append("page_placing", scan=page.scan, page=page.page, **columns))
    parts.ledger.write(lambda tx: tx.append("page_filed", scan=page.scan, page=page.page))


def is_told(office: Office, lookout: Lookout) -> bool:
    """Is the test said to be complete, when everybody has had their time?"""
    lookout.look()
    office.clock.later(minutes=3)
    lookout.look()
    return ("complete", "FY1") in office.standing()


def test_a_test_whose_sheets_have_all_come(office: Office) -> None:
    lookout, pages = office.lookout(), small_test(office)
    assert not is_told(office, lookout)
    file_in(office.parts, pages[0], "00999991")
    assert not is_told(office, lookout), "two were printed, and nobody said what was handed in"
    file_in(office.parts, pages[1], "00999992")
    assert is_told(office, lookout)
    assert office.standing()["complete", "FY1"].values == {"test": "FY1", "count": 2}
    assert is_told(office, office.lookout()), "another process looks for itself, and it stands meanwhile"


def test_a_test_is_complete_when_all_that_is_expected_has_come(office: Office) -> None:
    """As the monitor and the report judge: a difference stands in the way until it is gone, or closed."""
    lookout, pages = office.lookout(), small_test(office)
    file_in(office.parts, pages[0], "00999991")
    tell = partial(expecting.tell_sheets, office.parts, "FY1", "collected", by="kari")
    tell({"": [Entry("1", 2)]})
    assert not is_told(office, lookout), "two were collected, and one came"
    tell({"": [Entry("1", 1)]})
    assert is_told(office, lookout), "the second sheet stayed in the room"
    expecting.declare(office.parts, "FY1", "1", "1", Entry("1", 2), "exam system")
    assert not is_told(office, lookout), "the candidate says two"
    with office.parts.ledger.read() as r:
        differences = completeness.look(r, "FY1").open
    for found in differences:
        completeness.close(office.parts, "FY1", found.kind, found.subject, "asked: it was one", "kari")
    assert is_told(office, lookout)
    expecting.expect_stacks(office.parts, {"rom 9 2026-12-04": 3}, "kari", "FY1")
    assert not is_told(office, lookout), "a stack that was announced did not come"
    expecting.expect_stacks(office.parts, {"rom 9 2026-12-04": None}, "kari")
    assert is_told(office, lookout)


def test_several_notices_in_one_mail_in_the_language_of_the_person(office: Office) -> None:
    by_mail(office.parts, "exam_office", "waiting", language="nb")
    lookout, room = office.lookout(), office.mailroom()
    office.clock.later(minutes=31)
    lookout.look()
    stands = [n for (kind, _), n in office.standing().items() if kind == "waiting"]
    assert len(stands) > 1
    assert room.deliver() == 0, "others may follow"
    office.clock.later(minutes=10)
    assert room.deliver() == 1 and room.deliver() == 0
    (letter,) = office.post.letters
    assert letter.to == "exam_office@example.org" and letter.subject == f"scanpipe: {len(stands)} meldinger"
    assert f"Prøve {TEST}: " in letter.text and f"https://scan.example/queue?test={TEST}" in letter.text


def test_what_is_urgent_goes_at_night_and_the_rest_in_the_morning(office: Office) -> None:
    by_mail(office.parts, "exam_office", "waiting", "disk")
    tomorrow = datetime.now().astimezone().replace(hour=23, minute=0, second=0) + timedelta(days=1)
    office.clock.now = tomorrow
    room = office.mailroom((time(22), time(6)))
    office.lookout(DISK).look()
    assert room.deliver() == 1 and "disk" in office.post.letters[0].subject.lower()
    office.clock.later(hours=6, minutes=59)
    assert room.deliver() == 0
    office.clock.later(minutes=2)
    assert room.deliver() == 1 and len(office.post.letters) == 2


def test_a_person_has_quiet_hours_and_a_digest_of_their_own(office: Office, app: TestClient) -> None:
    sign_in(app, "exam_office")
    own = {"times": "own", "quiet_from": "08:00", "quiet_to": "09:30", "gather_minutes": "3"}
    told = {"token": token(app), "language": "en", "address": "kari@example.org", "mail": ["waiting", "late"], **own}
    for wrong in ({"quiet_from": "25:00"}, {"quiet_to": ""}, {"gather_minutes": "1441"}):
        assert "Nothing was saved" in app.post("/notices", data=told | wrong).text
    assert app.post("/notices", data=told).status_code == 303
    page = app.get("/notices").text
    assert 'value="08:00"' in page and 'value="09:30"' in page and 'name="gather_minutes" value="3"' in page
    by_mail(office.parts, "ola", "waiting", role="exam_office")
    office.clock.now = datetime.now().astimezone().replace(hour=8, minute=0, second=0) + timedelta(days=1)
    lookout, room = office.lookout(), office.mailroom()
    lookout.look()
    office.clock.later(minutes=10)
    assert room.deliver() == 1 and office.post.letters[0].to == "ola@example.org"
    office.clock.later(minutes=79)
    assert room.deliver() == 0
    office.clock.later(minutes=1)
    assert room.deliver() == 1 and office.post.letters[1].to == "kari@example.org"
    with office.parts.ledger.read() as r:
        page = next(p for p in r.pages_in("held") if p.test == TEST)
    late = {"reason": "late", "evidence": "{}", "test": TEST}
    office.parts.ledger.write(lambda tx: tx.append("page_held", scan=page.scan, page=page.page, **late))
    lookout.look()
    office.clock.later(minutes=2)
    assert room.deliver() == 0
    office.clock.later(minutes=1)
    assert room.deliver() == 1
    assert app.post("/notices", data=told | {"times": ""}).status_code == 303
    with office.parts.ledger.read() as r:
        chosen = r.notices().choice("exam_office")
    assert chosen is not None and (chosen.quiet_hours, chosen.gather_minutes) == (None, None)


def test_a_mail_server_that_is_away_is_tried_again_and_seen(office: Office, app: TestClient) -> None:
    by_mail(office.parts, "operator", "disk")
    office.post.fault = MailFault("the mail server cannot be reached: Connection refused")
    room = office.mailroom()
    office.lookout(DISK).look()
    assert room.deliver() == 0
    sign_in(app, "exam_office")
    assert "Connection refused" in app.get("/overview").text
    office.post.fault = None
    assert room.deliver() == 0, "not before its time"
    office.clock.later(minutes=1)
    assert room.deliver() == 1 and len(office.post.letters) == 1
    assert "Connection refused" not in app.get("/overview").text


def test_a_mail_is_given_up_after_three_days(office: Office) -> None:
    by_mail(office.parts, "operator", "disk")
    office.post.fault = MailFault("the mail server cannot be reached")
    room = office.mailroom()
    office.lookout(DISK).look()
    tries = 0
    while office.clock.now < datetime.now(UTC) + timedelta(days=4):
        room.deliver()
        with office.parts.ledger.read() as r:
            waiting = r.notices().waiting()
        if not waiting:
            break
        tries += 1
        office.clock.now = datetime.fromisoformat(waiting["operator"][0].not_before)
    assert 70 < tries < 90, "an hour apart in the end"
    with office.parts.ledger.read() as r:
        trouble = r.notices().mail_trouble("")
    assert trouble is not None and (trouble.waiting, trouble.given_up) == (0, 1)


def test_no_mail_to_who_may_not_know_any_more(office: Office) -> None:
    by_mail(office.parts, "operator", "disk")
    by_mail(office.parts, "exam_office", "disk")
    by_mail(office.parts, "ola", "disk", role="exam_office")
    by_mail(office.parts, "grader", "late")
    office.lookout(DISK).look()
    people.change_user(office.parts, "operator", people.Wish("reporter"), "test")
    people.end_user(office.parts, "exam_office", "test")
    assert office.mailroom().deliver() == 1
    assert [x.to for x in office.post.letters] == ["ola@example.org"]
    with office.parts.ledger.read() as r:
        assert r.notices().choice("exam_office") is None, "the address of who is gone is forgotten"


def test_an_end_before_the_mail_makes_the_mail_needless(office: Office) -> None:
    by_mail(office.parts, "exam_office", "waiting")
    lookout = office.lookout()
    office.clock.later(minutes=31)
    lookout.look()
    for notice in office.standing().values():
        office.parts.ledger.write(lambda tx, n=notice: tx.append("notice_ended", notice=n.id))
    office.clock.later(minutes=10)
    assert office.mailroom().deliver() == 0 and office.post.letters == []


def secrets_of(parts: Parts) -> set[str]:
    """Every number and name of a candidate, and every file and stack."""
    with parts.ledger.read() as r:
        candidates = [c for test in r.tests() if (d := r.definition(test)) for c in d.candidates]
        scans = list(r.scans())
    return {x for c in candidates for x in (c.number, c.name, *(c.name or "").split()) if x} | {
        x for s in scans for x in (s.file, s.stack, s.scan) if x
    }


def begun_of(office: Office, kind: Kind) -> None:
    """A notice of this kind, from an installation where it holds; what is about people is in its subject alone."""
    params = {"waiting": {"test": TEST, "count": 3}, "late": {"test": TEST, "count": 1}}
    params |= {"complete": {"test": TEST, "count": 9}, "untaken": {"count": 2}}
    params |= {"silent": {"source": "", "count": 9}, "disk": {"place": "data", "gb": 1}}
    subject = "Kari Åsmund 10001 2026-12-03" if kind.name == "silent" else TEST if kind.of_tests else ""
    office.begin(kind.name, subject, **params.get(kind.name, {}))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_mail_has_a_candidate_a_name_or_a_drawing(office: Office, language: str) -> None:
    for kind in KINDS.values():
        begun_of(office, kind)
    office.clock.later(minutes=31)
    office.lookout(DISK).look()  # and those that follow from the held pages of real scans
    with office.parts.ledger.read() as r:
        records = [*r.notices().standing(), *r.notices().lately_ended(99)]
    assert {n.kind for n in records} == set(KINDS)
    forbidden = secrets_of(office.parts) | {"Kari", "Åsmund"}
    assert "10001" in forbidden and len(forbidden) > 50
    for role in people.ROLES:
        for notices in [records, *([n] for n in records)]:
            subject, text = mail(language, role, notices, "https://scan.example")
            words = set(re.findall(r"[\w./-]+", f"{subject} {text}"))
            assert not words & forbidden and not re.search(r"<|base64|data:|/sheets/|/original|[0-9a-f]{12}", text)
    params = {key for n in records for key in n.values}
    assert params <= {"test", "count", "source", "place", "gb"}, "counts, tests, and names from the settings"


def token(app: TestClient) -> str:
    found = re.search(r'name="token" value="([^"]+)"', app.get("/notices").text)
    assert found
    return found[1]


def count(app: TestClient, name: str) -> int:
    sign_in(app, name)
    return int(app.get("/notices/count").json()["count"])


def test_the_bell_counts_what_the_person_wants_to_know(office: Office, app: TestClient) -> None:
    for kind in KINDS.values():
        begun_of(office, kind)
    assert set(LABELS) == set(KINDS)
    records = office.standing()
    for role in people.ROLES:
        assert count(app, role) == len(kinds_for(role))
        for (kind, _), n in records.items():
            assert all(sentence(n, language) not in ("", kind) for language in LANGUAGES)
            to = link(n, role)
            assert kind not in kinds_for(role) or app.get(to).status_code == 200, (role, to)
    sign_in(app, "exam_office")
    told = {"token": token(app), "language": "en", "browser": ["disk", "late"]}
    assert app.post("/notices", data=told).status_code == 303
    assert app.get("/notices/count").json() == {"count": 2, "said": "2 notices"}
    page = app.get("/notices").text
    assert "The disk of the data is nearly full" in page and "Told earlier, or not chosen" in page
    record = office.standing()["complete", TEST]
    sign_in(app, "reporter")
    assert count(app, "reporter") == 1 and sentence(record, "en") in app.get("/notices").text


def test_a_person_chooses_and_only_of_what_they_may_know(app: TestClient, parts: Parts) -> None:
    sign_in(app, "operator")
    told = {"token": token(app), "language": "nb", "address": "drift@example.org", "mail": ["disk", "late", "x"]}
    assert app.post("/notices", data=told | {"browser": ["waiting", "silent"]}).status_code == 303
    with parts.ledger.read() as r:
        chosen = r.notices().choice("operator")
    assert chosen is not None and (chosen.mail, chosen.browser, chosen.language) == (("disk",), ("silent",), "nb")
    for wrong in ({"address": "no address"}, {"address": ""}, {"address": "a@b.no\nBcc: x@y.no"}):
        answer = app.post("/notices", data=told | wrong)
        assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert app.post("/notices", data=told | {"language": "xx"}).status_code == 422
    with parts.ledger.read() as r:
        assert r.notices().choice("operator") == chosen
        assert not [e for e in r.figures().log.search(LogFilter(), 1000) if "drift@example.org" in e.data]
    sign_in(app, "user_administrator")
    assert "drift@example.org" not in app.get("/notices").text + app.get("/people").text


def test_the_bell_keeps_nobody_signed_in(app: TestClient, parts: Parts) -> None:
    sign_in(app, "operator")
    long_ago = (datetime.now(UTC) - timedelta(minutes=50)).isoformat(timespec="seconds")

    def age() -> None:
        with parts.ledger.writing() as c:
            c.exec_driver_sql("UPDATE session SET seen = ?", (long_ago,))

    def seen() -> str:
        with parts.ledger.snapshot() as c:
            return str(c.exec_driver_sql("SELECT max(seen) FROM session").scalar())

    age()
    assert app.get("/notices/count").status_code == 200 and seen() == long_ago
    assert app.get("/notices").status_code == 200 and seen() > long_ago


def test_the_command_lists_what_stands(office: Office) -> None:
    office.begin("disk", "data", place="data", gb=1)
    (row,) = office.home.lines("notices", "list")
    assert (row["kind"], row["severity"], row["params"], row["ended"]) == (
        "disk",
        "urgent",
        {"place": "data", "gb": 1},
        None,
    )
