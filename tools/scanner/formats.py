"""Pixels in, the bytes of a file out, as scanners write them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tools.scanner.paper import Picture


def jpeg(picture: Picture, dpi: float, quality: int = 82, orientation: int = 1) -> bytes:
    """A JPEG; `orientation` is the EXIF value, and the pixels are laid so that it shows upright."""
    image = Image.fromarray(picture)
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
        image = image.transpose(_UNDO[orientation])
    return _saved(image, "JPEG", quality=quality, dpi=(dpi, dpi), **({"exif": exif} if orientation != 1 else {}))


def png(picture: Picture, dpi: float) -> bytes:
    """A PNG; says nothing about its resolution when `dpi` is 0."""
    return _saved(Image.fromarray(picture), "PNG", compress_level=6, **({"dpi": (dpi, dpi)} if dpi else {}))


def tiff(pictures: Sequence[Picture], dpi: float, compression: str = "tiff_lzw", mode: str = "") -> bytes:
    """A TIFF of one or more pages; compression as Pillow names it: group4, tiff_lzw, tiff_adobe_deflate, jpeg, raw."""
    images = [_as(Image.fromarray(p), "1" if compression == "group4" else mode) for p in pictures]
    more = {"save_all": True, "append_images": images[1:]} if len(images) > 1 else {}
    return _saved(images[0], "TIFF", compression=compression, dpi=(dpi, dpi), **more)


def tiff_16_bit(picture: Picture, dpi: float) -> bytes:
    return _saved(Image.fromarray(picture.astype(np.uint16) * 257), "TIFF", dpi=(dpi, dpi), compression="tiff_lzw")


def pdf(pictures: Sequence[Picture], dpi: float, quality: int = 80) -> bytes:
    """A PDF as scanners make it: each page one embedded JPEG."""
    images = [Image.fromarray(p) for p in pictures]
    return _saved(images[0], "PDF", resolution=dpi, quality=quality, save_all=True, append_images=images[1:])


def _as(image: Image.Image, mode: str) -> Image.Image:
    return image if not mode else image.convert(mode, dither=Image.Dither.NONE)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


_T = Image.Transpose
_UNDO = {
    2: _T.FLIP_LEFT_RIGHT,
    3: _T.ROTATE_180,
    4: _T.FLIP_TOP_BOTTOM,
    5: _T.TRANSPOSE,
    6: _T.ROTATE_90,
    7: _T.TRANSVERSE,
    8: _T.ROTATE_270,
}
