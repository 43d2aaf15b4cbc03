"""A page and how its sheet lies on it in, whether it is empty out: did nobody draw inside the frame?

Most sheets have so much ink that a glance tells. Of the others the inside of the frame is turned upright and searched for marks
as a page without codes is (`blank.py`): in doubt it is not empty. Lines printed as an aid are marks, too, where they come out
so dark that a pencil could be among them.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.codes import Kind
from scanpipe.layout import Box, inside_frame
from scanpipe.stages.blank import find_marks
from scanpipe.stages.locate import Stance

Gray = NDArray[np.uint8]
Corners = NDArray[np.float64]

_PX_PER_MM = 100 / 25.4
"""The resolution for which `find_marks` is made."""
_INK_SHARE_OF_PAPER = 0.6
_MUCH_INK = 0.001
"""Share of the frame's inside that is as dark as ink: 3 cm of a pen's line."""
_FAINT_PENCIL = 10.0
"""Gray levels below the paper; where noise or printed lines would hide a pencil drawn lightly, nothing is called empty."""
_OF_PAD = frozenset({Kind.PAD, Kind.OPEN})
_PERSONAL = frozenset({Kind.CANDIDATE, Kind.SHEET})


def is_empty(small: Gray, shrink: int, stance: Stance | None) -> bool:
    """`small` is the page (height, width) shrunk by `shrink`. Without a code that says how the sheet lies it is never empty."""
    if stance is None or not (_OF_PAD | _PERSONAL) & set(stance.kinds):
        return False
    box = inside_frame(stance.paper, bool(_OF_PAD & set(stance.kinds)))
    return has_nothing(small, box, (stance.to_px(box.corners_mm) + 0.5) / shrink - 0.5)


def has_nothing(small: Gray, box: Box, corners: Corners) -> bool:
    """Is there nothing in this box of the sheet? Its `corners` (4, 2) are in pixels of the gray page, the top left one first."""
    if _has_much_ink(small, corners):
        return False
    marks = find_marks(upright(small, box, corners))
    return marks.blank and marks.faintest <= _FAINT_PENCIL


def upright(small: Gray, box: Box, corners: Corners) -> Gray:
    """A box of the sheet, turned upright, at the resolution for which marks are looked for."""
    size = round(box.width_mm * _PX_PER_MM), round(box.height_mm * _PX_PER_MM)
    square = np.array([(0, 0), (size[0], 0), (0, size[1])], np.float32)
    turn = cv2.getAffineTransform(corners[[0, 1, 3]].astype(np.float32), square)
    inside: Any = cv2.warpAffine(small, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(inside, np.uint8)


def _has_much_ink(small: Gray, corners: Corners) -> bool:
    """Told from the largest upright rectangle within the frame, as it lies."""
    xs, ys = np.sort(corners[:, 0]), np.sort(corners[:, 1])
    left, right, top, bottom = (max(0, int(v)) for v in (xs[1], xs[2], ys[1], ys[2]))
    part = small[top:bottom, left:right]
    if part.size == 0:
        return True
    level = _INK_SHARE_OF_PAPER * cv2.mean(part)[0]
    ink: Any = cv2.threshold(part, level, 255, cv2.THRESH_BINARY_INV)[1]
    return cv2.countNonZero(ink) > _MUCH_INK * part.size
