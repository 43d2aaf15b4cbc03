"""What is seen of a file in, Ready, Wait or GiveUp out: has it stopped changing?

Nothing is looked at here: the caller brings what it saw and the time. How long a file must be quiet depends on what is
known about its writer and its structure, see `SettleRules`. Times of change are taken from the caller's monotonic clock
when the change is seen, because the clocks of shares and cameras are wrong; the file's own times serve only to spare a
whole file that was there long before us the wait.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from scanpipe.stages.complete import Completeness


@dataclass(frozen=True, slots=True)
class SettleRules:
    """Seconds without a change of size or time after which a file counts as finished."""

    closed_quiet_s: float = 0.1
    """A whole JPEG, PNG or HEIC that its writer closed, and any whole file that was renamed in."""
    quiet_s: float = 1.0
    """A whole JPEG, PNG or HEIC of which no such event came; a whole TIFF or PDF that was closed (pages may be appended)."""
    unknown_quiet_s: float = 5.0
    """A whole TIFF or PDF that nobody was seen to close, and any file whose end cannot be told."""
    incomplete_after_s: float = 600.0
    """A file without its end is given up on after this."""


class HintKind(enum.Enum):
    """What an event says about a file. CLOSED and MOVED_IN: its writer is done, for now. SEEN: it appeared."""

    CLOSED = "closed"
    MOVED_IN = "moved in"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells one state of a file from another, as lstat gives it. The change time is not part of it."""

    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on two clocks: one that never jumps, and the wall's, in seconds since 1970."""

    monotonic_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Ready:
    """Take it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at this time of the monotonic clock, or when there is a hint."""

    until_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It has no end and has not changed since this time of the monotonic clock."""

    since_s: float


Decision: TypeAlias = Ready | Wait | GiveUp


@dataclass(slots=True)
class _Track:
    state: FileState
    seen_at_s: float
    changed_at_s: float
    hinted: HintKind
    """What the last event said; SEEN where there was none."""
    completeness: Completeness | None = None


class Settler:
    """Follows files by path. Knows nothing but what it is told."""

    def __init__(self, rules: SettleRules) -> None:
        self._rules = rules
        self._tracks: dict[str, _Track] = {}
        self._hints: dict[str, HintKind] = {}

    def hint(self, path: str, kind: HintKind) -> None:
        """Remembers an event until the file is observed next; the last one counts."""
        self._hints[path] = kind

    def observe(
        self, path: str, state: FileState, now: Instant, completeness: Callable[[], Completeness | None]
    ) -> Decision:
        """Decides about the file as it is now. `completeness` is asked once per state, and not before it matters;
        again only after a hint and before giving up.

        It answers None when the file cannot be read at the moment or is no longer in this state.
        """
        track = self._follow(path, state, now.monotonic_s)
        old = self._old(state, now)
        if track.completeness is None:
            look_at_s = track.changed_at_s + (
                self._rules.quiet_s if track.hinted is HintKind.SEEN else self._rules.closed_quiet_s
            )
            if now.monotonic_s < look_at_s and not old:
                return Wait(look_at_s)
            track.completeness = completeness()
        decision = self._decide(track, now.monotonic_s, old)
        if isinstance(decision, GiveUp):  # a last look: some shares keep time so coarsely that a change does not show
            track.completeness = completeness()
            decision = self._decide(track, now.monotonic_s, old)
        return decision

    def unchanged(self, path: str, state: FileState) -> bool:
        """Whether the file was in this state when it was observed last."""
        track = self._tracks.get(path)
        return track is not None and track.state == state

    def forget(self, path: str) -> None:
        """The file is gone."""
        self._tracks.pop(path, None)
        self._hints.pop(path, None)

    def seen_at_s(self) -> dict[str, float]:
        """Every file that is followed, with the time of the monotonic clock when it was seen first."""
        return {path: track.seen_at_s for path, track in self._tracks.items()}

    def _follow(self, path: str, state: FileState, now_s: float) -> _Track:
        hinted = self._hints.pop(path, None)
        track = self._tracks.get(path)
        if track is None or track.state != state:
            seen_at_s = track.seen_at_s if track else now_s
            track = self._tracks[path] = _Track(state, seen_at_s, now_s, hinted or HintKind.SEEN)
        elif hinted is not None:
            track.hinted, track.completeness = hinted, None
        return track

    def _old(self, state: FileState, now: Instant) -> bool:
        """Last touched a while ago, by its own times. A time in the future says nothing."""
        touched_s = max(state.mtime_ns, state.ctime_ns) / 1e9
        return now.wall_s - touched_s >= self._rules.quiet_s

    def _decide(self, track: _Track, now_s: float, old: bool) -> Decision:
        if track.completeness is None:
            return Wait(now_s + self._rules.unknown_quiet_s)
        if old and track.completeness is Completeness.COMPLETE:
            return Ready()
        until_s = track.changed_at_s + self._needed_quiet_s(track.completeness, track.hinted)
        if now_s < until_s:
            return Wait(until_s)
        return GiveUp(track.changed_at_s) if track.completeness is Completeness.INCOMPLETE else Ready()

    def _needed_quiet_s(self, completeness: Completeness, hinted: HintKind) -> float:
        rules = self._rules
        match completeness:
            case Completeness.COMPLETE:
                return rules.quiet_s if hinted is HintKind.SEEN else rules.closed_quiet_s
            case Completeness.SO_FAR:
                waits = {HintKind.MOVED_IN: rules.closed_quiet_s, HintKind.CLOSED: rules.quiet_s}
                return waits.get(hinted, rules.unknown_quiet_s)
            case Completeness.CANNOT_TELL:
                return rules.unknown_quiet_s
            case Completeness.INCOMPLETE:
                return rules.incomplete_after_s


_TEMPORARY_ENDINGS = (".part", ".partial", ".filepart", ".crdownload", ".tmp", ".temp", "~")
_IGNORED_ENDINGS = (*_TEMPORARY_ENDINGS, ".swp", ".lock")
_IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini"})


def is_temporary(name: str) -> bool:
    """Whether a file's name says that it is on its way and will get another name when it is whole."""
    return name.casefold().endswith(_TEMPORARY_ENDINGS)


def is_ignored(relative: str) -> bool:
    """Whether a path below the inbox ("job/scan1.jpg") is left alone: temporary, hidden, lock and system files.

    Any part that starts with a dot hides all that is below it; this covers rsync's `.scan.jpg.Xa81bQ` and `.~lock.` too.
    """
    *folders, name = relative.split("/")
    name = name.casefold()
    if name.startswith((".", "~$")) or name.endswith(_IGNORED_ENDINGS) or name in _IGNORED_NAMES:
        return True
    return any(folder.startswith(".") for folder in folders)
