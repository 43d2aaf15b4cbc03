"""What only a database with many writers has: links that come later, locks, collisions, a server that goes away."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
import sqlalchemy as sa

from scanpipe.faults import LedgerFault, LedgerUnavailable, Refused
from scanpipe.ledgers import SqlLedger, Transaction, copy_ledger, open_ledger, tables
from scanpipe.ledgers.chain import first_break
from scanpipe.model import Claims, PageId, Reason
from tests.contracts.ledger_deeds import look, place, print_sheets, register, scan_id, take_in
from tests.contracts.test_ledgers_opening import described
from tests.helpers import definition
from tests.postgresql_server import PostgresqlServer, find_programs

Work = Callable[[Transaction], None]
A, B = PageId(scan_id("a"), 1), PageId(scan_id("b"), 1)
CLAIMS = Claims("MA0001-2026H", "10001", "3", "00000001")


@pytest.fixture
def url(postgresql: PostgresqlServer) -> str:
    return postgresql.new_database()


@pytest.fixture
def own_server(postgresql: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """A server that may be stopped: nobody else uses it."""
    programs = find_programs()
    assert programs is not None
    server = PostgresqlServer(programs, ["max_connections=12"])
    yield server
    server.stop()


def note(ledger: SqlLedger, id: str) -> int:
    return ledger.write(lambda tx: tx.append("key_made", id=id))


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_the_migrations_make_the_tables_that_the_code_describes(postgresql: PostgresqlServer, url: str) -> None:
    other = sa.create_engine(postgresql.new_database().replace("postgresql:", "postgresql+psycopg:"))
    tables.metadata.create_all(other)
    with open_ledger(url) as ledger:
        assert described(ledger._engine) == described(other)
    other.dispose()


def test_an_event_is_on_record_before_it_has_its_link(url: str) -> None:
    with open_ledger(url) as ledger:
        note(ledger, "a")
        assert look(url, "SELECT count(*) FROM event") == [(1,)]
        end = time.monotonic() + 10
        while look(url, "SELECT link FROM event") == [(None,)]:  # nobody asks for it: it comes by itself
            assert time.monotonic() < end
            time.sleep(0.05)
        assert look(url, "SELECT id, link FROM event") == [(1, 1)]


def test_what_a_dead_process_left_without_link_is_linked_by_the_next(postgresql: PostgresqlServer, url: str) -> None:
    with open_ledger(url) as ledger:
        note(ledger, "a")
    event = "nextval('event_id'), '2026', 'key_made', NULL, NULL, '{\"id\":\"b\"}', '', '', NULL"
    postgresql.run(name_of(url), f"INSERT INTO event VALUES ({event})")
    with open_ledger(url) as ledger:
        events = list(ledger.events())
        assert [(e.id, e.link) for e in events] == [(1, 1), (2, 2)] and first_break(events) is None
        assert ledger.difference() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET data = '{}'",
        "UPDATE event SET link = NULL",
        "UPDATE event SET link = 7",
        "DELETE FROM event",
        "TRUNCATE event",
    ],
)
def test_events_can_only_be_added(postgresql: PostgresqlServer, url: str, statement: str) -> None:
    with open_ledger(url) as ledger:
        note(ledger, "a")
        assert len(list(ledger.events())) == 1
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            postgresql.run(name_of(url), statement)
        assert first_break(ledger.events()) is None


def test_an_event_cannot_be_altered_while_it_gets_its_link(postgresql: PostgresqlServer, url: str) -> None:
    open_ledger(url).close()
    event = "nextval('event_id'), '2026', 'key_made', NULL, NULL, '{}', '', '', NULL"
    postgresql.run(name_of(url), f"INSERT INTO event VALUES ({event})")
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        postgresql.run(name_of(url), "UPDATE event SET link = 1, data = 'x'")


def test_who_dawdles_holds_up_only_those_who_want_the_same(url: str) -> None:
    """One process is in the middle of filing; another slot is free, the same one has to wait."""
    inside, go_on = threading.Event(), threading.Event()

    def dawdle(tx: Transaction) -> None:
        tx.facts(CLAIMS, A)
        inside.set()
        assert go_on.wait(20)

    with open_ledger(url) as slow, open_ledger(url) as quick, open_ledger(url) as same:
        slow.write(lambda tx: register(tx, definition()))
        for page in (A, B):
            slow.write(lambda tx, page=page: take_in(tx, page.scan))  # type: ignore[misc]
        dawdling = slow.hand_in(dawdle)
        assert inside.wait(10)
        assert place(quick, A, Claims("MA0001-2026H", "10002", "2a", "00000002")) is None
        waiting = same.hand_in(lambda tx: tx.facts(CLAIMS, B))
        time.sleep(0.3)
        assert not waiting.done()
        go_on.set()
        dawdling.result(10)
        waiting.result(10)


def test_two_that_wait_for_each_other_both_come_through(url: str) -> None:
    """Each transaction of a rush has several pages: they may ask for two slots in opposite orders."""
    other = Claims("MA0001-2026H", "10002", "3", "00000002")
    meet = threading.Barrier(2)
    tries = {"one": 0, "two": 0}

    def crosswise(name: str, claims: tuple[Claims, Claims], page: PageId) -> list[Reason | None]:
        def work(tx: Transaction) -> int:
            tries[name] += 1
            tx.facts(claims[0], page)
            if tries[name] == 1:
                meet.wait(10)
            tx.facts(claims[1], page)
            return tx.append("key_made", id=name)

        with open_ledger(url) as ledger:
            ledger.write(work)
        return []

    open_ledger(url).close()
    threads = [
        threading.Thread(target=crosswise, args=("one", (CLAIMS, other), A)),
        threading.Thread(target=crosswise, args=("two", (other, CLAIMS), B)),
    ]
    with open_ledger(url) as ledger:
        ledger.write(lambda tx: register(tx, definition()))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(e.data for e in ledger.events() if e.type == "key_made") == ['{"id":"one"}', '{"id":"two"}']
    assert sorted(tries.values()) == [1, 2]


def test_the_same_bytes_taken_in_by_two_at_once_are_one_scan(url: str) -> None:
    meet = threading.Barrier(2)
    tries: list[str] = []

    def take(tx: Transaction) -> bool:
        known = tx.scan(A.scan)
        tries.append("")
        if len(tries) <= 2:
            meet.wait(10)
        if known is None:
            take_in(tx, A.scan)
        return known is None

    with open_ledger(url) as one, open_ledger(url) as two:
        answers = [w.result(20) for w in (one.hand_in(take), two.hand_in(take))]
        assert sorted(answers) == [False, True] and len(tries) == 3
        assert one.difference() == []


def test_a_serial_that_is_given_out_twice_by_mistake_is_refused_after_some_tries(url: str) -> None:
    with open_ledger(url) as ledger:
        ledger.write(lambda tx: print_sheets(tx, "T", [("00000007", "10001", "2a")]))
        with pytest.raises(LedgerFault, match="refused"):
            ledger.write(lambda tx: print_sheets(tx, "U", [("00000007", "1", "1")]))


def test_a_server_that_dies_and_comes_back(own_server: PostgresqlServer) -> None:
    url = own_server.new_database()
    with open_ledger(url) as ledger:
        note(ledger, "before")
        own_server.stop(signal.SIGKILL)
        with pytest.raises(LedgerUnavailable) as refused:
            note(ledger, "away")
        assert refused.value.hint
        with pytest.raises(LedgerUnavailable), ledger.read() as r:
            r.tests()
        own_server.start()
        note(ledger, "after")
        with ledger.read() as r:
            assert r.tests() == []
        assert [e.data for e in ledger.events()] == ['{"id":"before"}', '{"id":"after"}']
        assert first_break(ledger.events()) is None


def test_a_server_that_is_not_there(own_server: PostgresqlServer) -> None:
    url = own_server.new_database()
    own_server.stop()
    with pytest.raises(LedgerUnavailable, match="not there") as refused:
        open_ledger(url)
    assert refused.value.hint


def test_a_session_that_the_server_ends_in_the_middle(postgresql: PostgresqlServer, url: str) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def work(tx: Transaction) -> None:
        tx.append("key_made", id="half")
        inside.set()
        assert go_on.wait(10)
        tx.append("key_made", id="other half")

    with open_ledger(url) as ledger:
        doing = ledger.hand_in(work)
        assert inside.wait(10)
        ours = f"datname = '{name_of(url)}' AND pid <> pg_backend_pid()"
        postgresql.run(name_of(url), f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")
        go_on.set()
        with pytest.raises(LedgerUnavailable):
            doing.result(10)
        assert list(ledger.events()) == []
        note(ledger, "after")
        assert [e.link for e in ledger.events()] == [1]


def test_what_may_have_been_committed_is_not_done_twice(postgresql: PostgresqlServer, url: str) -> None:
    """The session ends in the middle of a transaction of two: neither is run again behind the back of who asked for it."""
    runs: list[str] = []
    inside, go_on = threading.Event(), threading.Event()

    def first(tx: Transaction) -> None:
        inside.set()
        assert go_on.wait(10)

    def work(name: str) -> Work:
        def do(tx: Transaction) -> None:
            runs.append(name)
            tx.append("key_made", id=name)
            if name == "two" and runs.count("two") == 1:
                ours = f"datname = '{name_of(url)}' AND pid <> pg_backend_pid()"
                postgresql.run(name_of(url), f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")

        return do

    with open_ledger(url) as ledger:
        busy = ledger.hand_in(first)
        assert inside.wait(10)
        doing = [ledger.hand_in(work(name)) for name in ("one", "two")]
        go_on.set()
        busy.result(10)
        for done in doing:
            with pytest.raises(LedgerUnavailable):
                done.result(10)
        assert runs == ["one", "two"] and list(ledger.events()) == []


def test_a_database_that_may_only_be_read_for_a_while(postgresql: PostgresqlServer, url: str) -> None:
    name = name_of(url)
    with open_ledger(url) as ledger:
        note(ledger, "before")
        postgresql.run("postgres", f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        postgresql.run("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        for _ in range(2):  # the first one may only hear that its session ended
            with pytest.raises(LedgerUnavailable):
                note(ledger, "away")
        postgresql.run("postgres", f"ALTER DATABASE {name} RESET default_transaction_read_only")
        note(ledger, "after")
        assert [e.data for e in ledger.events()] == ['{"id":"before"}', '{"id":"after"}']


def test_no_connection_left(own_server: PostgresqlServer) -> None:
    url = own_server.new_database()
    open_ledger(url).close()
    taken = []
    with pytest.raises(psycopg.OperationalError):
        while True:
            taken.append(psycopg.connect(url))
    with pytest.raises(LedgerUnavailable, match=r"slots|too many"):
        open_ledger(url)
    for c in taken:
        c.close()
    with open_ledger(url) as ledger:
        note(ledger, "after")


def test_copies_there_and_back(url: str, postgresql: PostgresqlServer, tmp_path: object) -> None:
    start, back = f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db"
    with open_ledger(start) as ledger:
        ledger.write(lambda tx: register(tx, definition()))
        ledger.write(lambda tx: print_sheets(tx, "MA0001-2026H", [("00000001", "10001", "3")]))
        for page in (A, B):
            ledger.write(lambda tx, page=page: take_in(tx, page.scan))  # type: ignore[misc]
        assert place(ledger, A, CLAIMS) is None
        with open_ledger(url) as there:
            told: list[str] = []
            copied = copy_ledger(ledger, there, lambda table, done, of: told.append(table))
            assert copied.rows["event"] == 7 and copied.rows["page"] == 2 and set(told) >= {"event", "page", "sheet"}
            assert place(there, B, CLAIMS) is Reason.SHEET_SEEN_BEFORE
            with pytest.raises(Refused):
                there.write(_refuse)  # leaves a gap in the numbers
            note(there, "new")
            assert there.difference() == [] and [e.link for e in there.events()] == list(range(1, 10))
            with pytest.raises(LedgerFault, match="not empty"):
                copy_ledger(ledger, there, lambda *_: None)
            with open_ledger(back) as again:
                copy_ledger(there, again, lambda *_: None)
                note(again, "newer")
                assert [e.link for e in again.events()] == list(range(1, 11))
                assert first_break(again.events()) is None and again.difference() == []


def _refuse(tx: Transaction) -> None:
    tx.append("key_made", id="never")
    raise Refused("no", "")


def test_a_copy_of_a_ledger_that_is_not_in_order_is_refused_and_leaves_nothing(url: str, tmp_path: object) -> None:
    start = f"sqlite:///{tmp_path}/a.db"
    with open_ledger(start) as ledger, open_ledger(url) as there:
        ledger.write(lambda tx: take_in(tx, A.scan))
        with ledger.writing() as c:
            c.execute(sa.update(tables.scan).values(seen=7))
        with pytest.raises(LedgerFault, match="not what was copied"):
            copy_ledger(ledger, there, lambda *_: None)
        assert there.count_events() == 0


def test_a_password_is_in_no_message(own_server: PostgresqlServer) -> None:
    url = own_server.new_database().replace("scanpipe@", "scanpipe:very-secret@")
    own_server.stop()
    with pytest.raises(LedgerUnavailable) as refused:
        open_ledger(url)
    assert "very-secret" not in refused.value.message + refused.value.hint
    with pytest.raises(LedgerFault) as refused_too:
        open_ledger(url.replace("postgresql:", "unheard-of:"))
    assert "very-secret" not in refused_too.value.message + refused_too.value.hint


def test_a_watcher_counts_as_long_as_it_lives(url: str) -> None:
    with open_ledger(url) as watching, open_ledger(url) as other:
        watching.hold("one-1-a")
        other.hold("two-2-b")
        assert other.watchers() == 0
        watching.begin_watching()
        watching.hold("one-1-a")
        assert other.watchers() == 1
        watching.close()
        assert other.watchers() == 0
