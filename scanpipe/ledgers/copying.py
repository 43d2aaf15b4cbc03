"""Moving a ledger to another database: all of it, unchanged, in one transaction, and the proof that it arrived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from scanpipe.faults import LedgerFault, LedgerUnavailable
from scanpipe.ledgers import schema
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.chain import GENESIS, first_break
from scanpipe.ledgers.sql import SqlLedger

_CHUNK = 1000
_TABLES = [table for table in t.metadata.sorted_tables if table not in (t.holder, t.lease)]
"""All but who is at work at this moment."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows of each table, and the hash at the end of the chain."""

    rows: dict[str, int]
    head: str


def copy_ledger(source: SqlLedger, target: SqlLedger, progress: Progress) -> Copied:
    """Copies into an empty ledger. `progress` hears (table, rows done, of how many).

    Raises LedgerFault when the target is not empty, when somebody writes to the source meanwhile, or when what arrived is not
    what was sent; the target is then as empty as before.
    """
    source.link()
    with source.snapshot() as from_, target.writing() as to:
        _check_empty(to)
        if from_.execute(sa.select(t.event.c.id).where(t.event.c.link.is_(None)).limit(1)).first():
            raise LedgerUnavailable("the ledger is being written to", "Stop every watcher and server, then copy again.")
        rows = {table.name: _copy_table(from_, to, table, progress) for table in _TABLES}
        if to.dialect.name == "postgresql":
            last = sa.select(sa.func.coalesce(sa.func.max(t.event.c.id), 0) + 1).scalar_subquery()
            to.execute(sa.select(sa.func.setval("event_id", last, False)))
        head = _end_of_chain(to)
        _check(from_, to, rows, head)
    return Copied(rows, head)


def _check_empty(to: sa.Connection) -> None:
    for table in _TABLES:
        if to.execute(sa.select(table).limit(1)).first() is not None:
            raise LedgerFault(f"the ledger to copy into is not empty: table {table.name}", "Name a new database.")


def _copy_table(from_: sa.Connection, to: sa.Connection, table: sa.Table, progress: Progress) -> int:
    count = int(from_.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)
    query, done = sa.select(table).order_by(*table.primary_key.columns), 0
    for chunk in from_.execution_options(yield_per=_CHUNK).execute(query).partitions(_CHUNK):
        to.execute(sa.insert(table), [row._asdict() for row in chunk])
        done += len(chunk)
        progress(table.name, done, count)
    return done


def _check(from_: sa.Connection, to: sa.Connection, rows: dict[str, int], head: str) -> None:
    problems = schema.difference(to)
    if head != _end_of_chain(from_):
        problems.append("the chains have different ends")
    for table in _TABLES:
        arrived = to.execute(sa.select(sa.func.count()).select_from(table)).scalar()
        if arrived != rows[table.name]:
            problems.append(f"table {table.name} has {arrived} rows of {rows[table.name]}")
    broken = first_break(schema.linked_events(to))
    if broken is not None:
        problems.append(f"the chain is broken at event {broken}")
    if problems:
        hint = "Run `scanpipe verify` on the ledger that you copy from."
        raise LedgerFault(f"the copy is not what was copied: {'; '.join(problems)}", hint)


def _end_of_chain(c: sa.Connection) -> str:
    query = sa.select(t.event.c.hash).order_by(t.event.c.link.desc()).limit(1)
    return c.execute(query).scalar() or GENESIS
