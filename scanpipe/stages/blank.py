"""A page in, the marks on it out: did anybody write on it?

The page is looked at at about 100 dots per inch, where the noise of paper and scanner is averaged away and a pencil
line is not. Its own background (a wide median) is taken off; what is darker than noise and long enough to be a stroke is a
mark. Specks of dust are short, shadows at the edge of the bed are within the margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

_LOOK_PX = 850
"""Short side at which marks are looked for: A4 at some 100 dots per inch."""
_MARGIN_SHARE = 0.02
_FAINTEST = 6.0
"""Gray levels below the paper; HB pencil drawn lightly is 15 to 40 below, show-through of another page 2 to 5."""
_NOISE_SIGMAS = 5.0
_SHORTEST_PX = 9
"""2.3 mm: shorter marks are dust."""


@dataclass(frozen=True, slots=True)
class Marks:
    """`strokes` is how many marks of a stroke's length there are, `ink` the share of the page that they cover (0 to 1)."""

    strokes: int
    ink: float

    @property
    def blank(self) -> bool:
        return self.strokes == 0


def find_marks(gray: Gray) -> Marks:
    """`gray` at any resolution of 100 dots per inch or more: uint8 (height, width)."""
    small = _to_look_size(gray)
    residue = _background(small).astype(np.int16) - small
    noise = 1.4826 * float(np.median(np.abs(residue - np.median(residue))))
    dark = (residue > max(_FAINTEST, _NOISE_SIGMAS * noise)).astype(np.uint8)
    m = round(_MARGIN_SHARE * small.shape[1])
    inner = np.ascontiguousarray(dark[m:-m, m:-m])
    _, _, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=8)
    parts = stats[1:]
    long = np.maximum(parts[:, cv2.CC_STAT_WIDTH], parts[:, cv2.CC_STAT_HEIGHT]) >= _SHORTEST_PX
    return Marks(int(long.sum()), float(parts[long, cv2.CC_STAT_AREA].sum() / inner.size))


def _to_look_size(gray: Gray) -> Gray:
    scale = _LOOK_PX / min(gray.shape)
    if scale >= 1:
        return gray
    return cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _background(small: Gray) -> Gray:
    """The paper without what is on it: a median over a quarter of the size, wider than any stroke."""
    quarter = cv2.resize(small, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(quarter, 21)
    return cv2.resize(paper, small.shape[::-1], interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]
