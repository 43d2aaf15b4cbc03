"""A deadline with its grace and a moment in: may one still hand in, and does it count?"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LATE_DAYS = 7
"""So long after the deadline what is handed in late is taken all the same, for a person to decide about."""


class Standing(enum.Enum):
    OPEN = "open"
    GRACE = "grace"
    """The deadline is over, and what is handed in counts as in time: connections are slow."""
    LATE = "late"
    """What is handed in is kept, and held."""
    SHUT = "shut"


@dataclass(frozen=True, slots=True)
class Deadline:
    """`closes` knows its time zone."""

    closes: datetime
    grace: timedelta

    @classmethod
    def of(cls, closes: str, grace_minutes: int) -> Deadline:
        """From ISO 8601 with a time zone. Raises ValueError without one."""
        moment = datetime.fromisoformat(closes)
        if moment.tzinfo is None:
            raise ValueError(f"{closes} has no time zone")
        return cls(moment.astimezone(UTC), timedelta(minutes=grace_minutes))

    def standing(self, now: datetime) -> Standing:
        """The moment itself at which it closes, and that at which its grace ends, are in time."""
        if now <= self.closes:
            return Standing.OPEN
        if now <= self.closes + self.grace:
            return Standing.GRACE
        return Standing.LATE if now <= self.closes + self.grace + timedelta(days=LATE_DAYS) else Standing.SHUT

    def missed(self, at: datetime) -> bool:
        """Was what came at this moment too late to count?"""
        return self.standing(at) in (Standing.LATE, Standing.SHUT)
