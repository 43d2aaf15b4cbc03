"""How the installation stands at this moment, as `stages/noticing.py` wants to know it. Looked at every few seconds."""

from __future__ import annotations

import os
import statistics
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path

from scanpipe.desk import completeness
from scanpipe.desk.folders import files_below
from scanpipe.desk.parts import Parts
from scanpipe.desk.readiness import look
from scanpipe.desk.working import stack_folder
from scanpipe.ledgers import Transaction
from scanpipe.settings import SourceSettings
from scanpipe.stages.noticing import Disk, Facts, HeldPages, StackState, TestState, Untaken

_REMEMBERED = timedelta(hours=24)
_ARRIVALS = 40
"""Of a stack: its latest tell how often a file comes."""
_BACK = 20_000
"""So many events back a process that has just started looks for stacks that are being fed."""
_OVERLAP = 500
"""Events of several processes can appear a little late, with a number below the last one seen."""
_MOST_FILES = 20_000
_QUICK_S, _REST = 0.3, 4.0


@dataclass(slots=True)
class _Stack:
    file: str
    arrivals: int = 0
    times: deque[datetime] = field(default_factory=lambda: deque(maxlen=_ARRIVALS))

    @property
    def usual_gap_s(self) -> float:
        gaps = [(after - before).total_seconds() for before, after in pairwise(self.times)]
        return max(0.0, statistics.median(gaps)) if gaps else 0.0


class Survey:
    """`disks` are the folders whose disks are looked at, by the name that a notice calls them."""

    def __init__(self, parts: Parts, sources: Sequence[SourceSettings], disks: Mapping[str, Path]) -> None:
        self._parts, self._sources, self._disks = parts, sources, disks
        self._stacks: dict[str, _Stack] = {}
        self._tests: dict[str, TestState] = {}
        self._due: set[str] = set()
        self._quiet = False
        self._counts: dict[str, int] = {}
        self._rests_until_s = 0.0
        self._last: int | None = None
        self._seen: dict[Path, datetime] = {}

    def facts(self, now: datetime) -> Facts:
        """Raises LedgerFault; whatever else cannot be used is one of the facts."""
        failing = frozenset(name for name, problem in look(self._parts) if problem and name != "ledger")
        lying = None if "inbox" in failing else self._lying(now)
        with self._parts.ledger.read() as r:
            self._follow(r, now)
            self._judge(r)
            self._counts = {stack: count for stack, _, count in r.expected().stack_counts()} if self._stacks else {}
            return Facts(
                now,
                held=tuple(_held(r)),
                untaken=_untaken(r, lying),
                stacks=tuple(self._stack(r, name, lying or []) for name in sorted(self._stacks)),
                failing=failing,
                disks=tuple(_disks(self._disks)),
                tests=tuple(self._tests[test] for test in sorted(self._tests)),
            )

    def _follow(self, r: Transaction, now: datetime) -> None:
        """Takes in what happened since the last look."""
        standings = r.notices().standings
        first, last = self._last is None, standings.last_event()
        after = max(0, last - _BACK) if self._last is None else self._last
        for stack, file, at in standings.arrivals(after):
            arrived = self._stacks.setdefault(stack, _Stack(file))
            arrived.arrivals += 1
            arrived.times.append(datetime.fromisoformat(at))
        self._stacks = {n: s for n, s in self._stacks.items() if s.times and now - s.times[-1] < _REMEMBERED}
        tests = {test.upper(): test for test in r.tests()}
        self._tests = {id: self._tests.get(id, TestState(test, None)) for id, test in tests.items()}
        quiet = last == self._last
        if not (quiet and self._quiet):
            touched = None if first else standings.touched(max(0, after - _OVERLAP))
            self._due = ((set(tests) if touched is None else touched) | self._due) & set(tests)
        self._quiet = quiet
        self._last = last

    def _judge(self, r: Transaction) -> None:
        """Are the tests complete of which something happened? Looking takes a fifth of the time at most: the others stay due."""
        spent_s = 0.0
        for id in sorted(self._due):
            test = self._tests[id].test
            if r.notices().standings.undecided(test):
                self._tests[id] = TestState(test, False)
            elif time.monotonic() >= self._rests_until_s:
                began_s = time.monotonic()
                standing = completeness.look(r, test).standing
                self._tests[id] = TestState(test, standing.complete, standing.received)
                spent_s += time.monotonic() - began_s
                if spent_s > _QUICK_S:
                    self._rests_until_s = time.monotonic() + _REST * spent_s
            else:
                continue
            self._due.discard(id)

    def _stack(self, r: Transaction, name: str, lying: list[tuple[str, datetime]]) -> StackState:
        stack = self._stacks[name]
        source = next((s for s in self._sources if stack.file.startswith(f"{s.folder}/")), None)
        files, single, damaged = r.notices().standings.end_of(name)
        in_its_folder = [at for folder, at in lying if _is_of(name, folder)]
        unfinished, last = "", stack.times[-1]
        if len(in_its_folder) == 1:  # several: nobody takes them, which is no fault of the scanner
            unfinished, last = "file", max(last, *in_its_folder)
        elif damaged:
            unfinished = "broken"
        elif (counted := self._counted(r, name)) is not None:
            of, expected = counted
            unfinished = "count" if r.notices().standings.sheets_in(of) < expected else ""
        elif source and source.duplex and single and files % 2:
            unfinished = "side"
        called = source.name if source else ""
        return StackState(name, called, stack.arrivals, last, stack.usual_gap_s, unfinished)

    def _counted(self, r: Transaction, name: str) -> tuple[str, int] | None:
        """What of a stack somebody counted: all of it, or what the last separator opened; and how many sheets that has."""
        if name in self._counts:
            return name, self._counts[name]
        last = r.spans().of(name)[-1:]
        printed = r.spans().printed(last[0].serial) if last else None
        return (last[0].name, printed.count) if last and printed and printed.count is not None else None

    def _lying(self, now: datetime) -> list[tuple[str, datetime]]:
        """The folder of each file in the inbox, and when it last grew; a file that was moved in lies there since it was seen."""
        times = dict(islice(_changed(self._parts.folders.inbox), _MOST_FILES))
        self._seen = {path: self._seen.get(path, now) for path in times}
        root = self._parts.folders.inbox
        return [
            (stack_folder(path.relative_to(root)), max(self._seen[path], min(now, changed)))
            for path, changed in times.items()
        ]


def _held(r: Transaction) -> Iterator[HeldPages]:
    """By registered test: what a code says of any other is nobody's to read, and may be anything."""
    known = {test.upper(): test for test in r.tests()}
    found: dict[tuple[str, str], HeldPages] = {}
    for named, reason, count, at in r.notices().standings.held():
        test = known.get((named or "").upper(), "")
        before = found.get((test, reason))
        oldest = datetime.fromisoformat(at)
        if before is not None:
            count, oldest = count + before.count, min(oldest, before.oldest)
        found[test, reason] = HeldPages(test, reason, count, oldest)
    yield from found.values()


def _untaken(r: Transaction, lying: list[tuple[str, datetime]] | None) -> Untaken | None:
    if lying is None:
        return None
    count, since = r.notices().standings.on_the_way()
    times = [at for _, at in lying] + ([datetime.fromisoformat(since)] if since else [])
    return Untaken(count + len(lying), min(times, default=None))


def _changed(inbox: Path) -> Iterator[tuple[Path, datetime]]:
    for path in files_below(inbox):
        with suppress(OSError):  # it was taken meanwhile
            yield path, datetime.fromtimestamp(os.stat(path).st_mtime, UTC)


def _is_of(stack: str, folder: str) -> bool:
    """Would a file of this folder belong to this stack? Its name is that of the folder, and a day."""
    name, _, day = stack.rpartition(" ")
    return name == (folder or "loose files") and day == date.today().isoformat()


def _disks(places: Mapping[str, Path]) -> Iterator[Disk]:
    for name, path in places.items():
        try:
            state = os.statvfs(path)
        except OSError:  # the part that lives there is failing, and says so
            continue
        yield Disk(name, state.f_bavail * state.f_frsize)
