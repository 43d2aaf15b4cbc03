"""Opening a ledger: quick where it is one, a fault with a hint where it is none, and the schema that the code expects."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from scanpipe.faults import LedgerFault
from scanpipe.ledgers import SqlLedger, open_ledger, tables
from scanpipe.ledgers import __file__ as ledgers_file
from scanpipe.ledgers.chain import first_break
from scanpipe.model import Claims
from tests.contracts.ledger_deeds import columns, scan_id, take_in
from tests.earlier import make_earlier


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'hovedbok å.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    with open_ledger(url) as ledger:
        yield ledger


def test_what_is_there_is_there_after_opening_again(url: str) -> None:
    with open_ledger(url) as ledger:
        ledger.write(lambda tx: take_in(tx, scan_id("a"), 3))
    with open_ledger(url) as ledger:
        assert ledger.difference() == [] and len(list(ledger.events())) == 2
        ledger.write(lambda tx: tx.append("key_made", id="AAA"))
        assert [e.link for e in ledger.events()] == [1, 2, 3]


def test_opening_again_is_quick_and_waits_for_nobody(url: str) -> None:
    open_ledger(url).close()
    busy = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    start = time.perf_counter()
    for _ in range(5):
        open_ledger(url).close()
    assert time.perf_counter() - start < 1.0
    busy.execute("ROLLBACK")
    busy.close()


def test_commits_are_on_the_disk_before_they_are_told(ledger: SqlLedger) -> None:
    with ledger._engine.connect() as c:
        assert c.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert c.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


@pytest.mark.parametrize("content", [b"no database at all " * 200, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_ledger(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(LedgerFault) as refused:
        open_ledger(f"sqlite:///{path}")
    assert refused.value.hint and path.read_bytes() == content


def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    theirs = sqlite3.connect(tmp_path / "ledger.db")
    theirs.execute("CREATE TABLE event (id INTEGER)")
    theirs.commit()
    theirs.close()
    with pytest.raises(LedgerFault):
        open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


def test_a_ledger_of_a_later_version(url: str) -> None:
    open_ledger(url).close()
    later = sqlite3.connect(url.removeprefix("sqlite:///"))
    later.execute("UPDATE alembic_version SET version_num = '9999'")
    later.commit()
    later.close()
    with pytest.raises(LedgerFault, match="version"):
        open_ledger(url)


def test_a_ledger_of_an_earlier_version_is_brought_up_to_date(url: str) -> None:
    claims = Claims("MA0001-2026H", "10001", "2a", "00000001")
    with open_ledger(url) as ledger:
        ledger.write(lambda tx: take_in(tx, scan_id("a"), 3))
        ledger.write(lambda tx: tx.append("page_placing", scan=scan_id("a"), page=1, **columns(claims)))
        ledger.write(lambda tx: tx.append("page_filed", scan=scan_id("a"), page=1))
        ledger.write(lambda tx: tx.append("page_held", scan=scan_id("a"), page=2, **columns(claims)))
    make_earlier(Path(url.removeprefix("sqlite:///")))
    with open_ledger(url) as ledger:
        ledger.write(lambda tx: tx.append("key_made", id="AAA"))
        events = list(ledger.events())
        assert [e.link for e in events] == [1, 2, 3, 4, 5, 6] and first_break(events) is None
        assert ledger.difference() == []
        with ledger.read() as r:
            told = [(c.type, c.question) for c in r.feed().after(0, 10).changes]
        assert told == [("page_filed", "2a"), ("page_on_its_way", "2a")], (
            "what happened before there was a feed is told, too"
        )
        with pytest.raises(LedgerFault, match="append-only"), ledger.writing() as c:
            c.execute(sa.update(tables.event).values(data="{}"))


@pytest.mark.parametrize(
    "wrong",
    ["", "nonsense", "foo://bar", "sqlite:////no/such/folder/ledger.db", "oracle://db", "sqlite:////proc/ledger.db"],
)
def test_a_url_that_leads_nowhere(wrong: str) -> None:
    with pytest.raises(LedgerFault) as refused:
        open_ledger(wrong)
    assert refused.value.hint


def test_the_schema_of_the_code_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(ledgers_file).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [tables.SCHEMA]


def described(engine: sa.Engine) -> dict[str, object]:
    """Tables with their columns, keys and indexes."""
    look = sa.inspect(engine)
    return {
        name: (
            [(c["name"], repr(c["type"]), c["nullable"], c.get("primary_key")) for c in look.get_columns(name)],
            look.get_pk_constraint(name)["constrained_columns"],
            sorted((i["name"], tuple(i["column_names"]), i["unique"]) for i in look.get_indexes(name)),
        )
        for name in look.get_table_names()
        if name != "alembic_version"
    }


def test_the_migrations_make_the_tables_that_the_code_describes(ledger: SqlLedger) -> None:
    fresh = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    tables.metadata.create_all(fresh)
    assert described(ledger._engine) == described(fresh)
    assert set(described(fresh)) >= {"event", "definition", "sheet", "scan", "page"}
