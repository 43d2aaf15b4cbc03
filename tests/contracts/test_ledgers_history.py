"""The ledger as evidence: nothing of the past can be changed unseen, and the state is what the events add up to."""

import dataclasses
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.ledgers import SqlLedger, Transaction, open_ledger
from scanpipe.ledgers.chain import GENESIS, Event, canonical, first_break
from scanpipe.model import Claims, PageId
from tests.contracts.ledger_deeds import findings, place, print_sheets, register, scan_id, take_in, tamper
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


@pytest.mark.parametrize("column", [f.name for f in dataclasses.fields(Event) if f.name not in ("id", "link")])
def test_an_altered_event_is_found(path: Path, column: str) -> None:
    """Event 7 takes the place of a page."""
    tamper(path, f"UPDATE event SET {column} = {ALTERATIONS[column]} WHERE id = 7")
    assert findings(path)[0] == 7


def test_an_event_that_was_taken_out_of_the_chain_is_found(path: Path) -> None:
    tamper(path, "UPDATE event SET link = NULL WHERE id = 7")
    assert findings(path)[0] == 8


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
    tamper(path, "DELETE FROM event WHERE id = 3", "UPDATE event SET id = id - 1, link = link - 1 WHERE id > 3")
    assert findings(path)[0] == 3


def test_an_inserted_event_is_found(path: Path) -> None:
    copy = "INSERT INTO event SELECT 10, at, type, scan, page, data, previous, hash, 10 FROM event WHERE id = 9"
    tamper(path, copy)
    assert findings(path)[0] == 10


def test_an_event_put_before_all_others_is_found(path: Path) -> None:
    tamper(path, f"INSERT INTO event VALUES (0, '', 'key_made', NULL, NULL, '{{}}', '{GENESIS}', '{GENESIS}', 0)")
    assert findings(path)[0] == 0


def test_two_events_that_changed_places_are_found(path: Path) -> None:
    swap = ["UPDATE event SET id = -1, link = -1 WHERE id = 4", "UPDATE event SET id = 4, link = 4 WHERE id = 5"]
    tamper(path, *swap, "UPDATE event SET id = 5, link = 5 WHERE id = -1")
    assert findings(path)[0] == 4


def test_an_event_replaced_in_one_go_is_found(path: Path) -> None:
    """INSERT OR REPLACE does not wake the triggers."""
    row = "INSERT OR REPLACE INTO event SELECT id, at, type, scan, page, '{}', previous, hash, link FROM event WHERE id = 7"
    tamper(path, row, free=False)
    assert findings(path)[0] == 7


def linked(events: list[Event], last: str = GENESIS) -> list[Event]:
    """These events with all their hashes computed anew, by somebody who knows how."""
    chain = []
    for e in events:
        e = dataclasses.replace(e, previous=last)
        last = e.digest()
        chain.append(dataclasses.replace(e, hash=last))
    return chain


HONEST = linked([Event(n, "now", "key_made", None, None, f'{{"id":"{n}"}}', "", link=n) for n in range(1, 7)])


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
    assert (one.digest() == two.digest()) == (one == two)
