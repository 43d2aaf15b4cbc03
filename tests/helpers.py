"""Sheets as arrays: drawn by the layout's own table, written on, turned. Shared by the tests; nothing here is random by itself.

Lengths are millimetres on the sheet, gray is uint8 (height, width), 255 is white.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from scanpipe.codes import LABELS, PERSONAL, Key, Keyring, Kind, encode
from scanpipe.layout import A4, LETTER, Paper, Place, place_of, places
from scanpipe.model import Candidate, Claims, Code, Corners, Question, TestDefinition
from scanpipe.readers import open_reader
from scanpipe.sheets import matrix
from scanpipe.stages.read import Eyes

Gray = NDArray[np.uint8]

KEY = Key("K7Q", bytes(range(32)))
RING = Keyring.of(KEY)
CLAIMS = Claims("MA0001-2026H", "10001", "2A", "00012345")
OTHER = Claims("MA0001-2026H", "10002", "3", "00067890")
PAPER, INK = 245, 40
_FINE = 8
NOT_GENERIC = tuple(k for k in Kind if k not in (Kind.GENERIC, Kind.SEPARATOR))
"""Codes that claim something: candidate, question, or both, or stand beside others that do."""
_STUCK_AT_MM = {Kind.CANDIDATE_LABEL: (20.0, 15.0), Kind.QUESTION_LABEL: (95.0, 15.0)}


def eyes() -> Eyes:
    """The two readers as the product has them."""
    return Eyes(open_reader("zxing"), open_reader("zbar"))


def definition(**changes: Any) -> TestDefinition:
    """A small test whose slots `CLAIMS` and `OTHER` name."""
    usual = {
        "id": "MA0001-2026H",
        "title": "Grunnkurs i matematikk",
        "date": "2026-12-03",
        "language": "nb",
        "sketches": True,
        "questions": (
            Question("1", "Oppgave 1", "none"),
            Question("2a", "Oppgave 2a", "allowed", 2),
            Question("3", "Oppgave 3", "expected", 1),
            Question("4", "Oppgave 4", "allowed"),
        ),
        "candidates": (Candidate("10001", "Kari Åsmund", "S4", "12"), Candidate("10002"), Candidate("10003")),
        "revision": 1,
    }
    return TestDefinition(**{**usual, **changes})


def text(kind: Kind, claims: Claims = CLAIMS, key: Key = KEY, paper: Paper = A4) -> str:
    """The text of a code, signed."""
    return encode(kind, claims, key, letter=paper == LETTER)


def code(
    kind: Kind,
    claims: Claims = CLAIMS,
    *,
    angle_deg: float = 0.0,
    px_per_mm: float = 8.0,
    paper: Paper = A4,
    rehearsal: bool = False,
) -> Code:
    """A code as a reader that makes no error would give it, on a sheet placed by `on_page`; a label is on its box."""
    place = Place(*_STUCK_AT_MM[kind]) if kind in LABELS else place_of(kind, paper)
    corners = on_page(place.corners_mm, angle_deg, px_per_mm)
    told = encode(kind, claims, KEY, letter=paper == LETTER, rehearsal=rehearsal)
    return Code(told, "qr", corners, "zxing")


def on_page(points_mm: Sequence[tuple[float, float]], angle_deg: float, px_per_mm: float) -> Corners:
    """Four points of a sheet that stands turned clockwise about its top left corner, which is at (1000, 1000)."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    p, q, r, t = ((1000 + px_per_mm * (c * x - s * y), 1000 + px_per_mm * (s * x + c * y)) for x, y in points_mm)
    return (p, q, r, t)


@dataclass
class Canvas:
    """A sheet that can be drawn on; `gray` is the picture of it at `dpi`."""

    dpi: float = 200.0
    paper: Paper = A4
    gray: Gray = field(init=False)

    def __post_init__(self) -> None:
        size = round(self.paper.height_mm * self.px), round(self.paper.width_mm * self.px)
        self.gray = np.full(size, PAPER, np.uint8)

    @property
    def px(self) -> float:
        """Pixels a millimetre."""
        return self.dpi / 25.4

    def symbol(self, modules: NDArray[np.bool_], x_mm: float, y_mm: float, size_mm: float) -> None:
        """A symbol with its top left corner there, to an eighth of a pixel."""
        corner = np.array([x_mm, y_mm]) * self.px
        first = np.floor(corner).astype(int)
        side = round(size_mm * self.px * _FINE)
        window = math.ceil(side / _FINE) + 2
        fine = np.full((window * _FINE, window * _FINE), PAPER, np.uint8)
        left, top = np.round((corner - first) * _FINE).astype(int)
        ink = np.where(modules, INK, PAPER).astype(np.uint8)
        fine[top : top + side, left : left + side] = cv2.resize(ink, (side, side), interpolation=cv2.INTER_NEAREST)
        area = self.gray[first[1] : first[1] + window, first[0] : first[0] + window]
        area[:] = cv2.resize(fine, (window, window), interpolation=cv2.INTER_AREA)[: len(area), : area.shape[1]]

    def code(self, kind: Kind, claims: Claims = CLAIMS, key: Key = KEY) -> None:
        """The code of this kind where the layout has it."""
        place = places(self.paper)[kind]
        self.symbol(matrix(text(kind, claims, key, self.paper)), place.x_mm, place.y_mm, place.size_mm)

    def line(self, points_mm: Sequence[tuple[float, float]], width_mm: float = 0.5, level: int = INK) -> None:
        """A pen through these points."""
        points = np.round((np.asarray(points_mm) * self.px - 0.5) * 16).astype(np.int32)
        width = max(1, round(width_mm * self.px))
        cv2.polylines(self.gray, [points], False, level, width, cv2.LINE_AA, 4)

    def frames(self) -> None:
        """The frame of the drawing area and those of the codes, as they are printed."""
        right, bottom = self.paper.width_mm - 9, self.paper.height_mm - 42
        self.box(9, 46, right, bottom)
        for place in places(self.paper).values():
            self.box(place.x_mm - 3.6, place.y_mm - 3.6, place.x_mm + 23.6, place.y_mm + 23.6)

    def box(self, left: float, top: float, right: float, bottom: float) -> None:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        self.line(corners, 0.3, 90)

    def handwriting(self, top_mm: float = 60.0, lines: int = 12) -> None:
        """Wavy lines of the size of writing, nearly but not quite along the page."""
        for n in range(lines):
            xs = np.arange(20.0, 150.0 + 3 * (n % 5), 0.5)
            ys = top_mm + 9 * n + 0.01 * xs * (n % 3 - 1) + 1.6 * np.sin(xs * 1.7 + n) * np.sin(xs * 0.31 + 2 * n)
            self.line(list(zip(xs, ys, strict=True)), 0.45, 60)


def sheet(
    claims: Claims = CLAIMS, *, dpi: float = 200.0, paper: Paper = A4, kinds: Sequence[Kind] = PERSONAL
) -> Canvas:
    """A printed sheet with its codes and frames, and with something drawn on it."""
    canvas = Canvas(dpi, paper)
    canvas.frames()
    canvas.handwriting()
    for kind in kinds:
        canvas.code(kind, claims)
    return canvas


def rotated(pixels: Gray, angle_deg: float, around: int = PAPER) -> Gray:
    """Turned clockwise, onto a canvas that holds all of it; quarter turns move pixels exactly."""
    quarter = round(angle_deg / 90)
    pixels = np.ascontiguousarray(np.rot90(pixels, -quarter))
    rest = angle_deg - 90 * quarter
    if rest == 0:
        return pixels
    height, width = pixels.shape[:2]
    c, s = abs(math.cos(math.radians(rest))), abs(math.sin(math.radians(rest)))
    size = math.ceil(width * c + height * s) + 2, math.ceil(height * c + width * s) + 2
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -rest, 1.0)
    turn[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    out: Gray = cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_CUBIC, borderValue=(around,) * 3)  # type: ignore[assignment]
    return out


def symbol(content: str, format: zxingcpp.BarcodeFormat, scale: int = 6, **options: Any) -> Gray:
    """Any barcode with its quiet zone, black on white."""
    made = zxingcpp.create_barcode(content, format, **options)
    return np.pad(np.asarray(made.to_image(scale=scale, add_quiet_zones=True)), 10, constant_values=255)


def angle_apart(a_deg: float, b_deg: float) -> float:
    """How far apart two directions are, 0 to 180."""
    return abs((a_deg - b_deg + 180) % 360 - 180)


@dataclass(frozen=True)
class ArrayPage:
    """A page that is an array: what the stages ask of a page of a file. `gray` shrinks as libjpeg does, by whole blocks."""

    pixels: Gray
    own: tuple[bytes, str] | None = None
    dpi: float | None = None

    @property
    def width_px(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.pixels.shape[0])

    def planes(self) -> tuple[Gray, ...]:
        if self.pixels.ndim == 2:
            return (self.pixels,)
        height, width = self.pixels.shape[:2]
        even = np.pad(self.pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        luma, red, blue = cv2.split(cv2.cvtColor(even, cv2.COLOR_RGB2YCrCb))
        halves = [cv2.resize(c, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for c in (blue, red)]
        return luma, *halves  # type: ignore[return-value]

    def gray(self, shrink: int = 1) -> Gray:
        flat = self.pixels if self.pixels.ndim == 2 else cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY)
        missing = [(0, -n % shrink) for n in flat.shape]
        whole = np.pad(flat, missing, mode="edge")
        size = whole.shape[1] // shrink, whole.shape[0] // shrink
        out: Gray = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return out
