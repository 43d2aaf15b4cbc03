"""PNG: every chunk's checksum checked by hand, the pixels by Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from scanpipe.stages.unpack.page import Page, Pixels, decoding, page_of
from scanpipe.stages.unpack.problem import Limits, Problem, size_problem, unreadable
from scanpipe.stages.unpack.raster import RasterSource, pixels_of
from scanpipe.stages.unpack.resolution import believable_dpi, from_exif

_SIGNATURE_BYTES = 8
_INCH_M = 0.0254
_GRAY, _RGB, _PALETTE = 0, 2, 3
_READ_HERE = (b"IHDR", b"pHYs", b"eXIf")


def open_png(data: bytes, limits: Limits) -> Page | Problem:
    """The page of a PNG file; of an animated one, its first picture."""
    try:
        chunks = dict(_chunks(data))
        width, height, bits, colours = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    except struct.error:
        return unreadable("the PNG ends in the middle: its last part is missing")
    except (ValueError, KeyError) as e:
        return unreadable(f"the PNG is damaged ({e})")
    problem = size_problem(width, height, limits.max_pixels)
    if problem is not None:
        return problem
    dpi, (orientation, exif_dpi) = _dpi(chunks.get(b"pHYs")), from_exif(chunks.get(b"eXIf", b""))
    as_it_is = bits <= 8 and colours in (_GRAY, _RGB, _PALETTE) and not chunks.keys() & {b"tRNS", b"acTL"}
    own = (data, "image/png") if as_it_is and orientation == 1 else None
    source = RasterSource(lambda: _decode(data))
    return page_of((width, height), source, format="png", dpi=dpi or exif_dpi, own=own, stored_as=orientation)


def _decode(data: bytes) -> Pixels:
    with decoding("the PNG"), Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        image.load()
        return pixels_of(image)


def _dpi(body: bytes | None) -> float | None:
    if body is None or len(body) < 9:
        return None
    x, y, unit = struct.unpack_from(">IIB", body)
    return believable_dpi(x * _INCH_M, y * _INCH_M) if unit == 1 else None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name of every chunk, and its body where that matters here. Raises ValueError, and struct.error at the end of the data."""
    view, at, name = memoryview(data), _SIGNATURE_BYTES, b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", data, at)
        end = at + 8 + size
        if zlib.crc32(view[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise ValueError(f"the checksum of its part {name!r} is wrong")
        yield name, data[at + 8 : end] if name in _READ_HERE else b""
        at = end + 4
