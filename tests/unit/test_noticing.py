"""A notice begins once and ends once, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpipe.desk.people import ROLES
from scanpipe.stages.noticing import (
    KINDS,
    Disk,
    Facts,
    HeldPages,
    Key,
    Notice,
    NoticeRules,
    StackState,
    TestState,
    Untaken,
    kinds_for,
    may_know,
    notice,
)

NOON = datetime(2026, 12, 3, 12, tzinfo=UTC)
RULES = NoticeRules(timedelta(minutes=30), timedelta(minutes=5), 5 * 10**9)
TEST = "MA0001-2026H"


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


class Watchman:
    """Plays the ledger: what was begun stands until it is ended."""

    def __init__(self) -> None:
        self.standing: set[Key] = set()
        self.told: set[Key] = set()
        self.contrary: dict[Key, datetime] = {}
        self.said: list[Notice] = []

    def look(self, facts: Facts) -> tuple[list[str], list[str]]:
        """The kinds that begin and that end."""
        out = notice(facts, RULES, self.standing, self.told, self.contrary)
        begun = {(n.kind, n.subject) for n in out.begun}
        assert not begun & self.standing and set(out.ended) <= self.standing
        self.standing = (self.standing | begun) - set(out.ended)
        self.told |= begun
        self.contrary = dict(out.contrary)
        self.said += out.begun
        return [n.kind for n in out.begun], [kind for kind, _ in out.ended]

    def looks(self, facts: Iterable[Facts]) -> tuple[list[str], list[str]]:
        told = [self.look(f) for f in facts]
        return [k for begun, _ in told for k in begun], [k for _, ended in told for k in ended]


def held(at: datetime, waited: timedelta, reason: str = "no_codes", count: int = 3) -> Facts:
    return Facts(at, held=(HeldPages(TEST, reason, count, at - waited),))


def test_sheets_that_wait_are_told_once_until_nearly_all_are_settled() -> None:
    man = Watchman()
    assert man.look(held(NOON, minutes(29.9))) == ([], [])
    assert man.look(held(NOON, minutes(30))) == (["waiting"], [])
    assert man.said[0] == Notice("waiting", TEST, NOON - minutes(30), "normal", {"test": TEST, "count": 3})
    # The oldest is settled, the next one is a little younger than the mark: nothing is said in either direction.
    assert man.looks(held(NOON, minutes(m)) for m in (29, 31, 20, 30, 16)) == ([], [])
    assert man.look(held(NOON, minutes(14))) == ([], ["waiting"])
    assert man.look(held(NOON, minutes(31))) == (["waiting"], [])
    assert man.look(Facts(NOON)) == ([], ["waiting"])


def test_late_sheets_are_told_at_once() -> None:
    man = Watchman()
    assert man.look(held(NOON, minutes(0), "late", 1)) == (["late"], [])
    assert man.look(held(NOON, minutes(1), "late", 9)) == ([], []), "more of them is no news"
    assert man.look(held(NOON, minutes(1), "no_codes")) == ([], ["late"])


def stack(unfinished: str = "side", silent: float = 6, arrivals: int = 40, gap_s: float = 2.0) -> Facts:
    state = StackState("rom 210 2026-12-03", "scanner 2", arrivals, NOON - minutes(silent), gap_s, unfinished)
    return Facts(NOON, stacks=(state,))


def test_a_scanner_that_falls_silent_in_the_middle_is_told_once_for_a_stack() -> None:
    man = Watchman()
    assert man.look(stack()) == (["silent"], [])
    assert man.said[0].params == {"source": "scanner 2", "count": 40}, "the name of the stack is nobody's to mail"
    assert man.look(stack(unfinished="")) == ([], ["silent"])
    assert man.look(stack(unfinished="file")) == ([], []), "at most one for a stack"


@pytest.mark.parametrize(
    "facts",
    [
        stack(unfinished=""),  # the evening is over
        stack(silent=4.9),
        stack(silent=13 * 60),  # nobody looked at it yesterday
        stack(arrivals=2),  # no rhythm
        stack(gap_s=90),  # a sheet every minute and a half by hand
    ],
)
def test_an_end_of_a_stack_is_no_silence(facts: Facts) -> None:
    assert Watchman().look(facts) == ([], [])


def failing(at: datetime, *parts: str) -> Facts:
    return Facts(at, failing=frozenset(parts))


def test_a_store_that_flickers_is_told_once() -> None:
    man = Watchman()
    seconds = [NOON + timedelta(seconds=s) for s in range(0, 600, 5)]
    flicker = [failing(at, "store") if n % 3 else failing(at) for n, at in enumerate(seconds)]
    assert man.looks(flicker) == ([], []), "never failing for half a minute"
    assert man.look(failing(NOON + minutes(15))) == ([], [])
    assert man.looks(failing(NOON + minutes(20) + timedelta(seconds=s), "store") for s in (0, 29)) == ([], [])
    assert man.look(failing(NOON + minutes(20) + timedelta(seconds=30), "store")) == (["store"], [])
    assert man.said[0].severity == "urgent"
    later = [NOON + minutes(30) + timedelta(seconds=s) for s in range(0, 600, 5)]
    assert man.looks(failing(at) if n % 3 else failing(at, "store") for n, at in enumerate(later)) == ([], [])
    assert man.looks(failing(NOON + minutes(m)) for m in (50, 51)) == ([], ["store"])


def test_a_disk_that_is_nearly_full() -> None:
    man = Watchman()
    looks = [Facts(NOON, disks=(Disk("data", int(gb * 10**9)),)) for gb in (5.0, 4.9, 5.1, 4.9, 5.9, 6.1)]
    assert [man.look(f) for f in looks] == [([], []), (["disk"], []), ([], []), ([], []), ([], []), ([], ["disk"])]
    assert man.said[0].params == {"place": "data", "gb": 5}


def test_a_complete_test_is_told_when_it_is_so_for_a_while() -> None:
    def so(at: datetime, complete: bool | None) -> Facts:
        return Facts(at, tests=(TestState(TEST, complete, 10),))

    man = Watchman()
    assert man.looks(so(NOON + minutes(m), False) for m in range(9)) == ([], [])
    assert man.looks(so(NOON + minutes(m), None) for m in range(9)) == ([], []), "nobody has looked yet"
    assert man.looks(so(NOON + minutes(m), True) for m in (10, 11, 12, 13)) == (["complete"], [])
    assert man.look(so(NOON + minutes(14), None)) == ([], []), "another process begins to look"
    assert man.look(so(NOON + minutes(14), False)) == ([], ["complete"])


def test_files_that_nobody_takes_and_a_folder_that_cannot_be_looked_at() -> None:
    man = Watchman()
    lying = Facts(NOON, untaken=Untaken(7, NOON - minutes(31)))
    assert man.look(lying) == (["untaken"], [])
    assert man.look(Facts(NOON, untaken=None)) == ([], []), "who cannot look does not say that it is over"
    assert man.look(Facts(NOON, untaken=Untaken(0, None))) == ([], ["untaken"])


def test_the_same_facts_give_the_same_answer_and_two_watchmen_tell_once() -> None:
    first, second = Watchman(), Watchman()
    assert first.look(held(NOON, minutes(40))) == second.look(held(NOON, minutes(40)))
    second.standing = first.standing
    assert second.look(held(NOON + minutes(1), minutes(41))) == ([], [])


_times = st.integers(0, 90).map(minutes)
_facts = st.builds(
    lambda held, disk, failing, tests, quiet, unfinished: Facts(
        NOON,
        held=tuple(HeldPages(f"T{n}", reason, n + 1, NOON - waited) for n, (reason, waited) in enumerate(held)),
        untaken=Untaken(1, NOON - quiet),
        stacks=(StackState("s", "", 9, NOON - quiet, 1.0, unfinished),),
        failing=frozenset(failing),
        disks=(Disk("data", disk),),
        tests=tuple(TestState(f"T{n}", complete, 2) for n, complete in enumerate(tests)),
    ),
    st.lists(st.tuples(st.sampled_from(["no_codes", "late"]), _times), max_size=3),
    st.integers(0, 8 * 10**9),
    st.sets(st.sampled_from(["store", "inbox"])),
    st.lists(st.sampled_from([True, False, None]), max_size=3),
    _times,
    st.sampled_from(["", "file", "side", "broken"]),
)


@settings(max_examples=30)
@given(st.lists(st.tuples(_facts, st.integers(1, 200)), max_size=12))
def test_whatever_happens_nothing_begins_twice_or_ends_unbegun(story: list[tuple[Facts, int]]) -> None:
    man, at = Watchman(), NOON
    for facts, pause_s in story:
        at += timedelta(seconds=pause_s)
        man.look(Facts(at, facts.held, facts.untaken, facts.stacks, facts.failing, facts.disks, facts.tests))
    once = [(n.kind, n.subject) for n in man.said if KINDS[n.kind].once]
    assert len(once) == len(set(once))


def test_who_may_know_of_what() -> None:
    assert kinds_for("grader") == ("late", "complete") and kinds_for("reporter") == ("complete",)
    assert set(kinds_for("operator")) == {"untaken", "silent", "store", "inbox", "disk"}
    assert set(kinds_for("exam_office")) == set(KINDS) and kinds_for("user_administrator") == ()
    assert may_know("grader", {TEST}, "late", TEST.lower()) and not may_know("grader", {TEST}, "late", "OTHER")
    assert not may_know("grader", set(), "late", "") and may_know("exam_office", None, "late", "")
    assert not may_know("operator", None, "waiting", TEST) and not may_know("exam_office", None, "nonsense", "")
    assert all(kind.roles <= set(ROLES) and kind.name == name for name, kind in KINDS.items())
