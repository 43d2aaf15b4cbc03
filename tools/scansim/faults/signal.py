"""What happens to the pixels on the way into a file: fewer of them, black and white, compression."""

from __future__ import annotations

import cv2
import numpy as np
import PIL.Image
import simplejpeg

from tools.scansim.raster import Image, gray, is_colour

_BAYER_4 = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.uint8)


def low_resolution(page: Image, dpi: float, to_dpi: float) -> Image:
    """The page at fewer dots per inch, as scanners average them."""
    return cv2.resize(page, None, fx=to_dpi / dpi, fy=to_dpi / dpi, interpolation=cv2.INTER_AREA)


def threshold(page: Image, level: int) -> Image:
    """Black and white: white is what is lighter than `level`. Still 0 and 255 in bytes, gray."""
    return cv2.threshold(gray(page), level, 255, cv2.THRESH_BINARY)[1]


def otsu(page: Image) -> Image:
    """Black and white by the level that separates paper and ink best (Otsu 1979)."""
    return cv2.threshold(gray(page), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]


def dithered(page: Image) -> Image:
    """Black and white by spreading the error (Floyd and Steinberg 1976)."""
    bits = PIL.Image.fromarray(gray(page)).convert("1", dither=PIL.Image.Dither.FLOYDSTEINBERG)
    return np.asarray(bits).astype(np.uint8) * 255


def ordered_dither(page: Image) -> Image:
    """Black and white by a pattern of 4 by 4 (Bayer 1973), as fax-like scanners do."""
    h, w = page.shape[:2]
    levels = np.tile(_BAYER_4 * 16 + 8, (h // 4 + 1, w // 4 + 1))[:h, :w]
    return cv2.compare(gray(page), levels, cv2.CMP_GT)


def recompressed(page: Image, quality: int) -> Image:
    """The page after a JPEG of this quality."""
    space, pixels = ("RGB", page) if is_colour(page) else ("GRAY", page[..., None])
    body = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=quality, colorspace=space)
    return simplejpeg.decode_jpeg(body, colorspace=space).reshape(page.shape)
