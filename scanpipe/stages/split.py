"""The planes of a scan that shows two sheets in, those of either half out: every pixel is in one of them."""

from __future__ import annotations

from typing import Literal

from scanpipe.stages.render import Planes

Cut = Literal["beside", "above"]
"""How the sheets lie: beside each other, or one above the other."""


def halves(planes: Planes, cut: Cut, share: float = 0.5) -> tuple[Planes, Planes]:
    """The left (or upper) and the right (or lower) part; the cut is at this share of the width (or height), 0 < share < 1.

    Planes are uint8 (height, width) of luma and, unless it is gray, two of half the size: the cut is at an even pixel.
    """
    axis = 1 if cut == "beside" else 0
    whole = planes[0].shape[axis]
    at = min(whole - 2, max(2, 2 * round(whole * share / 2)))
    first, second = [], []
    for i, plane in enumerate(planes):
        here = at // 2 if i else at
        first.append(plane[:, :here] if axis else plane[:here])
        second.append(plane[:, here:] if axis else plane[here:])
    return tuple(first), tuple(second)
