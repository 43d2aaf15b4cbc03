"""Who runs when, on what: floor, textbook and scanpipe in turn on every input, again and again, so that what else the
machine does meets all of them alike."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from scanpipe.bench.measure import Usage, clean_environment, measured, python
from scanpipe.bench.pages import Stack, empty_pages, linked, some
from scanpipe.bench.printing import Printed
from scanpipe.bench.product import Outcome, checked, ingest

T = TypeVar("T")

CONTENDERS = ("floor", "textbook", "scanpipe")
_TEXTBOOK_SHARE = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. The textbook script gets a quarter of the pages: it takes so much longer.

    `drops` is how many files the watcher gets in a burst, and a fifth of it how many in a steady stream; 0: none.
    """

    pages: int
    workers: int
    repeat: int
    quality: int
    drops: int = 0

    @property
    def steady(self) -> int:
        return self.drops // 5

    @property
    def sheets(self) -> int:
        """How many to print and scan: a burst has one page more, on which the watcher warms up."""
        return max(self.pages, self.drops + 1)

    def pages_for(self, contender: str) -> int:
        fewer = max(self.pages // _TEXTBOOK_SHARE, 2 * self.workers)
        return min(self.pages, fewer) if contender == "textbook" else self.pages


@dataclass(slots=True)
class Runs:
    """What was measured, in the order of the repeats."""

    input_bytes: int = 0
    usages: dict[str, list[Usage]] = field(default_factory=lambda: {c: [] for c in CONTENDERS})
    outcomes: list[Outcome] = field(default_factory=list)
    textbook_read: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Ring:
    """Where the contenders meet. Each run gets an empty folder and, for scanpipe, an installation of its own."""

    plan: Plan
    printed: Printed
    room: Path
    _number: int = 0

    def start_ups(self) -> dict[str, Usage]:
        """Each contender on one small empty page a worker: what it costs to begin."""
        return {c: self.run(c, self.empty()) for c in CONTENDERS}

    def empty(self) -> Path:
        """A folder with one small empty page a worker."""
        empty = self.room / "sources" / "empty"
        return empty if empty.exists() else empty_pages(self.plan.workers, empty)

    def source(self, contender: str, stack: Stack, count: int) -> Path:
        """What a contender is given. The floor is that of the pages alone, also where they come as a PDF."""
        place = self.room / "sources" / f"{stack.name}-{contender}-{count}"
        made = place.with_suffix(".pdf") if stack.pdf is not None and contender != "floor" else place
        if made.exists():
            return made
        return linked(stack.pages[:count], place) if contender == "floor" else some(stack, count, place)

    def run(self, contender: str, source: Path) -> Usage:
        if contender == "scanpipe":
            return self.on_installation(lambda data_dir: ingest(source, data_dir, self.plan.workers))
        with self._place() as place:
            place.mkdir()
            script = python(f"scanpipe.bench.{contender}", source, place, self.plan.workers, self.plan.quality)
            return measured(script, clean_environment())

    def on_installation(self, work: Callable[[Path], T]) -> T:
        """Does something with a fresh installation that knows all printed sheets and has seen none."""
        with self._place() as place:
            return work(self.printed.copy(place))

    @contextmanager
    def _place(self) -> Iterator[Path]:
        self._number += 1
        place = self.room / f"run{self._number}"
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def compare(
    ring: Ring, stacks: Sequence[Stack], advance: Callable[[int], None]
) -> tuple[dict[str, Runs], dict[str, list[Usage]]]:
    """All runs of every input by its name, and the start-ups of every contender.

    `advance` hears how many of the `repeat` × inputs × contenders runs are done. Raises Fault when a contender fails, and
    VerifyFailed when scanpipe loses a page or files one where it does not belong.
    """
    ring.start_ups()  # not counted: fills the disk's cache, compiles the modules
    found = {s.name: Runs(sum(p.stat().st_size for p in s.pages)) for s in stacks}
    start_ups: dict[str, list[Usage]] = {c: [] for c in CONTENDERS}
    done = 0
    for _ in range(ring.plan.repeat):
        for contender, usage in ring.start_ups().items():
            start_ups[contender].append(usage)
        for stack, contender in _turns(stacks):
            _one_run(ring, stack, contender, found[stack.name])
            advance(done := done + 1)
    return found, start_ups


def _turns(stacks: Sequence[Stack]) -> Iterator[tuple[Stack, str]]:
    return ((s, c) for s in stacks for c in CONTENDERS)


def _one_run(ring: Ring, stack: Stack, contender: str, runs: Runs) -> None:
    count = ring.plan.pages_for(contender)
    usage = ring.run(contender, ring.source(contender, stack, count))
    runs.usages[contender].append(usage)
    if contender == "scanpipe":
        runs.outcomes.append(checked(usage.out, ring.printed.sheets, count))
    if contender == "textbook":
        runs.textbook_read.append(int(usage.out))
