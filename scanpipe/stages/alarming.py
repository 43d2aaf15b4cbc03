"""Whether the ledger fails, and what was told of it, in; what next out: what should the operators be told now?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Word = Literal["fails", "still_fails", "works"]
BEGINS_AFTER, ENDS_AFTER = timedelta(seconds=30), timedelta(seconds=60)
"""As for the store: what flickers is told once."""
AGAIN_AFTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Alarm:
    """It has been failing since `since` (None: it works), was told of last at `told`, and works again since `well`."""

    since: datetime | None = None
    told: datetime | None = None
    well: datetime | None = None


def alarm(before: Alarm, fails: bool, now: datetime) -> tuple[Alarm, Word | None]:
    """What stands from now on, once the word has been told; None: nothing is to be told."""
    if fails:
        return _failing(replace(before, since=before.since or now, well=None), now)
    if before.told is None:
        return Alarm(), None
    working = replace(before, well=before.well or now)
    return (Alarm(), "works") if now - (working.well or now) >= ENDS_AFTER else (working, None)


def _failing(state: Alarm, now: datetime) -> tuple[Alarm, Word | None]:
    if state.told is None:
        long = state.since is not None and now - state.since >= BEGINS_AFTER
        return (replace(state, told=now), "fails") if long else (state, None)
    return (replace(state, told=now), "still_fails") if now - state.told >= AGAIN_AFTER else (state, None)
