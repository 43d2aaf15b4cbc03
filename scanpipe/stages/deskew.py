"""A page and its codes in, its turn and skew out: how far does it stand turned from upright and straight?

From the stance of the codes where two or more were read: their distance is so long that a pixel of error is a few
hundredths of a degree. With one code, that code says the turn and the page itself the skew; with none, the page says the
skew and the turn stays unknown (0).

The page's own skew is the angle at which its rows of ink are sharpest: the sum of squares of the projection
profile of its edges, the classic of H. S. Baird, "The skew angle of printed documents" (1987), over a shear of edge points.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.stages.locate import Stance

Gray = NDArray[np.uint8]

WIDEST_SKEW_DEG = 15.0
_TRUST_ONE_CODE_DEG = 1.5
_MAX_EDGES = 60_000
_EDGE_CONTRAST = 12


@dataclass(frozen=True, slots=True)
class Skew:
    """`turn_deg` (0, 90, 180, 270) plus `skew_deg` is how far the page stands turned clockwise; `source` says whence."""

    turn_deg: int
    skew_deg: float
    source: str


def deskew(stance: Stance | None, small: Gray) -> Skew:
    """`small` is the page at some 75 to 150 dots per inch, only looked at where the codes do not suffice."""
    if stance is None:
        return Skew(0, page_skew_deg(small, 0.0, WIDEST_SKEW_DEG), "page")
    turn, skew = split(stance.lines_deg)
    if len(set(stance.kinds)) >= 2:
        return Skew(turn, skew, "codes")
    upright = np.ascontiguousarray(np.rot90(small, turn // 90))
    return Skew(turn, page_skew_deg(upright, skew, _TRUST_ONE_CODE_DEG), "one code and page")


def by_marks(stance: Stance) -> Skew:
    """Of a sheet that is located by its registration marks."""
    return Skew(*split(stance.angle_deg), "marks")


def split(angle_deg: float) -> tuple[int, float]:
    """An angle as the nearest quarter turn (0, 90, 180, 270) and the rest (-45 to 45)."""
    quarter = round(angle_deg / 90)
    return (quarter * 90) % 360, angle_deg - quarter * 90


def page_skew_deg(small: Gray, around_deg: float, reach_deg: float) -> float:
    """The angle within `around_deg` ± `reach_deg` at which rows and columns of edges are sharpest.

    Answers `around_deg` where there are hardly any edges.
    """
    rows, columns = _edges(small, 0), _edges(small, 1)
    if len(rows) + len(columns) < 200:
        return around_deg
    best = around_deg
    for step in (0.5, 0.1):  # finer steps follow the grain of the pixels: measured, they are slower and less exact
        angles = np.arange(best - reach_deg, best + reach_deg + step / 2, step)
        scores = [_sharpness(rows, columns, a) for a in angles]
        best = _peak(angles, np.asarray(scores), step)
        reach_deg = 2 * step
    return float(np.clip(best, -WIDEST_SKEW_DEG, WIDEST_SKEW_DEG))


def _edges(small: Gray, axis: int) -> NDArray[np.float32]:
    """Edge points as (along, across) of the lines that run along x (axis 0) or along y (axis 1): float32 (n, 2)."""
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0)
    step = np.abs(np.diff(smooth.astype(np.int16), axis=axis))
    across, along = np.nonzero(step > _EDGE_CONTRAST) if axis == 0 else np.nonzero(step > _EDGE_CONTRAST)[::-1]
    stride = max(1, len(along) // _MAX_EDGES)
    return np.stack([along[::stride], across[::stride]], axis=1).astype(np.float32)


def _sharpness(rows: NDArray[np.float32], columns: NDArray[np.float32], angle_deg: float) -> float:
    """Sum of squares of both projection profiles when the page is turned back by `angle_deg`."""
    slope = np.float32(np.tan(np.radians(angle_deg)))
    return _profile(rows, slope) + _profile(columns, -slope)


def _profile(points: NDArray[np.float32], slope: np.float32) -> float:
    if len(points) == 0:
        return 0.0
    at = points[:, 1] - slope * points[:, 0]
    counts = np.bincount((at - at.min()).astype(np.int32)).astype(np.float64)
    return float(np.dot(counts, counts))


def _peak(angles: NDArray[np.float64], scores: NDArray[np.float64], step: float) -> float:
    """The top of the parabola through the best score and its neighbours."""
    i = int(np.argmax(scores))
    if i in (0, len(scores) - 1):
        return float(angles[i])
    left, top, right = scores[i - 1 : i + 2]
    bend = left - 2 * top + right
    return float(angles[i] + (0.5 * step * (left - right) / bend if bend else 0.0))
