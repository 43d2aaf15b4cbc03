"""Numbers for Prometheus: what this process did since it started, and how the installation stands at the moment of asking."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from scanpipe.desk.conveyor import Carried
from scanpipe.desk.folders import files_below
from scanpipe.desk.parts import Parts
from scanpipe.desk.readiness import ask_store
from scanpipe.desk.sources import LATEST, Health, health
from scanpipe.faults import Fault
from scanpipe.settings import SourceSettings

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_MEASURES = {
    "skew_deg": "median skew",
    "skewed_share": "share that stand more than 2 degrees askew",
    "cut_share": "share that lack an edge",
    "weak_share": "share whose codes were not all read at the first look",
    "held_share": "share that are held",
    "blank_share": "share that are blank",
    "streaks_mm": "number of streaks that most have",
    "advice": "number of things to mend; `scanpipe sources` says which",
}


class Meter:
    """Hears what a watcher has to say (`watching.Listener`), and of every step that is done (`observing.Observer`)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._standing: Standing | None = None
        self._stages = Histogram(
            "scanpipe_stage_seconds",
            "Time of each step of a page's journey, waiting included.",
            ["stage"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._pages = Counter(
            "scanpipe_pages", "Pages that this process carried.", ["verdict", "reason"], registry=self.registry
        )
        self._faults = Counter(
            "scanpipe_faults", "Times that the machine was at fault.", ["kind"], registry=self.registry
        )

    def done(self, stage: str, began_s: float, scan: str, page: int | None = None) -> None:
        self._stages.labels(stage).observe(time.perf_counter() - began_s)

    def count(self, carried: Carried) -> None:
        for page in carried.pages:
            verdict = "already_taken_in" if carried.again else page.state
            self._pages.labels(verdict, "" if carried.again else page.reason or "").inc()

    def complain(self, fault: Fault) -> None:
        self._faults.labels(type(fault).__name__).inc()

    def relieved(self) -> None:
        """Not a number."""

    def look_at(
        self, parts: Parts, sources: Sequence[SourceSettings] = (), workers: Callable[[], int] | None = None
    ) -> None:
        """From now on the numbers say how this installation stands, too."""
        if self._standing is not None:
            self.registry.unregister(self._standing)
        self._standing = Standing(parts, sources, workers)
        self.registry.register(self._standing)

    def serve(self, port: int) -> None:
        """Answers Prometheus on this port of 127.0.0.1. Raises Fault when the port is taken."""
        try:
            start_http_server(port, "127.0.0.1", self.registry)
        except OSError as e:
            raise Fault(f"metrics.port {port}: {e.strerror}", "Choose another port.") from e

    def text(self) -> bytes:
        """All numbers in the text format of Prometheus. Raises LedgerFault where the ledger cannot be asked."""
        return bytes(generate_latest(self.registry))


class Standing(Collector):
    """Looks at ledger, store, inbox and scanners whenever it is asked. What cannot be asked is left out: `*_up` says so."""

    def __init__(self, parts: Parts, sources: Sequence[SourceSettings], workers: Callable[[], int] | None) -> None:
        self._parts = parts
        self._sources = sources
        self._workers = workers

    def describe(self) -> list[Metric]:
        """Nothing ahead of time: nobody is to be asked when this is registered."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._ledger()
        yield from self._store()
        yield from self._inbox()
        if self._workers is not None:
            yield _gauge("workers", "Worker processes that pages are given to.", self._workers())

    def _ledger(self) -> Iterator[GaugeMetricFamily]:
        began_s = time.perf_counter()
        try:
            with self._parts.ledger.read() as r:
                counts = r.standing()
            scanners = health(self._parts, self._sources)
        except Fault:
            yield _gauge("ledger_up", "1 when the ledger answers.", 0)
            return
        yield _gauge("ledger_up", "1 when the ledger answers.", 1)
        yield from _scanners(scanners)
        yield _gauge("ledger_seconds", "Time of one look at the ledger.", time.perf_counter() - began_s)
        pages = GaugeMetricFamily("scanpipe_pages_on_record", "Pages by state and reason.", labels=["state", "reason"])
        ages = GaugeMetricFamily("scanpipe_oldest_seconds", "Age of the oldest page.", labels=["state", "reason"])
        for state, reason, count, since in counts:
            pages.add_metric([state, reason or ""], count)
            if state in ("waiting", "placing", "held"):
                ages.add_metric([state, reason or ""], _age_s(since))
        yield from (pages, ages)

    def _store(self) -> Iterator[GaugeMetricFamily]:
        began_s = time.perf_counter()
        up = True
        try:
            ask_store(self._parts)
        except Fault:
            up = False
        yield _gauge("store_up", "1 when the object store answers.", int(up))
        yield _gauge("store_seconds", "Time of one question to the object store.", time.perf_counter() - began_s)

    def _inbox(self) -> Iterator[GaugeMetricFamily]:
        times = [_mtime(path) for path in files_below(self._parts.folders.inbox)]
        found = [t for t in times if t is not None]
        yield _gauge("inbox_files", "Files that lie in the inbox.", len(found))
        oldest_s = max(0.0, time.time() - min(found)) if found else 0.0
        yield _gauge("inbox_oldest_seconds", "Age of the oldest file in the inbox; 0 when it is empty.", oldest_s)


def _scanners(scanners: list[Health]) -> Iterator[GaugeMetricFamily]:
    """One family for each measure, with the name of the source as label."""
    for measure, what in _MEASURES.items():
        family = GaugeMetricFamily(f"scanpipe_source_{measure}", f"Latest {LATEST} pages: {what}.", labels=["source"])
        for scanner in scanners:
            value = getattr(scanner, measure)
            family.add_metric([scanner.name], len(value) if isinstance(value, tuple) else value or 0)
        yield family


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"scanpipe_{name}", what, value=value)


def _age_s(at: str) -> float:
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())


def _mtime(path: str | os.PathLike[str]) -> float | None:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None
