"""Extra time as lists write it, in minutes: `30`, `30 min`, `1 t 15 min`, `0,5` in a column of hours, `1:30`."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from scanpipe.definitions.problems import Spot, quoted
from scanpipe.definitions.wording import tidy
from scanpipe.saying import say

Unit: TypeAlias = Literal["min", "h"]
MOST_MIN = 1440
ALLOWED = say("extra time: a whole number of minutes from 0 to %(most)s, or such as 1 t 30 min, 1:30", most=MOST_MIN)

_NUMBER = r"[0-9]{1,4}(?:[.,][0-9]{1,3})?"
_HOURS = r"(?:t|h|time|timer|timar|hour|hours)\.?"
_MINUTES = r"(?:m|min|minutt|minutter|minute|minutes)\.?"
_SPOKEN = re.compile(rf"(?:({_NUMBER})\s*{_HOURS})?\s*(?:({_NUMBER})\s*{_MINUTES})?", re.IGNORECASE)
_CLOCK = re.compile("([0-9]{1,2}):([0-5][0-9])(?::00)?")


def read_minutes(text: str, spot: Spot, unit: Unit = "min") -> int | None:
    """The minutes, None for none. `unit` is what a bare number counts. None, too, and noted at `spot`, when it is no time."""
    clean = tidy(text)
    minutes = _minutes(clean, unit)
    if minutes is None or minutes != int(minutes) or minutes > MOST_MIN:
        hint = say("A share of the time is not enough: write the minutes.") if "%" in clean else ""
        spot.wrong(quoted(text), ALLOWED, hint)
        return None
    return int(minutes) or None


def _minutes(text: str, unit: Unit) -> float | None:
    if re.fullmatch(_NUMBER, text):
        return round(_value(text) * (60 if unit == "h" else 1), 6)
    clock = _CLOCK.fullmatch(text)
    if clock:
        return int(clock[1]) * 60 + int(clock[2])
    spoken = _SPOKEN.fullmatch(text)
    if not spoken or not any(spoken.groups()):
        return None
    return round(_value(spoken[1] or "0") * 60 + _value(spoken[2] or "0"), 6)


def _value(number: str) -> float:
    return float(number.replace(",", "."))
