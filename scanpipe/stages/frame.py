"""A page without codes in, whether there is print on it out: the frame of a sheet whose codes cannot be read?

Handwriting has no two straight lines half as long as the page that stand side by side or square to each other. A drawing may;
then the page passes for printed, and a person looks.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
_AROUND_SHARE = 0.02
_DARKER = 18
"""Gray levels below the surroundings: a printed line is, what shines through from the other side is not."""
_LONG, _GAP = 0.45, 0.006
"""Shares of the page's width: a line counts from the first on, with gaps up to the second."""
_WHOLE = 0.93
"""So much of a printed line is ink; of a line of writing there is less, however dense."""
_SQUARE_DEG, _APART = 2.0, 0.3
_MOST_LINES = 60


def has_frame(small: Gray) -> bool:
    """`small` is the page (height, width) at some 130 dots per inch or more."""
    height, width = small.shape
    short = min(height, width)
    around = max(5, round(_AROUND_SHARE * short)) | 1
    ink: Any = cv2.adaptiveThreshold(small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, around, _DARKER)
    found = cv2.HoughLinesP(ink, 1, math.pi / 360, int(0.3 * _LONG * short), None, _LONG * short, _GAP * short)
    if found is None:
        return False
    lines = list(found.reshape(-1, 4).astype(np.float64)[:_MOST_LINES])
    wide: Any = cv2.dilate(ink, np.ones((3, 3), np.uint8))
    lines = [line for line in lines if _inked(wide, line) >= _WHOLE]
    return any(_of_a_frame(a, b, _APART * short) for a, b in combinations(lines, 2))


def _inked(ink: Gray, line: NDArray[np.float64]) -> float:
    """How much of a line is ink."""
    steps = np.linspace(0, 1, max(2, int(np.hypot(*(line[2:] - line[:2])))))
    at = np.rint(line[:2] + steps[:, None] * (line[2:] - line[:2])).astype(int)
    return float((ink[at[:, 1], at[:, 0]] > 0).mean())


def _of_a_frame(a: NDArray[np.float64], b: NDArray[np.float64], apart: float) -> bool:
    """Square to each other, or side by side."""
    along_a, along_b = a[2:] - a[:2], b[2:] - b[:2]
    turn = math.degrees(math.atan2(float(along_a[0] * along_b[1] - along_a[1] * along_b[0]), float(along_a @ along_b)))
    off = abs(turn) % 180
    if abs(off - 90) < _SQUARE_DEG:
        return True
    if min(off, 180 - off) > _SQUARE_DEG:
        return False
    across = (a[:2] + a[2:] - b[:2] - b[2:]) / 2
    normal = np.array([-along_a[1], along_a[0]]) / np.hypot(*along_a)
    return abs(float(across @ normal)) > apart
