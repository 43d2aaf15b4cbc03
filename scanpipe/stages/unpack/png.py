"""PNG: every chunk's checksum checked by hand, the pixels by Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from scanpipe.saying import say, words_of
from scanpipe.stages.unpack.inflate import inflated_size
from scanpipe.stages.unpack.page import Page, Pixels, decoding, page_of
from scanpipe.stages.unpack.problem import Limits, Problem, size_problem, unreadable
from scanpipe.stages.unpack.raster import RasterSource, pixels_of
from scanpipe.stages.unpack.resolution import believable_dpi, from_exif

_SIGNATURE_BYTES = 8
_INCH_M = 0.0254
_READ_HERE = (b"IHDR", b"pHYs", b"eXIf")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By colour type: gray, RGB, palette, gray and RGB with alpha."""
_OPAQUE = (0, 2, 3)
_WHOLE = ((0, 0, 1, 1),)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""The passes of an interlaced picture: first column and row, steps between columns and rows."""


@dataclass(frozen=True, slots=True)
class _Header:
    width_px: int
    height_px: int
    bits: int
    colours: int
    interlaced: bool

    @property
    def inflated_bytes(self) -> int:
        """How many bytes the rows have, each with its filter byte."""
        bits = self.bits * _CHANNELS.get(self.colours, 0)
        passes = _ADAM7 if self.interlaced else _WHOLE
        sizes = ((-(-(self.width_px - x) // dx), -(-(self.height_px - y) // dy)) for x, y, dx, dy in passes)
        return sum((1 + -(-width * bits // 8)) * height for width, height in sizes if width > 0 and height > 0)


def open_png(data: bytes, limits: Limits) -> Page | Problem:
    """The page of a PNG file; of an animated one, its first picture."""
    try:
        chunks = dict(_chunks(data))
        header = _header(chunks[b"IHDR"])
    except struct.error:
        return unreadable(say("the PNG ends in the middle: its last part is missing"))
    except (ValueError, KeyError) as e:
        return unreadable(say("%(what)s is damaged (%(error)s)", what=say("the PNG"), error=words_of(e)))
    problem = size_problem(header.width_px, header.height_px, limits.max_pixels)
    if problem is not None:
        return problem
    dpi, told = _dpi(chunks.get(b"pHYs")), from_exif(chunks.get(b"eXIf", b""))
    as_it_is = header.bits <= 8 and header.colours in _OPAQUE and not chunks.keys() & {b"tRNS", b"acTL"}
    own = (data, "image/png") if as_it_is and told.orientation == 1 else None
    source = RasterSource(lambda: _decode(data, header))
    size = header.width_px, header.height_px
    lies, camera = told.orientation, told.camera
    return page_of(size, source, format="png", dpi=dpi or told.dpi, own=own, stored_as=lies, camera=camera)


def _decode(data: bytes, header: _Header) -> Pixels:
    with decoding(say("the PNG")), Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        image.load()
        if header.interlaced or not np.asarray(image.crop((0, image.height - 1, image.width, image.height))).any():
            _check_size(data, header)
        return pixels_of(image)


def _check_size(data: bytes, header: _Header) -> None:
    """Pillow leaves rows that are not there at zero and says nothing. Raises ValueError."""
    body = b"".join(data[start:end] for name, start, end in chunk_places(data) if name == b"IDAT")
    if inflated_size(body, header.inflated_bytes) < header.inflated_bytes:
        raise ValueError(say("its last rows are missing"))


def _header(body: bytes) -> _Header:
    width, height, bits, colours, _, _, interlace = struct.unpack_from(">IIBBBBB", body)
    return _Header(width, height, bits, colours, interlace == 1)


def _dpi(body: bytes | None) -> float | None:
    if body is None or len(body) < 9:
        return None
    x, y, unit = struct.unpack_from(">IIB", body)
    return believable_dpi(x * _INCH_M, y * _INCH_M) if unit == 1 else None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name of every chunk, and its body where that matters here. Raises ValueError, and struct.error at the end of the data."""
    view = memoryview(data)
    for name, start, end in chunk_places(data):
        if zlib.crc32(view[start - 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise ValueError(say("the checksum of its part %(name)s is wrong", name=repr(name)))
        yield name, data[start:end] if name in _READ_HERE else b""


def chunk_places(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name of every chunk, and from where to where its body goes. Raises struct.error at the end of the data."""
    at, name = _SIGNATURE_BYTES, b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", data, at)
        yield name, at + 8, at + 8 + size
        at += 12 + size
