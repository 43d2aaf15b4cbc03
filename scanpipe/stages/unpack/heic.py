"""HEIC: what phones write. The boxes read by hand as far as the brands go, header and pixels by libheif (pillow-heif)."""

from __future__ import annotations

import io
from functools import cache
from importlib import import_module
from typing import Any

from scanpipe.saying import say
from scanpipe.stages.unpack.page import DecodeError, Page, Pixels, decoding, page_of
from scanpipe.stages.unpack.problem import Limits, Problem, size_problem
from scanpipe.stages.unpack.raster import RasterSource, pixels_of

_STILL = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx")
_OTHER_CODING = (b"avif", b"avis")
_MOST_BRANDS_BYTES = 400


def is_heic(head: bytes) -> bool:
    """Whether a file that begins so is one: by its brands (ISO/IEC 23008-12), of which the general ones are AVIF's as well."""
    if head[4:8] != b"ftyp" or head[8:12] not in _STILL:
        return False
    end = min(int.from_bytes(head[:4], "big"), _MOST_BRANDS_BYTES)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    return not any(b in _OTHER_CODING for b in brands)


def open_heic(data: bytes, limits: Limits) -> Page | Problem:
    """The page of a HEIC file; of several pictures, the one that is shown. The way it is to be turned is part of its format,
    and libheif turns it: what EXIF says about that beside it does not count."""
    try:
        with decoding(say("the HEIC")):
            image = _opened(data)
            width_px, height_px = image.size
    except DecodeError as e:
        return e.problem
    problem = size_problem(width_px, height_px, limits.max_pixels)
    if problem is not None:
        return problem
    source = RasterSource(lambda: _decode(data))
    return page_of((width_px, height_px), source, format="heic", dpi=None, camera=True)


def _decode(data: bytes) -> Pixels:
    with decoding(say("the HEIC")):
        return pixels_of(_opened(data).to_pillow())


def _opened(data: bytes) -> Any:
    """The picture that is shown; nothing is decoded yet."""
    file = _library().open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    return file[file.primary_index]


@cache
def _library() -> Any:
    """Loaded for the first HEIC: no scan needs it."""
    library = import_module("pillow_heif")
    library.options.THUMBNAILS = library.options.DEPTH_IMAGES = library.options.AUX_IMAGES = False
    library.options.DECODE_THREADS = 1
    return library
