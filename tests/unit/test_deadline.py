"""Deadlines: to the second, in every time zone, and whatever the clocks of summer do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.stages.deadline import LATE_DAYS, Deadline, Standing

TRONDHEIM = ZoneInfo("Europe/Oslo")
CLOSES = datetime(2026, 12, 1, 14, 0, tzinfo=TRONDHEIM)


@pytest.mark.parametrize(
    ("after_s", "standing"),
    [
        (-1.0, Standing.OPEN),
        (0.0, Standing.OPEN),
        (0.001, Standing.GRACE),
        (15 * 60.0, Standing.GRACE),
        (15 * 60.0 + 0.001, Standing.LATE),
        (15 * 60.0 + LATE_DAYS * 86400.0, Standing.LATE),
        (15 * 60.0 + LATE_DAYS * 86400.0 + 0.001, Standing.SHUT),
    ],
)
def test_every_border(after_s: float, standing: Standing) -> None:
    deadline = Deadline.of(CLOSES.isoformat(), 15)
    at = deadline.closes + timedelta(seconds=after_s)
    assert deadline.standing(at) is standing
    assert deadline.missed(at) == (standing in (Standing.LATE, Standing.SHUT))


@pytest.mark.parametrize(
    ("told", "utc"),
    [
        ("2026-12-01T14:00:00+01:00", "2026-12-01T13:00:00+00:00"),
        ("2026-06-01T14:00:00+02:00", "2026-06-01T12:00:00+00:00"),
        ("2026-12-01T14:00:00Z", "2026-12-01T14:00:00+00:00"),
        ("2026-12-01T23:30:00-09:30", "2026-12-02T09:00:00+00:00"),
    ],
)
def test_a_deadline_is_a_moment_wherever_it_was_said(told: str, utc: str) -> None:
    assert Deadline.of(told, 0).closes.isoformat() == utc


def test_without_a_time_zone_it_is_none() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Deadline.of("2026-12-01T14:00:00", 15)


def test_an_hour_that_comes_twice_is_two_deadlines() -> None:
    """On 25 October 2026 it is half past two in the morning twice in Trondheim."""
    first, second = (datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=TRONDHEIM) for fold in (0, 1))
    assert Deadline.of(second.isoformat(), 15).closes - Deadline.of(first.isoformat(), 15).closes == timedelta(hours=1)
    assert Deadline.of(first.isoformat(), 15).missed(second)


offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))


@given(moments, offsets, offsets, st.integers(0, 1440), st.floats(-2e6, 2e6))
def test_neither_zone_makes_a_difference(
    closes: datetime, of: timezone, seen_in: timezone, grace: int, after_s: float
) -> None:
    """What counts is how long it is between the two moments, in whatever zones they are told."""
    closes = closes.replace(microsecond=0, tzinfo=of)
    at = closes + timedelta(seconds=after_s)
    deadline = Deadline.of(closes.isoformat(), grace)
    assert deadline.missed(at.astimezone(seen_in)) == ((at - closes) > timedelta(minutes=grace))
    assert Deadline.of(deadline.closes.isoformat(), grace) == deadline, "as the ledger keeps it"
    assert deadline.closes.tzinfo is UTC
