"""A page, its turn and its skew in, the picture for the grader out: upright, straight, in full resolution and its own colours.

A page that needs no change keeps its own bytes. Otherwise quarter turns move pixels without loss, and the rest is one linear
resampling onto a canvas that holds all of the page: nothing that was drawn is cut off, nothing is thresholded. Colour is worked
on as JPEG stores it, luma in full and the two colour differences at half size: half the pixels, and no conversion in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from scanpipe.stages.straighten import canvas_for, straightened

Planes = tuple[NDArray[np.uint8], ...]

STRAIGHT_DEG = 0.1
"""Skew that no eye sees; the criterion of the document image skew estimation contest (ICDAR 2013) is the same."""
_PAPER = (255, 128, 128)
"""White as luma and the differences of blue and red."""
_BACK = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


class Picture(Protocol):
    """What rendering needs of a page; `planes` are uint8 (height, width) of luma and, unless it is gray, two of half the size."""

    @property
    def own(self) -> tuple[bytes, str] | None: ...

    @property
    def width_px(self) -> int: ...

    @property
    def height_px(self) -> int: ...

    def planes(self) -> Planes: ...


EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png"}
"""The kinds of picture that rendering makes, by media type."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """An encoded picture. `own` says that it is the page's own bytes, untouched."""

    body: bytes
    media_type: str
    own: bool
    width_px: int
    height_px: int

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.media_type]


def render(page: Picture, turn_deg: int, skew_deg: float, dpi: float | None, quality: int) -> Rendition:
    """The page turned back by both angles. `dpi` is written into it; `quality` (1 to 95) is libjpeg's."""
    straight = abs(skew_deg) < STRAIGHT_DEG
    if page.own is not None and straight and turn_deg == 0:
        return Rendition(*page.own, True, page.width_px, page.height_px)
    planes = turned(page.planes(), turn_deg)
    if not straight:
        planes = straightened_page(planes, skew_deg)
    height_px, width_px = planes[0].shape
    return Rendition(encode_jpeg(planes, dpi, quality), "image/jpeg", False, width_px, height_px)


def turned(planes: Planes, turn_deg: int) -> Planes:
    """Turned back (counter-clockwise) by 0, 90, 180 or 270 degrees."""
    return planes if turn_deg == 0 else tuple(cv2.rotate(p, _BACK[turn_deg]) for p in planes)  # type: ignore[misc]


def straightened_page(planes: Planes, skew_deg: float) -> Planes:
    """Turned back (counter-clockwise) by `skew_deg` about the middle, on a white canvas that holds every corner."""
    height, width = canvas_for(planes[0].shape[0], planes[0].shape[1], skew_deg)
    halves = height // 2, width // 2
    return tuple(straightened(p, skew_deg, halves if i else (height, width), _PAPER[i]) for i, p in enumerate(planes))


def encode_jpeg(planes: Planes, dpi: float | None, quality: int) -> bytes:
    """JPEG of luma alone or of luma (even sizes) and the differences of blue and red, with its resolution in the header."""
    luma, blue, red = planes if len(planes) == 3 else (planes[0], None, None)
    return _with_dpi(simplejpeg.encode_jpeg_yuv_planes(luma, blue, red, quality), dpi)


def _with_dpi(body: bytes, dpi: float | None) -> bytes:
    """libjpeg writes a JFIF header first; its density field is bytes 13 to 17 (ITU-T T.871, 10.1)."""
    if dpi is None or body[6:11] != b"JFIF\0":
        return body
    density = min(65535, max(1, round(dpi))).to_bytes(2, "big")
    return body[:13] + b"\x01" + density + density + body[18:]
