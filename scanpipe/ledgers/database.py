"""What differs between the databases that can hold a ledger; `sqlite.py` and `postgresql.py` are the two that there are.

SQLite has one writer at a time: an event gets its number and its link in the chain as it is written. PostgreSQL has many: they
lock just what a decision rests on, and events are linked a moment after their commit, so that the chain holds nobody up.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import exc

from scanpipe.faults import LedgerFault, LedgerUnavailable


class Journal(Protocol):
    """The events of one write transaction."""

    def append(self, at: str, type: str, scan: str | None, page: int | None, data: str) -> int:
        """Takes an event in; answers its number."""
        ...

    def lock(self, *names: str) -> None:
        """Waits until no other transaction holds one of these names, and holds them until the end."""
        ...

    def share(self, name: str) -> None:
        """Waits until nobody holds the name as by `lock`, and keeps it from being locked until the end."""
        ...

    def flush(self) -> None:
        """Writes out what is not yet written, before the commit."""
        ...


class Database(Protocol):
    """One kind of database."""

    @property
    def shared(self) -> bool:
        """Do processes of several machines write, so that links come later, and each says now and then that it lives?"""
        ...

    @property
    def link_every_s(self) -> float:
        """Where it is shared: how often events that have no link yet are looked for."""
        ...

    def open(self, url: str) -> sa.Engine:
        """An engine for writing."""
        ...

    def reader(self, engine: sa.Engine) -> sa.Engine:
        """The same for reading: a transaction sees one state throughout, and holds nobody up."""
        ...

    def journal(self, c: sa.Connection) -> Journal: ...

    def link(self, c: sa.Connection, wait: bool) -> int:
        """Links committed events into the chain; answers how many. None, if another does it and one does not wait for it."""
        ...

    def beat(self, c: sa.Connection, holder: str, watching: bool) -> None:
        """Says that this process lives, and whether it works the hot folder."""
        ...

    def silent_s(self, c: sa.Connection, holder: str) -> float | None:
        """For how many seconds a process has not said that it lives; None for one that never did, or that ended as it should."""
        ...

    def watchers(self, c: sa.Connection, silent_s: float) -> int:
        """How many processes that work the hot folder have not been silent for longer than this."""
        ...

    def exclusive(self, engine: sa.Engine, name: str) -> AbstractContextManager[None]:
        """Waits until nobody else holds this name, and holds it."""
        ...

    def lock_schema(self, c: sa.Connection) -> None:
        """Waits until nobody else changes the schema."""
        ...

    def collided(self, error: BaseException) -> bool:
        """Was the transaction undone only because of another one, so that trying again is right?"""
        ...

    def unavailable(self, error: exc.DBAPIError) -> LedgerUnavailable | None:
        """The fault for an error that may pass; None for any other."""
        ...


def as_fault(error: BaseException, database: Database) -> BaseException:
    """A database's error as a fault with a hint; any other error as it is."""
    if isinstance(error, exc.DBAPIError):
        if (passing := database.unavailable(error)) is not None:
            return passing
        if isinstance(error, exc.OperationalError):
            hint = "Run `scanpipe doctor`: it says what is wrong."
            return LedgerFault(f"the ledger cannot be used: {in_one_line(error.orig)}", hint)
    if isinstance(error, exc.TimeoutError):
        return LedgerUnavailable("no connection to the ledger became free", "Try again in a moment.")
    if isinstance(error, exc.SQLAlchemyError):
        return LedgerFault(f"the ledger refused: {error}", "Run `scanpipe verify` and `scanpipe doctor`.")
    return error


def in_one_line(text: object) -> str:
    """A driver's message may have several."""
    return " ".join(str(text).split())
