"""Millimetres from the top left corner in, operators of a PDF page out. The question it answers: how is it drawn?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportlab.lib.units import mm

from scanpipe.layout import Box, Paper, Place
from scanpipe.sheets.lettering import LEADING, Setting, Weight, font, width_mm
from scanpipe.sheets.symbols import matrix, rectangles


@dataclass(frozen=True, slots=True)
class Hand:
    """How letters look. `align` is the share of a line's width that stands left of the given point: 0, 0.5 or 1."""

    weight: Weight = "Regular"
    size_pt: float = 9.0
    gray: float = 0.0
    align: float = 0.0


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws on the current page of a reportlab canvas."""

    canvas: Any
    paper: Paper

    def _up(self, y_mm: float) -> float:
        return (self.paper.height_mm - y_mm) * float(mm)

    def text(self, x_mm: float, baseline_mm: float, words: str, hand: Hand) -> None:
        """One line of text."""
        left_mm = x_mm - hand.align * width_mm(words, hand.weight, hand.size_pt)
        self.canvas.setFillGray(hand.gray)
        self.canvas.setFont(font(hand.weight).fontName, hand.size_pt)
        self.canvas.drawString(left_mm * mm, self._up(baseline_mm), words)

    def lines(self, x_mm: float, last_baseline_mm: float, setting: Setting, hand: Hand) -> None:
        """Lines of text that end at a baseline; the size of the setting counts."""
        sized = Hand(hand.weight, setting.size_pt, hand.gray, hand.align)
        step_mm = LEADING * setting.size_pt / mm
        for number, line in enumerate(setting.lines, start=1):
            self.text(x_mm, last_baseline_mm - (len(setting.lines) - number) * step_mm, line, sized)

    def box(self, box: Box, thickness_mm: float, gray: float) -> None:
        """The outline of a box."""
        self.canvas.setStrokeGray(gray)
        self.canvas.setLineWidth(thickness_mm * mm)
        self.canvas.rect(box.x_mm * mm, self._up(box.bottom_mm), box.width_mm * mm, box.height_mm * mm)

    def fill(self, box: Box, gray: float) -> None:
        """A box without an outline, filled."""
        self.canvas.setFillGray(gray)
        left, bottom = box.x_mm * mm, self._up(box.bottom_mm)
        self.canvas.rect(left, bottom, box.width_mm * mm, box.height_mm * mm, stroke=0, fill=1)

    def ellipse(
        self,
        middle_mm: tuple[float, float],
        size_mm: tuple[float, float],
        thickness_mm: float,
        gray: float,
        filled: bool,
    ) -> None:
        """An outline; `filled`: black all over."""
        self.canvas.setStrokeGray(gray)
        self.canvas.setFillGray(0)
        self.canvas.setLineWidth(thickness_mm * mm)
        x, y, w, h = middle_mm[0], middle_mm[1], *size_mm
        left, right, bottom, top = (x - w / 2) * mm, (x + w / 2) * mm, self._up(y + h / 2), self._up(y - h / 2)
        self.canvas.ellipse(left, bottom, right, top, stroke=1, fill=int(filled))

    def tick(self, start_mm: tuple[float, float], end_mm: tuple[float, float], thickness_mm: float) -> None:
        """A black line."""
        self.canvas.setStrokeGray(0)
        self.canvas.setLineWidth(thickness_mm * mm)
        self.canvas.line(start_mm[0] * mm, self._up(start_mm[1]), end_mm[0] * mm, self._up(end_mm[1]))

    def rule(self, x_mm: float, y_mm: float, length_mm: float, gray: float) -> None:
        """A thin horizontal line."""
        self.canvas.setStrokeGray(gray)
        self.canvas.setLineWidth(0.2 * mm)
        self.canvas.line(x_mm * mm, self._up(y_mm), (x_mm + length_mm) * mm, self._up(y_mm))

    def code(self, place: Place, text: str) -> None:
        """A QR symbol as one filled path in units of its modules, so that no seam shows between them."""
        modules = matrix(text)
        unit = place.size_mm * mm / len(modules)
        path = " ".join(f"{x} {y} {w} {h} re" for x, y, w, h in rectangles(modules))
        origin = f"{place.x_mm * mm:.4f} {self._up(place.y_mm):.4f}"
        self.canvas.addLiteral(f"q 0 g {unit:.6f} 0 0 {-unit:.6f} {origin} cm {path} f Q")
