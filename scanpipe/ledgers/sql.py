"""The ledger in a SQL database, through SQLAlchemy.

Writes of all threads meet in one writer thread, which commits what has gathered in one transaction: the price of a commit
(an fsync) is shared by the pages that finish together, and nobody hears of success before it is on the disk.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from scanpipe.faults import LedgerFault, LedgerUnavailable
from scanpipe.ledgers import chain, schema
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.transaction import Transaction

T = TypeVar("T")
Work = Callable[[Transaction], Any]

_MOST_PER_COMMIT = 256
_COMMITS_APART_S = 0.02
"""A commit costs as much as the work for a page: in a rush several pages share one. After a pause the next goes at once."""


class SqlLedger:
    """Any number of threads may `write` and `read`; any number of processes may have the same ledger open."""

    def __init__(self, url: str) -> None:
        self._engine = schema.open_engine(url)
        self._reader = self._engine.execution_options(reading=True)
        self._queue: queue.SimpleQueue[tuple[Work, Future[Any]] | None] = queue.SimpleQueue()
        self._definitions: dict[tuple[str, int], Any] = {}
        self._connected: sa.Connection | None = None
        self._closed = False
        self._handing_in = threading.Lock()
        self._writer = threading.Thread(target=self._write_all, name="ledger", daemon=True)
        self._writer.start()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a transaction and returns its answer after the commit.

        `work` may run more than once (after a rollback that a neighbour caused), so it must change nothing but the ledger.
        Raises what `work` raises, or LedgerFault.
        """
        return self.hand_in(work).result()

    def hand_in(self, work: Callable[[Transaction], T]) -> Future[T]:
        """As `write`, without waiting. What one thread hands in is worked off in that order."""
        done: Future[T] = Future()
        with self._handing_in:
            if self._closed:
                raise LedgerFault("the ledger is closed", "The process is about to end: start it again.")
            self._queue.put((work, done))
        return done

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction to look things up in; it sees one state throughout."""
        with self._connection() as c:
            yield Transaction(c, self._definitions)

    def events(self, after: int | None = None) -> Iterator[chain.Event]:
        """All events in their order, or those after a number, streamed."""
        query = sa.select(t.event).order_by(t.event.c.id)
        query = query if after is None else query.where(t.event.c.id > after)
        with self._connection() as c:
            for row in c.execution_options(yield_per=1000).execute(query):
                yield chain.Event(*row)

    def difference(self) -> list[str]:
        """Where the kept state is not what the events add up to: one sentence a table, empty when all agree."""
        with self._connection() as c:
            return schema.difference(c)

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        try:
            with self._reader.connect() as c, c.begin():
                yield c
        except exc.SQLAlchemyError as e:
            raise as_fault(e) from e

    def close(self) -> None:
        """Finishes what was handed in, then closes; what is handed in later is refused."""
        with self._handing_in:
            self._closed = True
            self._queue.put(None)
        self._writer.join()
        self._engine.dispose()

    def __enter__(self) -> SqlLedger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write_all(self) -> None:
        next_s = 0.0
        while (first := self._queue.get()) is not None:
            time.sleep(max(0.0, next_s - time.monotonic()))
            next_s = time.monotonic() + _COMMITS_APART_S
            batch = [first]
            while len(batch) < _MOST_PER_COMMIT and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    self._queue.put(None)
                    break
                batch.append(item)
            self._commit(batch)
        if self._connected is not None:
            self._connected.close()

    def _commit(self, batch: list[tuple[Work, Future[Any]]]) -> None:
        """All in one transaction; when one of them fails, each in its own, so that only that one hears of it."""
        try:
            answers = self._run([work for work, _ in batch])
        except BaseException as e:
            if len(batch) == 1:
                batch[0][1].set_exception(as_fault(e))
                return
            for item in batch:
                self._commit([item])
            return
        for (_, done), answer in zip(batch, answers, strict=True):
            done.set_result(answer)

    def _run(self, works: list[Work]) -> list[Any]:
        definitions = dict(self._definitions)
        with self._writing() as c:
            transaction = Transaction(c, definitions)
            answers = [work(transaction) for work in works]
            transaction.flush()
        self._definitions |= definitions  # only now: what was rolled back must not be remembered
        return answers

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A transaction on the writer's own connection, which stays open until something fails on it."""
        c = self._connected = self._connected or self._engine.connect()
        try:
            with c.begin():
                yield c
        except BaseException:
            self._connected = None
            c.close()
            raise


def as_fault(error: BaseException) -> BaseException:
    """A database's error as a fault with a hint; any other error as it is."""
    if isinstance(error, exc.OperationalError):
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            return LedgerUnavailable("the ledger is locked by another process", "Try again in a moment.")
        return LedgerFault(f"the ledger cannot be used: {text}", "Run `scanpipe doctor`: it says what is wrong.")
    if isinstance(error, exc.SQLAlchemyError):
        return LedgerFault(f"the ledger refused: {error}", "Run `scanpipe verify` and `scanpipe doctor`.")
    return error
