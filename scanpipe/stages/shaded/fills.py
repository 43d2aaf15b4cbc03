"""A page and where its sheet lies in, how full each bubble is out: against the paper around it and against its empty neighbours.

The grid is laid out straight first, at a few pixels a millimetre. A bubble's fill is how much darker its inside is than the
surroundings (0: as those, 1: black on white), less what is printed into empty ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.shaded_layout import Grid, ShadedLayout
from scanpipe.stages.shaded.marks import Bearing

Gray = NDArray[np.uint8]
Numbers = NDArray[np.float64]
_PX_PER_MM = 6.0
_INSIDE = 0.78
"""Share of a bubble's half axes that counts as its inside: clear of its outline."""
_OUTLINE, _OUTSIDE = (0.86, 1.14), (1.22, 1.45)
_PAPER_SHARE = 0.75
"""The paper is as bright as this share of the surroundings is at most: a stroke beside a bubble does not darken it."""
_GLYPH_SPREAD = 0.05
_OUTLINED = 0.015


@dataclass(frozen=True, slots=True)
class Fills:
    """Of each bubble (places, digits): `fill` is how full it is, `outlined` whether its printed outline is where it should be."""

    fill: Numbers
    outlined: NDArray[np.bool_]


def measure(gray: Gray, layout: ShadedLayout, grid: Grid, bearing: Bearing) -> Fills:
    """The fills of a grid. `gray` is the page that the bearing is about."""
    patches = _patches(gray, layout.bubble_mm, grid, bearing)
    masks = _masks(*layout.bubble_mm)
    flat = patches.reshape(*patches.shape[:2], -1)
    around_it = flat[..., masks.outside]
    at = int(_PAPER_SHARE * around_it.shape[-1])
    paper = np.partition(around_it, at, axis=-1)[..., at].astype(np.float32)
    inside = 1 - flat[..., masks.inside] / np.maximum(paper, 1)[..., None]
    outline = 1 - flat[..., masks.outline].mean(axis=-1) / np.maximum(paper, 1)
    around = 1 - around_it.mean(axis=-1) / np.maximum(paper, 1)
    dark = np.clip(inside.mean(axis=-1) - around, 0, 1)  # what darkens the surroundings as well is a stain, or a shadow
    fill = np.clip(dark - _printed(dark), 0, 1)
    return Fills(fill, outline - around > _OUTLINED)


def _printed(dark: Numbers) -> Numbers:
    """What is printed into a bubble: as the emptier half of its digit is, within what glyphs differ by over the whole grid."""
    usual = float(np.median(dark))
    by_digit = np.median(dark, axis=0)
    return np.clip(by_digit, usual - _GLYPH_SPREAD, usual + _GLYPH_SPREAD)[None, :]


def _patches(gray: Gray, bubble_mm: tuple[float, float], grid: Grid, bearing: Bearing) -> Gray:
    """(places, digits, height, width): the surroundings of each bubble, laid out straight."""
    half_mm = np.array(bubble_mm) / 2 * _OUTSIDE[1]
    middles = grid.middles_mm()
    low = middles.reshape(-1, 2).min(axis=0) - half_mm
    high = middles.reshape(-1, 2).max(axis=0) + half_mm
    to_mm = np.array([[1 / _PX_PER_MM, 0, low[0]], [0, 1 / _PX_PER_MM, low[1]], [0, 0, 1]])
    width, height = (int(v) + 2 for v in np.ceil((high - low) * _PX_PER_MM))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    straight = cv2.warpPerspective(
        gray, bearing.to_px @ to_mm, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    rows, columns = _masks(*bubble_mm).shape
    corners = np.rint((middles - low - half_mm) * _PX_PER_MM).astype(int)
    x = np.clip(corners[..., 0], 0, width - columns)[..., None, None] + np.arange(columns)[None, None, None, :]
    y = np.clip(corners[..., 1], 0, height - rows)[..., None, None] + np.arange(rows)[None, None, :, None]
    return np.asarray(straight[y, x], np.uint8)


@dataclass(frozen=True, slots=True)
class _Masks:
    """Which pixels of a patch (height, width, flattened) lie where."""

    shape: tuple[int, int]
    inside: NDArray[np.intp]
    outline: NDArray[np.intp]
    outside: NDArray[np.intp]


@lru_cache(maxsize=8)
def _masks(width_mm: float, height_mm: float) -> _Masks:
    half = np.array([width_mm, height_mm]) / 2 * _PX_PER_MM
    columns, rows = (2 * int(np.ceil(v * _OUTSIDE[1])) + 1 for v in half)
    y, x = np.mgrid[:rows, :columns]
    middle = half * _OUTSIDE[1]
    radius = np.hypot((x - middle[0]) / half[0], (y - middle[1]) / half[1]).ravel()

    def between(low: float, high: float) -> NDArray[np.intp]:
        return np.flatnonzero((radius >= low) & (radius <= high))

    return _Masks((rows, columns), between(0, _INSIDE), between(*_OUTLINE), between(*_OUTSIDE))
