"""A page and a layout in, where each millimetre of the sheet lies on the page out: by the registration marks.

A mark is the dark shape that is left where it is expected when gaps thinner than a quarter of it are filled (closing), and
everything thinner than half of it is taken away (opening): neither a crease nor a pen stroke across it does any harm. The marks
give the perspective; the code of the sheet, where it has one, says where to look for them and must agree with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.codes import Kind
from scanpipe.layout import place_of
from scanpipe.model import Corners
from scanpipe.shaded_layout import Mark, ShadedLayout

Gray = NDArray[np.uint8]
Matrix = NDArray[np.float64]
Points = NDArray[np.float64]

_REACH_MM, _REACH_FREE_MM = 6.0, 18.0
"""How far from where it is expected a mark is looked for: by the code of the sheet, and by the size of the page alone."""
_LEAST_CONTRAST = 40
_LEAST_AREA, _MOST_AREA = 0.55, 1.7
_LONGEST_SHARE = 1.7
_FEWEST_MARKS = 4
MISFIT_MM = 1.5
"""Marks and code of a flat sheet agree within half a millimetre."""
_RELIABLE_CORNERS = (0, 1, 3)


@dataclass(frozen=True, slots=True)
class Bearing:
    """`to_px` (3, 3) takes millimetres on the sheet to pixels of the gray page; `misfit_mm` says how well that fits the marks."""

    to_px: Matrix
    misfit_mm: float

    def px(self, points_mm: Points) -> Points:
        """Points (n, 2) on the sheet as pixels of the gray page."""
        return projected(self.to_px, points_mm)


def bearing_by_code(gray: Gray, layout: ShadedLayout, corners: Corners) -> Bearing | None:
    """By the marks, looked for where the code of the sheet says; its corners are in pixels of `gray`. None: not all are there."""
    on_sheet = np.array([place_of(Kind.GENERIC, layout.paper).corners_mm[i] for i in _RELIABLE_CORNERS])
    on_page = np.array([corners[i] for i in _RELIABLE_CORNERS])
    found = _find_marks(gray, layout.marks, on_sheet, on_page, _REACH_MM)
    bearing = _bearing(found)
    if bearing is None:
        return None
    misfit_mm = _misfit_mm(bearing.to_px, on_sheet, on_page)
    return None if misfit_mm > MISFIT_MM else Bearing(bearing.to_px, max(misfit_mm, bearing.misfit_mm))


def bearings_by_page(gray: Gray, layout: ShadedLayout) -> list[Bearing]:
    """By the marks alone, with the sheet as large as the page, in each of the four ways in which it may lie."""
    height, width = gray.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    w, h = layout.paper.width_mm, layout.paper.height_mm
    on_sheet = np.array([(0, 0), (w, 0), (w, h), (0, h)], float)
    tall = (width <= height) == (w <= h)
    found = []
    for turn in (0, 2) if tall else (1, 3):
        marks = _find_marks(gray, layout.marks, on_sheet, np.roll(corners, -turn, axis=0), _REACH_FREE_MM)
        bearing = _bearing(marks)
        if bearing is not None and bearing.misfit_mm <= MISFIT_MM:
            found.append(bearing)
    return found


def projected(matrix: Matrix, points: Points) -> Points:
    """Points (n, 2) through a perspective."""
    moved = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)


def _find_marks(
    gray: Gray, marks: Sequence[Mark], on_sheet: Points, on_page: Points, reach_mm: float
) -> list[tuple[Mark, Points]]:
    """Each mark that is there with its middle on the page: the nearest first, since each makes the rest known better."""
    known_mm, known_px = list(on_sheet), list(on_page)
    middle = on_sheet.mean(axis=0)
    found: list[tuple[Mark, Points]] = []
    for mark in sorted(marks, key=lambda m: float(np.hypot(m.x_mm - middle[0], m.y_mm - middle[1]))):
        turn, shift = _similarity(np.array(known_mm), np.array(known_px))
        expected = complex(mark.x_mm, mark.y_mm) * turn + shift
        at = _find_mark(gray, mark, (expected.real, expected.imag), abs(turn), reach_mm)
        if at is not None:
            found.append((mark, at))
            if reach_mm == _REACH_MM:
                known_mm.append(np.array([mark.x_mm, mark.y_mm]))
                known_px.append(at)
    return found


def _find_mark(
    gray: Gray, mark: Mark, expected: tuple[float, float], px_per_mm: float, reach_mm: float
) -> Points | None:
    """The middle of the shape that could be the mark and is nearest to where it is expected, in pixels; where that is not known
    well, there may be one alone.
    """
    half = (max(mark.width_mm, mark.height_mm) / 2 + reach_mm) * px_per_mm
    x0, y0 = (max(0, int(v - half)) for v in expected)
    window = gray[y0 : max(0, int(expected[1] + half)) + 1, x0 : max(0, int(expected[0] + half)) + 1]
    if min(window.shape, default=0) < 5:
        return None
    dark, _, _, _ = cv2.minMaxLoc(window)
    paper = _paper(window)
    if paper - dark < _LEAST_CONTRAST:
        return None
    thin = max(2, round(min(mark.width_mm, mark.height_mm) * px_per_mm / 2))
    black = (window < (paper + dark) / 2).astype(np.uint8)
    for way, size in ((cv2.MORPH_CLOSE, max(1, thin // 2)), (cv2.MORPH_OPEN, thin)):
        black = cv2.morphologyEx(black, way, np.ones((size, size), np.uint8))  # type: ignore[assignment]
    count, _, stats, middles = cv2.connectedComponentsWithStats(black, connectivity=4)
    area = mark.width_mm * mark.height_mm * px_per_mm**2
    longest = max(mark.width_mm, mark.height_mm) * px_per_mm * _LONGEST_SHARE
    likely = [
        n
        for n in range(1, count)
        if _LEAST_AREA * area <= stats[n, cv2.CC_STAT_AREA] <= _MOST_AREA * area
        and max(stats[n, cv2.CC_STAT_WIDTH], stats[n, cv2.CC_STAT_HEIGHT]) <= longest
    ]
    if not likely or (len(likely) > 1 and reach_mm > _REACH_MM):
        return None
    found = min((middles[n] + (x0, y0) for n in likely), key=lambda at: float(np.hypot(*(at - expected))))
    return np.asarray(found, np.float64)


def _paper(window: Gray) -> int:
    """The gray level that three quarters of the pixels do not exceed."""
    counts = np.bincount(window.ravel(), minlength=256)
    return int(np.searchsorted(np.cumsum(counts), 0.75 * window.size))


def _bearing(found: Sequence[tuple[Mark, Points]]) -> Bearing | None:
    """The perspective that takes the marks to where they were found; None from fewer than four."""
    if len(found) < _FEWEST_MARKS:
        return None
    on_sheet = np.array([(m.x_mm, m.y_mm) for m, _ in found])
    on_page = np.array([at for _, at in found])
    matrix, _ = cv2.findHomography(on_sheet, on_page)
    if matrix is None or not np.all(np.isfinite(matrix)):
        return None
    turn, shift = _similarity(on_sheet, on_page)
    plain = (on_sheet[:, 0] + 1j * on_sheet[:, 1]) * turn + shift
    off_mm = np.abs(plain - (on_page[:, 0] + 1j * on_page[:, 1])) / abs(turn)
    return Bearing(np.asarray(matrix, np.float64), float(np.sqrt(np.mean(off_mm**2))))


def _similarity(on_sheet: Points, on_page: Points) -> tuple[complex, complex]:
    """Turn with scale, and shift, by least squares (S. Umeyama, 1991)."""
    sheet, page = on_sheet[:, 0] + 1j * on_sheet[:, 1], on_page[:, 0] + 1j * on_page[:, 1]
    z, w = sheet - sheet.mean(), page - page.mean()
    turn = complex(np.vdot(z, w) / max(float(np.vdot(z, z).real), 1e-9)) or 1e-6 + 0j
    return turn, complex(page.mean() - turn * sheet.mean())


def _misfit_mm(to_px: Matrix, on_sheet: Points, on_page: Points) -> float:
    """How far (root mean square) points on the page are from where the perspective has them."""
    back = projected(np.asarray(np.linalg.inv(to_px), np.float64), on_page)
    return float(np.sqrt(np.mean(np.sum((back - on_sheet) ** 2, axis=1))))
