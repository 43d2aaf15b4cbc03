"""Pictures in, a PDF out, piece by piece: each picture's own bytes, placed under a matrix that turns it straight to the eye.

Nothing is decoded where the picture is a JPEG, so nothing is lost (ISO 32000-1, 7.4.8 and 8.9.5). Only one picture is in memory.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from scanpipe.model import Point
from scanpipe.stages.render import STRAIGHT_DEG
from scanpipe.stages.straighten import canvas_for

_PT_PER_INCH = 72.0
_USUAL_DPI = 300.0
_STORED_TO_SHOWN = {
    1: ((1, 0), (0, 1)),
    2: ((-1, 0), (0, 1)),
    3: ((-1, 0), (0, -1)),
    4: ((1, 0), (0, -1)),
    5: ((0, 1), (1, 0)),
    6: ((0, -1), (1, 0)),
    7: ((0, -1), (-1, 0)),
    8: ((0, 1), (-1, 0)),
}
"""Where the stored picture's x and y go, as factors of (stored x, stored y) about the middle, for each EXIF orientation."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture to be placed: its bytes as PDF takes them, and how far it stands from upright. `stored_as` is its orientation as
    in EXIF, `width_px` and `height_px` are as stored.
    """

    body: bytes
    filter: str
    colours: int
    width_px: int
    height_px: int
    stored_as: int = 1
    turn_deg: int = 0
    skew_deg: float = 0.0
    dpi: float | None = None


def sheet_of_pixels(body: bytes, dpi: float | None) -> Sheet | None:
    """A picture of any other kind, without loss; None where the bytes are no picture."""
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        return None
    gray = bool((picture[:, :, 0] == picture[:, :, 1]).all() and (picture[:, :, 1] == picture[:, :, 2]).all())
    pixels = picture[:, :, 0] if gray else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    height, width = picture.shape[:2]
    return Sheet(
        zlib.compress(np.ascontiguousarray(pixels).tobytes(), 6),
        "FlateDecode",
        1 if gray else 3,
        width,
        height,
        dpi=dpi,
    )


def matrix(sheet: Sheet) -> tuple[tuple[float, ...], tuple[float, float]]:
    """The PDF matrix that places the picture, and the size of its page, in points: the same turns as `render`."""
    scale = _PT_PER_INCH / (sheet.dpi or _USUAL_DPI)
    shown = sheet.width_px, sheet.height_px
    shown = shown[::-1] if sheet.stored_as >= 5 else shown
    upright = shown[::-1] if sheet.turn_deg in (90, 270) else shown
    skew_deg = sheet.skew_deg if abs(sheet.skew_deg) >= STRAIGHT_DEG else 0.0
    height, width = canvas_for(upright[1], upright[0], skew_deg) if skew_deg else (upright[1], upright[0])

    def place(x: float, y: float) -> Point:
        """From a point of the stored picture to one of the page."""
        dx, dy = x - sheet.width_px / 2, y - sheet.height_px / 2
        right, down = _STORED_TO_SHOWN[sheet.stored_as]
        dx, dy = dx * right[0] + dy * right[1], dx * down[0] + dy * down[1]
        dx, dy = _turned_back(dx, dy, sheet.turn_deg + skew_deg)
        return (dx + width / 2) * scale, (height / 2 - dy) * scale

    (ex, ey), (ax, ay), (cx, cy) = place(0, sheet.height_px), place(sheet.width_px, sheet.height_px), place(0, 0)
    return (ax - ex, ay - ey, cx - ex, cy - ey, ex, ey), (width * scale, height * scale)


def _turned_back(dx: float, dy: float, deg: float) -> Point:
    c, s = math.cos(math.radians(deg)), math.sin(math.radians(deg))
    return c * dx + s * dy, c * dy - s * dx


def pdf(sheets: Iterator[Sheet], title: str) -> Iterator[bytes]:
    """The file, in pieces that can be sent one by one."""
    places: dict[int, int] = {}
    at = 0

    def told(number: int, body: bytes) -> bytes:
        nonlocal at
        places[number] = at
        piece = b"%d 0 obj\n%b\nendobj\n" % (number, body)
        at += len(piece)
        return piece

    head = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"
    at = len(head)
    yield head
    pages: list[int] = []
    for sheet in sheets:
        first = 4 + 3 * len(pages)
        pages.append(first)
        for number, body in enumerate(_objects(sheet, first), first):
            yield told(number, body)
    kids = b" ".join(b"%d 0 R" % n for n in pages)
    yield told(1, b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /DisplayDocTitle true >> >>")
    yield told(2, b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(pages), kids))
    yield told(3, b"<< /Title %b /Producer (scanpipe) >>" % _text(title))
    yield _end(places, at)


def _objects(sheet: Sheet, first: int) -> Sequence[bytes]:
    """The page, what is drawn on it, and the picture."""
    (a, b, c, d, e, f), (width, height) = matrix(sheet)
    drawn = f"q {a:.4f} {b:.4f} {c:.4f} {d:.4f} {e:.4f} {f:.4f} cm /I Do Q".encode()
    resources = f"/Resources << /XObject << /I {first + 2} 0 R >> >>"
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.3f} {height:.3f}] {resources} /Contents {first + 1} 0 R >>"
    colours = {1: "DeviceGray", 3: "DeviceRGB"}[sheet.colours]
    about = f"/Width {sheet.width_px} /Height {sheet.height_px} /ColorSpace /{colours} /BitsPerComponent 8"
    about = f"<< /Type /XObject /Subtype /Image {about} /Filter /{sheet.filter} /Interpolate true /Length {len(sheet.body)} >>"
    return page.encode(), _stream(f"<< /Length {len(drawn)} >>", drawn), _stream(about, sheet.body)


def _stream(about: str, body: bytes) -> bytes:
    return b"%b\nstream\n%b\nendstream" % (about.encode(), body)


def _text(text: str) -> bytes:
    """Any text, as UTF-16 in hexadecimal digits."""
    return b"<feff%b>" % text.encode("utf-16-be").hex().encode()


def _end(places: dict[int, int], at: int) -> bytes:
    """Where each object begins, and where that list begins."""
    rows = b"".join(b"%010d 00000 n \n" % places[n] for n in range(1, len(places) + 1))
    count = len(places) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, at)
    return b"xref\n0 %d\n0000000000 65535 f \n%b%b" % (count, rows, trailer)
