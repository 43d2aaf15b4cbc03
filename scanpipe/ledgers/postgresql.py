"""The ledger in PostgreSQL: many processes on many machines write at once.

A transaction locks what its decisions rest on, by rows where there are rows, by names where there may be none yet (who has
this serial, how many are in this slot). The number of an event is drawn after its locks: of two events that bear on each other
the later one has the higher number. Numbers have gaps, and an event can appear after one with a higher number; the order that
everybody sees is that of the chain, which `link` gives after the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql

from scanpipe.faults import LedgerUnavailable
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.chain import GENESIS, Event
from scanpipe.ledgers.database import in_one_line
from scanpipe.ledgers.prepared import Prepared

_LINK_EVERY_S = 0.5
_MOST_PER_LINKING = 2000
_SCHEMA_LOCK, _LINK_LOCK = 0x5CA9_0001, 0x5CA9_0002
"""Keys of advisory locks in the space of whole numbers; those of names are hashes in the same space: 1 in 10¹⁹."""
_COLLISIONS = ("40001", "40P01", "23505")
"""Serialization failure, deadlock, and a row that another transaction added since one looked."""
_PASSING = ("08", "53", "57", "25006", "55P03")
"""Connection lost, out of connections or disk, shutting down or starting up, read-only, a lock not given in time."""
_SESSION = "-c lock_timeout=60s -c idle_in_transaction_session_timeout=60s"
"""Who freezes with a lock in its hand loses it, and its transaction, after a minute."""

_e = t.event.c
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(n, 0)) FROM unnest(CAST(:names AS text[])) AS n")
_SHARE = Prepared(sa.select(sa.func.pg_advisory_xact_lock_shared(sa.func.hashtextextended(sa.bindparam("name"), 0))))
_EVENT = Prepared(
    sa.insert(t.event)
    .values({n: sa.bindparam(n) for n in ("at", "type", "scan", "page", "data")} | {"previous": "", "hash": ""})
    .values(id=sa.func.nextval("event_id"))
    .returning(_e.id)
)
_HEAD = sa.select(_e.link, _e.hash).where(_e.link.is_not(None)).order_by(_e.link.desc()).limit(1)
_UNLINKED = (
    sa.select(_e.id, _e.at, _e.type, _e.scan, _e.page, _e.data)
    .where(_e.link.is_(None))
    .order_by(_e.id)
    .limit(_MOST_PER_LINKING)
)
_SET_LINKS = sa.text(
    "UPDATE event SET link = v.link, previous = v.previous, hash = v.hash FROM unnest("
    "CAST(:ids AS bigint[]), CAST(:links AS bigint[]), CAST(:previous AS text[]), CAST(:hashes AS text[])"
    ") AS v(id, link, previous, hash) WHERE event.id = v.id"
)


class PostgresqlDatabase:
    shared, link_every_s = True, _LINK_EVERY_S

    def open(self, url: str) -> sa.Engine:
        """`postgresql://…` is enough; the driver is psycopg."""
        named = sa.make_url(url).set(drivername="postgresql+psycopg")
        return sa.create_engine(
            named,
            pool_size=4,
            max_overflow=8,
            pool_pre_ping=True,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            connect_args={"application_name": "scanpipe", "connect_timeout": 10, "options": _SESSION},
        )

    def reader(self, engine: sa.Engine) -> sa.Engine:
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def journal(self, c: sa.Connection) -> NumberedJournal:
        return NumberedJournal(c)

    def link(self, c: sa.Connection, wait: bool) -> int:
        if c.execute(sa.select(_e.id).where(_e.link.is_(None)).limit(1)).first() is None:
            return 0
        if wait:
            c.execute(sa.select(sa.func.pg_advisory_xact_lock(_LINK_LOCK)))
        elif not c.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_LINK_LOCK))).scalar():
            return 0
        link, previous = c.execute(_HEAD).one_or_none() or (0, GENESIS)
        columns: dict[str, list[int | str]] = {"ids": [], "links": [], "previous": [], "hashes": []}
        for row in c.execute(_UNLINKED).all():
            event, link = Event(*row, previous=previous), link + 1
            for name, value in zip(columns, (event.id, link, previous, event.digest()), strict=True):
                columns[name].append(value)
            previous = event.digest()
        c.execute(_SET_LINKS, columns)
        return len(columns["ids"])

    def beat(self, c: sa.Connection, holder: str, watching: bool) -> None:
        now = {"beat": sa.func.now(), "watching": int(watching)}
        new = postgresql.insert(t.holder).values(name=holder, **now)
        c.execute(new.on_conflict_do_update(index_elements=["name"], set_=now))

    def silent_s(self, c: sa.Connection, holder: str) -> float | None:
        silent = sa.extract("epoch", sa.func.now() - t.holder.c.beat)
        found = c.execute(sa.select(silent).where(t.holder.c.name == holder)).scalar()
        return None if found is None else float(found)

    def watchers(self, c: sa.Connection, silent_s: float) -> int:
        silent = sa.extract("epoch", sa.func.now() - t.holder.c.beat)
        query = sa.select(sa.func.count()).select_from(t.holder).where(t.holder.c.watching == 1, silent < silent_s)
        return int(c.execute(query).scalar() or 0)

    @contextmanager
    def exclusive(self, engine: sa.Engine, name: str) -> Iterator[None]:
        with engine.begin() as c:
            c.execute(_LOCK, {"names": [f"exclusive {name}"]})
            yield

    def lock_schema(self, c: sa.Connection) -> None:
        c.execute(sa.select(sa.func.pg_advisory_xact_lock(_SCHEMA_LOCK)))

    def collided(self, error: BaseException) -> bool:
        return isinstance(error, exc.DBAPIError) and _state(error) in _COLLISIONS

    def unavailable(self, error: exc.DBAPIError) -> LedgerUnavailable | None:
        state = _state(error)
        lost = error.connection_invalidated or (isinstance(error, exc.OperationalError) and state is None)
        if not lost and not (state or "").startswith(_PASSING):
            return None
        text = in_one_line(error.orig)
        return LedgerUnavailable(
            f"the ledger's database is not there: {text}",
            "See that the server runs and lets this machine in, and check ledger.url.",
        )


class NumberedJournal:
    """The database numbers the events; they have no link yet."""

    def __init__(self, c: sa.Connection) -> None:
        self._c = c

    def append(self, at: str, type: str, scan: str | None, page: int | None, data: str) -> int:
        row = _EVENT.first(self._c, {"at": at, "type": type, "scan": scan, "page": page, "data": data})
        assert row is not None
        return int(row[0])

    def lock(self, *names: str) -> None:
        self._c.execute(_LOCK, {"names": sorted(names)})

    def share(self, name: str) -> None:
        _SHARE.first(self._c, {"name": name})

    def flush(self) -> None:
        """All is written."""


def _state(error: exc.DBAPIError) -> str | None:
    """The SQLSTATE; None where the server did not get as far as to say one."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state
