"""When the next mail goes, and what is in it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpipe.stages.digest import DigestRules, Due, due_now, is_quiet, pause_after, quiet_hours

RULES = DigestRules(timedelta(minutes=10), (time(22), time(6)))
NOON = datetime(2026, 12, 3, 12)


def due(at: datetime, urgent: bool = False, not_before: datetime | None = None) -> Due:
    return Due(at, urgent, not_before or at)


def test_several_within_the_digest_go_in_one_mail() -> None:
    waiting = [due(NOON), due(NOON + timedelta(minutes=9))]
    assert due_now(waiting, NOON + timedelta(minutes=9), RULES) == []
    assert due_now(waiting, NOON + timedelta(minutes=10), RULES) == [0, 1]


def test_what_is_urgent_goes_at_once_and_takes_the_others_along() -> None:
    assert due_now([due(NOON), due(NOON, urgent=True)], NOON, RULES) == [0, 1]


def test_at_night_only_what_is_urgent_goes_and_the_rest_in_the_morning() -> None:
    night = datetime(2026, 12, 3, 23, 30)
    waiting = [due(night), due(night + timedelta(hours=2)), due(night, urgent=True)]
    assert due_now(waiting, night + timedelta(hours=3), RULES) == [2]
    rest = waiting[:2]
    assert due_now(rest, datetime(2026, 12, 4, 5, 59), RULES) == []
    assert due_now(rest, datetime(2026, 12, 4, 6), RULES) == [0, 1], "one mail for the whole night"


def test_what_failed_waits_for_its_next_try() -> None:
    later = NOON + timedelta(hours=1)
    waiting = [due(NOON, urgent=True, not_before=later), due(NOON)]
    assert due_now(waiting, NOON + timedelta(minutes=30), RULES) == [1]
    assert due_now(waiting, later, RULES) == [0, 1]


def test_pauses_grow_to_an_hour() -> None:
    assert [pause_after(n).total_seconds() / 60 for n in (1, 2, 3, 6, 7, 500)] == [1, 2, 4, 32, 60, 60]


def test_quiet_hours_over_midnight_and_within_a_day() -> None:
    over, within = quiet_hours("22:00-06:00"), quiet_hours("12:30 - 13:00")
    assert [is_quiet(time(h), over) for h in (21, 22, 23, 0, 5, 6, 12)] == [False, True, True, True, True, False, False]
    assert [is_quiet(time(h, m), within) for h, m in ((12, 29), (12, 30), (13, 0))] == [False, True, False]
    assert not any(is_quiet(time(h), quiet_hours("")) for h in range(24))
    assert not any(is_quiet(time(h), quiet_hours("08:00-08:00")) for h in range(24))


@pytest.mark.parametrize("wrong", ["22-06", "22:00", "25:00-06:00", "22:0-06:00", "a:00-06:00", "²2:00-06:00"])
def test_what_are_no_quiet_hours(wrong: str) -> None:
    with pytest.raises(ValueError):
        quiet_hours(wrong)


_minutes = st.integers(0, 3 * 24 * 60).map(lambda m: NOON + timedelta(minutes=m))


@settings(max_examples=40)
@given(st.lists(st.builds(Due, _minutes, st.booleans(), _minutes), max_size=6))
def test_everything_goes_in_the_end_and_each_once(waiting: list[Due]) -> None:
    left, now = list(waiting), NOON
    while left and now < NOON + timedelta(days=5):
        going = due_now(left, now, RULES)
        assert going == sorted(set(going)) and all(left[n].not_before <= now for n in going)
        assert all(left[n].urgent for n in going) or not is_quiet(now.time(), RULES.quiet)
        left = [d for n, d in enumerate(left) if n not in going]
        now += timedelta(minutes=30)
    assert left == []
