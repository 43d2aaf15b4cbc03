"""JPEG: the header read by hand, the pixels by libjpeg-turbo, which can shrink while it decodes."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import simplejpeg

from scanpipe.saying import say
from scanpipe.stages.unpack import turbo
from scanpipe.stages.unpack.page import DecodeError, Page, Pixels, Shrink, decoding, page_of, shrunk
from scanpipe.stages.unpack.planes import Planes, gray_of
from scanpipe.stages.unpack.problem import Limits, Problem, size_problem, unreadable, unsupported
from scanpipe.stages.unpack.resolution import believable_dpi, from_exif

END = b"\xff\xd9"
PADDING = b"\0\r\n\t \xff"
"""What scanners write after the end of a picture, to no harm."""

_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SHOWN_BY_BROWSERS = (0xC0, 0xC1, 0xC2)
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_SOS, _EOI, _APP0, _APP1, _APP2, _APP14 = 0xDA, 0xD9, 0xE0, 0xE1, 0xE2, 0xEE
_BARE = (0x01, *range(0xD0, 0xD9))
_HALVED = b"\x22\x11\x11"
_MAX_SCANS = 100
"""Encoders make 10; each costs a pass over the whole picture."""
_MAX_SEGMENTS = 5_000
_FILL = re.compile(rb"\xff+")


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """`adobe` is the colour transform of an Adobe segment (None: no such segment), `ids` the names of the components.

    `sampling` has a byte for each component: how often it is sampled across (high half) and down (low half).
    """

    width_px: int
    height_px: int
    process: int
    bits: int
    ids: bytes
    dpi: float | None = None
    orientation: int = 1
    adobe: int | None = None
    jfif: bool = False
    several: bool = False
    camera: bool = False
    sampling: bytes = b""

    @property
    def components(self) -> int:
        return len(self.ids)

    @property
    def plain(self) -> bool:
        """Gray or YCbCr, coded as browsers know it, one picture, to be shown as it lies."""
        known = self.process in _SHOWN_BY_BROWSERS and (self.components == 1 or self.ycbcr)
        return known and self.orientation == 1 and not self.several

    @property
    def ycbcr(self) -> bool:
        """Luma and two colour differences."""
        rgb = not self.jfif and (self.adobe == 0 or (self.adobe is None and self.ids == b"RGB"))
        return self.components == 3 and not rgb

    @property
    def halved(self) -> bool:
        """YCbCr, coded as browsers know it, with the colour differences at half the size."""
        return self.process in _SHOWN_BY_BROWSERS and self.ycbcr and self.sampling == _HALVED


@dataclass(frozen=True, slots=True)
class JpegSource:
    """Decodes on every call. Strict: a warning of libjpeg (premature end, corrupt data) is a damaged picture."""

    data: bytes
    header: JpegHeader

    @property
    def monochrome(self) -> bool:
        return self.header.components == 1

    def gray(self, shrink: Shrink) -> Pixels:
        if self.header.components == 4:
            return shrunk(gray_of(self.colour()), shrink)
        height, width = -(-self.header.height_px // shrink), -(-self.header.width_px // shrink)
        return decode(self.data, "GRAY", (height, width))[:, :, 0]

    def colour(self) -> Pixels:
        if self.header.components != 4:
            return decode(self.data, "RGB")
        inks = decode(self.data, "CMYK")
        black = np.ascontiguousarray(inks[:, :, 3:])
        return cv2.multiply(np.ascontiguousarray(inks[:, :, :3]), np.repeat(black, 3, axis=2), scale=1 / 255)  # type: ignore[return-value]

    def planes(self) -> Planes | None:
        if not (turbo.AVAILABLE and self.header.halved):
            return None
        with decoding(say("the JPEG")):
            return turbo.stored_planes(self.data, self.header.width_px, self.header.height_px)


def decode(data: bytes, colours: str, least: tuple[int, int] = (0, 0)) -> Pixels:
    """(height, width, channels), shrunk as far as `least` (height, width) allows. Raises DecodeError."""
    with decoding(say("the JPEG")):
        pixels: Pixels = simplejpeg.decode_jpeg(data, colours, min_height=least[0], min_width=least[1], strict=True)
    return pixels


def open_jpeg(data: bytes, limits: Limits) -> Page | Problem:
    """The page of a JPEG file."""
    header = checked_header(data, limits)
    if isinstance(header, Problem):
        return header
    own = (data, "image/jpeg") if header.plain and is_whole(data) else None
    size = header.width_px, header.height_px
    source = JpegSource(data, header)
    lies, camera = header.orientation, header.camera
    return page_of(size, source, format="jpeg", dpi=header.dpi, own=own, stored_as=lies, camera=camera)


def is_whole(data: bytes) -> bool:
    """Nothing but padding follows the end of the picture."""
    return not data[data.rfind(END) + len(END) :].strip(PADDING)


def checked_header(data: bytes, limits: Limits) -> JpegHeader | Problem:
    """The header of a JPEG that can be decoded within the limits, as far as that can be told without decoding."""
    try:
        header = _read_header(data)
    except (ValueError, struct.error, IndexError):
        return unreadable(say("the header of the JPEG is damaged"))
    if data.rfind(END) < 0:
        return unreadable(say("the JPEG ends in the middle: its last part is missing"))
    problem = size_problem(header.width_px, header.height_px, limits.max_pixels)
    return problem or _unsupported(header) or _unsound(data, header) or header


def _unsupported(header: JpegHeader) -> Problem | None:
    if header.bits != 8:
        return unsupported(say("the JPEG has %(bits)s bits a sample; only 8 are supported", bits=header.bits))
    if header.components not in (1, 3, 4):
        return unsupported(
            say("the JPEG has %(n)s colour components; only 1, 3 and 4 are supported", n=header.components)
        )
    return None


def _unsound(data: bytes, header: JpegHeader) -> Problem | None:
    """libjpeg must read the same header, and a progressive picture must not keep it busy for ever."""
    try:
        with decoding(say("the header of the JPEG")):
            height, width, *_ = simplejpeg.decode_jpeg_header(data)
    except DecodeError as e:
        return e.problem
    if (width, height) != (header.width_px, header.height_px):
        return unreadable(say("the JPEG contradicts itself about its dimensions"))
    if header.process in _PROGRESSIVE and data.count(bytes((0xFF, _SOS))) > _MAX_SCANS:
        return unreadable(say("the JPEG is built of more passes than any scanner writes"))
    return None


def _read_header(data: bytes) -> JpegHeader:
    """Raises ValueError, struct.error or IndexError where the header is damaged."""
    segments = list(_segments(data))
    frames = [(marker, body) for marker, body in segments if marker in _SOF]
    if len(frames) != 1:
        raise ValueError("not exactly one frame")
    jfif, exif = _first(segments, _APP0, b"JFIF\0"), _first(segments, _APP1, b"Exif\0\0")
    adobe = _first(segments, _APP14, b"Adobe")
    told = from_exif(exif[6:])
    return JpegHeader(
        **_frame(*frames[0]),
        dpi=_jfif_dpi(jfif) or told.dpi,
        orientation=told.orientation,
        adobe=adobe[11] if adobe else None,
        jfif=bool(jfif),
        several=bool(_first(segments, _APP2, b"MPF\0")),
        camera=told.camera,
    )


def _first(segments: list[tuple[int, bytes]], marker: int, prefix: bytes) -> bytes:
    """The body of the first such segment, empty where there is none."""
    return next((body for m, body in segments if m == marker and body.startswith(prefix)), b"")


def _frame(marker: int, body: bytes) -> dict[str, Any]:
    bits, height, width, components = struct.unpack_from(">BHHB", body)
    size = {"width_px": width, "height_px": height, "process": marker, "bits": bits}
    return size | {"ids": body[6 : 6 + 3 * components : 3], "sampling": body[7 : 6 + 3 * components : 3]}


def _jfif_dpi(body: bytes) -> float | None:
    if not body:
        return None
    unit, x, y = struct.unpack_from(">BHH", body, 7)
    per_inch = {1: 1.0, 2: 2.54}.get(unit, 0.0)
    return believable_dpi(x * per_inch, y * per_inch)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment up to the first scan."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        fill = _FILL.match(data, at)
        if fill is None:
            raise ValueError("no marker where one belongs")
        marker, at = data[fill.end()], fill.end() + 1
        if marker in (_SOS, _EOI):
            return
        if marker not in _BARE:
            size = struct.unpack_from(">H", data, at)[0]
            yield marker, data[at + 2 : at + size]
            at += max(size, 2)
    raise ValueError("too many segments")
