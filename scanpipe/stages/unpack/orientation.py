"""The eight ways a picture can lie in its file, numbered as in TIFF and EXIF (1: as it is shown), and how to turn them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Direction = tuple[int, int]

_SWAPS_SIDES = (5, 6, 7, 8)
_TO_SHOWN: dict[int, Callable[[Pixels], object]] = {
    2: lambda a: cv2.flip(a, 1),
    3: lambda a: cv2.rotate(a, cv2.ROTATE_180),
    4: lambda a: cv2.flip(a, 0),
    5: lambda a: cv2.transpose(a),
    6: lambda a: cv2.rotate(a, cv2.ROTATE_90_CLOCKWISE),
    7: lambda a: cv2.rotate(cv2.transpose(a), cv2.ROTATE_180),
    8: lambda a: cv2.rotate(a, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
_BY_DIRECTIONS: dict[tuple[Direction, Direction], int] = {
    ((1, 0), (0, 1)): 1,
    ((-1, 0), (0, 1)): 2,
    ((-1, 0), (0, -1)): 3,
    ((1, 0), (0, -1)): 4,
    ((0, 1), (1, 0)): 5,
    ((0, 1), (-1, 0)): 6,
    ((0, -1), (-1, 0)): 7,
    ((0, -1), (1, 0)): 8,
}


def shown(pixels: Pixels, orientation: int) -> Pixels:
    """Stored pixels (height, width[, 3]) as they are to be shown, C-contiguous; the same array for orientation 1."""
    turn = _TO_SHOWN.get(orientation)
    return pixels if turn is None else np.ascontiguousarray(turn(pixels), dtype=np.uint8)


def shown_size(width_px: int, height_px: int, orientation: int) -> tuple[int, int]:
    """Width and height as shown."""
    return (height_px, width_px) if orientation in _SWAPS_SIDES else (width_px, height_px)


def from_directions(right: Direction, down: Direction) -> int:
    """The orientation of a picture whose right and down point there when shown (x to the right, y down)."""
    return _BY_DIRECTIONS[right, down]
