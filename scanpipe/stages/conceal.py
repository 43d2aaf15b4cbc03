"""A picture and the codes on it in, the picture without what says whose sheet it is out: for graders who must not know.

Where two codes of the sheet agree on how it lies, all above and below the drawing is painted white, from edge to edge: header,
footer and the three codes. Where they do not, nobody knows where the imprint is, so the strips along the edges go that hold it on
a sheet that fills the picture, and every code that can be read with what is around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.layout import Box, Paper
from scanpipe.model import Code, Point
from scanpipe.stages.locate import Stance, locate

Pixels = NDArray[np.uint8]

_WHITE = (255, 255, 255)
_MISFIT_MM = 1.5
"""The same as a page may have that is filed without a person, and the margin that is painted beyond the drawing's edges."""
_STRAIGHT_DEG = 2.0
_BEYOND_MM = 100.0
_STRIP_SHARE = 0.17
"""Of the height of the paper: what header and footer take, on A4 and on Letter, and a few millimetres more."""
_AROUND_CODE = 1.2
"""White around a code that is no sheet's, as a share of its side: labels have the number beside the bars."""


def conceal(picture: Pixels, codes: Sequence[Code], drawing: Callable[[Paper], Box]) -> Pixels:
    """The picture, uint8 (height, width, 3), with the imprint painted white. `drawing` says where one draws on a paper."""
    stance = locate(codes)
    if stance is None or not is_certain(stance):
        return cover(_without_edges(picture), codes)
    painted = picture.copy()
    for strip in _strips(stance, drawing(stance.paper)):
        cv2.fillConvexPoly(painted, np.round(stance.to_px(strip)).astype(np.int32), _WHITE)
    return painted


def cover(picture: Pixels, codes: Sequence[Code]) -> Pixels:
    """The picture with these codes, and what is around them, painted white."""
    painted = picture.copy()
    for code in codes:
        _paint_around(painted, code)
    return painted


def is_certain(stance: Stance) -> bool:
    """Do at least two kinds of code agree that the sheet lies upright?"""
    upright = abs(stance.angle_deg) <= _STRAIGHT_DEG
    return upright and len(set(stance.kinds)) >= 2 and stance.misfit_mm <= _MISFIT_MM


def _strips(stance: Stance, drawing: Box) -> list[list[Point]]:
    """All of the paper, and what may lie beside it, above and below the drawing."""
    width, height = stance.paper.width_mm, stance.paper.height_mm
    left, right = -_BEYOND_MM, width + _BEYOND_MM
    top, bottom = drawing.y_mm - _MISFIT_MM, drawing.bottom_mm + _MISFIT_MM
    return [
        [(left, -_BEYOND_MM), (right, -_BEYOND_MM), (right, top), (left, top)],
        [(left, bottom), (right, bottom), (right, height + _BEYOND_MM), (left, height + _BEYOND_MM)],
    ]


def _without_edges(picture: Pixels) -> Pixels:
    """Along the short sides: a sheet that lies on its side has its imprint there."""
    painted = picture.copy()
    height, width = picture.shape[:2]
    deep = round(max(height, width) * _STRIP_SHARE)
    if height >= width:
        painted[:deep], painted[-deep:] = 255, 255
    else:
        painted[:, :deep], painted[:, -deep:] = 255, 255
    return painted


def _paint_around(picture: Pixels, code: Code) -> None:
    corners = np.array(code.corners, np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    more = _AROUND_CODE * float(min(high - low))
    (x0, y0), (x1, y1) = (
        np.maximum(np.floor(low - more), 0).astype(int),
        np.maximum(np.ceil(high + more), 0).astype(int),
    )
    picture[y0:y1, x0:x1] = 255
