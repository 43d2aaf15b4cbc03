"""Four corners in, the sides of the sheet out as they run: to a fraction of a pixel, and bent where the sheet is.

Each side is looked for across the straight line between two corners, where paper changes to what it lies on; a cubic is laid
through what was found, so that neither a finger on the edge nor a thing beside it draws it away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Points = NDArray[np.float64]

TRACE_PX = 2000
"""Longer side of the picture that sides are traced on."""
_SAMPLES = 96
_STRIP_PX = 3
_NEAR_PX = 1.6
_ROUNDS = 8
_STEP = 6.0
_ENDS = 0.03


@dataclass(frozen=True, slots=True)
class Side:
    """From `start` to `end`; `bend` are what a cubic adds across it (inwards, in pixels) along 0 to 1; `seen` how much of it is
    there to be seen (0 to 1).
    """

    start: Floats
    end: Floats
    bend: Floats
    seen: float

    def at(self, along: Floats) -> Points:
        """Points on it."""
        straight = self.start + np.outer(along, self.end - self.start)
        return np.asarray(straight + np.outer(np.polyval(self.bend, along), self._inwards), np.float64)

    def leaves(self, along: float) -> tuple[Floats, Floats]:
        """A point on it and its direction there."""
        slope = float(np.polyval(np.polyder(self.bend), along))
        return self.at(np.array([along]))[0], self.end - self.start + slope * self._inwards

    @property
    def _inwards(self) -> Floats:
        way = self.end - self.start
        return np.asarray(np.array([-way[1], way[0]]) / np.linalg.norm(way), np.float64)


def trace(lab: Any, corners: Points, reach_px: float) -> tuple[Points, tuple[Side, ...]]:
    """Corners where the sides meet, and the sides between them; `lab` is the picture, `corners` clockwise and about right."""
    for reach in (reach_px, max(6.0, reach_px / 2)):
        sides = [_side(lab, corners[k], corners[(k + 1) % 4], reach) for k in range(4)]
        corners = np.array([meet(sides[k - 1], sides[k]) for k in range(4)])
    return corners, tuple(sides)


def _side(lab: Any, start: Floats, end: Floats, reach_px: float) -> Side:
    along = np.linspace(_ENDS, 1 - _ENDS, _SAMPLES)
    offsets, found = _edges(lab, start, end, along, reach_px)
    if found.sum() < _SAMPLES // 6:
        return Side(start, end, np.zeros(4), 0.0)
    bend, seen = _through(along, offsets, found)
    return Side(start, end, bend, seen)


def _edges(lab: Any, start: Floats, end: Floats, along: Floats, reach_px: float) -> tuple[Floats, NDArray[np.bool_]]:
    """How far inwards of the line the paper begins, at each place along it, and where that is to be seen at all."""
    way = end - start
    inwards = np.array([-way[1], way[0]]) / np.linalg.norm(way)
    across = np.arange(-np.ceil(reach_px) - _STRIP_PX - 1, np.ceil(reach_px) + _STRIP_PX + 2)
    points = (start + np.outer(along, way))[:, None, :] + inwards * across[None, :, None]
    x, y = points[..., 0].astype(np.float32), points[..., 1].astype(np.float32)
    colours = cv2.remap(lab, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float64) * (1, 1.5, 1.5)
    sums = np.cumsum(np.pad(colours, ((0, 0), (1, 0), (0, 0))), axis=1)
    means = (sums[:, _STRIP_PX:] - sums[:, :-_STRIP_PX]) / _STRIP_PX
    inner, outer = means[:, _STRIP_PX:], means[:, :-_STRIP_PX]
    steps = np.linalg.norm(inner - outer, axis=2)
    steps[(inner[..., 0] < outer[..., 0] - 3) & (np.linalg.norm((inner - outer)[..., 1:], axis=2) < 10)] = 0
    best = np.argmax(steps, axis=1)
    rows = np.arange(len(along))
    inside = (best > 0) & (best < steps.shape[1] - 1) & (steps[rows, best] > _STEP)
    b = np.clip(best, 1, steps.shape[1] - 2)
    left, top, right = steps[rows, b - 1], steps[rows, b], steps[rows, b + 1]
    dip = left - 2 * top + right
    sub = np.where(dip < -1e-9, 0.5 * (left - right) / np.where(dip < -1e-9, dip, 1), 0)
    # A step between samples i-1 and i lies half way between them.
    offsets = across[0] + b + np.clip(sub, -1, 1) + _STRIP_PX - 0.5
    on_picture = (x > 1).all(axis=1) & (y > 1).all(axis=1)
    on_picture &= (x < lab.shape[1] - 2).all(axis=1) & (y < lab.shape[0] - 2).all(axis=1)
    return offsets, inside & on_picture


def _through(along: Floats, offsets: Floats, found: NDArray[np.bool_]) -> tuple[Floats, float]:
    """A cubic through most of the places, and how much of the side lies on it."""
    a, o = along[found], offsets[found]
    best, most = np.zeros(4), -1
    rng = np.random.default_rng(7)
    for _ in range(60):  # a line through two places that most others are near to: what is there to begin with
        i, j = rng.choice(len(a), 2, replace=False)
        if abs(a[i] - a[j]) < 0.2:
            continue
        slope = (o[j] - o[i]) / (a[j] - a[i])
        line = np.array([0, 0, slope, o[i] - slope * a[i]])
        count = int((np.abs(np.polyval(line, a) - o) < 2.5 * _NEAR_PX).sum())
        if count > most:
            best, most = line, count
    for round_ in range(_ROUNDS):
        wide = _NEAR_PX * (2.5 if round_ < 3 else 1)
        near = np.abs(np.polyval(best, a) - o) < wide
        if near.sum() < _SAMPLES // 6:
            break
        degree = 1 if np.ptp(a[near]) < 0.5 else 2 if round_ < 4 or np.ptp(a[near]) < 0.8 else 3
        best = np.concatenate([np.zeros(3 - degree), np.polyfit(a[near], o[near], degree)])
    return best, float((np.abs(np.polyval(best, a) - o) < _NEAR_PX).sum() / len(along))


def meet(before: Side, after: Side) -> Floats:
    """Where a side ends and the next begins: where they would cross if both went on straight."""
    (p, u), (q, v) = before.leaves(1.0), after.leaves(0.0)
    across = u[0] * v[1] - u[1] * v[0]
    d = q - p
    return np.asarray(p + u * (d[0] * v[1] - d[1] * v[0]) / across, np.float64)
