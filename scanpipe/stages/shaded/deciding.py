"""Fills in, digits out: which bubble of each place did somebody shade? One clear mark, or the place is unclear."""

from __future__ import annotations

import numpy as np

from scanpipe.stages.shaded.fills import Fills, Numbers

EMPTY, UNCLEAR = "_", "?"

_LEAST = 0.10
"""Lighter than this is no mark: noise, print that shows through, what an eraser leaves of a light stroke."""
_LEAST_OF_USUAL = 0.35
"""A mark that is so much lighter than the others of the same hand may be the rest of one that was erased."""
_NEXT = 0.25
"""A second bubble with so much of the first one's fill makes the place unclear: a scribble in half of one has a third."""
_NOTHING = 0.05
"""Less than this is paper."""
_FEWEST_OUTLINED, _FEWEST_OUTLINED_EDGE = 0.85, 0.5


def decide(fills: Fills, usual: float | None = None) -> str:
    """A digit for each place, `_` where nothing is shaded, `?` where it is unclear. The digit is the bubble's number, from 0.

    `usual` is how dark the same hand's marks are elsewhere, where that is known.
    """
    usual = usual_mark(fills) if usual is None else usual
    return "".join(_digit(row, usual) for row in fills.fill)


def usual_mark(fills: Fills) -> float:
    """How dark a mark on this grid is: the middle of the darkest of each place."""
    return float(np.median(fills.fill.max(axis=1)))


def is_there(fills: Fills) -> bool:
    """Is the grid where it was looked for? Its outlines must be seen all over, and at each of its edges."""
    seen = fills.outlined
    edges = (seen[0], seen[-1], seen[:, 0], seen[:, -1])
    return bool(seen.mean() >= _FEWEST_OUTLINED and all(e.mean() >= _FEWEST_OUTLINED_EDGE for e in edges))


def _digit(row: Numbers, usual: float) -> str:
    order = np.argsort(row)[::-1]
    first, second = float(row[order[0]]), float(row[order[1]])
    if first < _NOTHING:
        return EMPTY
    if first < max(_LEAST, _LEAST_OF_USUAL * usual) or second > max(_NOTHING, _NEXT * first):
        return UNCLEAR
    return str(order[0])
