"""A plane and its skew in, the plane turned back out, on a canvas that holds every corner: nothing is cut off.

Small angles, which nearly all pages have, go through our own resampler, a third of the work; others, tiny planes, and
installations that were built without a compiler go through OpenCV's.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

try:
    from scanpipe.stages._resample import resample
except ImportError:
    COMPILED = False
else:
    COMPILED = True

Plane = NDArray[np.uint8]
Numbers = NDArray[np.float64]

_LANES = (32, 16)
"""Pixels of a block; the steeper the page, the smaller it must be."""
_NEAR_PX = 1 / 80
_ABOVE, _BESIDE = 4, 2
"""What a block may read beyond the source: rows above and below it, columns beside it (and its own width)."""
_UNIT = 2.0**32
"""Places on the source are integers in units of 2**-32 pixel, so that nothing adds up over a row."""


def canvas_for(height: int, width: int, skew_deg: float) -> tuple[int, int]:
    """Height and width that hold the turned page; they differ from the page's own by even numbers."""
    c, s = math.cos(math.radians(skew_deg)), abs(math.sin(math.radians(skew_deg)))
    return _longer(height, height * c + width * s), _longer(width, width * c + height * s)


def straightened(plane: Plane, skew_deg: float, canvas: tuple[int, int], paper: int = 255) -> Plane:
    """Turned back (counter-clockwise) by `skew_deg`, middle on middle of the `canvas` (height, width); the rest is `paper`."""
    c, s = math.cos(math.radians(skew_deg)), math.sin(math.radians(skew_deg))
    middle, new_middle = (np.array([size[1] - 1, size[0] - 1]) / 2 for size in (plane.shape, canvas))
    origin = middle - np.array([[c, -s], [s, c]]) @ new_middle
    lanes = next((n for n in _LANES if _fits(n, c, abs(s)) and n <= canvas[1]), None)
    if COMPILED and lanes is not None:
        return _resampled(plane, canvas, origin, (c, s), lanes, paper)
    matrix = np.array([[c, -s, origin[0]], [s, c, origin[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(plane, matrix, canvas[::-1], flags=flags, borderValue=(paper,))  # type: ignore[return-value]


def _fits(lanes: int, c: float, s: float) -> bool:
    """A block touches no more than three rows, and its one horizontal fraction serves its first and last pixel too."""
    return (lanes - 1) * s < 1 and lanes / 2 * (1 - c) <= _NEAR_PX


def _longer(length: int, needed: float) -> int:
    return length + 2 * max(0, math.ceil((needed - length) / 2))


def _resampled(
    plane: Plane,
    canvas: tuple[int, int],
    origin: Numbers,
    step: tuple[float, float],
    lanes: int,
    paper: int,
) -> Plane:
    """`origin` is where the first pixel of the canvas lies on the plane, `step` the way from there to the next one."""
    height, width = plane.shape
    rows = np.arange(canvas[0])
    x, y = origin[0] - rows * step[1], origin[1] + rows * step[0]
    spans = _spans((x, y), step, (width, height), canvas[1])
    beside = _BESIDE + lanes
    source = np.empty((height + 2 * _ABOVE, width + 2 * beside), np.uint8)  # numpy asks for huge pages, cv2 does not
    cv2.copyMakeBorder(plane, _ABOVE, _ABOVE, beside, beside, cv2.BORDER_CONSTANT, dst=source, value=(paper,))
    result = np.full(canvas, paper, np.uint8)
    starts = _places(x + beside, y + _ABOVE)
    resample(source, source.shape[1], result, canvas[1], starts, _places(*step), spans, lanes)
    return result


def _places(x: Numbers | float, y: Numbers | float) -> NDArray[np.int64]:
    return np.rint(np.stack([x, y], axis=-1) * _UNIT).astype(np.int64)


def _spans(
    starts: tuple[Numbers, Numbers], step: tuple[float, float], size: tuple[int, int], columns: int
) -> NDArray[np.int64]:
    """First and one after the last column of each row of the canvas that lie on the page, or less than a pixel beside it."""
    first, end = np.zeros(len(starts[0])), np.full(len(starts[0]), float(columns))
    for start, way, length in zip(starts, step, size, strict=True):
        if way:
            enters, leaves = (-1 - start) / way, (length - start) / way
            near, far = (enters, leaves) if way > 0 else (leaves, enters)
            first, end = np.maximum(first, near), np.minimum(end, far)
    first = np.floor(first)
    return np.stack([first, np.maximum(np.ceil(end), first)], axis=1).astype(np.int64)
