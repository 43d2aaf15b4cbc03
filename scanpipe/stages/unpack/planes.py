"""RGB in, the planes that JPEG stores out: luma and the differences of blue and red (ITU-T T.871: BT.601, full range)."""

from __future__ import annotations

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


def differences_of(rgb: Pixels) -> tuple[Pixels, Pixels]:
    """Both (height, width), 128 where there is no colour."""
    luma = gray_of(rgb)
    blue, red = cv2.extractChannel(rgb, 2), cv2.extractChannel(rgb, 0)
    return _difference(blue, luma, _BLUE_SHARE), _difference(red, luma, _RED_SHARE)


def of_even_size(pixels: Pixels) -> Pixels:
    """With the last row and column repeated where their number is odd."""
    below, right = pixels.shape[0] % 2, pixels.shape[1] % 2
    if not below and not right:
        return pixels
    return cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)  # type: ignore[return-value]


def _difference(channel: object, luma: Pixels, share: float) -> Pixels:
    return cv2.addWeighted(channel, share, luma, -share, _NO_DIFFERENCE)  # type: ignore
