"""A picture in, the outlines on it that may be a sheet of paper out: four straight sides, paper within, something else without.

Straight pieces of edges (LSD: R. Grompone von Gioi et al., 2010) are put together to lines, every four lines that make a
sensible shape are looked at along their sides: how much of each side has paper on its inner and another colour on its
outer side. A line printed on paper has paper on both, and is no side of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.stages.phone.quads import Points, is_convex, proportion

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

LOOK_PX = 900
"""Longer side of the picture that outlines are looked for on."""
_SHORTEST_SHARE, _SHORTEST_LINE_SHARE = 0.025, 0.1
_APART_PX, _APART_DEG = 4.0, 4.0
_ALIKE_DEG = 35
_MOST_LINES, _MOST_QUADS = 26, 80
_LEAST_AREA = 0.12
_BEYOND = 0.02
_STRIP_PX = (3, 5, 7)
_STEP = 7.0
"""Of lightness or colour (Lab, 0 to 255), from the paper to what it lies on."""
_MARGIN_SAMPLES, _MARGIN_WINDOW, _MARGIN_MM, _MARGIN_STEP, _MARGIN_COLOUR = 96, 21, (1.5, 2.5, 3.5), 7.0, 9.0
_SAMPLES = 48
SQUARE_COSINE = 0.09
PROPORTIONS = (1.24, 1.58)
"""Of the longer to the shorter side: A4 is 1.414, Letter 1.294, and a camera's middle need not be the picture's."""


@dataclass(frozen=True, slots=True)
class Outline:
    """`corners` (4, 2) clockwise, in pixels of the picture looked at; `sides` is how much of each is seen to be a side."""

    corners: Points
    sides: tuple[float, float, float, float]

    @property
    def score(self) -> float:
        return min(self.sides) + sum(self.sides) / 4


def outlines(small: Pixels) -> list[Outline]:
    """The best first; `small` is RGB, its longer side about `LOOK_PX`."""
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 1.0), cv2.COLOR_RGB2LAB)
    lines = _lines(lab)
    quads = _quads(lines, small.shape[1], small.shape[0])
    soft: Any = cv2.blur(lab, (3, 3))
    found = [Outline(q, _sides(soft, q)) for q in quads]
    return sorted((o for o in found if min(o.sides) > 0.3), key=lambda o: -o.score)


@dataclass(slots=True)
class _Line:
    """Pieces of edges on one line: it passes through `at` along `way` (a unit vector); `spans` are from, to along it."""

    at: Floats
    way: Floats
    spans: list[tuple[float, float]]

    @property
    def length(self) -> float:
        return sum(b - a for a, b in self.spans)

    def off(self, points: Points) -> float:
        d = points - self.at
        return float(np.abs(d[:, 0] * self.way[1] - d[:, 1] * self.way[0]).max())

    def covered(self, a: Floats, b: Floats) -> float:
        """How much of the way between two points on it lies on its pieces."""
        ends = float((a - self.at) @ self.way), float((b - self.at) @ self.way)
        low, high = min(ends), max(ends)
        return sum(max(0.0, min(high, e) - max(low, s)) for s, e in self.spans) / max(high - low, 1e-9)


def _lines(lab: Any) -> list[_Line]:
    """The longest lines, put together from pieces of edges of lightness and of both colours."""
    detector = cv2.createLineSegmentDetector()
    pieces: list[Floats] = []
    for channel in cv2.split(lab):
        found = detector.detect(channel)[0]
        if found is not None:
            pieces += list(found.reshape(-1, 2, 2).astype(np.float64))
    least = _SHORTEST_SHARE * max(lab.shape[:2])
    pieces = [p for p in pieces if np.linalg.norm(p[1] - p[0]) >= least]
    pieces.sort(key=lambda p: -float(np.linalg.norm(p[1] - p[0])))
    lines: list[_Line] = []
    for piece in pieces[:600]:
        _join(lines, piece)
    lines = [line for line in lines if line.length >= _SHORTEST_LINE_SHARE * max(lab.shape[:2])]
    return sorted(lines, key=lambda line: -line.length)[:_MOST_LINES]


def _join(lines: list[_Line], piece: Floats) -> None:
    way = (piece[1] - piece[0]) / np.linalg.norm(piece[1] - piece[0])
    for line in lines:
        if abs(float(way @ line.way)) > np.cos(np.radians(_APART_DEG)) and line.off(piece) < _APART_PX:
            ends = [float(v) for v in (piece - line.at) @ line.way]
            line.spans = _with_span(line.spans, (min(ends), max(ends)))
            return
    length = float(np.linalg.norm(piece[1] - piece[0]))
    lines.append(_Line(piece.mean(axis=0), way, [(-length / 2, length / 2)]))


def _with_span(spans: list[tuple[float, float]], new: tuple[float, float]) -> list[tuple[float, float]]:
    """Spans that overlap become one."""
    merged: list[tuple[float, float]] = []
    for low, high in sorted([*spans, new]):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _quads(lines: list[_Line], width: int, height: int) -> list[Points]:
    """Shapes that a sheet can have, those best covered by their lines first."""
    names, quads = _shapes(lines, width, height)
    found: list[tuple[float, Points]] = []
    for four, quad in zip(names, quads, strict=True):
        if not _is_sheet(quad, width, height):
            continue
        shares = [lines[n].covered(quad[k], quad[(k + 1) % 4]) for k, n in enumerate(four)]
        if min(shares) > 0.15:
            found.append((sum(shares) + min(shares), quad))
    found.sort(key=lambda f: -f[0])
    return [quad for _, quad in found[:_MOST_QUADS]]


def _shapes(lines: list[_Line], width: int, height: int) -> tuple[NDArray[np.int64], Floats]:
    """All fours of lines (n, 4) and their corners (n, 4, 2), clockwise, within the picture or hardly beyond, and large enough."""
    nothing = np.zeros((0, 4), np.int64), np.zeros((0, 4, 2))
    pairs = np.array([p for p in combinations(range(len(lines)), 2) if _opposite(lines[p[0]], lines[p[1]])], np.int64)
    if len(pairs) < 2:
        return nothing
    crossings = _crossings(lines)
    first, second = np.triu_indices(len(pairs), 1)
    a, c, b, d = *pairs[first].T, *pairs[second].T
    quads = np.stack([crossings[a, b], crossings[b, c], crossings[c, d], crossings[d, a]], axis=1)
    names = np.stack([b, c, d, a], axis=1)
    over = _BEYOND * max(width, height)
    with np.errstate(invalid="ignore"):
        inside = ((quad_low := quads.min(axis=1)) > -over).all(axis=1) & np.isfinite(quad_low).all(axis=1)
        inside &= (quads.max(axis=1) < np.array([width, height]) + over).all(axis=1)
    quads, names = quads[inside], names[inside]
    x, y = quads[..., 0], quads[..., 1]
    areas = np.sum(x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y, axis=1) / 2
    back = areas < 0
    quads[back], names[back] = quads[back, ::-1], names[back][:, [2, 1, 0, 3]]
    large = np.abs(areas) >= _LEAST_AREA * width * height
    return names[large], quads[large]


def _crossings(lines: list[_Line]) -> Floats:
    """Where lines cross (n, n, 2); not a number where they run too much alike, and of a line with itself."""
    at, ways = np.array([line.at for line in lines]), np.array([line.way for line in lines])
    across = ways[:, None, 0] * ways[None, :, 1] - ways[:, None, 1] * ways[None, :, 0]
    apart = at[None] - at[:, None]
    alike = np.abs(ways @ ways.T) >= np.cos(np.radians(_ALIKE_DEG))
    along = apart[..., 0] * ways[None, :, 1] - apart[..., 1] * ways[None, :, 0]
    along = np.where(alike, np.nan, along / np.where(alike, 1, across))
    return np.asarray(at[:, None] + ways[:, None] * along[..., None], np.float64)


def _opposite(a: _Line, b: _Line) -> bool:
    """May be opposite sides: within so many degrees of each other, and apart."""
    ends = a.at + np.outer((-1, 1), a.way) * a.length / 2
    return abs(float(a.way @ b.way)) > np.cos(np.radians(_ALIKE_DEG)) and b.off(ends) > 40


def _is_sheet(quad: Points, width: int, height: int) -> bool:
    """Convex, and a rectangle in the proportions of paper that a camera can have seen."""
    if not is_convex(quad):
        return False
    high, cosine = proportion(quad, (width, height))
    return cosine < SQUARE_COSINE and PROPORTIONS[0] <= max(high, 1 / max(high, 1e-9)) <= PROPORTIONS[1]


def _sides(lab: Any, quad: Points) -> tuple[float, float, float, float]:
    """How much of each side has a step of colour from the paper within to what is without, 0 to 1."""
    within, without = [], []
    for k in range(4):
        a, b = quad[k], quad[(k + 1) % 4]
        way = (b - a) / np.linalg.norm(b - a)
        inner = np.array([-way[1], way[0]])
        points = a + np.outer(np.linspace(0.04, 0.96, _SAMPLES), b - a)
        within.append(np.mean([_at(lab, points + inner * d) for d in _STRIP_PX], axis=0))
        without.append(np.mean([_at(lab, points - inner * d) for d in _STRIP_PX], axis=0))
    paper = np.median(np.concatenate(within), axis=0)
    result = []
    for inside, outside in zip(within, without, strict=True):
        step = np.linalg.norm((inside - outside) * (1.0, 1.5, 1.5), axis=1)
        like_paper = np.linalg.norm((inside - paper)[:, 1:], axis=1) < 14
        brighter = inside[:, 0] > 0.45 * paper[0]
        darker_without = (outside[:, 0] < inside[:, 0] + 4) | (np.linalg.norm((outside - inside)[:, 1:], axis=1) > 8)
        result.append(float(np.mean((step > _STEP) & like_paper & brighter & darker_without)))
    return result[0], result[1], result[2], result[3]


def margins(lab: Any, corners: Points, px_per_mm: float) -> tuple[float, float]:
    """How much of the margin within each side is one even sheet, at the worst side (0 to 1), and how bright it is.

    Along a margin paper changes slowly, by its light alone, and all four have its colour; a cloth or tiles change all along.
    """
    strips = []
    for k in range(4):
        a, b = corners[k], corners[(k + 1) % 4]
        way = (b - a) / np.linalg.norm(b - a)
        points = a + np.outer(np.linspace(0.03, 0.97, _MARGIN_SAMPLES), b - a)
        inner = np.array([-way[1], way[0]]) * px_per_mm
        strips.append(np.mean([_at(lab, points + inner * mm) for mm in _MARGIN_MM], axis=0))
    paper = np.median(np.concatenate(strips), axis=0)
    return min(_even(strip, paper) for strip in strips), float(paper[0])


def _even(strip: Floats, paper: Floats) -> float:
    half = _MARGIN_WINDOW // 2
    padded = np.pad(strip[:, 0], half, mode="reflect")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, _MARGIN_WINDOW), axis=1)
    steady = np.abs(strip[:, 0] - usual) < _MARGIN_STEP
    same = np.linalg.norm(strip[:, 1:] - paper[1:], axis=1) < _MARGIN_COLOUR
    return float(np.mean(steady & same))


def _at(lab: Any, points: Points) -> Floats:
    """Colours at points; at the edge of the picture those of the edge."""
    x = np.clip(np.rint(points[:, 0]), 0, lab.shape[1] - 1).astype(int)
    y = np.clip(np.rint(points[:, 1]), 0, lab.shape[0] - 1).astype(int)
    return np.asarray(lab[y, x], np.float64)
