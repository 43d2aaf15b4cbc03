"""Opening a database: which one it is, migrations, and the proof that the kept state follows from the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

import sqlalchemy as sa
from sqlalchemy import exc

from scanpipe.faults import LedgerFault
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.chain import Event
from scanpipe.ledgers.database import Database, in_one_line
from scanpipe.ledgers.replaying import CannotReplay, replayed

_DATABASES: Mapping[str, tuple[str, str]] = {
    "sqlite": ("scanpipe.ledgers.sqlite", "SqliteDatabase"),
    "postgresql": ("scanpipe.ledgers.postgresql", "PostgresqlDatabase"),
}
"""By name: the other one's dialect would cost every command a tenth of its start."""
_EXPECTED = (t.counted, t.declared, t.attendance, t.stack_count, t.closed)
_SHADED = (t.generic_print, t.coded)
_LINKED = (t.link, t.submission, t.submitted)
_STACKS = (t.separator_print, t.separator)
_DECIDED = (t.decision, t.decided, t.also, t.place, t.pack, t.compared, t.print_read, t.locked)
_TOLD = (t.change, t.notice, t.mentioned)
_STATE: tuple[sa.Table, ...] = (
    t.definition,
    t.sheet,
    t.scan,
    t.page,
    *_SHADED,
    *_LINKED,
    *_STACKS,
    *_TOLD,
    *_DECIDED,
    *_EXPECTED,
)


def open_engine(url: str) -> tuple[sa.Engine, Database]:
    """An engine on the database, migrated to the schema of this code. Raises LedgerFault."""
    try:
        database = _database(url)
        engine = database.open(url)
        migrate(engine, database)
    except exc.ArgumentError as e:
        raise LedgerFault(f"ledger.url is not a database URL: {e}", "Give one like sqlite:////path/ledger.db.") from e
    except ImportError as e:
        raise LedgerFault(f"ledger.url needs a driver: {e}", "Install it: pip install 'scanpipe[postgresql]'.") from e
    except exc.DBAPIError as e:
        passing = database.unavailable(e)
        hint = "Check ledger.url, the folder's rights, or the server."
        raise passing or LedgerFault(f"the ledger cannot be opened: {in_one_line(e.orig)}", hint) from e
    return engine, database


def _database(url: str) -> Database:
    name = sa.make_url(url).get_backend_name()
    if name not in _DATABASES:
        raise LedgerFault(f"ledger.url names the database {name!r}", f"There are: {', '.join(_DATABASES)}.")
    module, cls = _DATABASES[name]
    database: Database = getattr(import_module(module), cls)()
    return database


def migrate(engine: sa.Engine, database: Database) -> None:
    """Brings the tables to this code's schema; does nothing, quickly, when they are there already.

    Alembic takes half a second to load, which every command would pay for: so only here, by name.
    """
    if version(engine, database) == t.SCHEMA:
        return
    import_module("scanpipe.ledgers.upgrading").upgrade(engine, database)


def linked_events(c: sa.Connection, after: int | None = None) -> Iterator[Event]:
    """All events that have their link, in the order of the chain, or those after a link, streamed."""
    link = t.event.c.link
    query = sa.select(t.event).where(link.is_not(None) if after is None else link > after).order_by(link)
    for row in c.execution_options(yield_per=1000).execute(query):
        yield Event(*row)


def difference(c: sa.Connection) -> list[str]:
    """Replays every event into an empty database and compares: one sentence for each table that differs.

    An event that cannot be replayed is the only sentence.
    """
    try:
        with replayed(c) as fresh:
            return [s for table in _STATE if (s := _table_difference(c, fresh, table))]
    except CannotReplay as e:
        return [e.message]


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


def version(engine: sa.Engine, database: Database) -> str | None:
    """The Alembic revision of the tables; None where there are none."""
    with database.reader(engine).connect() as c:
        if not sa.inspect(c).has_table("alembic_version"):
            return None
        return c.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
