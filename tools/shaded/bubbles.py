"""How people shade one bubble, and how they take it back: strokes of a pen on a page, in millimetres."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from tools.scansim.drawing import Pen, ink
from tools.scansim.raster import Image, Points, Rng, px

Spot = tuple[float, float]
Strokes = Callable[[Spot, Spot, Rng], list[Points]]
"""The middle and the half axes of a bubble in, what a hand draws there out."""


def full(at: Spot, half: Spot, rng: Rng) -> list[Points]:
    """To and fro, close, up to the outline: as the example on the sheet."""
    return [_hatching(at, half, rng, apart_mm=0.3, reach=rng.uniform(0.9, 1.02)), _ring(at, half, rng, 0.8)]


def quick(at: Spot, half: Spot, rng: Rng) -> list[Points]:
    """To and fro, with gaps, not everywhere."""
    return [_hatching(at, half, rng, apart_mm=rng.uniform(0.45, 0.75), reach=rng.uniform(0.7, 1.1))]


def spiral(at: Spot, half: Spot, rng: Rng) -> list[Points]:
    """Round and round from the middle."""
    t = np.linspace(0, 1, 90)
    angle = t * 2 * np.pi * rng.uniform(4, 6) + rng.uniform(0, 6)
    radius = t * rng.uniform(0.8, 0.98)
    return [
        _jitter(np.stack([at[0] + half[0] * radius * np.cos(angle), at[1] + half[1] * radius * np.sin(angle)], 1), rng)
    ]


def overflowing(at: Spot, half: Spot, rng: Rng) -> list[Points]:
    """Beyond the outline on one side."""
    to = (at[0] + rng.uniform(-0.7, 0.7), at[1] + rng.uniform(-0.5, 0.5))
    return full(to, (half[0] * 1.15, half[1] * 1.15), rng)


def cross(at: Spot, half: Spot, rng: Rng) -> list[Points]:
    """Two strokes through it."""
    x, y = half[0] * rng.uniform(0.8, 1.15), half[1] * rng.uniform(0.8, 1.2)
    return [
        _line((at[0] - x, at[1] - y), (at[0] + x, at[1] + y), rng),
        _line((at[0] + x, at[1] - y), (at[0] - x, at[1] + y), rng),
    ]


def tick(at: Spot, half: Spot, rng: Rng) -> list[Points]:
    """Down to the middle, and up out of the bubble to the right."""
    low = (at[0] - 0.2 * half[0], at[1] + 0.7 * half[1])
    away = (at[0] + half[0] * rng.uniform(0.9, 1.5), at[1] - half[1] * rng.uniform(0.9, 1.6))
    return [_line((at[0] - 0.8 * half[0], at[1]), low, rng), _line(low, away, rng)]


def dot(at: Spot, half: Spot, rng: Rng) -> list[Points]:
    """Something small in the middle."""
    size = rng.uniform(0.25, 0.5)
    return [_hatching(at, (half[0] * size, half[1] * size), rng, apart_mm=0.35, reach=1)]


def half_full(at: Spot, half: Spot, rng: Rng) -> list[Points]:
    """One half of it."""
    side = rng.choice([-0.5, 0.5])
    return [_hatching((at[0] + side * half[0], at[1]), (half[0] * 0.5, half[1] * 0.9), rng, apart_mm=0.3, reach=1)]


MARKS: Mapping[str, Strokes] = {
    "full": full,
    "quick": quick,
    "spiral": spiral,
    "overflowing": overflowing,
    "cross": cross,
    "tick": tick,
    "dot": dot,
    "half": half_full,
}


def erase(page: Image, before: Image, dpi: float, at: Spot, half: Spot, rest: float) -> None:
    """Takes a mark back to what was there before, in place; `rest` of it stays (0 to 1), smeared a little."""
    part = _around(dpi, at, (half[0] * 1.6, half[1] * 1.6))
    left = cv2.GaussianBlur(before[part].astype(np.int16) - page[part].astype(np.int16), (0, 0), px(0.25, dpi))
    page[part] = np.clip(before[part] - rest * left, 0, 255).astype(np.uint8)


def mark(page: Image, dpi: float, strokes: list[Points], pen: Pen, rng: Rng) -> None:
    """Puts strokes on the page, in place."""
    points = np.vstack(strokes)
    middle, half = (points.min(axis=0) + points.max(axis=0)) / 2, np.ptp(points, axis=0) / 2 + pen.width_mm + 2
    part = _around(dpi, (middle[0], middle[1]), (half[0], half[1]))
    offset_mm = np.array([part[1].start, part[0].start]) / dpi * 25.4
    page[part] = ink(page[part], dpi, [s - offset_mm for s in strokes], pen, rng)


def _hatching(at: Spot, half: Spot, rng: Rng, apart_mm: float, reach: float) -> Points:
    """A zigzag that fills an ellipse, at a slant of its own."""
    count = max(3, int(2 * min(half) / apart_mm))
    across = np.linspace(-1, 1, count) * reach
    length = np.sqrt(np.clip(1 - across**2, 0.02, 1)) * reach
    along = np.where(np.arange(count) % 2 == 0, 1, -1) * length
    turn = rng.uniform(-0.9, 0.9)
    x, y = along * np.cos(turn) - across * np.sin(turn), along * np.sin(turn) + across * np.cos(turn)
    return _jitter(np.stack([at[0] + x * half[0], at[1] + y * half[1]], axis=1), rng)


def _ring(at: Spot, half: Spot, rng: Rng, radius: float) -> Points:
    angle = np.linspace(0, 2 * np.pi * 1.05, 24) + rng.uniform(0, 6)
    return _jitter(
        np.stack([at[0] + radius * half[0] * np.cos(angle), at[1] + radius * half[1] * np.sin(angle)], 1), rng
    )


def _line(a: Spot, b: Spot, rng: Rng) -> Points:
    return _jitter(np.linspace(a, b, 7), rng)


def _jitter(points: Points, rng: Rng) -> Points:
    return points + rng.normal(0, 0.08, points.shape)


def _around(dpi: float, at: Spot, half: Spot) -> tuple[slice, slice]:
    x0, y0 = (max(0, int(px(a - h, dpi))) for a, h in zip(at, half, strict=True))
    x1, y1 = (int(px(a + h, dpi)) + 1 for a, h in zip(at, half, strict=True))
    return slice(y0, y1), slice(x0, x1)
