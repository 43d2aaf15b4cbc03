"""Pictures in, one PDF out, for systems that take a single file: each page its picture, as large as the paper was.

The bytes of a picture go in as they are: a JPEG whole, of a PNG its compressed rows. Nothing is encoded again, so nothing is
lost. The same pictures give the same PDF, to the byte.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from scanpipe.saying import say
from scanpipe.stages.unpack.jpeg import JpegHeader, checked_header
from scanpipe.stages.unpack.page import DecodeError, decoding
from scanpipe.stages.unpack.png import chunk_places
from scanpipe.stages.unpack.problem import Limits, Problem

_LONG_SIDE_IN = 297 / 25.4
"""Of A4: how long a page is where nobody knows its resolution."""
_POINTS_AN_INCH = 72
_FIRST_PAGE_OBJECT = 3
_OBJECTS_A_PAGE = 3
_PNG_SPACES = {0: ("/DeviceGray", 1), 2: ("/DeviceRGB", 3)}
_PALETTE = 3


@dataclass(frozen=True, slots=True)
class Leaf:
    """A picture as `render` makes it: JPEG or PNG, upright, opaque. `dpi` is that of the paper, None where it is not known."""

    body: bytes
    dpi: float | None = None


@dataclass(frozen=True, slots=True)
class _Image:
    """`entries` say how the `body` of an image object is coded."""

    width_px: int
    height_px: int
    entries: str
    body: bytes


def bind(leaves: Sequence[Leaf]) -> bytes:
    """The PDF. Raises ValueError for no leaves, and for bytes that are no such picture."""
    if not leaves:
        raise ValueError("a PDF has at least one page")
    objects: list[bytes] = []
    for number, leaf in enumerate(leaves):
        objects += _page(_image(leaf.body), leaf.dpi, _FIRST_PAGE_OBJECT + _OBJECTS_A_PAGE * number)
    pages = range(_FIRST_PAGE_OBJECT, _FIRST_PAGE_OBJECT + len(objects), _OBJECTS_A_PAGE)
    kids = " ".join(f"{n} 0 R" for n in pages)
    tree = f"<< /Type /Pages /Kids [{kids}] /Count {len(leaves)} >>"
    return _file([b"<< /Type /Catalog /Pages 2 0 R >>", tree.encode(), *objects])


def _page(image: _Image, dpi: float | None, number: int) -> Iterator[bytes]:
    """The three objects of a page: itself, what it paints, its picture."""
    scale = _POINTS_AN_INCH / (dpi or max(image.width_px, image.height_px) / _LONG_SIDE_IN)
    width, height = f"{image.width_px * scale:.3f}", f"{image.height_px * scale:.3f}"
    resources = f"<< /XObject << /Scan {number + 2} 0 R >> >>"
    box = f"/MediaBox [0 0 {width} {height}]"
    yield f"<< /Type /Page /Parent 2 0 R {box} /Resources {resources} /Contents {number + 1} 0 R >>".encode()
    yield _stream("", f"q {width} 0 0 {height} 0 0 cm /Scan Do Q".encode())
    size = f"/Width {image.width_px} /Height {image.height_px}"
    yield _stream(f"/Type /XObject /Subtype /Image {size} {image.entries} ", image.body)


def _image(body: bytes) -> _Image:
    if body.startswith(b"\xff\xd8"):
        return _jpeg(body)
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(body)
    raise ValueError("neither a JPEG nor a PNG")


def _jpeg(body: bytes) -> _Image:
    header = checked_header(body, Limits())
    if isinstance(header, Problem):
        raise ValueError(header.detail)
    space = "/DeviceGray" if header.components == 1 else "/DeviceRGB"
    if not _shown_as_it_lies(header):
        raise ValueError("a JPEG that is no upright gray or colour picture")
    entries = f"/ColorSpace {space} /BitsPerComponent 8 /Filter /DCTDecode"
    return _Image(header.width_px, header.height_px, entries, body)


def _shown_as_it_lies(header: JpegHeader) -> bool:
    return header.orientation == 1 and (header.components == 1 or header.ycbcr)


def _png(body: bytes) -> _Image:
    chunks: dict[bytes, list[bytes]] = {}
    try:
        for name, start, end in chunk_places(body):
            chunks.setdefault(name, []).append(body[start:end])
        width, height, bits, colours, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"][0])
        palette = chunks[b"PLTE"][0] if colours == _PALETTE else b""
    except (struct.error, KeyError) as error:
        raise ValueError("a damaged PNG") from error
    if bits > 8 or b"tRNS" in chunks or colours not in (*_PNG_SPACES, _PALETTE):
        raise ValueError("a PNG of more than 8 bits, or not opaque")
    if interlaced:
        return _decoded_png(body)
    space, channels = _PNG_SPACES.get(colours, (_indexed(palette), 1))
    rows = f"<< /Predictor 15 /Colors {channels} /BitsPerComponent {bits} /Columns {width} >>"
    entries = f"/ColorSpace {space} /BitsPerComponent {bits} /Filter /FlateDecode /DecodeParms {rows}"
    return _Image(width, height, entries, b"".join(chunks.get(b"IDAT", [])))


def _indexed(palette: bytes) -> str:
    return f"[/Indexed /DeviceRGB {len(palette) // 3 - 1} <{palette.hex()}>]"


def _decoded_png(body: bytes) -> _Image:
    """An interlaced one, whose rows a PDF cannot hold as they lie: its pixels, packed anew without loss."""
    try:
        with decoding(say("the PNG")), Image.open(io.BytesIO(body), formats=["PNG"]) as image:
            pixels = np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    except DecodeError as error:
        raise ValueError("a damaged PNG") from error
    space = "/DeviceGray" if pixels.ndim == 2 else "/DeviceRGB"
    entries = f"/ColorSpace {space} /BitsPerComponent 8 /Filter /FlateDecode"
    return _Image(pixels.shape[1], pixels.shape[0], entries, zlib.compress(pixels.tobytes()))


def _stream(entries: str, body: bytes) -> bytes:
    return f"<< {entries}/Length {len(body)} >>\nstream\n".encode() + body + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
