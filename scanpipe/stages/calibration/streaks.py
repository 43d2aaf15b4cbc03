"""A scan in, the streaks on it out: lines that run all along the feed, because there is dirt on the glass or a dead cell.

A streak shows in all of its column, whatever is printed. A dark one darkens even the brightest tenth of the column, which
on every sheet of ours is white paper; a bright one is only seen on black, which the calibration sheet has a band of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Profile = NDArray[np.float64]

_BRIGHTEST = 90
_NEIGHBOURS_MM = 2.5
_LEAST_LEVELS, _LEAST_SIGMAS = 4.0, 6.0
_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Streak:
    """`at_mm` is its place from the left of the scan (`runs` "along" the feed) or from its top ("across"). `levels` is how much
    darker (negative) or brighter it is than what lies beside it."""

    runs: Literal["along", "across"]
    at_mm: float
    width_mm: float
    levels: float


def dark_streaks(gray: Gray, dpi: float) -> tuple[Streak, ...]:
    """Of all the scan, both ways. `gray` should have no bed around the paper."""
    columns = _streaks(np.percentile(gray, _BRIGHTEST, axis=0), dpi, -1)
    rows = _streaks(np.percentile(gray, _BRIGHTEST, axis=1), dpi, -1)
    return (*(Streak("along", *s) for s in columns), *(Streak("across", *s) for s in rows))


def bright_streaks(band: Gray, dpi: float) -> tuple[Streak, ...]:
    """Those that show in a black band; `at_mm` counts from its left end."""
    return tuple(Streak("along", *s) for s in _streaks(np.median(band, axis=0), dpi, +1))


def _streaks(profile: Profile, dpi: float, sign: int) -> list[tuple[float, float, float]]:
    """Runs of columns that differ from their neighbourhood: place, width, difference."""
    reach = max(3, round(_NEIGHBOURS_MM / _MM_PER_INCH * dpi))
    if len(profile) <= 2 * reach:
        return []
    differs = sign * (profile - _median_nearby(profile, reach))
    sigma = 1.4826 * float(np.median(np.abs(differs)))
    marked = np.flatnonzero(differs > max(_LEAST_LEVELS, _LEAST_SIGMAS * sigma))
    runs = np.split(marked, np.flatnonzero(np.diff(marked) > 1) + 1) if len(marked) else []
    mm = _MM_PER_INCH / dpi
    return [
        (round(float(run.mean()) * mm, 1), round(len(run) * mm, 2), sign * round(float(differs[run].max()), 1))
        for run in runs
        if len(run) <= reach
    ]


def _median_nearby(profile: Profile, reach: int) -> Profile:
    padded = np.pad(profile, reach, mode="reflect")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1), np.float64)
