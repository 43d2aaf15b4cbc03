"""Four corners: the plane between them and a sheet of paper, and whether a camera can have seen such a sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Matrix = NDArray[np.float64]

_FOCALS = np.geomspace(0.55, 2.4, 40)
"""Focal lengths of phones, as a share of the longer side of the picture; cropped pictures seem longer."""


def plane(on_sheet: Points, on_picture: Points) -> Matrix | None:
    """The homography that takes points of the sheet to the picture, by least squares on the picture; None if there is none."""
    found = cv2.findHomography(on_sheet.astype(np.float64), on_picture.astype(np.float64), 0)[0]
    return None if found is None or not np.isfinite(found).all() else np.asarray(found, np.float64)


def through(matrix: Matrix, points: Points | Sequence[tuple[float, float]]) -> Points:
    """Points (n, 2) through a homography."""
    p = np.asarray(points, np.float64)
    z = p @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(z[:, :2] / z[:, 2:], np.float64)


def inverse(matrix: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(matrix), np.float64)


def area(quad: Points) -> float:
    """Positive when the corners run clockwise as one sees them."""
    x, y = quad[:, 0], quad[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def is_convex(quad: Points) -> bool:
    """Clockwise, and every corner between 35 and 145 degrees."""
    ahead, back = np.roll(quad, -1, axis=0) - quad, np.roll(quad, 1, axis=0) - quad
    lengths = np.linalg.norm(ahead, axis=1) * np.linalg.norm(back, axis=1)
    if (lengths < 1e-9).any():
        return False
    sines = (ahead[:, 0] * back[:, 1] - ahead[:, 1] * back[:, 0]) / lengths
    return bool((sines > math.sin(math.radians(35))).all())


def proportion(quad: Points, size: tuple[int, int]) -> tuple[float, float]:
    """How high the rectangle is for its width that a camera would see as this quad, and how far from rectangular it would be
    (the cosine of its corner) with the focal length that suits best. `size` is that of the picture (width, height).

    The camera's middle is taken to be that of the picture (Z. Zhang and L. He, "Whiteboard scanning and image enhancement",
    2007).
    """
    middle = (np.array(size, np.float64) - 1) / 2
    unit = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)
    found = plane(unit, (quad - middle) / max(size))
    if found is None:
        return 0.0, 1.0
    across, down = found[:, 0], found[:, 1]
    a, d = (np.stack([v[0] / _FOCALS, v[1] / _FOCALS, np.full_like(_FOCALS, v[2])], axis=1) for v in (across, down))
    lengths = np.linalg.norm(a, axis=1), np.linalg.norm(d, axis=1)
    cosines = np.abs(np.sum(a * d, axis=1) / (lengths[0] * lengths[1]))
    best = int(np.argmin(cosines))
    return float(lengths[1][best] / lengths[0][best]), float(cosines[best])


def tilt_deg(quad: Points, size: tuple[int, int], high: float) -> float:
    """How far from straight above the picture was taken, for a sheet `high` times as high as wide."""
    middle = (np.array(size, np.float64) - 1) / 2
    sheet = np.array([(0, 0), (1, 0), (1, high), (0, high)], np.float64)
    found = plane(sheet, (quad - middle) / max(size))
    if found is None:
        return 0.0
    best, tilt = np.inf, 0.0
    for focal in _FOCALS:
        a, d = (np.array([v[0] / focal, v[1] / focal, v[2]]) for v in (found[:, 0], found[:, 1]))
        la, ld = float(np.linalg.norm(a)), float(np.linalg.norm(d))
        off = abs(float(a @ d)) / (la * ld) + abs(math.log(la / ld))
        if off < best:
            normal = np.cross(a / la, d / ld)
            best, tilt = off, math.degrees(math.acos(min(1.0, abs(float(normal[2])) / float(np.linalg.norm(normal)))))
    return tilt
