"""A page, its turn and its skew in, the picture for the grader out: upright, straight, in full resolution and its own colours.

A page that needs no change keeps its own bytes. Otherwise quarter turns move pixels without loss, and the rest is one linear
warp onto a canvas that holds all of the page: nothing that was drawn is cut off, nothing is thresholded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

STRAIGHT_DEG = 0.1
"""Skew that no eye sees; the criterion of the document image skew estimation contest (ICDAR 2013) is the same."""
_PAPER = 255
_BACK = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


class Picture(Protocol):
    """What rendering needs of a page; `colour` is uint8 (height, width) or (height, width, 3) RGB."""

    @property
    def own(self) -> tuple[bytes, str] | None: ...

    def colour(self) -> Pixels: ...


@dataclass(frozen=True, slots=True)
class Rendition:
    """An encoded picture. `own` says that it is the page's own bytes, untouched."""

    body: bytes
    media_type: str
    own: bool

    @property
    def extension(self) -> str:
        return {"image/jpeg": "jpg", "image/png": "png"}[self.media_type]


def render(page: Picture, turn_deg: int, skew_deg: float, dpi: float | None, quality: int) -> Rendition:
    """The page turned back by both angles. `dpi` is written into it; `quality` (1 to 95) is libjpeg's."""
    straight = abs(skew_deg) < STRAIGHT_DEG
    if page.own is not None and straight and turn_deg == 0:
        return Rendition(*page.own, own=True)
    pixels = turned(page.colour(), turn_deg)
    if not straight:
        pixels = straightened(pixels, skew_deg)
    return Rendition(encode_jpeg(pixels, dpi, quality), "image/jpeg", own=False)


def turned(pixels: Pixels, turn_deg: int) -> Pixels:
    """Turned back (counter-clockwise) by 0, 90, 180 or 270 degrees."""
    return pixels if turn_deg == 0 else cv2.rotate(pixels, _BACK[turn_deg])  # type: ignore[return-value]


def straightened(pixels: Pixels, skew_deg: float) -> Pixels:
    """Turned back (counter-clockwise) by `skew_deg` about its middle, on a white canvas that holds every corner."""
    height, width = pixels.shape[:2]
    c, s = abs(math.cos(math.radians(skew_deg))), abs(math.sin(math.radians(skew_deg)))
    canvas = math.ceil(width * c + height * s), math.ceil(height * c + width * s)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), skew_deg, 1.0)
    matrix[:, 2] += (canvas[0] - width) / 2, (canvas[1] - height) / 2
    return cv2.warpAffine(  # type: ignore[return-value]
        pixels, matrix, canvas, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(_PAPER,) * 3
    )


def encode_jpeg(pixels: Pixels, dpi: float | None, quality: int) -> bytes:
    """JPEG of gray (height, width) or RGB (height, width, 3) pixels, with its resolution in the header."""
    if pixels.ndim == 2:
        body = simplejpeg.encode_jpeg(pixels[..., None], quality=quality, colorspace="GRAY", colorsubsampling="Gray")
    else:
        body = simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="RGB", colorsubsampling="420")
    return _with_dpi(body, dpi)


def _with_dpi(body: bytes, dpi: float | None) -> bytes:
    """libjpeg writes a JFIF header first; its density field is bytes 13 to 17 (ITU-T T.871, 10.1)."""
    if dpi is None or body[6:11] != b"JFIF\0":
        return body
    density = min(65535, max(1, round(dpi))).to_bytes(2, "big")
    return body[:13] + b"\x01" + density + density + body[18:]
