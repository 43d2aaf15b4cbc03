"""RGB in, the planes that JPEG stores out: luma and the differences of blue and red (ITU-T T.871: BT.601, full range)."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Planes = tuple[Pixels, ...]

_NO_DIFFERENCE = 128.0
_BLUE_SHARE, _RED_SHARE = 1 / 1.772, 1 / 1.402


def gray_of(pixels: Pixels) -> Pixels:
    """(height, width) luma of gray or RGB pixels; gray ones come back as they are."""
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def planes_of(rgb: Pixels) -> Planes:
    """Luma of even size (the last row and column repeated where their number is odd) and both differences at half size."""
    below, right = rgb.shape[0] % 2, rgb.shape[1] % 2
    even: Any = cv2.copyMakeBorder(rgb, 0, below, 0, right, cv2.BORDER_REPLICATE) if below or right else rgb
    half: Any = cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA)
    luma = gray_of(half)
    blue, red = cv2.extractChannel(half, 2), cv2.extractChannel(half, 0)
    return gray_of(even), _difference(blue, luma, _BLUE_SHARE), _difference(red, luma, _RED_SHARE)


def _difference(channel: object, luma: Pixels, share: float) -> Pixels:
    return cv2.addWeighted(channel, share, luma, -share, _NO_DIFFERENCE)  # type: ignore
