"""A picture in, a smaller one out, for the screen; and where the codes lie on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from scanpipe.stages.straighten import canvas_for

_QUALITY = 82
_WHOLE = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION
"""A grey page stays grey: a third of the work, here and in the browser."""
_SHRUNK = cv2.IMREAD_REDUCED_COLOR_8 | cv2.IMREAD_IGNORE_ORIENTATION
_SMALL_PX = 320
"""Up to here an eighth of a scan suffices, which a JPEG decoder has for little."""


def preview(body: bytes, longest_px: int) -> bytes | None:
    """A JPEG whose longer side has at most so many pixels; None where the bytes are no picture."""
    data = np.frombuffer(body, np.uint8)
    try:
        picture = cv2.imdecode(data, _SHRUNK if longest_px <= _SMALL_PX else _WHOLE)
        if picture is not None and max(picture.shape[:2]) < longest_px <= _SMALL_PX:
            picture = cv2.imdecode(data, _WHOLE)
    except cv2.error:
        return None
    if picture is None:
        return None
    scale = longest_px / max(picture.shape[:2])
    if scale < 1:
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])


def on_picture(
    corners: Sequence[Sequence[float]], size_px: tuple[int, int], turn_deg: int, skew_deg: float, straight_deg: float
) -> list[tuple[float, float]]:
    """Points of the page as it came (`size_px` is its width and height), as shares of the straightened picture's sides.

    The same turns as `render`, which leaves a skew below `straight_deg` as it is.
    """
    width, height = size_px
    points = [_turned(x, y, width, height, turn_deg) for x, y in corners]
    if turn_deg in (90, 270):
        width, height = height, width
    if abs(skew_deg) < straight_deg:
        return [(x / width, y / height) for x, y in points]
    new_height, new_width = canvas_for(height, width, skew_deg)
    c, s = math.cos(math.radians(skew_deg)), math.sin(math.radians(skew_deg))
    found = []
    for x, y in points:
        dx, dy = x - (width - 1) / 2, y - (height - 1) / 2
        found.append(
            (
                ((c * dx + s * dy) + (new_width - 1) / 2) / new_width,
                ((c * dy - s * dx) + (new_height - 1) / 2) / new_height,
            )
        )
    return found


def _turned(x: float, y: float, width: int, height: int, turn_deg: int) -> tuple[float, float]:
    """Where a point goes when the picture is turned back (counter-clockwise)."""
    if turn_deg == 90:
        return y, width - 1 - x
    if turn_deg == 180:
        return width - 1 - x, height - 1 - y
    return (height - 1 - y, x) if turn_deg == 270 else (x, y)
