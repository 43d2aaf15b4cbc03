"""The ledger in an SQLite file: the embedded default, for one machine. One transaction writes at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from scanpipe.faults import LedgerUnavailable
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.chain import GENESIS, Event
from scanpipe.ledgers.prepared import Prepared, inserting

_TRIES, _PAUSE_S = 200, 0.05
_LOCK_FILES = 256
_HEAD = Prepared(sa.select(t.event.c.id, t.event.c.link, t.event.c.hash).order_by(t.event.c.id.desc()).limit(1))
_EVENT = inserting(t.event)


class SqliteDatabase:
    shared, link_every_s = False, 0.0

    def open(self, url: str) -> sa.Engine:
        engine = sa.create_engine(url, pool_size=8, max_overflow=32, hide_parameters=True)
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def reader(self, engine: sa.Engine) -> sa.Engine:
        return engine.execution_options(reading=True)

    def journal(self, c: sa.Connection) -> LinkedJournal:
        return LinkedJournal(c)

    def link(self, c: sa.Connection, wait: bool) -> int:
        return 0

    def beat(self, c: sa.Connection, holder: str, watching: bool) -> None:
        """All are on one machine: the locks of their folders tell who lives."""

    def silent_s(self, c: sa.Connection, holder: str) -> float | None:
        return None

    def watchers(self, c: sa.Connection, silent_s: float) -> int:
        return 0

    @contextmanager
    def exclusive(self, engine: sa.Engine, name: str) -> Iterator[None]:
        """By a file beside the database: all processes are on this machine."""
        place = f"{engine.url.database}.locks"
        os.makedirs(place, exist_ok=True)
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:2], "big") % _LOCK_FILES
        with open(f"{place}/{number}", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def lock_schema(self, c: sa.Connection) -> None:
        """A transaction that writes has the whole file already."""

    def collided(self, error: BaseException) -> bool:
        return False

    def unavailable(self, error: exc.DBAPIError) -> LedgerUnavailable | None:
        text = str(error.orig)
        if isinstance(error, exc.OperationalError) and ("locked" in text or "busy" in text):
            return LedgerUnavailable("the ledger is locked by another process", "Try again in a moment.")
        if "full" in text or "disk I/O" in text:
            return LedgerUnavailable(f"the ledger's disk cannot be written: {text}", "Free some space on it.")
        return None


class LinkedJournal:
    """Events are numbered and linked as they come."""

    def __init__(self, c: sa.Connection) -> None:
        self._c = c
        self._head: tuple[int, int, str] | None = None
        self._rows: list[dict[str, Any]] = []

    def append(self, at: str, type: str, scan: str | None, page: int | None, data: str) -> int:
        last_id, last_link, previous = self._head or _HEAD.first(self._c) or (0, 0, GENESIS)
        event = Event(last_id + 1, at, type, scan, page, data, previous)
        hash, link = event.digest(), last_link + 1
        columns = {"id": event.id, "at": at, "type": type, "scan": scan, "page": page, "data": data}
        self._rows.append(columns | {"previous": previous, "hash": hash, "link": link})
        self._head = (event.id, link, hash)
        return event.id

    def lock(self, *names: str) -> None:
        """Nobody else writes anyway."""

    def share(self, name: str) -> None:
        """Nobody else writes anyway."""

    def flush(self) -> None:
        if self._rows:
            _EVENT.run_each(self._c, self._rows)
            self._rows = []


def _prepare(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the "begin" listener says when a transaction starts
    for pragma in ("busy_timeout=60000", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, _folded, deterministic=True)  # its own knows A to Z only
    _use_wal(connection)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


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


def _begin(c: sa.Connection) -> None:
    """A writer takes the lock at once: a lock taken later can fail after the work was done."""
    c.connection.cursor().execute("BEGIN" if c.get_execution_options().get("reading") else "BEGIN IMMEDIATE")
