"""From drop to slot: how long a file lies in the hot folder until its page is filed, with the real watcher at work.

Files are written and closed in the inbox, as a scanner on a share does; the clock of a file starts with its closing and
stops when the watcher reports its page, which it does after the commit.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scanpipe.bench.measure import clean_environment, python
from scanpipe.faults import Fault

_READY_WITHIN_S = 60.0
_QUIET_S = 60.0
"""A watcher that reports nothing for so long, while files wait, is given up."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles over the files, in seconds; `files_per_s` is from the first drop to the last report."""

    files: int
    filed: int
    p50_s: float
    p95_s: float
    p99_s: float
    files_per_s: float


def drop_to_slot(pages: Sequence[Path], data_dir: Path, workers: int, per_s: float | None) -> Latency:
    """Drops copies of these pages, so many a second or (None) as fast as they can be written. Raises Fault."""
    with Watcher(data_dir, workers) as watcher:
        inbox = data_dir / "inbox"
        warm_up(watcher, inbox, pages[0])
        since = time.monotonic()
        dropped = _drop(pages[1:], inbox, per_s)
        reported = watcher.reports_of(dropped)
    waits = sorted(reported[name][0] - closed for name, closed in dropped.items())
    verdicts = [reported[name][1] for name in dropped]
    return Latency(
        files=len(waits),
        filed=verdicts.count("filed"),
        p50_s=_percentile(waits, 0.50),
        p95_s=_percentile(waits, 0.95),
        p99_s=_percentile(waits, 0.99),
        files_per_s=len(waits) / (max(at for at, _ in reported.values()) - since),
    )


def warm_up(watcher: Watcher, inbox: Path, page: Path) -> None:
    """Drops a page and waits until the watcher is at work: the first page pays for the start, and does not count."""
    until = time.monotonic() + _READY_WITHIN_S
    while not inbox.is_dir() and time.monotonic() < until:
        time.sleep(0.05)
    watcher.reports_of(_drop([page], inbox, None))


def _drop(pages: Sequence[Path], inbox: Path, per_s: float | None) -> dict[str, float]:
    """Writes the files; answers when each was closed, by its name."""
    closed: dict[str, float] = {}
    since = time.monotonic()
    for number, page in enumerate(pages):
        if per_s is not None:
            time.sleep(max(0.0, since + number / per_s - time.monotonic()))
        body = page.read_bytes()
        with open(inbox / page.name, "xb") as f:
            f.write(body)
        closed[page.name] = time.monotonic()
    return closed


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Watcher:
    """`scanpipe watch --json` in a process of its own, and when it reported what."""

    def __init__(self, data_dir: Path, workers: int) -> None:
        settings = {"SCANPIPE__DATA_DIR": str(data_dir), "SCANPIPE__ENGINE__WORKERS": str(workers)}
        environ = clean_environment() | settings
        self._reported: dict[str, tuple[float, str]] = {}
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            python("scanpipe", "watch", "--json"), env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._thread.join()

    def reports_of(self, names: dict[str, float]) -> dict[str, tuple[float, str]]:
        """When each file was reported, and as what; waits for all of them. Raises Fault when they do not come."""
        with self._news:
            while missing := names.keys() - self._reported.keys():
                if not self._news.wait(_QUIET_S) or self._process.poll() is not None:
                    raise Fault(f"the watcher did not report {len(missing)} of {len(names)} files")
            return {name: self._reported[name] for name in names}

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            at, answer = time.monotonic(), json.loads(line)
            with self._news:
                self._reported[os.path.basename(answer["file"])] = at, answer["verdict"]
                self._news.notify_all()
