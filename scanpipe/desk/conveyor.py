"""Many files at once through the journey: every scan has a thread that waits, the work is done by the engine.

The threads are cheap: they wait for a worker, for the store, for a commit. The ledger commits what gathers meanwhile in one go.
Back pressure is the number of threads: no more than that many scans are in flight.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanpipe.desk.deciding import finish_decision
from scanpipe.desk.filing import Settling, begin_settling, finish_placing
from scanpipe.desk.intake import Incoming, TakenIn, fetch, put_on_record, store_original, take_over
from scanpipe.desk.parts import Engine, Parts
from scanpipe.engines import TaskLost
from scanpipe.faults import Fault
from scanpipe.hands import PageReport
from scanpipe.ledgers import Transaction
from scanpipe.model import PageRecord, Reason, ScanRecord
from scanpipe.stages.render import EXTENSIONS
from scanpipe.stages.unpack import Problem

_SCANS_PER_WORKER = 6
_PAGES_PER_WORKER = 4


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a file. `again`: its bytes had come before, and `pages` are those of the first time."""

    scan: ScanRecord
    file: str
    again: bool
    pages: tuple[PageRecord, ...]


class Conveyor:
    """Carries scans. `take` and `resume` may be called from one thread; they answer at once, with a future."""

    def __init__(self, parts: Parts, engine: Engine) -> None:
        self._parts = parts
        self._engine = engine
        self.scans_at_once = _SCANS_PER_WORKER * engine.workers
        self._pages_at_once = _PAGES_PER_WORKER * engine.workers
        self._in_hand = _InHand()
        self._scans = ThreadPoolExecutor(self.scans_at_once, "scan")
        self._finishers = ThreadPoolExecutor(self._pages_at_once, "page")

    def take(self, incoming: Incoming) -> Future[Carried]:
        """Takes a file in and works it off. The future raises what the machine was at fault with."""
        return self._scans.submit(self._take, incoming)

    def resume(self, scan: ScanRecord) -> Future[Carried]:
        """Works off what is left of a scan that is on record."""
        return self._scans.submit(self._resume, scan)

    def close(self) -> None:
        """Finishes what was begun."""
        self._scans.shutdown(wait=True)
        self._finishers.shutdown(wait=True)

    def abandon(self) -> None:
        """Begins nothing new; what was begun is finished."""
        self._scans.shutdown(wait=True, cancel_futures=True)
        self._finishers.shutdown(wait=True)

    def _take(self, incoming: Incoming) -> Carried:
        with self._workplace() as work:
            original = store_original(self._parts, incoming, work)
            with self._in_hand.alone(original.scan):
                taken = put_on_record(self._parts, incoming, original)
                mine = taken.scan.holder == self._parts.folders.holder or self._inherits(taken)
                pages = self._work_off(taken.scan, original.copy, taken.pages) if mine else taken.pages
            return Carried(taken.scan, incoming.file, taken.again, pages)

    def _resume(self, scan: ScanRecord) -> Carried:
        with self._workplace() as work, self._in_hand.alone(scan.scan):
            copy = fetch(self._parts, scan, work)
            with self._parts.ledger.read() as r:
                pages = r.pages(scan.scan)
            return Carried(scan, scan.file, False, self._work_off(scan, copy, pages))

    def _inherits(self, taken: TakenIn) -> bool:
        """Is what another process began, and did not finish, this one's now?"""
        unfinished = taken.scan.pages is None or any(not page.settled for page in taken.pages)
        if not unfinished or self._parts.folders.alive(taken.scan.holder):
            return False
        return take_over(self._parts, taken.scan) is not None

    @contextmanager
    def _workplace(self) -> Iterator[Path]:
        """The folder of this thread, which carries one scan at a time. It is empty afterwards, whatever happened: while the
        store is away the same file is tried again and again.
        """
        folder = self._parts.folders.own_work / threading.current_thread().name
        with suppress(FileExistsError):
            os.mkdir(folder)
        try:
            yield folder
        finally:
            _empty(folder)

    def _work_off(self, scan: ScanRecord, copy: Path, pages: Sequence[PageRecord]) -> tuple[PageRecord, ...]:
        problem = None
        if scan.pages is None:
            problem, pages = self._unpack(scan, copy)
        return tuple(self._each(scan, copy, pages, problem))

    def _unpack(self, scan: ScanRecord, copy: Path) -> tuple[Problem | None, Sequence[PageRecord]]:
        """Puts the number of pages on record. A file that cannot be opened has one page, which will be held."""
        counted = self._answer(self._engine.submit("scanpipe.hands:count_pages", str(copy), self._parts.errand))
        problem = counted if isinstance(counted, Problem) else None

        def record(tx: Transaction) -> list[PageRecord]:
            now = tx.scan(scan.scan)
            if now is not None and now.pages is None:
                tx.append("scan_unpacked", scan=scan.scan, pages=1 if problem else counted)
            return tx.pages(scan.scan)

        return problem, self._parts.ledger.write(record)

    def _each(
        self, scan: ScanRecord, copy: Path, pages: Sequence[PageRecord], problem: Problem | None
    ) -> Iterator[PageRecord]:
        """All pages: several are examined and settled at a time; they are judged, and answered, in their order."""
        under_way: deque[Future[PageRecord]] = deque()
        try:
            for page, examining in self._ahead(copy, pages, problem):
                begun = self._begin(scan, copy, page, examining, problem)
                under_way.append(self._finishing(begun, alone=len(pages) == 1))
                if len(under_way) >= self._pages_at_once:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            wait(under_way)

    def _ahead(
        self, copy: Path, pages: Sequence[PageRecord], problem: Problem | None
    ) -> Iterator[tuple[PageRecord, Future[Any] | None]]:
        """All pages, those that wait with the answer to come; some are asked for ahead, so that no worker is idle."""
        window: deque[tuple[PageRecord, Future[Any] | None]] = deque()
        for page in pages:
            wanted = page.state == "waiting" and problem is None
            window.append((page, self._examining(copy, page.page) if wanted else None))
            if len(window) >= self._pages_at_once:
                yield window.popleft()
        yield from window

    def _begin(
        self, scan: ScanRecord, copy: Path, page: PageRecord, examining: Future[Any] | None, problem: Problem | None
    ) -> Settling | PageRecord:
        if page.settled:
            return page
        if page.state == "placing" and page.decided_by is not None:
            return finish_decision(self._parts, page)
        if page.state == "placing" and (filed := finish_placing(self._parts, page)):
            return filed
        answer = problem or self._answer(examining or self._examining(copy, page.page))
        report = PageReport(None, None, answer) if isinstance(answer, Problem) else _checked(answer, copy, page.page)
        return begin_settling(self._parts, scan, page.page, report)

    def _finishing(self, begun: Settling | PageRecord, alone: bool) -> Future[PageRecord]:
        """A page that is alone is finished here and now: a second thread would only cost time."""
        if isinstance(begun, Settling) and not alone:
            return self._finishers.submit(begun.finish)
        done: Future[PageRecord] = Future()
        done.set_result(begun.finish() if isinstance(begun, Settling) else begun)
        return done

    def _examining(self, copy: Path, index: int) -> Future[Any]:
        function, out = "scanpipe.hands:examine_page", str(copy.parent)
        return self._engine.submit(function, str(copy), index, out, self._parts.errand)

    def _answer(self, asked: Future[Any]) -> Any:
        """The engine's answer. A page that cost two workers their lives, or that reading stumbles over, is a problem of the
        paper; what the machine is at fault with is raised.
        """
        try:
            return asked.result()
        except TaskLost as e:
            return Problem(Reason.UNREADABLE_FILE, f"reading it failed twice: {e.how}")
        except (Fault, OSError, ImportError):
            raise
        except Exception as e:
            return Problem(Reason.UNREADABLE_FILE, f"reading it failed: {type(e).__name__}: {e}"[:500])


def _checked(report: PageReport, copy: Path, index: int) -> PageReport:
    """A worker has had the file in its hands: the only picture that it may name is the one that it was to make."""
    picture = report.picture
    if picture is None:
        return report
    known = EXTENSIONS.get(picture.media_type) == picture.extension
    if known and picture.path in (None, f"{copy}-{index}.{picture.extension}"):
        return report
    return PageReport(None, None, Problem(Reason.UNREADABLE_FILE, "the worker named a file that it was not asked for"))


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


def _empty(folder: Path) -> None:
    """What cannot be removed is swept away by the next start."""
    with suppress(OSError):
        for file in os.listdir(folder):
            os.unlink(folder / file)
