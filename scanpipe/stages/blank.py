"""A page in, the marks on it out: did anybody write on it?

The page is looked at at about 100 dots per inch, where the noise of paper and scanner is averaged away and a pencil
line is not. Its own background (a wide median) is taken off. What is darker than noise and as long as a stroke is a mark, be
it ever so faint; what is as dark as ink may be as short as a letter. Specks of dust are shorter than both, shadows at the
edge of the bed are within the margin. A page that is called blank is looked at by nobody: in doubt it is not.
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
_SHORTEST_STROKE_PX = 9
"""2.2 mm: shorter marks, if faint, are dust or the texture of the paper."""
_INK = 25.0
_INK_NOISE_SIGMAS = 10.0
_SHORTEST_LETTER_PX = 7
"""1.7 mm, a small letter; specks of dust are up to 1 mm."""


@dataclass(frozen=True, slots=True)
class Marks:
    """`strokes`: how many marks of a stroke's length there are, however faint; `letters`: how many short ones as dark as ink."""

    strokes: int
    letters: int

    @property
    def blank(self) -> bool:
        return self.strokes == 0 and self.letters == 0


def find_marks(gray: Gray) -> Marks:
    """`gray` at any resolution of 100 dots per inch or more: uint8 (height, width). What is too small for a page is a mark."""
    if min(gray.shape) < _SMALLEST_PX:
        return Marks(0, 1)
    darker = _darker_than_paper(_to_look_size(gray))
    smooth = cv2.GaussianBlur(darker, (0, 0), _SMOOTH_PX)
    noise = _spread(smooth)  # type: ignore[arg-type]
    strokes = smooth > max(_FAINTEST, _NOISE_SIGMAS * noise)
    letters = darker > max(_INK, _INK_NOISE_SIGMAS * noise)
    return Marks(_count(strokes, _SHORTEST_STROKE_PX), _count(letters, _SHORTEST_LETTER_PX))


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
