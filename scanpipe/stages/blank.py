"""A page in, the marks on it out: did anybody write on it?

The page is looked at at about 100 dots per inch, where the noise of paper and scanner is averaged away and a pencil
line is not. Its own background (a wide median) is taken off. What is darker than noise and as long as a small letter is a
mark, be it ever so faint. Specks of dust are shorter, shadows at the edge of the bed are within the margin. A page that is
called blank is looked at by nobody: in doubt it is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Field = NDArray[np.float32]

_LOOK_PX = 850
"""Short side at which marks are looked for: A4 at some 100 dots per inch."""
_SMALLEST_PX = 40
_MARGIN_SHARE = 0.02
_SMOOTH_PX = 0.7
"""Less than half the width of a pencil line: noise falls to a third, the line to two thirds."""
_FAINTEST = 5.0
"""Gray levels below the paper, once smoothed; HB pencil drawn lightly is 15 to 40 below, show-through of a page 2 to 5."""
_NOISE_SIGMAS = 6.0
_SHORTEST_PX = 9
"""Once smoothed, which makes dark marks longer: a small letter in ink, 1.5 to 2 mm, or 2.2 mm of pencil. Dust is up to 1 mm."""
_NO_PAPER_SPREAD = 8.0
"""Gray levels; the noisiest paper has 3 once smoothed, a page full of halftone dots or black squares has 20 and more."""
_INK = 40.0
_MOST_DUST = 0.002
"""Share of the page that is as dark as ink in specks too short to be strokes: more of them are a pattern, not dust."""


@dataclass(frozen=True, slots=True)
class Marks:
    """`strokes` is how many marks there are that are long enough to be somebody's, `faintest` how many gray levels below the
    paper a mark had to be.
    """

    strokes: int
    faintest: float = _FAINTEST

    @property
    def blank(self) -> bool:
        return self.strokes == 0


def find_marks(gray: Gray) -> Marks:
    """`gray` at any resolution of 100 dots per inch or more: uint8 (height, width). What is too small for a page is a mark."""
    if min(gray.shape) < _SMALLEST_PX:
        return Marks(1)
    smooth = cv2.GaussianBlur(_darker_than_paper(_to_look_size(gray)), (0, 0), _SMOOTH_PX)
    spread = _spread(smooth)  # type: ignore[arg-type]
    faintest = max(_FAINTEST, _NOISE_SIGMAS * spread)
    strokes = _count(smooth > faintest, _SHORTEST_PX)
    pattern = spread > _NO_PAPER_SPREAD or float(np.mean(smooth > _INK)) > _MOST_DUST
    return Marks(max(strokes, int(pattern)), faintest)


def _to_look_size(gray: Gray) -> Gray:
    scale = _LOOK_PX / min(gray.shape)
    if scale >= 1:
        return gray
    return cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _darker_than_paper(small: Gray) -> Field:
    """How many gray levels darker than the paper around it each pixel is, without the margin of the page.

    The paper is a median over a quarter of the size, wider than any stroke.
    """
    quarter = cv2.resize(small, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.resize(cv2.medianBlur(quarter, 21), small.shape[::-1], interpolation=cv2.INTER_LINEAR)
    height, width = small.shape
    m = round(_MARGIN_SHARE * min(height, width))
    return cv2.subtract(paper, small, dtype=cv2.CV_32F)[m : height - m, m : width - m]  # type: ignore[return-value]


def _spread(field: Field) -> float:
    """The standard deviation of what most of it is made of: marks, being few, do not count. Told from one pixel in 16."""
    sample = field[::4, ::4]
    return 1.4826 * float(np.median(np.abs(sample - np.median(sample))))


def _count(mask: NDArray[np.bool_], shortest_px: int) -> int:
    """How many connected parts are so wide or so high at least."""
    outlines, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return sum(max(cv2.boundingRect(o)[2:]) >= shortest_px for o in outlines)
