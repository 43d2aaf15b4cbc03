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
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from scanpipe.faults import LedgerFault, LedgerUnavailable
from scanpipe.ledgers import chain, schema
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.database import as_fault
from scanpipe.ledgers.replaying import replayed
from scanpipe.ledgers.transaction import Transaction
from scanpipe.timed_queue import TimedQueue

T = TypeVar("T")
Work = Callable[[Transaction], Any]

_MOST_PER_COMMIT = 256
_TRIES = 8
_BEAT_EVERY_S, DEAD_AFTER_S = 10.0, 60.0
_COMMITS_APART_S = 0.02
"""A commit costs as much as the work for a page: in a rush several pages share one. After a pause the next goes at once."""


class SqlLedger:
    """Any number of threads may `write` and `read`; any number of processes may have the same ledger open."""

    def __init__(self, url: str) -> None:
        self._engine, self.database = schema.open_engine(url)
        self._reader = self.database.reader(self._engine)
        self._shared = self.database.shared
        self._queue: TimedQueue[tuple[Work, Future[Any]] | None] = TimedQueue()
        self._definitions: dict[tuple[str, int], Any] = {}
        self._connected: sa.Connection | None = None
        self._closed = False
        self._link_next_s = 0.0
        self._holder: str | None = None
        self._watching = False
        self._beat_next_s = 0.0
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
        with self.snapshot() as c:
            yield Transaction(c, self._definitions)

    @contextmanager
    def at_head(self) -> Iterator[tuple[Transaction, chain.Event | None]]:
        """A transaction to look things up, and the last event of the chain; the state is what the events up to it add up to."""
        self.link()
        with self.snapshot() as c:
            head = c.execute(sa.select(t.event).order_by(t.event.c.link.desc().nulls_last()).limit(1)).first()
            last = chain.Event(*head) if head is not None and head.link is not None else None
            if c.execute(sa.select(t.event.c.id).where(t.event.c.link.is_(None)).limit(1)).first() is None:
                yield Transaction(c, self._definitions), last
                return
            with replayed(c, last.link if last else 0) as fresh:  # somebody writes at this moment
                yield Transaction(fresh, {}), last

    @contextmanager
    def as_it_was(self, link: int) -> Iterator[Transaction]:
        """A transaction to look up what was so after the event of this link: replayed. Raises LedgerFault."""
        with self.snapshot() as c, replayed(c, link) as fresh:
            yield Transaction(fresh, {})

    def events(self, after: int | None = None) -> Iterator[chain.Event]:
        """All events in the order of the chain, or those after a link, streamed."""
        self.link()
        with self.snapshot() as c:
            yield from schema.linked_events(c, after)

    def difference(self) -> list[str]:
        """Where the kept state is not what the events add up to: one sentence a table, empty when all agree."""
        with self.snapshot() as c:
            return schema.difference(c)

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def schema(self) -> str | None:
        """The revision of the tables."""
        with self._told():
            return schema.version(self._engine, self.database)

    def count_events(self) -> int:
        """How many events there are, linked or not."""
        with self.snapshot() as c:
            return int(c.execute(sa.select(sa.func.count()).select_from(t.event)).scalar() or 0)

    def link(self) -> None:
        """Waits until every event that is committed has its link in the chain. Raises LedgerFault."""
        linked = int(self._shared)
        while linked:
            with self.writing() as c:
                linked = self.database.link(c, wait=True)

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A connection to look things up on; it sees one state throughout."""
        with self._told(), self._reader.connect() as c, c.begin():
            yield c

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection in a transaction, for what is no event."""
        with self._told(), self._engine.begin() as c:
            yield c

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except exc.SQLAlchemyError as e:
            raise as_fault(e, self.database) from e

    def hold(self, holder: str) -> None:
        """From now on says that the process of this name lives, as long as it does. Raises LedgerFault."""
        if not self._shared:
            return
        with self.writing() as c:
            self.database.beat(c, holder, self._watching)
        self._holder, self._beat_next_s = holder, time.monotonic() + _BEAT_EVERY_S

    def begin_watching(self) -> None:
        """From the next sign of life on this process says that it works the hot folder."""
        self._watching, self._beat_next_s = True, 0.0

    def watchers(self) -> int:
        """How many processes, of whatever machine, work the hot folder; 0 where all are on one, whose locks tell.

        Raises LedgerFault.
        """
        if not self._shared:
            return 0
        with self.snapshot() as c:
            return self.database.watchers(c, DEAD_AFTER_S)

    def alive(self, holder: str) -> bool:
        """Did the process of this name, of whatever machine, say within the last minute that it lives? Raises LedgerFault."""
        if not self._shared:
            return False
        with self.snapshot() as c:
            silent_s = self.database.silent_s(c, holder)
        return silent_s is not None and silent_s < DEAD_AFTER_S

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """Holds a name that no other process, and no other thread, holds meanwhile. Raises LedgerFault."""
        with self._told(), self.database.exclusive(self._engine, name):
            yield

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
        while (first := self._next()) is not None:
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
        if self._shared:
            with suppress(LedgerFault):  # then another process, or the next one, will
                self.link()
                with self.writing() as c:
                    c.execute(sa.delete(t.holder).where(t.holder.c.name == self._holder))
        if self._connected is not None:
            self._connected.close()

    def _next(self) -> tuple[Work, Future[Any]] | None:
        """What was handed in next. Links meanwhile what has no link: also what other processes left, which may be dead."""
        if not self._shared:
            return self._queue.get()
        every_s = self.database.link_every_s
        while True:
            if time.monotonic() >= self._link_next_s:
                with suppress(Exception), self._own_transaction() as c:  # whoever writes next hears of it
                    self.database.link(c, wait=False)
                    self._beat(c)
                self._link_next_s = time.monotonic() + every_s
            with suppress(queue.Empty):
                return self._queue.get(every_s)

    def _beat(self, c: sa.Connection) -> None:
        if self._holder is not None and time.monotonic() >= self._beat_next_s:
            self.database.beat(c, self._holder, self._watching)
            self._beat_next_s = time.monotonic() + _BEAT_EVERY_S

    def _commit(self, batch: list[tuple[Work, Future[Any]]], tries: int = _TRIES) -> None:
        """All in one transaction; when one of them fails, each in its own, so that only that one hears of it.

        One that was undone only because of another process is tried again. When the database is lost, all hear of it and nothing
        is tried again here: it may have committed before.
        """
        try:
            answers = self._run([work for work, _ in batch])
        except BaseException as e:
            fault = as_fault(e, self.database)
            if len(batch) > 1 and not isinstance(fault, LedgerUnavailable):
                for item in batch:
                    self._commit([item])
            elif tries > 1 and self.database.collided(e):
                self._commit(batch, tries - 1)
            else:
                for _, done in batch:
                    done.set_exception(fault)
            return
        for (_, done), answer in zip(batch, answers, strict=True):
            done.set_result(answer)

    def _run(self, works: list[Work]) -> list[Any]:
        definitions = dict(self._definitions)
        with self._own_transaction() as c:
            journal = self.database.journal(c)
            transaction = Transaction(c, definitions, journal)
            answers = [work(transaction) for work in works]
            journal.flush()
        self._definitions |= definitions  # only now: what was rolled back must not be remembered
        return answers

    @contextmanager
    def _own_transaction(self) -> Iterator[sa.Connection]:
        """A transaction on the writer's own connection, which stays open until something fails on it."""
        c = self._connected = self._connected or self._engine.connect()
        try:
            with c.begin():
                yield c
        except BaseException as e:
            self._connected = None
            if isinstance(e, exc.DBAPIError):  # whatever is wrong with this session shall not meet the next try
                c.invalidate()
            c.close()
            raise
