"""A picture and how its sheet lies in, the page out: upright and flat, in the resolution that the picture has there."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.stages.phone.quads import area
from scanpipe.stages.phone.quads import tilt_deg as tilt_of
from scanpipe.stages.phone.sheet import Lie

Pixels = NDArray[np.uint8]

_MOST_PX_PER_MM, _LEAST_PX_PER_MM = 300 / 25.4, 75 / 25.4
_NEAR_EDGE = 0.012
_STEP_PX = 16
_BEYOND = 255
"""Of what is not on the picture: white."""


def flattened(picture: Pixels, lie: Lie) -> tuple[Pixels, float]:
    """The page, and its resolution in dots per inch."""
    per_mm = px_per_mm(lie)
    width, height = round(lie.paper.width_mm * per_mm), round(lie.paper.height_mm * per_mm)
    columns, rows = (np.append(np.arange(0, n, _STEP_PX), n + _STEP_PX) for n in (width, height))
    x_mm, y_mm = np.meshgrid((columns + 0.5) / per_mm, (rows + 0.5) / per_mm)
    places = lie.to_picture(np.stack([x_mm.ravel(), y_mm.ravel()], axis=1)).reshape(*x_mm.shape, 2)
    x, y = (_spread(places[..., i], columns, rows, (width, height)) for i in (0, 1))
    fill: Any = (_BEYOND, _BEYOND, _BEYOND)
    page = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=fill)
    return page, per_mm * 25.4  # type: ignore[return-value]


def px_per_mm(lie: Lie) -> float:
    """What the picture has of it where it is nearest, between what a screen and what a scanner gives."""
    sides = np.linalg.norm(np.roll(lie.corners, -1, axis=0) - lie.corners, axis=1)
    w, h = lie.paper.width_mm, lie.paper.height_mm
    return float(np.clip(max(sides / np.array([w, h, w, h])), _LEAST_PX_PER_MM, _MOST_PX_PER_MM))


def share_on_picture(lie: Lie, size: tuple[int, int]) -> float:
    """How much of the sheet is on the picture (width, height), 0 to 1."""
    w, h = size
    border = np.array([(-0.5, -0.5), (w - 0.5, -0.5), (w - 0.5, h - 0.5), (-0.5, h - 0.5)], np.float32)
    corners = lie.corners
    common, _ = cv2.intersectConvexConvex(corners.astype(np.float32), border)
    return float(min(1.0, common / max(area(corners), 1e-9)))


def is_all_of(lie: Lie, size: tuple[int, int]) -> bool:
    """Whether the picture (width, height) is the sheet and nothing else, as scanning apps make them: no need to work on it."""
    edge = np.array([(0, 0), (size[0], 0), (size[0], size[1]), (0, size[1])], np.float64)
    off = min(float(np.abs(np.roll(lie.corners, n, axis=0) - edge).max()) for n in range(4))
    return lie.bend_mm == 0 and off < _NEAR_EDGE * min(size)


def tilt_deg(lie: Lie, size: tuple[int, int]) -> float:
    """How far from straight above the picture (width, height) was taken."""
    return tilt_of(lie.corners, size, lie.paper.height_mm / lie.paper.width_mm)


def _spread(values: NDArray[np.float64], columns: Any, rows: Any, size: tuple[int, int]) -> NDArray[np.float32]:
    """Values at these columns and rows for every pixel, straight between them."""
    across = np.empty((len(rows), size[0]))
    for n, row in enumerate(values):
        across[n] = np.interp(np.arange(size[0]), columns, row)
    at = np.arange(size[1])
    above = np.clip(np.searchsorted(rows, at, side="right") - 1, 0, len(rows) - 2)
    share = ((at - rows[above]) / (rows[above + 1] - rows[above]))[:, None]
    return np.asarray(across[above] * (1 - share) + across[above + 1] * share, np.float32)
