"""Styles of shading a whole sheet: which pen, how each bubble, and what goes wrong. Each says what may become of the sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from scanpipe.shaded_layout import Grid, ShadedLayout
from tools.scansim import drawing
from tools.scansim.drawing import Pen
from tools.scansim.handwriting import a_hand, write
from tools.scansim.raster import Image, Rng
from tools.shaded import bubbles
from tools.shaded.bubbles import MARKS, Spot

_PENCILS = (drawing.PENCIL, drawing.SOFT_PENCIL)
_PENS = (drawing.BLACK_PEN, drawing.BLUE_PEN, drawing.FELT_PEN)
_LIGHT = (Pen((150, 150, 152), 0.5, 22), Pen((170, 170, 172), 0.5, 16), drawing.HARD_PENCIL)


@dataclass
class Sheet:
    """A page while somebody writes on it."""

    page: Image
    dpi: float
    layout: ShadedLayout
    code: str
    number: str
    rng: Rng
    pens: tuple[Pen, ...] = field(default=_PENCILS)

    def __post_init__(self) -> None:
        self.pen = self.pens[int(self.rng.integers(len(self.pens)))]

    def spot(self, grid: Grid, place: int, digit: str) -> Spot:
        x, y = grid.middles_mm()[place, grid.digits.index(digit)]
        return float(x), float(y)

    def shade(self, grid: Grid, place: int, digit: str, how: str) -> None:
        half = self.layout.bubble_mm[0] / 2, self.layout.bubble_mm[1] / 2
        strokes = MARKS[how](self.spot(grid, place, digit), half, self.rng)
        bubbles.mark(self.page, self.dpi, strokes, self.pen, self.rng)

    def shade_all(self, *how: str, but: int | None = None) -> None:
        """The code and the number of the page, every bubble in one of these ways; `but` one place of the code."""
        for place, digit in enumerate(self.code):
            if place != but:
                self.shade(self.layout.code, place, digit, str(self.rng.choice(how)))
        if self.layout.page is not None:
            for place, digit in enumerate(self.number):
                self.shade(self.layout.page, place, digit, str(self.rng.choice(how)))

    def write(self) -> None:
        """The code into its boxes."""
        boxes, hand = self.layout.boxes, a_hand(self.rng)
        if boxes is None:
            return
        step = boxes.width_mm / len(self.code)
        for place, digit in enumerate(self.code):
            at = (boxes.x_mm + step * (place + 0.3), boxes.bottom_mm - 2.5)
            bubbles.mark(self.page, self.dpi, write(digit, at, hand, self.rng), self.pen, self.rng)

    def other(self, digit: str) -> str:
        """Another digit; nearly always a neighbour, as slips of the hand are."""
        near = [d for d in "0123456789" if d != digit and (abs(int(d) - int(digit)) == 1 or self.rng.random() < 0.2)]
        return str(self.rng.choice(near or ["0" if digit != "0" else "1"]))

    def erase(self, place: int, digit: str, before: Image, rest: float) -> None:
        half = self.layout.bubble_mm[0] / 2, self.layout.bubble_mm[1] / 2
        bubbles.erase(self.page, before, self.dpi, self.spot(self.layout.code, place, digit), half, rest)


def _plain(*how: str) -> Callable[[Sheet], None]:
    return lambda sheet: sheet.shade_all(*how)


def _erased(sheet: Sheet, low: float, high: float, places: int) -> None:
    """Wrong bubbles were shaded, erased, and the right ones shaded."""
    for place in sheet.rng.choice(len(sheet.code), places, replace=False):
        before, wrong = sheet.page.copy(), sheet.other(sheet.code[int(place)])
        sheet.shade(sheet.layout.code, int(place), wrong, "full")
        sheet.erase(int(place), wrong, before, sheet.rng.uniform(low, high))
    sheet.shade_all("full", "spiral")


def _erased_only(sheet: Sheet) -> None:
    """A wrong bubble was erased, and the right one forgotten."""
    place = int(sheet.rng.integers(len(sheet.code)))
    before, wrong = sheet.page.copy(), sheet.other(sheet.code[place])
    sheet.shade(sheet.layout.code, place, wrong, "full")
    sheet.erase(place, wrong, before, sheet.rng.uniform(0.05, 0.25))
    sheet.shade_all("full", but=place)


def _crossed_out(sheet: Sheet) -> None:
    """A wrong bubble was shaded and struck through, and the right one shaded."""
    place = int(sheet.rng.integers(len(sheet.code)))
    wrong = sheet.other(sheet.code[place])
    sheet.shade(sheet.layout.code, place, wrong, "full")
    sheet.shade(sheet.layout.code, place, wrong, "cross")
    sheet.shade_all("full", "quick")


def _two(sheet: Sheet) -> None:
    """Two bubbles of a place, the wrong one perhaps in another way."""
    place = int(sheet.rng.integers(len(sheet.code)))
    sheet.shade(
        sheet.layout.code, place, sheet.other(sheet.code[place]), str(sheet.rng.choice(["full", "quick", "half"]))
    )
    sheet.shade_all("full")


def _one_missing(sheet: Sheet) -> None:
    sheet.shade_all("full", "quick", but=int(sheet.rng.integers(len(sheet.code))))


def _strokes(sheet: Sheet) -> None:
    """Shaded well, and a stroke of a pen across the grid."""
    sheet.shade_all("full")
    box = sheet.layout.around_code()
    area = (box.x_mm, box.y_mm + 12, box.right_mm, box.bottom_mm)
    sheet.page = drawing.stroke_through(sheet.page, area, sheet.rng, 1, sheet.dpi, sheet.pen)


def _smeared(sheet: Sheet) -> None:
    """Shaded in soft pencil, and a sleeve went over it."""
    sheet.pen = drawing.SOFT_PENCIL
    before = sheet.page.copy()
    sheet.shade_all("full")
    reach = int(sheet.rng.uniform(3, 9) / 25.4 * sheet.dpi)
    box = sheet.layout.around_code()
    x0, y0, x1, y1 = (round(v / 25.4 * sheet.dpi) for v in (box.x_mm, box.y_mm, box.right_mm + 10, box.bottom_mm))
    part = sheet.page[y0:y1, x0:x1]
    dark = cv2.subtract(before[y0:y1, x0:x1], part).astype(np.float32)
    shadow = np.zeros_like(dark)
    for step in range(1, reach):
        shadow[:, step:] = np.maximum(shadow[:, step:], dark[:, :-step] * (0.16 * (1 - step / reach)))
    part[:] = np.clip(part - shadow, 0, 255).astype(np.uint8)


def _nothing(sheet: Sheet) -> None:
    """Only written into the boxes."""


@dataclass(frozen=True, slots=True)
class Hand:
    """`careful`: such a sheet is to be filed. `held`: it must be held, whatever the code that can be seen."""

    pens: tuple[Pen, ...]
    act: Callable[[Sheet], None]
    careful: bool = False
    held: bool = False


HANDS: Mapping[str, Hand] = {
    "pencil, full": Hand(_PENCILS, _plain("full"), careful=True),
    "pencil, round and round": Hand(_PENCILS, _plain("spiral"), careful=True),
    "pen, full": Hand(_PENS, _plain("full", "spiral"), careful=True),
    "beyond the outline": Hand((*_PENCILS, *_PENS), _plain("overflowing"), careful=True),
    "erased well, then corrected": Hand(_PENCILS, lambda s: _erased(s, 0.02, 0.15, 1), careful=True),
    "light pencil": Hand(_LIGHT, _plain("full", "quick")),
    "quick": Hand((*_PENCILS, *_PENS), _plain("quick")),
    "half full": Hand((*_PENCILS, *_PENS), _plain("half", "quick")),
    "crosses": Hand((*_PENCILS, *_PENS), _plain("cross")),
    "ticks": Hand((*_PENCILS, *_PENS), _plain("tick")),
    "dots": Hand((*_PENCILS, *_PENS), _plain("dot")),
    "mixed": Hand((*_PENCILS, *_PENS), _plain("full", "quick", "cross", "tick", "half")),
    "erased badly, then corrected": Hand(_PENCILS, lambda s: _erased(s, 0.2, 0.6, 2)),
    "struck out, then corrected": Hand((*_PENCILS, *_PENS), _crossed_out),
    "smeared": Hand(_PENCILS, _smeared),
    "stroke across the grid": Hand((*_PENCILS, *_PENS), _strokes),
    "two in a place": Hand((*_PENCILS, *_PENS), _two, held=True),
    "one missing": Hand((*_PENCILS, *_PENS), _one_missing, held=True),
    "erased, nothing instead": Hand(_PENCILS, _erased_only, held=True),
    "not shaded": Hand(_PENS, _nothing, held=True),
}
