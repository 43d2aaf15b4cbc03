"""Pages that are carried on this machine: examined by the engine's workers, judged and settled here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from scanpipe.desk.deciding import finish_decision, was_held
from scanpipe.desk.filing import Settling, begin_settling, finish_placing
from scanpipe.desk.intake import count_on_record, fetch
from scanpipe.desk.parts import Engine, Parts
from scanpipe.engines import TaskLost
from scanpipe.faults import Fault
from scanpipe.hands import PageReport
from scanpipe.model import PageRecord, Reason, ScanRecord
from scanpipe.saying import say
from scanpipe.stages.render import EXTENSIONS
from scanpipe.stages.unpack import Problem

_SCANS_PER_WORKER = 6
_PAGES_PER_WORKER = 4
Pages = tuple[PageRecord, ...]


class NearCarrier:
    """Works pages off with the workers of an engine that reach this machine's disk."""

    def __init__(self, parts: Parts, engine: Engine) -> None:
        self._parts = parts
        self._engine = engine
        self.scans_at_once = _SCANS_PER_WORKER * engine.workers
        self._pages_at_once = _PAGES_PER_WORKER * engine.workers
        self._finishers = ThreadPoolExecutor(self._pages_at_once, "page")

    def work_off(self, scan: ScanRecord, pages: Sequence[PageRecord], work: Path, copy: Path | None) -> Pages:
        """See `conveyor.Carrier`."""
        return self.work_off_some(scan, pages, work, copy, None)

    def work_off_some(
        self,
        scan: ScanRecord,
        pages: Sequence[PageRecord],
        work: Path,
        copy: Path | None,
        only: Collection[int] | None,
    ) -> Pages:
        """Works off what is left of these pages of a scan; None: of all."""
        copy = copy or fetch(self._parts, scan.key, work)
        problem = None
        if scan.pages is None:
            problem, pages = self._unpack(scan, copy)
        wanted = [page for page in pages if only is None or page.page in only]
        return tuple(self._each(scan, copy, wanted, problem))

    def close(self) -> None:
        """Finishes what was begun."""
        self._finishers.shutdown(wait=True)

    def _unpack(self, scan: ScanRecord, copy: Path) -> tuple[Problem | None, Sequence[PageRecord]]:
        """Puts the number of pages on record. A file that cannot be opened has one page, which will be held."""
        began_s = time.perf_counter()
        counted = self._answer(self._engine.submit("scanpipe.hands:count_pages", str(copy), self._parts.errand))
        self._parts.observer.done("unpack", began_s, scan.scan)
        problem = counted if isinstance(counted, Problem) else None
        return problem, count_on_record(self._parts, scan, 1 if isinstance(counted, Problem) else counted)

    def _each(
        self, scan: ScanRecord, copy: Path, pages: Sequence[PageRecord], problem: Problem | None
    ) -> Iterator[PageRecord]:
        """All pages: several are examined and settled at a time; they are judged, and answered, in their order."""
        under_way: deque[Future[PageRecord]] = deque()
        try:
            for page, examining in self._ahead(scan, copy, pages, problem):
                begun = self._begin(scan, copy, page, examining, problem)
                under_way.append(self._finishing(begun, alone=len(pages) == 1))
                if len(under_way) >= self._pages_at_once:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            wait(under_way)

    def _ahead(
        self, scan: ScanRecord, copy: Path, pages: Sequence[PageRecord], problem: Problem | None
    ) -> Iterator[tuple[PageRecord, Future[Any] | None]]:
        """All pages, those that wait with the answer to come; some are asked for ahead, so that no worker is idle."""
        window: deque[tuple[PageRecord, Future[Any] | None]] = deque()
        for page in pages:
            wanted = page.state == "waiting" and problem is None
            window.append((page, self._examining(scan, copy, page.page) if wanted else None))
            if len(window) >= self._pages_at_once:
                yield window.popleft()
        yield from window

    def _begin(
        self, scan: ScanRecord, copy: Path, page: PageRecord, examining: Future[Any] | None, problem: Problem | None
    ) -> Settling | PageRecord:
        if page.settled:
            return page
        if page.state == "placing" and (page.decided_by is not None or was_held(page)):
            return finish_decision(self._parts, page)
        if page.state == "placing" and (filed := finish_placing(self._parts, page)):
            return filed
        answer = problem or self._answer(examining or self._examining(scan, copy, page.page))
        report = PageReport(None, None, answer) if isinstance(answer, Problem) else _checked(answer, copy, page.page)
        return begin_settling(self._parts, scan, page.page, report)

    def _finishing(self, begun: Settling | PageRecord, alone: bool) -> Future[PageRecord]:
        """A page that is alone is finished here and now: a second thread would only cost time."""
        if isinstance(begun, Settling) and not alone:
            return self._finishers.submit(begun.finish)
        done: Future[PageRecord] = Future()
        done.set_result(begun.finish() if isinstance(begun, Settling) else begun)
        return done

    def _examining(self, scan: ScanRecord, copy: Path, index: int) -> Future[Any]:
        function, out, began_s = "scanpipe.hands:examine_page", str(copy.parent), time.perf_counter()
        asked = self._engine.submit(function, str(copy), index, out, self._parts.errand_for(scan.file))
        asked.add_done_callback(lambda _: self._parts.observer.done("examine", began_s, scan.scan, index))
        return asked

    def _answer(self, asked: Future[Any]) -> Any:
        """The engine's answer. A page that cost two workers their lives, or that reading stumbles over, is a problem of the
        paper; what the machine is at fault with is raised.
        """
        try:
            return asked.result()
        except TaskLost as e:
            return Problem(Reason.UNREADABLE_FILE, say("reading it failed twice: %(error)s", error=e.how))
        except (Fault, OSError, ImportError):
            raise
        except Exception as e:
            return Problem(
                Reason.UNREADABLE_FILE, say("reading it failed: %(error)s", error=f"{type(e).__name__}: {e}"[:480])
            )


def _checked(report: PageReport, copy: Path, index: int) -> PageReport:
    """A worker has had the file in its hands: the only picture that it may name is the one that it was to make."""
    picture = report.picture
    if picture is None:
        return report
    known = EXTENSIONS.get(picture.media_type) == picture.extension
    if known and picture.path in (None, f"{copy}-{index}.{picture.extension}"):
        return report
    return PageReport(
        None, None, Problem(Reason.UNREADABLE_FILE, say("the worker named a file that it was not asked for"))
    )
