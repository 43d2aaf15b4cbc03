"""The ledger as evidence: nothing of the past can be changed unseen, and the state is what the events add up to."""

import dataclasses
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scanpipe.ledgers import SqlLedger, Transaction, open_ledger
from scanpipe.ledgers.chain import GENESIS, Event, canonical, first_break
from scanpipe.model import Claims, PageId
from tests.contracts.ledger_deeds import columns, place, print_sheets, register, scan_id, take_in
from tests.helpers import definition

A, B = PageId(scan_id("a"), 1), PageId(scan_id("b"), 1)
TEST = "MA0001-2026H"


def tell_a_story(ledger: SqlLedger) -> None:
    """Nine events of every kind that changes a table."""

    def begin(tx: Transaction) -> None:
        register(tx, definition())
        print_sheets(tx, TEST, [("00000001", "10001", "2a"), ("00000002", "10002", "3")])
        take_in(tx, A.scan, 2)
        take_in(tx, B.scan, 1)

    ledger.write(begin)
    place(ledger, A, Claims(TEST, "10001", "2a", "00000001"))
    ledger.write(lambda tx: tx.append("page_filed", scan=A.scan, page=1))
    ledger.write(lambda tx: tx.append("page_blank", scan=A.scan, page=2, key="b", sha256="1" * 64))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed ledger with a story in it, to be copied."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    with open_ledger(f"sqlite:///{path}") as ledger:
        tell_a_story(ledger)
    return path


@pytest.fixture
def path(finished: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy.db"
    copy.write_bytes(finished.read_bytes())
    return copy


def tamper(path: Path, *statements: str, free: bool = True) -> None:
    """What somebody with the file in hand can do to it."""
    c = sqlite3.connect(path)
    try:
        for trigger in ("event_no_update", "event_no_delete") if free else ():
            c.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            c.execute(statement)
        c.commit()
    finally:
        c.close()


def findings(path: Path) -> tuple[int | None, list[str]]:
    """The first event that does not follow, and what of the state is not what the events add up to."""
    with open_ledger(f"sqlite:///{path}") as ledger:
        return first_break(ledger.events()), ledger.difference()


def test_an_honest_ledger_has_no_findings(path: Path) -> None:
    assert findings(path) == (None, [])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET data = '{}' WHERE id = 3",
        "UPDATE event SET id = 100 WHERE id = 9",
        "DELETE FROM event WHERE id = 9",
        "DELETE FROM event",
    ],
)
def test_events_can_only_be_added(path: Path, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        tamper(path, statement, free=False)
    assert findings(path) == (None, [])


ALTERATIONS = {
    "at": "'2020-01-01T00:00:00.000+00:00'",
    "type": "'page_discarded'",
    "scan": "'elsewhere'",
    "page": "2",
    "data": "replace(data, '10001', '10002')",
    "previous": "hash",
    "hash": "previous",
}


@pytest.mark.parametrize("column", [f.name for f in dataclasses.fields(Event) if f.name != "id"])
def test_an_altered_event_is_found(path: Path, column: str) -> None:
    """Event 7 takes the place of a page."""
    tamper(path, f"UPDATE event SET {column} = {ALTERATIONS[column]} WHERE id = 7")
    assert findings(path)[0] == 7


@pytest.mark.parametrize(("column", "value"), [("scan", "''"), ("page", "0"), ("page", "''")])
def test_nothing_is_not_the_same_as_empty(path: Path, column: str, value: str) -> None:
    """Event 1 is about no scan."""
    tamper(path, f"UPDATE event SET {column} = {value} WHERE id = 1")
    assert findings(path)[0] == 1


@pytest.mark.parametrize("id", [1, 2, 5, 8])
def test_a_deleted_event_is_found(path: Path, id: int) -> None:
    tamper(path, f"DELETE FROM event WHERE id = {id}")
    assert findings(path)[0] == id + 1


def test_a_deleted_end_shows_in_the_state(path: Path) -> None:
    """The chain alone cannot know how long it was; the tables do."""
    tamper(path, "DELETE FROM event WHERE id = 9")
    broken, differences = findings(path)
    assert broken is None and len(differences) == 1 and "table page" in differences[0]


def test_a_deleted_event_whose_gap_was_closed_is_found(path: Path) -> None:
    tamper(path, "DELETE FROM event WHERE id = 3", "UPDATE event SET id = id - 1 WHERE id > 3")
    assert findings(path)[0] == 3


def test_an_inserted_event_is_found(path: Path) -> None:
    copy = "INSERT INTO event SELECT 10, at, type, scan, page, data, previous, hash FROM event WHERE id = 9"
    tamper(path, copy)
    assert findings(path)[0] == 10


def test_an_event_put_before_all_others_is_found(path: Path) -> None:
    tamper(path, f"INSERT INTO event VALUES (0, '', 'key_made', NULL, NULL, '{{}}', '{GENESIS}', '{GENESIS}')")
    assert findings(path)[0] == 0


def test_two_events_that_changed_places_are_found(path: Path) -> None:
    swap = ["UPDATE event SET id = -1 WHERE id = 4", "UPDATE event SET id = 4 WHERE id = 5"]
    tamper(path, *swap, "UPDATE event SET id = 5 WHERE id = -1")
    assert findings(path)[0] == 4


def test_an_event_replaced_in_one_go_is_found(path: Path) -> None:
    """INSERT OR REPLACE does not wake the triggers."""
    row = "INSERT OR REPLACE INTO event SELECT id, at, type, scan, page, '{}', previous, hash FROM event WHERE id = 7"
    tamper(path, row, free=False)
    assert findings(path)[0] == 7


def linked(events: list[Event], last: str = GENESIS) -> list[Event]:
    """These events with all their hashes computed anew, by somebody who knows how."""
    chain = []
    for e in events:
        e = dataclasses.replace(e, previous=last)
        last = e.link()
        chain.append(dataclasses.replace(e, hash=last))
    return chain


HONEST = linked([Event(n, "now", "key_made", None, None, f'{{"id":"{n}"}}', "") for n in range(1, 7)])


def test_a_hash_made_to_fit_its_own_event_breaks_the_next() -> None:
    forged = dataclasses.replace(HONEST[2], data="{}")
    (forged,) = linked([forged], HONEST[1].hash)
    assert first_break(HONEST) is None
    assert first_break([*HONEST[:2], forged, *HONEST[3:]]) == 4


def test_a_gap_shows_though_all_hashes_fit() -> None:
    assert first_break(linked([*HONEST[:2], *HONEST[3:]])) == 4
    assert first_break(linked(HONEST[1:])) == 2
    assert first_break(linked([*HONEST[:3], HONEST[2], *HONEST[3:]])) == 3


def test_a_rewritten_history_shows_in_the_state(path: Path) -> None:
    """Whoever computes all hashes anew has a good chain, and tables that do not follow from it."""
    with open_ledger(f"sqlite:///{path}") as ledger:
        events = list(ledger.events())
    events[6] = dataclasses.replace(events[6], data=events[6].data.replace('"10001"', '"10002"'))
    rows = [(e.data, e.previous, e.hash, e.id) for e in linked(events)]
    c = sqlite3.connect(path)
    c.execute("DROP TRIGGER event_no_update")
    c.executemany("UPDATE event SET data = ?, previous = ?, hash = ? WHERE id = ?", rows)
    c.commit()
    c.close()
    broken, differences = findings(path)
    assert broken is None and "table page" in differences[0]


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE page SET candidate = '10002' WHERE candidate = '10001'", "page"),
        ("UPDATE page SET state = 'filed' WHERE state = 'blank'", "page"),
        ("UPDATE page SET skew_deg = 0.51 WHERE skew_deg = 0.5", "page"),
        ("UPDATE page SET serial = NULL", "page"),
        ("DELETE FROM page WHERE page = 2", "page"),
        ("INSERT INTO page (scan, page, state, at, event) VALUES ('x', 1, 'filed', '', 1)", "page"),
        ("UPDATE scan SET seen = 7", "scan"),
        ("UPDATE scan SET pages = NULL", "scan"),
        ("DELETE FROM scan", "scan"),
        ("UPDATE sheet SET candidate = '10003' WHERE serial = '00000001'", "sheet"),
        ("DELETE FROM sheet", "sheet"),
        ("UPDATE definition SET body = replace(body, 'expected', 'allowed')", "definition"),
        ("DELETE FROM definition", "definition"),
    ],
)
def test_a_state_that_was_tampered_with_is_found(path: Path, statement: str, table: str) -> None:
    tamper(path, statement, free=False)
    broken, differences = findings(path)
    assert broken is None
    assert len(differences) == 1 and differences[0].startswith(f"table {table} is not what the events add up to")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET data = 'no JSON' WHERE id = 3",
        "UPDATE event SET data = '[]' WHERE id = 3",
        "UPDATE event SET data = '{}' WHERE id = 3",
        "UPDATE event SET type = 'unheard_of' WHERE id = 3",
        "UPDATE event SET scan = NULL WHERE id = 3",
    ],
)
def test_an_event_that_makes_no_sense_is_told_not_stumbled_over(path: Path, statement: str) -> None:
    tamper(path, statement)
    broken, differences = findings(path)
    assert broken == 3
    assert len(differences) == 1 and differences[0].startswith("event 3 ") and "cannot be replayed" in differences[0]


@given(
    st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers() | st.none() | st.floats(allow_nan=False))
)
def test_one_content_has_one_spelling(data: dict[str, object]) -> None:
    assert canonical(data) == canonical(dict(reversed(data.items())))


@given(st.data())
def test_no_two_events_have_one_hash(data: st.DataObject) -> None:
    """Whatever stands in the columns, none can run over into the next."""
    word = st.sampled_from(["", "a", "a\n", "\na", '"', "\\", "\n", "1", "null"])
    number = st.none() | st.integers(0, 11)
    event = st.builds(Event, st.integers(1, 11), word, word, st.none() | word, number, word, word)
    one, two = data.draw(event), data.draw(event)
    assert (one.link() == two.link()) == (one == two)


SCANS = st.integers(0, 4).map(scan_id)
STATES = ("waiting", "placing", "filed", "held", "blank", "discarded")


class Story(RuleBasedStateMachine):
    """Any legal sequence of events, beside a model of what it should add up to."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "ledger.db"
        self.ledger = open_ledger(f"sqlite:///{self.path}")
        self.states: dict[PageId, str] = {}
        self.scans: dict[str, tuple[int | None, int]] = {}
        self.revisions = self.serials = self.count = 0

    def add(self, type: str, page: PageId | None = None, **data: object) -> None:
        scan, index = (page.scan, page.index) if page else (None, None)
        self.ledger.write(lambda tx: tx.append(type, scan=scan, page=index, **data))
        self.count += 1

    def pages(self, *states: str) -> list[PageId]:
        return sorted(p for p, s in self.states.items() if s in states)

    def change(self, data: st.DataObject, before: tuple[str, ...], type: str, after: str, **values: object) -> None:
        page = data.draw(st.sampled_from(self.pages(*before)))
        self.add(type, page, **values)
        self.states[page] = after

    @rule(sketches=st.booleans())
    def a_definition(self, sketches: bool) -> None:
        self.revisions += 1
        self.ledger.write(lambda tx: register(tx, definition(sketches=sketches), self.revisions))
        self.count += 1

    @rule(count=st.integers(0, 3))
    def sheets(self, count: int) -> None:
        rows = [(f"{self.serials + n:08d}", "10001", "2a") for n in range(1, count + 1)]
        self.serials += count
        self.ledger.write(lambda tx: print_sheets(tx, TEST, rows))
        self.count += 1

    @rule(scan=SCANS)
    def a_scan(self, scan: str) -> None:
        if scan in self.scans:
            pages, seen = self.scans[scan]
            self.scans[scan] = pages, seen + 1
            self.ledger.write(lambda tx: tx.append("scan_seen_again", scan=scan, file="f", stack="s", position=1))
        else:
            self.scans[scan] = None, 1
            self.ledger.write(lambda tx: take_in(tx, scan, None))
        self.count += 1

    @precondition(lambda self: any(pages is None for pages, _ in self.scans.values()))
    @rule(data=st.data(), pages=st.integers(1, 3))
    def unpacked(self, data: st.DataObject, pages: int) -> None:
        scan = data.draw(st.sampled_from([s for s, (p, _) in self.scans.items() if p is None]))
        self.scans[scan] = pages, self.scans[scan][1]
        self.ledger.write(lambda tx: tx.append("scan_unpacked", scan=scan, pages=pages))
        self.states |= {PageId(scan, n): "waiting" for n in range(1, pages + 1)}
        self.count += 1

    @precondition(lambda self: self.pages("waiting"))
    @rule(data=st.data(), how=st.sampled_from(["placing", "held", "blank"]))
    def examined(self, data: st.DataObject, how: str) -> None:
        values = columns(Claims(TEST, "10001", "2a", "00000001"))
        self.change(data, ("waiting",), f"page_{how}", how, **values)

    @precondition(lambda self: self.pages("placing"))
    @rule(data=st.data())
    def filed(self, data: st.DataObject) -> None:
        self.change(data, ("placing",), "page_filed", "filed")

    @precondition(lambda self: self.pages("held", "blank", "discarded"))
    @rule(data=st.data(), deed=st.sampled_from([("page_retried", "waiting"), ("page_discarded", "discarded")]))
    def decided(self, data: st.DataObject, deed: tuple[str, str]) -> None:
        self.change(data, ("held", "blank", "discarded"), *deed, by="kari", why="å", decided_by="kari")

    @rule()
    def a_key(self) -> None:
        self.add("key_made", id="ABC")

    @rule()
    def closed_and_opened(self) -> None:
        self.ledger.close()
        self.ledger = open_ledger(f"sqlite:///{self.path}")

    @invariant()
    def the_state_is_that_of_the_model(self) -> None:
        with self.ledger.read() as r:
            assert {p.id: p.state for p in r.pages_in(*STATES)} == self.states
            assert {s.scan: (s.pages, s.seen) for s in r.scans()} == self.scans
            assert r.counts() == Counter(self.states.values())
            assert r.last_serial() == self.serials
            unfinished = {p.scan for p in self.pages("waiting", "placing")}
            unfinished |= {s for s, (pages, _) in self.scans.items() if pages is None}
            assert {s.scan for s in r.unfinished()} == unfinished

    def teardown(self) -> None:
        events = list(self.ledger.events())
        assert len(events) == self.count and first_break(events) is None
        assert self.ledger.difference() == []
        self.ledger.close()
        if self.states:
            tamper(self.path, "UPDATE page SET event = event + 1", free=False)
            assert findings(self.path)[1] != []
        self.folder.cleanup()


TestStory = Story.TestCase
TestStory.settings = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
