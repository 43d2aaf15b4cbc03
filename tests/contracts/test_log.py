"""The log, searched: the same answer by a look at the newest and by index, page by page, each event once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scanpipe.desk.looking_back import GROUPS, filter_for, groups_for, moment
from scanpipe.faults import UsageFault
from scanpipe.ledgers import SqlLedger, Transaction, log, open_ledger
from scanpipe.ledgers.chain import Event
from scanpipe.ledgers.events import TYPES, mentions
from scanpipe.ledgers.log import LogFilter
from scanpipe.model import Claims, PageId, PageRecord
from tests.contracts.ledger_deeds import columns, print_sheets, register, scan_id, take_in
from tests.helpers import definition

TEST, OTHER = "MA0001-2026H", "FY0001-2026H"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlLedger]:
    """Pages of two tests, decisions of two persons, and what else there is."""
    with open_ledger(f"sqlite:///{tmp_path_factory.mktemp('log') / 'ledger.db'}") as ledger:
        ledger.write(lambda tx: register(tx, definition()))
        ledger.write(lambda tx: print_sheets(tx, TEST, [("00000001", "10001", "2a")]))
        for n in range(40):
            ledger.write(lambda tx, n=n: _page(tx, n))
        ledger.write(lambda tx: tx.append("signed_in", name="kari"))
        ledger.write(lambda tx: tx.append("sign_in_failed", name="hvem"))
        ledger.write(lambda tx: tx.append("user_added", name="ola", role="grader", tests="", rooms="", by="kari"))
        begun = {"kind": "late", "subject": TEST, "since": "2026", "severity": "normal"}
        ledger.write(lambda tx: tx.append("notice_begun", **begun, params={"test": TEST, "count": 1}))
        slot = {"test": TEST, "candidate": "10002", "question": "3"}
        ledger.write(lambda tx: tx.append("slot_ordered", **slot, pages=[]))
        yield ledger


def _page(tx: Transaction, n: int) -> None:
    scan, test = scan_id(n), TEST if n % 4 else OTHER
    claims = Claims(test=test, candidate=f"{10001 + n % 3}", question="2a" if n % 5 else "3", serial=f"{n:08d}")
    take_in(tx, scan, 1, file=f"rom 210/skann_{n:04d}.jpg")
    tx.append("page_placing", scan=scan, page=1, **columns(claims))
    tx.append("page_filed", scan=scan, page=1)
    if n % 10 == 0:
        who = "kari" if n % 20 else "ola"
        restored = {"test": test, "candidate": "10099", "question": "1", "key": "k", "state": "held"}
        inverse = [["page_restored", scan, 1, restored]]
        tx.append("decision_made", kind="move", by=who, why=None, pages=[[scan, 1]], inverse=inverse)
        tx.append("drawing_viewed", scan=scan, page=1, by=who)


def ids(ledger: SqlLedger, wanted: LogFilter, limit: int = 1000, before: int | None = None) -> list[int]:
    with ledger.read() as r:
        return [e.id for e in r.figures().log.search(wanted, limit, before)]


FILTERS = {
    "all": LogFilter(),
    "test": LogFilter(test=TEST.lower()),
    "other": LogFilter(test=OTHER),
    "candidate": LogFilter(candidate="10002"),
    "moved away": LogFilter(candidate="10099"),
    "by": LogFilter(by="kari"),
    "question": LogFilter(question="2A"),
    "slot": LogFilter(test=TEST, candidate="10002", question="3"),
    "question of a test": LogFilter(test=OTHER, question="2a"),
    "serial": LogFilter(serial="00000007"),
    "file": LogFilter(file="SKANN_0007"),
    "text": LogFilter(text="skann_0011"),
    "digest": LogFilter(text=scan_id(5)[:12].upper()),
    "sign-ins": LogFilter(kinds=tuple(sorted(GROUPS["sign_ins"]))),
    "decisions by": LogFilter(kinds=("decision_made",), by="ola"),
    "all words": LogFilter(test=TEST, by="kari", candidate="10099", kinds=("decision_made",)),
    "nobody": LogFilter(by="nobody"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_the_newest_and_the_index_say_the_same(ledger: SqlLedger, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    near = ids(ledger, FILTERS[name])
    monkeypatch.setattr(log, "_NEAR", 1)
    far = ids(ledger, FILTERS[name])
    monkeypatch.setattr(log, "_MANY", 0)
    assert near == far == ids(ledger, FILTERS[name]) == sorted(near, reverse=True)
    assert bool(near) == (name != "nobody")
    pages, before = [], None
    while page := ids(ledger, FILTERS[name], 7, before):
        pages, before = pages + page, page[-1]
    assert pages == near, "page by page it is the same, each event once"


def test_each_filter_finds_what_it_says(ledger: SqlLedger) -> None:
    def found(name: str) -> list[str]:
        with ledger.read() as r:
            return [e.type for e in r.figures().log.search(FILTERS[name], 1000)]

    assert found("serial") == found("file") == ["page_filed", "page_placing", "scan_unpacked", "scan_taken_in"]
    assert len(found("digest")) == 4 and found("moved away") == ["decision_made"] * 4
    assert found("sign-ins") == ["sign_in_failed", "signed_in"]
    slots = {(p.candidate, p.question) for p in _pages(ledger, FILTERS["slot"])}
    assert slots == {("10002", "3")} and found("slot")[0] == "slot_ordered"
    assert {p.question for p in _pages(ledger, FILTERS["question"])} == {"2a"}
    assert {p.test for p in _pages(ledger, FILTERS["question of a test"])} == {OTHER}
    assert [e.type for e in _events(ledger, LogFilter(question="1"))] == ["decision_made"] * 4, "where they lay before"
    assert sorted(set(found("by"))) == ["decision_made", "drawing_viewed", "signed_in", "user_added"]
    assert set(found("test")) >= {"definition_registered", "sheets_printed", "notice_begun", "page_filed"}
    assert "drawing_viewed" not in found("all") and len(found("decisions by")) == 2
    assert len(found("test")) + len(found("other")) == len(ids(ledger, LogFilter())) - 3, "three are of no test"


def _events(ledger: SqlLedger, wanted: LogFilter) -> list[Event]:
    with ledger.read() as r:
        return r.figures().log.search(wanted, 1000)


def _pages(ledger: SqlLedger, wanted: LogFilter) -> list[PageRecord]:
    """The pages that the events found are about."""
    about = {PageId(e.scan, e.page) for e in _events(ledger, wanted) if e.scan and e.page}
    with ledger.read() as r:
        return [page for id in about if (page := r.page(id)) is not None]


def test_from_and_to(ledger: SqlLedger) -> None:
    with ledger.read() as r:
        events = r.figures().log.search(LogFilter(), 1000)
    since, until = events[100].at, events[40].at
    wanted = [e.id for e in events if since <= e.at < until]
    assert ids(ledger, LogFilter(since=since, until=until)) == wanted and wanted
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="milliseconds")
    assert ids(ledger, LogFilter(since=tomorrow)) == [] and ids(ledger, LogFilter(until="2001")) == []


def test_what_stands_beside_is_what_the_events_add_up_to(ledger: SqlLedger) -> None:
    assert ledger.difference() == []
    assert mentions("page_filed", "s", {}) == mentions("page_placing", "s", {"test": "T", "decided_by": None}) == set()


def test_every_kind_of_event_is_in_one_group() -> None:
    assert sorted(kind for kinds in GROUPS.values() for kind in kinds) == sorted(TYPES)


def test_a_user_administrator_reads_of_accounts_alone(ledger: SqlLedger) -> None:
    groups = groups_for("user_administrator")
    assert set(groups) == {"sign_ins", "accounts"} and set(groups_for("exam_office")) == set(GROUPS)
    allowed = {kind for kinds in groups.values() for kind in kinds}
    for kind in ("", "decisions", "page_filed", "accounts", "signed_in"):
        wanted = filter_for("user_administrator", LogFilter(candidate="10001", text="x", test=TEST), kind)
        with ledger.read() as r:
            found = {e.type for e in r.figures().log.search(wanted, 1000)}
        assert found <= allowed and (not found) == (kind in ("decisions", "page_filed"))
    with pytest.raises(UsageFault):
        filter_for("exam_office", LogFilter(), "nonsense")


def test_days_and_times() -> None:
    start, end = moment("2026-12-03"), moment("2026-12-03", end=True)
    assert datetime.fromisoformat(end) - datetime.fromisoformat(start) == timedelta(days=1)
    assert moment("2026-12-03T14:30", end=True) == moment("2026-12-03T14:30") and moment("") == ""
    for wrong in ("yesterday", "2026-13-01", "9999-12-31"):
        with pytest.raises(UsageFault):
            moment(wrong, end=True)


_LATER = ("generic_print", "coded", "separator_print", "separator", "chosen_language")


def test_an_older_ledger_is_searched_as_well(tmp_path: Path, ledger: SqlLedger) -> None:
    """The migration fills in what events of before it name, as if they had come after it."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    with open_ledger(url) as old:
        for n in range(11):
            old.write(lambda tx, n=n: _page(tx, n))
        old.write(lambda tx: tx.append("user_added", name="ola", role="grader", tests="", rooms="", by="kari"))
        old.write(lambda tx: tx.append("slot_ordered", test=TEST, candidate="10002", question="2a", pages=[]))
        kept = ids(old, LogFilter(by="kari"))
        with old.writing() as c:
            for table in (
                "mentioned",
                "notice",
                "notice_choice",
                "letter",
                *_LATER,
                "link",
                "submission",
                "submitted",
                "link_key",
                "visit",
            ):
                c.exec_driver_sql(f"DROP TABLE {table}")
            for table, column in (("sheet", "sides"), ("page", "side")):
                c.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
            c.exec_driver_sql("DROP INDEX event_type")
            c.exec_driver_sql("UPDATE alembic_version SET version_num = '0008'")
    with open_ledger(url) as migrated:
        assert ids(migrated, LogFilter(by="kari")) == kept and kept
        assert migrated.difference() == []
