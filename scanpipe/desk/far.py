"""Pages that are carried on other machines: small groups of page numbers go out, their records come back.

A worker there has the same ledger and the same store (`station.py`): it fetches the original and files the pages itself. What is
lost on the way is offered again by whoever holds the scan in the ledger. A page that is given out twice is filed once: the
ledger sees to that.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from scanpipe.desk.filing import begin_settling
from scanpipe.desk.intake import count_on_record
from scanpipe.desk.parts import Engine, Parts
from scanpipe.engines import TaskLost
from scanpipe.faults import Fault
from scanpipe.hands import PageReport
from scanpipe.model import PageRecord, Reason, ScanRecord
from scanpipe.saying import say
from scanpipe.stages.unpack import Problem

PAGES_PER_GROUP = 32
"""At the most. A task costs the scheduler and the Dask worker some 15 ms together, a page 40 and more."""
_PAGES_OF_ONE_SCAN = 16
"""At least: whoever works on some of its pages fetches all of it."""
_GROUPS_PER_WORKER = 3
_PAGES_AT_FIRST = 8
_LOSSES = 2
CARRY = "scanpipe.station:carry"


@dataclass(frozen=True, slots=True)
class Item:
    """Pages of one scan, by number; `scan` is its digest."""

    scan: str
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: records of its pages, as far as there are such pages among the `of` that the scan has; or what the
    machine was at fault with.
    """

    pages: tuple[PageRecord, ...]
    of: int
    fault: Fault | None = None


class FarCarrier:
    """See `conveyor.Carrier`."""

    scans_at_once = 256
    """Workers come and go: so many files may be taken in and wait for one."""

    def __init__(self, parts: Parts, engine: Engine) -> None:
        self._parts = parts
        self._groups = Groups(engine, tuple(parts.keyring.keys))

    def work_off(
        self, scan: ScanRecord, pages: Sequence[PageRecord], work: Path, copy: Path | None
    ) -> tuple[PageRecord, ...]:
        if scan.pages is not None:
            done = self._carry(scan, [page.page for page in pages if not page.settled])
        else:
            outcome = self._ask(scan, tuple(range(1, _PAGES_AT_FIRST + 1)))
            done = {page.page: page for page in outcome.pages}
            done |= self._carry(scan, range(_PAGES_AT_FIRST + 1, outcome.of + 1))
        known = {page.page: page for page in pages} | done
        return tuple(known[n] for n in sorted(known))

    def close(self) -> None:
        """All that was begun is finished: each waits for its answer."""

    def _carry(self, scan: ScanRecord, numbers: Sequence[int]) -> dict[int, PageRecord]:
        size = max(_PAGES_OF_ONE_SCAN, min(PAGES_PER_GROUP, len(numbers) // (2 * self._groups.workers)))
        pieces = [tuple(numbers[i : i + size]) for i in range(0, len(numbers), size)]
        sent = [(piece, self._groups.send(Item(scan.scan, piece))) for piece in pieces]
        return {page.page: page for piece, answer in sent for page in self._heard(scan, piece, answer).pages}

    def _ask(self, scan: ScanRecord, numbers: tuple[int, ...]) -> Outcome:
        return self._heard(scan, numbers, self._groups.send(Item(scan.scan, numbers)))

    def _heard(self, scan: ScanRecord, numbers: tuple[int, ...], answer: Future[Outcome]) -> Outcome:
        """The answer. Pages that cost several processes their lives are tried each alone, and then held."""
        try:
            outcome = answer.result()
        except TaskLost as lost:
            return self._without(scan, numbers, lost)
        if outcome.fault is not None:
            raise outcome.fault
        return outcome

    def _without(self, scan: ScanRecord, numbers: tuple[int, ...], lost: TaskLost) -> Outcome:
        """What becomes of the pages of a lost item. Those who died over it may have opened the file, and settled some of them."""
        with self._parts.ledger.read() as r:
            known = r.scan(scan.scan)
        assert known is not None
        there = [n for n in numbers if known.pages is None or n <= known.pages]
        if known.pages is None or len(there) == 1:
            return self._held(known, there[0], lost)
        sent = [(n, self._groups.send(Item(known.scan, (n,)), losses=1)) for n in there]
        pages = [page for n, answer in sent for page in self._heard(known, (n,), answer).pages]
        return Outcome(tuple(pages), known.pages)

    def _held(self, scan: ScanRecord, number: int, lost: TaskLost) -> Outcome:
        """A file that could not even be opened has one page."""
        count_on_record(self._parts, scan, 1)
        problem = Problem(Reason.UNREADABLE_FILE, say("reading it failed twice: %(error)s", error=lost.how))
        settled = begin_settling(self._parts, scan, number, PageReport(None, None, problem))
        assert isinstance(settled, PageRecord)
        return Outcome((settled,), scan.pages or 1)


@dataclass(eq=False, slots=True)
class _Sent:
    """An item on its way; `losses` counts the processes that died while they had it."""

    item: Item
    losses: int = 0
    done: Future[Outcome] = field(default_factory=Future)


class Groups:
    """Sends items in groups: alone as long as workers are free, together as soon as they queue."""

    def __init__(self, engine: Engine, keys: tuple[str, ...]) -> None:
        self._engine = engine
        self._keys = keys
        self._lock = threading.Lock()
        self._waiting: deque[_Sent] = deque()
        self._away = 0

    @property
    def workers(self) -> int:
        return self._engine.workers

    def send(self, item: Item, losses: int = 0) -> Future[Outcome]:
        """The future raises TaskLost when two processes died over the item, and Fault when the workers cannot be had."""
        sent = _Sent(item, losses)
        with self._lock:
            self._waiting.append(sent)
        self._hand_out()
        return sent.done

    def _hand_out(self) -> None:
        for group in iter(self._next_group, None):
            try:
                answer = self._engine.submit(CARRY, tuple(sent.item for sent in group), self._keys)
            except Fault as fault:
                self._fail(group, fault)
            else:
                answer.add_done_callback(lambda answer, group=group: self._answered(group, answer))  # type: ignore[misc]

    def _next_group(self) -> list[_Sent] | None:
        with self._lock:
            if not self._waiting or self._away >= _GROUPS_PER_WORKER * self._engine.workers:
                return None
            self._away += 1
            return list(self._together())

    def _together(self) -> Iterator[_Sent]:
        """The first that waits, and more: as many as let each worker have the same, at the most a group; one that was lost
        before goes alone.
        """
        most = min(PAGES_PER_GROUP, len(self._waiting) // self._engine.workers)
        pages = 0
        while self._waiting:
            first = self._waiting[0]
            pages += len(first.item.pages)
            if pages > len(first.item.pages) and (pages > most or first.losses):
                return
            yield self._waiting.popleft()
            if first.losses:
                return

    def _answered(self, group: list[_Sent], answer: Future[tuple[Outcome, ...]]) -> None:
        error = answer.exception() if not answer.cancelled() else Fault("The engine was closed.", "Start again.")
        if isinstance(error, TaskLost):
            self._lost(group, error)
        elif error is not None:
            self._fail(group, error)
        else:
            for sent, outcome in zip(group, answer.result(), strict=True):
                sent.done.set_result(outcome)
            with self._lock:
                self._away -= 1
        self._hand_out()

    def _lost(self, group: list[_Sent], error: TaskLost) -> None:
        """One of them did it: each is tried once more, alone."""
        for sent in group:
            sent.losses += 1
        given_up = [sent for sent in group if sent.losses >= _LOSSES]
        with self._lock:
            self._waiting.extendleft(sent for sent in group if sent.losses < _LOSSES)
            self._away -= 1
        for sent in given_up:
            sent.done.set_exception(error)

    def _fail(self, group: list[_Sent], error: BaseException) -> None:
        with self._lock:
            self._away -= 1
        for sent in group:
            sent.done.set_exception(error)
