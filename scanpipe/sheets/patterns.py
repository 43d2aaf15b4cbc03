"""What the drawing area is printed with: nothing, dots, lines or millimetre paper, faint enough to vanish in a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from reportlab.lib.units import mm

from scanpipe.layout import Box, Paper

Area = Literal["plain", "dotted", "lined", "millimetre"]
FORM = "drawing-area"
"""Name of the form in the PDF that holds the pattern once for all pages."""
_TINT = (0.80, 0.93, 0.98)
"""Light cyan: a gray of 0.9, where a scanner's white ends at about 0.85."""
_DOT_MM, _DOTS_APART_MM = 0.6, 5.0
_LINES_APART_MM = 8.0


def define(canvas: Any, paper: Paper, area: Area, box: Box) -> None:
    """Puts the pattern of `box` into the document, as the form `FORM`; `canvas.doForm(FORM)` shows it on a page."""
    canvas.beginForm(FORM, 0, 0, paper.width_mm * mm, paper.height_mm * mm)
    canvas.setStrokeColorRGB(*_TINT)
    canvas.setFillColorRGB(*_TINT)
    canvas.translate(0, paper.height_mm * mm)
    canvas.scale(mm, -mm)
    _DRAWN[area](canvas, box)
    canvas.endForm()


def _plain(canvas: Any, box: Box) -> None:
    """Nothing."""


def _dotted(canvas: Any, box: Box) -> None:
    path = canvas.beginPath()
    for y in _ticks(box.y_mm, box.height_mm, _DOTS_APART_MM, clear_mm=2.5):
        for x in _ticks(box.x_mm, box.width_mm, _DOTS_APART_MM, clear_mm=2.5):
            path.circle(x, y, _DOT_MM / 2)
    canvas.drawPath(path, stroke=0, fill=1)


def _lined(canvas: Any, box: Box) -> None:
    canvas.setLineWidth(0.25)
    ys = _ticks(box.y_mm, box.height_mm, _LINES_APART_MM, clear_mm=5.0)
    canvas.lines([(box.x_mm, y, box.right_mm, y) for y in ys])


def _millimetre(canvas: Any, box: Box) -> None:
    for apart_mm, thickness_mm in ((1.0, 0.08), (5.0, 0.16), (10.0, 0.3)):
        canvas.setLineWidth(thickness_mm)
        xs = _ticks(box.x_mm, box.width_mm, apart_mm, clear_mm=0.3)
        ys = _ticks(box.y_mm, box.height_mm, apart_mm, clear_mm=0.3)
        canvas.lines([(x, box.y_mm, x, box.bottom_mm) for x in xs])
        canvas.lines([(box.x_mm, y, box.right_mm, y) for y in ys])


def _ticks(start_mm: float, length_mm: float, apart_mm: float, clear_mm: float) -> Iterator[float]:
    """Equal steps around the middle, so that what is left over is the same on both sides, and no less than `clear_mm`."""
    steps = int((length_mm / 2 - clear_mm) / apart_mm)
    middle = start_mm + length_mm / 2
    return (middle + n * apart_mm for n in range(-steps, steps + 1))


_DRAWN: Mapping[Area, Callable[[Any, Box], None]] = {
    "plain": _plain,
    "dotted": _dotted,
    "lined": _lined,
    "millimetre": _millimetre,
}
