"""The ledger itself fails: what stands in it tells nobody, so the operators are told by mail, once, and when it works again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from scanpipe.desk.alarming import Alarms, LedgerProbe
from scanpipe.desk.parts import Parts
from scanpipe.mail import Post, PostRules
from scanpipe.stages.alarming import Alarm, alarm
from scanpipe.web.notice_words import alarm_mail
from scanpipe.wiring import open_parts
from tests.installation import Installation, install
from tests.postgresql_server import PostgresqlServer, find_programs
from tests.serving import serving
from tests.smtp_server import MailServer, mail_server

NOON = datetime(2026, 12, 3, 12, tzinfo=UTC)
TO = ("drift@example.org", "vakt@example.org")


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[PostgresqlServer]:
    """A server that may be stopped: no other test uses it."""
    programs = find_programs()
    if programs is None:
        pytest.skip("POSTGRESQL TESTS DO NOT RUN: there is no `postgres` and `initdb`")
    server = PostgresqlServer(programs)
    yield server
    server.stop()


@pytest.fixture
def home(tmp_path: Path, own_postgresql: PostgresqlServer) -> Installation:
    return install(tmp_path / "data", {"SCANPIPE__LEDGER__URL": own_postgresql.new_database()}, sheets=1)


@pytest.fixture
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path, "none") as server:
        yield server


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: NOON)

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


def alarms_by(mails: MailServer, file: Path, clock: Callable[[], datetime]) -> Alarms:
    post = Post(PostRules("127.0.0.1", mails.port, "none", "", "", "scanpipe@exam.example"))
    return Alarms(post, TO, lambda word, since: alarm_mail(word, since, "host", "https://scan.example"), file, clock)


def test_a_database_that_is_gone_is_told_once_and_its_return_as_well(
    parts: Parts, own_postgresql: PostgresqlServer, mails: MailServer, tmp_path: Path
) -> None:
    clock, probe = Clock(), LedgerProbe(parts)
    alarms = alarms_by(mails, tmp_path / "alarm.json", clock)
    assert not probe.fails() and alarms.hear(probe.fails()) is None
    own_postgresql.stop()
    assert alarms.hear(probe.fails()) is None, "it may be started anew at this moment"
    for _ in range(8):
        clock.later(seconds=31)
        alarms.hear(probe.fails())
    assert sorted(to for to, _ in mails.taken) == sorted(TO), "once each, in four minutes"
    (subject,) = {m["Subject"] for _, m in mails.taken}
    assert "Hovedboken kan ikke brukes" in subject and "The ledger cannot be used" in subject
    assert all("https://scan.example" in text and "postgres" not in text for text in mails.texts())
    again = alarms_by(mails, tmp_path / "alarm.json", clock)
    assert again.hear(fails=True) is None, "a process that is started meanwhile knows what was told"
    clock.later(hours=6)
    assert again.hear(fails=True) == "still_fails" and alarms.hear(fails=True) is None
    own_postgresql.start()
    assert not probe.fails() and alarms.hear(probe.fails()) is None
    clock.later(seconds=61)
    assert alarms.hear(probe.fails()) == "works" and again.hear(fails=False) is None
    assert len(mails.taken) == 6


def test_a_mail_server_that_refuses_is_tried_again(mails: MailServer, tmp_path: Path) -> None:
    clock = Clock()
    alarms = alarms_by(mails, tmp_path / "alarm.json", clock)
    mails.refuse = "451 later"
    alarms.hear(fails=True)
    clock.later(seconds=31)
    assert alarms.hear(fails=True) is None
    mails.refuse = ""
    assert alarms.hear(fails=True) is None and mails.taken == [], "not at once"
    clock.later(minutes=2)
    assert alarms.hear(fails=True) == "fails" and len(mails.taken) == 2


def test_where_the_disk_fails_as_well_it_is_remembered(mails: MailServer, tmp_path: Path) -> None:
    clock = Clock()
    alarms = alarms_by(mails, tmp_path / "gone" / "alarm.json", clock)
    for _ in range(4):
        alarms.hear(fails=True)
        clock.later(seconds=31)
    assert len(mails.taken) == 2
    full = alarms_by(mails, Path("/dev/full"), clock)
    for _ in range(4):
        full.hear(fails=True)
        clock.later(seconds=31)
    assert len(mails.taken) == 4


def test_a_ledger_that_does_not_answer_fails(parts: Parts, own_postgresql: PostgresqlServer) -> None:
    """Its words are swallowed: somebody holds the table, as a network that is cut would."""
    probe = LedgerProbe(parts, patience_s=0.3)
    url = str(parts.ledger._engine.url.database)
    with psycopg.connect(own_postgresql._dsn(url)) as other:
        other.execute("LOCK TABLE lease IN ACCESS EXCLUSIVE MODE")
        assert probe.fails() and probe.fails(), "and the one question that hangs is the only one"
    end_s = time.monotonic() + 30
    while probe.fails():
        assert time.monotonic() < end_s


def test_what_flickers_is_not_told() -> None:
    state, told = Alarm(), []
    for n in range(200):
        state, word = alarm(state, n % 5 != 0, NOON + timedelta(seconds=5 * n))
        told.append(word)
    assert set(told) == {None}
    state, told = Alarm(NOON, NOON), []
    for n in range(200):
        state, word = alarm(state, n % 5 == 0, NOON + timedelta(seconds=5 * n))
        told.append(word)
    assert set(told) == {None}, "it was told that it fails, and it still does now and then"


@pytest.mark.proof
def test_a_served_installation_mails_that_its_ledger_is_gone(
    home: Installation, own_postgresql: PostgresqlServer, mails: MailServer
) -> None:
    told = {"SMTP_HOST": "127.0.0.1", "SMTP_TLS": "none", "SMTP_PORT": str(mails.port), "ALARM_TO": ", ".join(TO)}
    told |= {"SENDER": "scanpipe@exam.example"}
    with serving(home, **{f"SCANPIPE__NOTICES__{k}": v for k, v in told.items()}):
        own_postgresql.stop()
        _wait_for(mails, 2)
        own_postgresql.start()
        _wait_for(mails, 4)
    assert "works again" in mails.taken[-1][1]["Subject"]


def _wait_for(mails: MailServer, count: int) -> None:
    end_s = time.monotonic() + 180
    while len(mails.taken) < count:
        assert time.monotonic() < end_s, mails.texts()
        time.sleep(0.1)
