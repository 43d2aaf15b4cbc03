"""What waits to be mailed to a person, and the time, in; what goes now out: when is the next mail, and what is in it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class DigestRules:
    """Notices that begin within `gather` go in one mail. `quiet` are local times of day between which only what is urgent goes;
    they may run over midnight. Equal times: never quiet.
    """

    gather: timedelta = timedelta(minutes=10)
    quiet: tuple[time, time] = (time(22), time(6))


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that a person wants by mail: since when, and not before when it may go (after a failure)."""

    at: datetime
    urgent: bool
    not_before: datetime


def due_now(waiting: Sequence[Due], now: datetime, rules: DigestRules) -> list[int]:
    """The places in `waiting` of those that go in one mail now; `now` in the local time of the quiet hours.

    What is urgent goes at once, and takes along what waits for its digest, but nothing that waits for the end of the quiet hours.
    """
    ready = [n for n, due in enumerate(waiting) if due.not_before <= now]
    urgent = [n for n in ready if waiting[n].urgent]
    if is_quiet(now.time(), rules.quiet):
        return urgent
    gathered = any(now - waiting[n].at >= rules.gather for n in ready)
    return ready if urgent or gathered else []


def personal(rules: DigestRules, gather_minutes: int | None, quiet_text: str | None) -> DigestRules:
    """The rules with what a person chose for themselves. Raises ValueError (no hours)."""
    gather = rules.gather if gather_minutes is None else timedelta(minutes=gather_minutes)
    return DigestRules(gather, rules.quiet if quiet_text is None else quiet_hours(quiet_text))


def is_quiet(at: time, quiet: tuple[time, time]) -> bool:
    """Is this time of day within the quiet hours?"""
    begin, end = quiet
    return begin <= at < end if begin <= end else at >= begin or at < end


def pause_after(failures: int) -> timedelta:
    """How long a mail waits after it failed so many times: twice as long each time, an hour at most."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << min(failures - 1, 10)))


def quiet_hours(text: str) -> tuple[time, time]:
    """`22:00-06:00` as times; nothing: never quiet. Raises ValueError."""
    if not text.strip():
        return time(0), time(0)
    begin, dash, end = text.partition("-")
    if not dash:
        raise ValueError(text)
    return _time(begin), _time(end)


def _time(text: str) -> time:
    hour, colon, minute = text.strip().partition(":")
    if not (colon and len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()):
        raise ValueError(text)
    return time(int(hour), int(minute))
