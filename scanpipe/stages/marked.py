"""A page and how its sheet lies on it in, which boxes are marked out: which further questions does the page answer?

The boxes are laid out straight first. Where their outlines are not found a little around their places, nothing can be said of
them. A cross or a tick is a mark; a box that is blacked out, a faint rest, and a stroke that runs through it are unclear.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.codes import PERSONAL, parse
from scanpipe.exam import MOST_MARKABLE
from scanpipe.layout import MARK_BOX_MM, Box, mark_boxes
from scanpipe.model import Code
from scanpipe.saying import Said, say
from scanpipe.stages.locate import Stance

Gray = NDArray[np.uint8]
MARKED, EMPTY, UNCLEAR, ABSENT = "x", "_", "?", "-"
NOTHING = ABSENT * MOST_MARKABLE
"""The boxes are printed, and were not found."""

_PX_PER_MM = 8
_MARGIN_MM, _REACH_MM = 3.4, 1.6
_LINE_MM = 0.4
_OUTLINED = 0.12
"""How much darker than the paper an outline is, at the least."""
_INSET_MM = 0.75
_NOTHING_SHARE, _MARK_SHARE, _FULL_SHARE = 0.012, 0.08, 0.75
"""Shares of a box's inside that are ink: paper, a mark, blacked out. A tick by a thin pen takes a tenth."""
_INK, _FAINT = 0.28, 0.10
"""Darker than the paper by so much: ink, and what may be the rest of something."""
_BEYOND_MM = (1.3, 2.1)
_THROUGH_SHARE = 0.025


def has_marks(codes: tuple[Code, ...]) -> bool:
    """Do the codes say that the sheet has boxes to mark?"""
    parsed = (parse(c.text) for c in codes if c.symbology == "qr")
    return any(p is not None and p.kind in PERSONAL and p.marks for p in parsed)


def read_marks(small: Gray, shrink: int, stance: Stance | None) -> str:
    """Of each box, in their order: `x` marked, `_` empty, `?` unclear, `-` not found (there may be none)."""
    if stance is None:
        return NOTHING
    boxes = mark_boxes(stance.paper)
    area = Box(
        boxes[0].x_mm - _MARGIN_MM,
        boxes[0].y_mm - _MARGIN_MM,
        boxes[-1].right_mm - boxes[0].x_mm + 2 * _MARGIN_MM,
        boxes[-1].bottom_mm - boxes[0].y_mm + 2 * _MARGIN_MM,
    )
    dark = _straight(small, shrink, stance, area)
    return "".join(_read(dark, (b.x_mm - area.x_mm) * _PX_PER_MM, (b.y_mm - area.y_mm) * _PX_PER_MM) for b in boxes)


def _straight(small: Gray, shrink: int, stance: Stance, area: Box) -> NDArray[np.float32]:
    """How much darker than the paper (0 to 1) each point of the area is."""
    size = round(area.width_mm * _PX_PER_MM), round(area.height_mm * _PX_PER_MM)
    corners = ((stance.to_px(area.corners_mm) + 0.5) / shrink - 0.5).astype(np.float32)
    upright = np.array([(0, 0), (size[0], 0), (0, size[1])], np.float32)
    turn = cv2.getAffineTransform(corners[[0, 1, 3]], upright)
    flat: Any = cv2.warpAffine(
        small, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(255,)
    )
    paper = max(1.0, float(np.percentile(flat, 80)))
    return np.asarray(np.clip(1 - flat.astype(np.float32) / paper, 0, 1), np.float32)


def _read(dark: NDArray[np.float32], x: float, y: float) -> str:
    found = _outline(dark, round(x), round(y))
    if found is None:
        return ABSENT
    left, top = found
    side, inset = round(MARK_BOX_MM * _PX_PER_MM), round(_INSET_MM * _PX_PER_MM)
    inside = dark[top + inset : top + side - inset, left + inset : left + side - inset]
    ink, faint = float((inside > _INK).mean()), float((inside > _FAINT).mean())
    if faint < _NOTHING_SHARE:
        return EMPTY
    if ink < _MARK_SHARE or ink > _FULL_SHARE or _runs_through(dark, left, top, side):
        return UNCLEAR
    return MARKED


def _outline(dark: NDArray[np.float32], x: int, y: int) -> tuple[int, int] | None:
    """Where the box's outline is, a little around its place: all four of its sides must be there."""
    side, line, reach = (
        round(MARK_BOX_MM * _PX_PER_MM),
        max(2, round(_LINE_MM * _PX_PER_MM)),
        round(_REACH_MM * _PX_PER_MM),
    )
    half = line // 2
    best, place = _OUTLINED, None
    total = cv2.integral(dark)

    def mean(left: int, top: int, width: int, height: int) -> float:
        if left < 0 or top < 0 or left + width >= total.shape[1] or top + height >= total.shape[0]:
            return 0.0
        right, bottom = left + width, top + height
        return float(total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]) / (
            width * height
        )

    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            left, top = x + dx, y + dy
            sides = (
                mean(left, top - half, side, line),
                mean(left, top + side - half, side, line),
                mean(left - half, top, line, side),
                mean(left + side - half, top, line, side),
            )
            if min(sides) > best:
                best, place = min(sides), (left, top)
    return place


def _runs_through(dark: NDArray[np.float32], left: int, top: int, side: int) -> bool:
    """Does ink go on beyond opposite sides of the box? At the right there is its label."""
    near, far = (round(v * _PX_PER_MM) for v in _BEYOND_MM)
    along, down = slice(max(0, left - far), left + side + far), slice(max(0, top - far), top + side + far)
    above = dark[max(0, top - far) : max(0, top - near), along]
    below = dark[top + side + near : top + side + far, along]
    beside = dark[down, max(0, left - far) : max(0, left - near)]
    goes = [bool(part.size) and float((part > _INK).mean()) > _THROUGH_SHARE for part in (above, below, beside)]
    return sum(goes) > 1


def not_possible(question: str) -> Said:
    """Why a page waits on which this question is marked."""
    return say("question %(question)s is marked, and cannot be", question=question)
