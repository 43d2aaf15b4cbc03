"""A page in, the page with a candidate's answer on it out; strokes through a code, marks around the codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from tools.scansim.glyphs import smooth
from tools.scansim.handwriting import a_hand, write
from tools.scansim.phrases import sentence
from tools.scansim.places import drawing_area, frames, paper_of
from tools.scansim.raster import Box, Image, Points, Rgb, Rng, add_noise, flat_shape, graining, px, tone, trace_all
from tools.scansim.subjects import SUBJECTS, hand_ellipse, hand_line


@dataclass(frozen=True, slots=True)
class Pen:
    """`grain` is how much the roughness of the paper shows: 0 for ink, 20 to 40 gray levels for a pencil."""

    rgb: Rgb
    width_mm: float
    grain: float = 0.0


@dataclass(frozen=True, slots=True)
class Style:
    """How somebody answers: with which pens, how many things, drawn what, and how many marks go astray around the codes."""

    pens: tuple[Pen, ...]
    things: tuple[int, int]
    strays: tuple[int, int] = (0, 2)
    subjects: tuple[str, ...] = tuple(SUBJECTS)


PENCIL = Pen((95, 95, 98), 0.5, 30)
SOFT_PENCIL = Pen((60, 60, 62), 0.8, 38)
HARD_PENCIL = Pen((140, 140, 143), 0.35, 24)
BLACK_PEN = Pen((25, 25, 30), 0.45)
BLUE_PEN = Pen((25, 40, 130), 0.5)
RED_PEN = Pen((190, 35, 40), 0.5)
GREEN_PEN = Pen((30, 120, 60), 0.5)
FELT_PEN = Pen((20, 20, 25), 1.1)
FAINT_PENCILS = (Pen((170, 170, 170), 0.45, 12), Pen((190, 190, 190), 0.4, 10), Pen((215, 215, 215), 0.5, 6))

STYLES: Mapping[str, Style] = {
    "pencil": Style((PENCIL, SOFT_PENCIL, HARD_PENCIL), (2, 5)),
    "pen": Style((BLACK_PEN, BLUE_PEN), (2, 5)),
    "colours": Style((BLUE_PEN, RED_PEN, GREEN_PEN, BLACK_PEN), (2, 6)),
    "faint_pencil": Style(FAINT_PENCILS, (1, 4)),
    "dense": Style((PENCIL, BLACK_PEN, BLUE_PEN), (7, 12), (1, 4)),
    "sparse": Style((PENCIL, BLUE_PEN), (1, 1), (0, 0)),
    "felt_pen": Style((FELT_PEN, BLACK_PEN), (2, 4)),
    "around_codes": Style((PENCIL, BLUE_PEN, BLACK_PEN), (1, 4), (3, 7)),
}
_FRAME_REACH_MM = 3.0
"""How far marks around a code reach into its frame: never to the symbol itself."""


def draw_answer(page: Image, dpi: float, rng: Rng, style: Style) -> Image:
    """The page with an answer in the drawing area, and some marks around the codes but not through them."""
    paper = paper_of(page, dpi)
    out = page.copy()
    for box in _spread(drawing_area(paper), int(rng.integers(style.things[0], style.things[1] + 1)), rng):
        subject = SUBJECTS[style.subjects[int(rng.integers(len(style.subjects)))]]
        _ink(out, dpi, subject(box, rng), _one_of(style.pens, rng), rng)
    boxes = list(frames(paper).values())
    for _ in range(int(rng.integers(style.strays[0], style.strays[1] + 1))):
        mark = stray(boxes[int(rng.integers(len(boxes)))], rng)
        _ink(out, dpi, mark, _one_of(style.pens, rng), rng)
    return out


def stroke_through(page: Image, box_mm: Box, rng: Rng, count: int, dpi: float, pen: Pen = BLACK_PEN) -> Image:
    """The page with `count` strokes across a box: each enters on one side, passes through the inner half, leaves on another."""
    left, top, right, bottom = box_mm
    low, high = np.array((left, top)), np.array((right, bottom))
    strokes = []
    for _ in range(count):
        sides = [
            (rng.uniform(left, right), top - rng.uniform(1, 5)),
            (right + rng.uniform(1, 5), rng.uniform(top, bottom)),
            (rng.uniform(left, right), bottom + rng.uniform(1, 5)),
            (left - rng.uniform(1, 5), rng.uniform(top, bottom)),
        ]
        a, b = rng.choice(4, 2, replace=False)
        inside = rng.uniform(low + 0.25 * (high - low), high - 0.25 * (high - low))
        strokes.append(smooth(np.array([sides[a], inside, inside, sides[b]]), 3))
    return ink(page, dpi, strokes, pen, rng)


def stray(frame: Box, rng: Rng) -> list[Points]:
    """A mark at the frame of a code: around it, along it, or a word beside it; at most 3 mm inside."""
    left, top, right, bottom = frame
    kind = int(rng.integers(4))
    if kind == 0:
        radii = ((right - left) / 2 * 1.25, (bottom - top) / 2 * 1.2)
        return [hand_ellipse(((left + right) / 2, (top + bottom) / 2), radii, rng)]
    y = top + rng.uniform(-3, _FRAME_REACH_MM) if top > 100 else bottom - rng.uniform(-3, _FRAME_REACH_MM)
    if kind == 1:
        return [hand_line((left - rng.uniform(0, 8), y), (right + rng.uniform(0, 8), y), rng)]
    outside = right + 2 if left < 100 else left - 25
    if kind == 2:
        return write(sentence(rng, 2)[:9], (outside, rng.uniform(top, bottom)), a_hand(rng), rng)
    steps = np.stack([np.linspace(0, 22, 14), rng.normal(0, 3, 14)], axis=1)
    return [smooth(np.array((outside, rng.uniform(top, bottom))) + steps)]


def ink(page: Image, dpi: float, strokes: list[Points], pen: Pen, rng: Rng) -> Image:
    """The page with strokes of a pen on it. Ink never lightens what is under it."""
    out = page.copy()
    _ink(out, dpi, strokes, pen, rng)
    return out


def _ink(page: Image, dpi: float, strokes: list[Points], pen: Pen, rng: Rng) -> None:
    """The same, in place."""
    part = _around(page, dpi, strokes, pen.width_mm)
    offset_mm = np.array([part[1].start, part[0].start]) / dpi * 25.4
    layer = np.full_like(page[part], 255)
    if layer.size == 0:
        return
    trace_all(layer, dpi, [s - offset_mm for s in strokes], pen.width_mm, tone(pen.rgb, page))
    if pen.grain:
        layer = cv2.max(layer, add_noise(layer, graining(flat_shape(layer), rng), pen.grain))
    page[part] = cv2.min(page[part], layer)


def _around(page: Image, dpi: float, strokes: list[Points], width_mm: float) -> tuple[slice, slice]:
    """The part of the page that the strokes touch."""
    points = np.vstack(strokes) if strokes else np.zeros((1, 2))
    margin_mm = width_mm + 1
    left, top = (max(0, int(px(v - margin_mm, dpi))) for v in points.min(axis=0))
    right, bottom = (max(0, int(px(v + margin_mm, dpi))) for v in points.max(axis=0))
    return slice(top, min(bottom, page.shape[0])), slice(left, min(right, page.shape[1]))


def _spread(area: Box, count: int, rng: Rng) -> list[Box]:
    """Boxes for `count` things, from top to bottom, with little overlap."""
    left, top, right, bottom = area
    rows = np.linspace(top + 3, bottom - 3, count + 1)
    boxes = []
    for upper, lower in pairwise(rows):
        width = (right - left) * rng.uniform(0.45, 0.95)
        x = rng.uniform(left + 3, max(left + 4, right - 3 - width))
        height = max(lower - upper, 22.0)
        y = min(upper, bottom - height)
        boxes.append((x, y + 1, min(x + width, right - 2), y + min(height, 110.0) - 1))
    return boxes


def _one_of(pens: tuple[Pen, ...], rng: Rng) -> Pen:
    return pens[int(rng.integers(len(pens)))]
