"""How the installation stands in, notices out: what should somebody be told, and what is over?

A notice begins once and ends once. Two things keep it from flapping: a condition has a band in which nothing changes (it begins
above one mark and ends below a lower one), and it must hold, or be gone, for a while.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Severity = Literal["urgent", "normal"]
Key = tuple[str, str]
"""The kind of a notice and its subject: what it is about (a test, a stack, a disk)."""

_OVER_SHARE = 0.5
"""A wait is over when the longest is less than this share of the setting: else each sheet that is settled would end it."""
_ENOUGH_SHARE = 1.2
_FEWEST_ARRIVALS = 3
_GAPS = 5.0
"""A scanner is silent when it is so for this many of its usual pauses, however short the setting."""
_SILENT_AT_MOST = timedelta(hours=12)
"""What came longer ago is no scanner that fell silent: the evening is over."""


@dataclass(frozen=True, slots=True)
class HeldPages:
    """Pages of a test ("": of none that is registered) that are held for a reason."""

    test: str
    reason: str
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Untaken:
    """Files in the hot folder and pages that are on their way: how many, and since when the oldest."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class StackState:
    """What was fed together, or is being fed. `source` is the scanner's name in the settings, if it has one there.

    `unfinished` is what tells that more should have come: `file` (one in the hot folder stopped growing), `broken` (the last file
    is damaged), `count` (somebody said how many pages the stack has), `side` (a side of the last sheet is missing); empty where
    nothing does, or where the count is reached.
    """

    name: str
    source: str
    arrivals: int
    last: datetime
    usual_gap_s: float
    unfinished: str


@dataclass(frozen=True, slots=True)
class Disk:
    place: str
    free_bytes: int


@dataclass(frozen=True, slots=True)
class TestState:
    """`complete` is the word of `completeness.Standing`; None: it was not looked at yet. `received` counts sheets."""

    __test__ = False

    test: str
    complete: bool | None
    received: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """`failing` are parts that cannot be used (`store`, `inbox`). `untaken` is None where the hot folder cannot be looked at."""

    now: datetime
    held: tuple[HeldPages, ...] = ()
    untaken: Untaken | None = None
    stacks: tuple[StackState, ...] = ()
    failing: frozenset[str] = frozenset()
    disks: tuple[Disk, ...] = ()
    tests: tuple[TestState, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """From when on somebody is told."""

    wait: timedelta = timedelta(minutes=30)
    silent: timedelta = timedelta(minutes=5)
    disk_bytes: int = 5 * 10**9


@dataclass(frozen=True, slots=True)
class Sign:
    """Does the condition of a notice hold for a subject? None: neither, so whatever is said already stands.

    `params` go into the sentence: counts, ids of registered tests, names from the settings, and nothing else.
    """

    subject: str
    holds: bool | None
    since: datetime
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of `KINDS`. `roles` may know of it; those bound to tests only of theirs, where it is `of_tests`.

    It must hold for `begins_after` before it is told, and be gone for `ends_after`. `once`: at most once for a subject.
    `fresh` is how long it counts in the browser; None: as long as it stands.
    """

    name: str
    severity: Severity
    roles: frozenset[str]
    find: Callable[[Facts, NoticeRules], Iterator[Sign]]
    of_tests: bool = False
    begins_after: timedelta = timedelta()
    ends_after: timedelta = timedelta()
    once: bool = False
    fresh: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that somebody should know. `since` is when it began to be so, not when it was noticed."""

    kind: str
    subject: str
    since: datetime
    severity: Severity
    params: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`contrary` is to be handed to the next look: what differs from the record, and since when."""

    begun: tuple[Notice, ...]
    ended: tuple[Key, ...]
    contrary: Mapping[Key, datetime]


def notice(
    facts: Facts,
    rules: NoticeRules,
    standing: Collection[Key],
    told: Collection[Key],
    contrary: Mapping[Key, datetime],
) -> Outcome:
    """What begins and what ends now. `standing` has begun and not ended, `told` are subjects that had their notice at any time.

    Without effects and without a clock: the same arguments, the same answer.
    """
    signs = {(kind.name, sign.subject): sign for kind in KINDS.values() for sign in kind.find(facts, rules)}
    differing: dict[Key, datetime] = {}
    begun: list[Notice] = []
    ended: list[Key] = []
    for key in sorted(signs.keys() | {key for key in standing if key[0] in KINDS}):
        kind, sign, stands = KINDS[key[0]], signs.get(key), key in standing
        holds = sign.holds if sign else False
        if holds is None or holds == stands or (holds and kind.once and key in told):
            continue
        differing[key] = since = contrary.get(key, facts.now)
        if sign and holds and facts.now - since >= kind.begins_after:
            begun.append(Notice(kind.name, sign.subject, sign.since, kind.severity, sign.params))
        elif stands and facts.now - since >= kind.ends_after:
            ended.append(key)
    return Outcome(tuple(begun), tuple(ended), differing)


def _waiting(facts: Facts, rules: NoticeRules) -> Iterator[Sign]:
    for test in sorted({held.test for held in facts.held}):
        of_test = [held for held in facts.held if held.test == test]
        oldest = min(held.oldest for held in of_test)
        params: dict[str, str | int] = {"test": test, "count": sum(held.count for held in of_test)}
        yield Sign(test, _longer(facts.now - oldest, rules.wait), oldest, params)


def _held_for(reason: str) -> Callable[[Facts, NoticeRules], Iterator[Sign]]:
    """Pages that are held for this reason, however short."""

    def find(facts: Facts, rules: NoticeRules) -> Iterator[Sign]:
        for held in facts.held:
            if held.reason == reason:
                yield Sign(held.test, True, held.oldest, {"test": held.test, "count": held.count})

    return find


def _untaken(facts: Facts, rules: NoticeRules) -> Iterator[Sign]:
    if facts.untaken is None:
        yield Sign("", None, facts.now)
    elif facts.untaken.oldest is not None:
        age = facts.now - facts.untaken.oldest
        yield Sign("", _longer(age, rules.wait), facts.untaken.oldest, {"count": facts.untaken.count})


def _silent(facts: Facts, rules: NoticeRules) -> Iterator[Sign]:
    for stack in facts.stacks:
        quiet = facts.now - stack.last
        long = max(rules.silent, timedelta(seconds=_GAPS * stack.usual_gap_s))
        in_the_middle = bool(stack.unfinished) and stack.arrivals >= _FEWEST_ARRIVALS
        if in_the_middle and long <= quiet <= _SILENT_AT_MOST:
            params: dict[str, str | int] = {"source": stack.source, "count": stack.arrivals}
            yield Sign(stack.name, True, stack.last, params)


def _failing(part: str) -> Callable[[Facts, NoticeRules], Iterator[Sign]]:
    def find(facts: Facts, rules: NoticeRules) -> Iterator[Sign]:
        if part in facts.failing:
            yield Sign("", True, facts.now)

    return find


def _disk(facts: Facts, rules: NoticeRules) -> Iterator[Sign]:
    for disk in facts.disks:
        full = disk.free_bytes < rules.disk_bytes
        holds = None if not full and disk.free_bytes < _ENOUGH_SHARE * rules.disk_bytes else full
        params: dict[str, str | int] = {"place": disk.place, "gb": round(disk.free_bytes / 10**9)}
        yield Sign(disk.place, holds, facts.now, params)


def _complete(facts: Facts, rules: NoticeRules) -> Iterator[Sign]:
    for test in facts.tests:
        yield Sign(test.test, test.complete, facts.now, {"test": test.test, "count": test.received})


def _longer(age: timedelta, mark: timedelta) -> bool | None:
    """Longer than the mark; None between it and the one at which it is over."""
    if age >= mark:
        return True
    return None if age >= _OVER_SHARE * mark else False


_OFFICE = frozenset({"exam_office"})
_SCANNING = _OFFICE | {"operator"}
_RESULTS = _OFFICE | {"planner", "chief_invigilator", "reporter", "grader"}
_AGAIN, _WELL = timedelta(seconds=30), timedelta(seconds=60)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("waiting", "normal", _OFFICE, _waiting, of_tests=True),
        Kind("untaken", "normal", _SCANNING, _untaken),
        Kind("silent", "normal", _SCANNING, _silent, once=True),
        Kind("store", "urgent", _SCANNING, _failing("store"), begins_after=_AGAIN, ends_after=_WELL),
        Kind("inbox", "urgent", _SCANNING, _failing("inbox"), begins_after=_AGAIN, ends_after=_WELL),
        Kind("disk", "urgent", _SCANNING, _disk),
        Kind("late", "normal", _OFFICE | {"grader"}, _held_for("late"), of_tests=True),
        Kind(
            "complete",
            "normal",
            _RESULTS,
            _complete,
            of_tests=True,
            begins_after=timedelta(minutes=2),
            fresh=timedelta(days=2),
        ),
    )
}
"""Every kind of notice. `web/notice_words.py` has the sentence of each; a test compares."""


def may_know(role: str, tests: Collection[str] | None, kind: str, subject: str) -> bool:
    """May somebody of this role be told? `tests`, in capitals, are those that they are bound to; None: to none."""
    row = KINDS.get(kind)
    if row is None or role not in row.roles:
        return False
    return not row.of_tests or tests is None or subject.upper() in tests


def kinds_for(role: str) -> tuple[str, ...]:
    """The kinds that a role may know of, in the order of the table."""
    return tuple(name for name, kind in KINDS.items() if role in kind.roles)
