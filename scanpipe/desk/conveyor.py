"""Many files at once through the journey: every scan has a thread that waits, the work is done by a carrier.

The threads are cheap: they wait for a worker, for the store, for a commit. The ledger commits what gathers meanwhile in one go.
Back pressure is the number of threads: no more than that many scans are in flight.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scanpipe.desk.far import FarCarrier
from scanpipe.desk.folders import Folders
from scanpipe.desk.intake import Incoming, TakenIn, put_on_record, store_original, take_over
from scanpipe.desk.near import NearCarrier
from scanpipe.desk.parts import Engine, Parts
from scanpipe.desk.sides import settle_sides
from scanpipe.model import PageRecord, ScanRecord


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a file. `again`: its bytes had come before, and `pages` are those of the first time."""

    scan: ScanRecord
    file: str
    again: bool
    pages: tuple[PageRecord, ...]


class Carrier(Protocol):
    """Works pages off, here (`near.py`) or on other machines (`far.py`). Any number of threads may call."""

    @property
    def scans_at_once(self) -> int: ...

    def work_off(
        self, scan: ScanRecord, pages: Sequence[PageRecord], work: Path, copy: Path | None
    ) -> tuple[PageRecord, ...]:
        """Works off what is left of a scan on record, whose pages are these as far as it was opened; answers all of them.

        `work` is a private folder, which the caller empties; `copy` is the file in it, if it is there yet. Raises what the
        machine was at fault with.
        """
        ...

    def close(self) -> None:
        """Finishes what was begun."""
        ...


class Conveyor:
    """Carries scans. `take` and `resume` may be called from one thread; they answer at once, with a future."""

    def __init__(self, parts: Parts, engine: Engine) -> None:
        self._parts = parts
        self._carrier: Carrier = FarCarrier(parts, engine) if engine.far else NearCarrier(parts, engine)
        self.scans_at_once = self._carrier.scans_at_once
        self._in_hand = _InHand()
        self._scans = ThreadPoolExecutor(self.scans_at_once, "scan")

    def take(self, incoming: Incoming) -> Future[Carried]:
        """Takes a file in and works it off. The future raises what the machine was at fault with."""
        return self._scans.submit(self._take, incoming)

    def resume(self, scan: ScanRecord) -> Future[Carried]:
        """Works off what is left of a scan that is on record."""
        return self._scans.submit(self._resume, scan)

    def close(self) -> None:
        """Finishes what was begun."""
        self._scans.shutdown(wait=True)
        self._carrier.close()

    def abandon(self) -> None:
        """Begins nothing new; what was begun is finished."""
        self._scans.shutdown(wait=True, cancel_futures=True)
        self._carrier.close()

    def _take(self, incoming: Incoming) -> Carried:
        began_s = time.perf_counter()
        with workplace(self._parts.folders) as work:
            original = store_original(self._parts, incoming, work)
            with self._in_hand.alone(original.scan):
                taken = put_on_record(self._parts, incoming, original)
                self._parts.observer.done("take_in", began_s, original.scan)
                mine = taken.scan.holder == self._parts.folders.holder or self._inherits(taken)
                pages = taken.pages
                if mine:
                    done = self._carrier.work_off(taken.scan, taken.pages, work, original.copy)
                    pages = self._both_sides(taken.scan, done)
            return Carried(taken.scan, incoming.file, taken.again, pages)

    def _resume(self, scan: ScanRecord) -> Carried:
        with workplace(self._parts.folders) as work, self._in_hand.alone(scan.scan):
            with self._parts.ledger.read() as r:
                pages = r.pages(scan.scan)
            done = self._carrier.work_off(scan, pages, work, None)
            return Carried(scan, scan.file, False, self._both_sides(scan, done))

    def _both_sides(self, scan: ScanRecord, pages: tuple[PageRecord, ...]) -> tuple[PageRecord, ...]:
        """The pages as they are after their other sides were looked at."""
        if not settle_sides(self._parts, scan, pages):
            return pages
        with self._parts.ledger.read() as r:
            return tuple(r.pages(scan.scan))

    def _inherits(self, taken: TakenIn) -> bool:
        """Is what another process began, and did not finish, this one's now?"""
        unfinished = taken.scan.pages is None or any(not page.settled for page in taken.pages)
        if not unfinished or self._parts.folders.alive(taken.scan.holder):
            return False
        return take_over(self._parts, taken.scan) is not None


class _InHand:
    """The scans that threads are at work on, one thread each: the same bytes may come twice at a time."""

    def __init__(self) -> None:
        self._scans: set[str] = set()
        self._change = threading.Condition()

    @contextmanager
    def alone(self, scan: str) -> Iterator[None]:
        """Waits until no other thread has this scan in hand."""
        with self._change:
            self._change.wait_for(lambda: scan not in self._scans)
            self._scans.add(scan)
        try:
            yield
        finally:
            with self._change:
                self._scans.remove(scan)
                self._change.notify_all()


@contextmanager
def workplace(folders: Folders) -> Iterator[Path]:
    """The folder of this thread, which carries one scan at a time. It is empty afterwards, whatever happened: while the store is
    away the same file is tried again and again.
    """
    folder = folders.own_work / threading.current_thread().name
    with suppress(FileExistsError):
        os.mkdir(folder)
    try:
        yield folder
    finally:
        _empty(folder)


def _empty(folder: Path) -> None:
    """What cannot be removed is swept away by the next start."""
    with suppress(OSError):
        for file in os.listdir(folder):
            os.unlink(folder / file)
