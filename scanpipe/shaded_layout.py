"""What stands where on a sheet with a shaded code: printing and reading share this, and a file says it (`definitions/`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanpipe.layout import Box, Paper, generic_drawing
from scanpipe.model import Point

OWN = "generic-1"
"""The layout that is printed here. It never changes: another layout gets another name."""


_BOX_CLEAR_MM = 1.0
"""What of a box for a digit is its line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A registration mark: the middle and the size of a solid black shape."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class Grid:
    """Bubbles in which a number is shaded, one in each place. `first_mm` is the middle of that of the first place and digit."""

    first_mm: Point
    places: int
    next_place_mm: Point
    next_digit_mm: Point
    digits: str

    def middles_mm(self) -> NDArray[np.float64]:
        """(places, digits, 2): the middle of each bubble."""
        place, digit = np.arange(self.places), np.arange(len(self.digits))
        steps = place[:, None, None] * np.array(self.next_place_mm) + digit[None, :, None] * np.array(
            self.next_digit_mm
        )
        return np.asarray(np.array(self.first_mm) + steps, np.float64)


@dataclass(frozen=True, slots=True)
class ShadedLayout:
    """A sheet with a shaded code. `signed`: it carries a code of this installation. `boxes`: where the code is written down."""

    id: str
    signed: bool
    paper: Paper
    marks: tuple[Mark, ...]
    bubble_mm: tuple[float, float]
    code: Grid
    page: Grid | None
    boxes: Box | None

    def drawing(self, paper: Paper) -> Box:
        """The frame in which the candidate draws, below the marks; of a sheet that is printed here."""
        return generic_drawing(paper, max(m.y_mm + m.height_mm / 2 for m in self.marks))

    def written(self) -> tuple[Box, ...]:
        """The inside of each box in which a digit of the code is written; none where there are no boxes."""
        if self.boxes is None:
            return ()
        x, y, width = self.boxes.x_mm, self.boxes.y_mm, self.boxes.width_mm / self.code.places
        clear, height = _BOX_CLEAR_MM, self.boxes.height_mm
        inside = width - 2 * clear, height - 2 * clear
        return tuple(Box(x + n * width + clear, y + clear, *inside) for n in range(self.code.places))

    def around_code(self) -> Box:
        """What a person wants to see: the boxes and the grid of the code."""
        middles = self.code.middles_mm().reshape(-1, 2)
        half = np.array(self.bubble_mm) / 2
        low, high = middles.min(axis=0) - half, middles.max(axis=0) + half
        if self.boxes is not None:
            low = np.minimum(low, (self.boxes.x_mm, self.boxes.y_mm))
            high = np.maximum(high, (self.boxes.right_mm, self.boxes.bottom_mm))
        return Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
