"""Opening a database: connection settings, migrations, and the proof that the kept state follows from the events."""

from __future__ import annotations

import json
import sqlite3
import time
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from scanpipe.faults import LedgerFault
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.events import project

_TRIES, _PAUSE_S = 200, 0.05
_STATE = (t.definition, t.sheet, t.scan, t.page)


def open_engine(url: str) -> sa.Engine:
    """An engine on the database, migrated to the schema of this code. Raises LedgerFault."""
    try:
        engine = sa.create_engine(url, pool_size=8, max_overflow=32)
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _prepare_sqlite)
            sa.event.listen(engine, "begin", _begin_sqlite)
        migrate(engine)
    except exc.ArgumentError as e:
        raise LedgerFault(f"ledger.url is not a database URL: {e}", "Give one like sqlite:////path/ledger.db.") from e
    except ImportError as e:
        raise LedgerFault(f"ledger.url needs a driver: {e}", "Install it, or name another driver in the URL.") from e
    except exc.DBAPIError as e:
        raise LedgerFault(f"the ledger cannot be opened: {e.orig}", "Check ledger.url and the folder's rights.") from e
    return engine


def migrate(engine: sa.Engine) -> None:
    """Brings the tables to this code's schema; does nothing, quickly, when they are there already.

    Alembic takes half a second to load, which every command would pay for: so only here, by name.
    """
    if _version(engine) == t.SCHEMA:
        return
    import_module("scanpipe.ledgers.upgrading").upgrade(engine)


def difference(c: sa.Connection) -> list[str]:
    """Replays every event into an empty database and compares: one sentence for each table that differs.

    An event that cannot be replayed is the only sentence.
    """
    with sa.create_engine("sqlite://", poolclass=sa.StaticPool).begin() as fresh:
        t.metadata.create_all(fresh)
        query = sa.select(t.event).order_by(t.event.c.id)
        for e in c.execution_options(yield_per=1000).execute(query):
            try:
                project(fresh, e.id, e.at, e.type, e.scan, e.page, json.loads(e.data))
            except (KeyError, ValueError, TypeError, AttributeError, exc.SQLAlchemyError) as error:
                return [f"event {e.id} ({e.type}) cannot be replayed: {type(error).__name__}: {error}"[:300]]
        return [s for table in _STATE if (s := _table_difference(c, fresh, table))]


def _table_difference(kept: sa.Connection, fresh: sa.Connection, table: sa.Table) -> str | None:
    order = list(table.primary_key.columns)
    rows = (c.execute(sa.select(table).order_by(*order)).fetchall() for c in (kept, fresh))
    is_kept, should_be = (set(map(tuple, r)) for r in rows)
    if is_kept == should_be:
        return None
    odd = sorted((is_kept - should_be) | (should_be - is_kept), key=str)[0]
    return (
        f"table {table.name} is not what the events add up to: {len(is_kept ^ should_be)} rows differ, first {odd[:2]}"
    )


def _version(engine: sa.Engine) -> str | None:
    with engine.execution_options(reading=True).connect() as c:
        if not sa.inspect(c).has_table("alembic_version"):
            return None
        return c.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the "begin" listener says when a transaction starts
    for pragma in ("busy_timeout=60000", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    _use_wal(connection)


def _use_wal(connection: Any) -> None:
    """Processes that switch a new database over at the same moment are refused at once, whatever the timeout: try again."""
    for left in reversed(range(_TRIES)):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as e:
            if "locked" not in str(e) or not left:
                raise
            time.sleep(_PAUSE_S)


def _begin_sqlite(c: sa.Connection) -> None:
    """A writer takes the lock at once: a lock taken later can fail after the work was done."""
    c.connection.cursor().execute("BEGIN" if c.get_execution_options().get("reading") else "BEGIN IMMEDIATE")
