"""The inbox itself: sweeps, follows what hints say, and offers what has settled. The kinds differ in their events only."""

from __future__ import annotations

import enum
import heapq
import os
import stat
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from queue import Empty
from typing import Protocol, TypeAlias

from scanpipe.inboxes import Arrival, InboxRules, Waiting
from scanpipe.inboxes._listing import Listing, list_folder, state_of, unreadable_file
from scanpipe.ordering import path_key
from scanpipe.stages.complete import Completeness, completeness
from scanpipe.stages.settle import FileState, GiveUp, HintKind, Instant, Settler, Wait, is_ignored
from scanpipe.timed_queue import TimedQueue

_MOST_AT_ONCE = 50
"""Few, so that what was seen of a file still holds when the desk comes to claim it."""
_PORTION_S = 0.2
"""Looking at files is interrupted after this time, to offer what was found and to see whether it is time to end."""
_REST = 4
"""A sweep is followed by a rest of at least this many times its own length, however slow the share is."""


@dataclass(frozen=True, slots=True)
class Hint:
    """An event about the file at this path below the inbox."""

    relative: str
    kind: HintKind


class Call(enum.Enum):
    SWEEP = "sweep"
    """Events were lost: look at everything."""
    CLOSE = "close"


Hints: TypeAlias = TimedQueue[Hint | Call]


class Events(Protocol):
    """What puts hints into the queue. All its threads live behind it."""

    def attend(self) -> float:
        """Called before each sweep: watches, or begins to again. Answers in how many seconds to sweep next."""
        ...

    def trouble(self) -> str | None:
        """Why there are no events at the moment, and what to do; None when there are."""
        ...

    def close(self) -> None: ...


class FolderInbox:
    """See `scanpipe.inboxes.Inbox`."""

    def __init__(self, rules: InboxRules, hints: Hints, events: Events) -> None:
        self._root = os.path.abspath(rules.root)
        self._rules = rules
        self._hints = hints
        self._events = events
        self._settler = Settler(rules.settle)
        self._due: dict[str, float] = {}
        self._queue: list[tuple[float, str]] = []
        """A heap over `_due`; entries that no longer agree with it are stale."""
        self._turn: deque[str] = deque()
        """What was due together, in order. All of it has its turn before anything that is due later, or due again."""
        self._offered: set[str] = set()
        self._unreadable: dict[str, str] = {}
        self._listing = Listing()
        self._next_sweep_s = time.monotonic()
        self._closed = False
        self._in_use = threading.Lock()

    def arrivals(self, timeout_s: float) -> list[Arrival]:
        with self._in_use:
            found = self._await(time.monotonic() + timeout_s)
        if self._closed:
            self._release()
        return found

    def waiting(self) -> list[Waiting]:
        now_s = time.monotonic()
        seen_at_s = self._settler.seen_at_s()
        paths = sorted((seen_at_s.get(path, now_s), path) for path in self._due)
        return [Waiting(Path(self._root, path), now_s - at_s) for at_s, path in paths]

    def ignored(self) -> dict[Path, str]:
        return {Path(self._root, path): why for path, why in self._listing.ignored.items()}

    def troubles(self) -> dict[Path, str]:
        no_events = self._events.trouble()
        troubles = ({"": no_events} if no_events else {}) | self._listing.troubles | self._unreadable
        return {Path(self._root, path): why for path, why in troubles.items()}

    def close(self) -> None:
        self._closed = True
        self._hints.put(Call.CLOSE)
        self._release()

    def _release(self) -> None:
        """Ends the events, unless `arrivals` is at work, which does it when it sees that it is over."""
        if self._in_use.acquire(blocking=False):
            self._events.close()
            self._in_use.release()

    def _await(self, deadline_s: float) -> list[Arrival]:
        while not self._closed:
            self._pull(0.0)
            if time.monotonic() >= self._next_sweep_s:
                self._sweep()
            found = self._collect()
            now_s = time.monotonic()
            if found or now_s >= deadline_s:
                return found
            self._pull(min(deadline_s, self._next_sweep_s, self._next_due_s()) - now_s)
        return []

    def _pull(self, patience_s: float) -> None:
        """Takes in the hints there are; waits for the first of them as long as told."""
        try:
            self._heed(self._hints.get(max(0.0, patience_s)))
            while True:
                self._heed(self._hints.get_nowait())
        except Empty:
            return

    def _heed(self, hint: Hint | Call) -> None:
        if isinstance(hint, Hint):
            if not is_ignored(hint.relative):
                self._settler.hint(hint.relative, hint.kind)
                self._schedule(hint.relative, time.monotonic())
        elif hint is Call.SWEEP:
            self._next_sweep_s = time.monotonic()

    def _sweep(self) -> None:
        interval_s = self._events.attend()
        started_s = time.monotonic()
        self._listing = list_folder(self._root, self._rules.settle.incomplete_after_s)
        for relative, state in self._listing.files.items():
            if relative in self._offered or not self._settler.unchanged(relative, state):
                self._schedule(relative, started_s)
        for relative in self._settler.seen_at_s().keys() - self._listing.files.keys():
            self._forget(relative)
        now_s = time.monotonic()
        self._next_sweep_s = now_s + max(interval_s, _REST * (now_s - started_s))

    def _schedule(self, relative: str, at_s: float) -> None:
        self._due[relative] = at_s
        self._offered.discard(relative)
        heapq.heappush(self._queue, (at_s, relative))

    def _forget(self, relative: str) -> None:
        self._settler.forget(relative)
        self._due.pop(relative, None)
        self._offered.discard(relative)
        self._unreadable.pop(relative, None)

    def _next_due_s(self) -> float:
        if self._turn:
            return 0.0
        while self._queue and self._due.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else float("inf")

    def _take_due(self, now_s: float) -> deque[str]:
        due = set()
        while self._next_due_s() <= now_s:
            due.add(heapq.heappop(self._queue)[1])
        return deque(sorted(due, key=path_key))

    def _collect(self) -> list[Arrival]:
        """Looks at what is due, until there is enough or the time is up."""
        started_s = time.monotonic()
        found: list[Arrival] = []
        self._turn = self._turn or self._take_due(started_s)
        while self._turn and len(found) < _MOST_AT_ONCE and time.monotonic() < started_s + _PORTION_S:
            found += self._look(self._turn.popleft())
        return found

    def _look(self, relative: str) -> list[Arrival]:
        """The file as an arrival, if it is one now."""
        path = os.path.join(self._root, relative)
        try:
            found = os.lstat(path)
        except OSError:  # claimed, renamed, taken back: the next sweep knows
            self._forget(relative)
            return []
        if not stat.S_ISREG(found.st_mode):
            self._forget(relative)
            return []
        state = state_of(found)
        now = Instant(time.monotonic(), time.time())
        decision = self._settler.observe(relative, state, now, lambda: self._completeness(relative, path, state))
        if isinstance(decision, Wait):
            self._schedule(relative, decision.until_s)
            return []
        self._due.pop(relative, None)
        self._offered.add(relative)
        return [Arrival(Path(path), PurePosixPath(relative), complete=not isinstance(decision, GiveUp))]

    def _completeness(self, relative: str, path: str, state: FileState) -> Completeness | None:
        """None when the file cannot be read or is no longer as it was. Never waits: what is there may be a pipe by now."""
        self._unreadable.pop(relative, None)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                return completeness(file, state.size) if state_of(os.fstat(descriptor)) == state else None
        except FileNotFoundError:
            return None
        except OSError as error:
            self._unreadable[relative] = unreadable_file(error)
            return None
