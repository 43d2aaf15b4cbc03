"""Pages in, a TIFF of as many pages out."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import PIL.Image

from tools.scansim.raster import Image, gray

_STRIP_OFFSETS, _STRIP_BYTES = 273, 279
_ONE_STRIP = 2**31 - 1


def tiff(pages: Sequence[Image], dpi: float, compression: str, quality: int = 85) -> bytes:
    """8 bits a channel, gray or RGB; compression as Pillow names it: raw, tiff_lzw, tiff_adobe_deflate, jpeg."""
    options = {"quality": quality} if compression == "jpeg" else {}
    return _saved([PIL.Image.fromarray(p) for p in pages], dpi, compression, **options)


def tiff_group4(pages: Sequence[Image], dpi: float) -> bytes:
    """1 bit a pixel, CCITT group 4; what is lighter than middle gray is white."""
    return _saved([_bits(p) for p in pages], dpi, "group4")


def tiff_16_bit(pages: Sequence[Image], dpi: float) -> bytes:
    """16 bits gray, LZW."""
    return _saved([PIL.Image.fromarray(gray(p).astype(np.uint16) * 257) for p in pages], dpi, "tiff_lzw")


def tiff_cmyk(pages: Sequence[Image], dpi: float) -> bytes:
    """Four inks, 8 bits each, LZW."""
    return _saved([PIL.Image.fromarray(p).convert("RGB").convert("CMYK") for p in pages], dpi, "tiff_lzw")


def tiff_palette(pages: Sequence[Image], dpi: float) -> bytes:
    """A palette of 64 colours, Deflate."""
    images = [PIL.Image.fromarray(p).convert("RGB") for p in pages]
    few = [i.quantize(64, PIL.Image.Quantize.FASTOCTREE, dither=PIL.Image.Dither.NONE) for i in images]
    return _saved(few, dpi, "tiff_adobe_deflate")


def group4(page: Image) -> bytes:
    """The bare CCITT group 4 data of a page, in one strip; 0 bits of the page are black."""
    body = _saved([_bits(page)], 0, "group4", strip_size=_ONE_STRIP)
    with PIL.Image.open(io.BytesIO(body)) as image:
        (start,), (length,) = image.tag_v2[_STRIP_OFFSETS], image.tag_v2[_STRIP_BYTES]  # type: ignore[attr-defined]
    return body[start : start + length]


def _bits(page: Image) -> PIL.Image.Image:
    return PIL.Image.fromarray(gray(page)).convert("1", dither=PIL.Image.Dither.NONE)


def _saved(images: Sequence[PIL.Image.Image], dpi: float, compression: str, **options: Any) -> bytes:
    if dpi:
        options["dpi"] = (dpi, dpi)
    if len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:]}
    out = io.BytesIO()
    images[0].save(out, "TIFF", compression=compression, **options)
    return out.getvalue()
