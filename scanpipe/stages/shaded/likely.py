"""How full the bubbles are and which codes were given out in, the most likely ones out: for a person, never for filing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanpipe.shaded_codes import Coded

_FLOOR = 0.02
_FARTHEST = 4.0
"""How much less likely than what is shaded a code may be: some two places that are shaded otherwise."""


@dataclass(frozen=True, slots=True)
class Likely:
    """`cost` is how far the code is from what is shaded: 0 where each place has its darkest bubble there."""

    coded: Coded
    cost: float


def most_likely(
    fills: Sequence[Sequence[float]], digits: str, given_out: Sequence[Coded], most: int = 5
) -> list[Likely]:
    """The codes nearest to what is shaded, the nearest first; none where nothing is."""
    full = np.asarray(fills, float)
    if full.size == 0 or full.max() < _FLOOR:
        return []
    shares = (full + _FLOOR) / (full + _FLOOR).sum(axis=1, keepdims=True)
    costs = np.log10(shares.max(axis=1, keepdims=True) / shares)
    fitting = [c for c in given_out if len(c.code) == len(full) and set(c.code) <= set(digits)]
    if not fitting:
        return []
    row_of = {d: n for n, d in enumerate(digits)}
    rows = np.array([[row_of[d] for d in c.code] for c in fitting])
    cost = costs[np.arange(len(full))[None, :], rows].sum(axis=1)
    nearest = np.argsort(cost, kind="stable")[:most]
    return [Likely(fitting[n], round(float(cost[n]), 2)) for n in nearest if cost[n] <= _FARTHEST]
