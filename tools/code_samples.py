"""Symbols on paper, and what happens to them there: drawn at 600 dpi, the grid of a laser printer, then damaged.

For tools/measure_codes.py. All lengths are in mm; what is random comes from the generator passed in, and no draw
depends on the symbol, so that the same seed damages every symbology and size alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from scanpipe.codes import PERSONAL, Key, encode
from scanpipe.layout import QUIET_MODULES
from scanpipe.model import Claims

Gray = NDArray[np.uint8]
Field = NDArray[np.float32]
Rng = np.random.Generator
Corner = tuple[int, int]
PX = 600 / 25.4
"""Pixels of the print raster in a millimetre."""
AT_FINDERS: tuple[Corner, ...] = ((0, 0), (1, 0), (0, 1))
NO_FINDER: tuple[Corner, ...] = ((1, 1),)
_COARSE = 6


@dataclass(frozen=True)
class Shape:
    """A symbology with its error correction."""

    name: str
    format: Any
    options: tuple[tuple[str, Any], ...]

    def modules(self, text: str) -> Gray:
        """The symbol without quiet zone, a pixel a module, 255 is white."""
        symbol = zxingcpp.create_barcode(text, self.format, **dict(self.options))
        return np.asarray(symbol.to_image(scale=1, add_quiet_zones=False))


QR, DM = zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix
QR_M, QR_Q, QR_H = (Shape(f"QR {level}", QR, (("ec_level", level),)) for level in "MQH")
DATA_MATRIX = Shape("Data Matrix", DM, (("force_square", True),))
_KEY = Key("K7Q", bytes(32))


def text_of(number: int) -> str:
    """One of the three codes of some sheet: 41 to 48 characters."""
    question = "2a" if number % 2 else "10b"
    claims = Claims("MA0001-2026H", str(10001 + number), question, f"{number:08d}")
    return encode(PERSONAL[number % 3], claims, _KEY)


@dataclass
class Print:
    """A square piece of paper with a symbol in its middle. `gray` is uint8 at 600 dpi; x and y count from its corner."""

    gray: Gray
    left_mm: float
    side_mm: float

    def inside(self, rng: Rng, share: float = 1.0) -> NDArray[np.float64]:
        """A random point of the symbol, or of `share` of it around its middle."""
        return self.left_mm + self.side_mm * (0.5 + share * rng.uniform(-0.5, 0.5, 2))

    def corner(self, which: Corner, inwards_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """A point so far inside (x, y) of a corner of the symbol."""
        at = np.array(which)
        return self.left_mm + at * self.side_mm + np.where(at == 0, inwards_mm, -inwards_mm)

    def grid(self) -> tuple[Field, Field]:
        """x and y of points a quarter of a millimetre apart, enough for what is soft."""
        y, x = np.ogrid[: len(self.gray) : _COARSE, : len(self.gray) : _COARSE]
        return x.astype(np.float32) / PX, y.astype(np.float32) / PX

    def ink(self, points_mm: Any, width_mm: float, level: int) -> None:
        """A line over the print, as dark as `level` where the paper was lighter."""
        layer = np.full_like(self.gray, 255)
        points = np.round(np.asarray(points_mm) * PX * 16).astype(np.int32)
        cv2.polylines(layer, [points], False, level, max(1, round(width_mm * PX)), cv2.LINE_AA, 4)
        np.minimum(self.gray, layer, out=self.gray)

    def shade(self, strength: Field) -> None:
        """Takes this share of the light away; `strength` is given at the points of `grid`."""
        left = cv2.resize(1 - strength, self.gray.shape, interpolation=cv2.INTER_LINEAR)
        self.gray = (self.gray * left).astype(np.uint8)

    def cut(self, outline_mm: Any, level: int) -> None:
        """Takes paper away: what is behind scans as `level`."""
        cv2.fillPoly(self.gray, [np.round(np.asarray(outline_mm) * PX).astype(np.int32)], level)


Damage = Callable[[Print, Rng], None]


def draw(modules: Gray, side_mm: float, rng: Rng) -> Print:
    """The symbol in its frame, printed: toner spreads by up to 0.04 mm and is not quite black, paper has a grain."""
    pad_mm = QUIET_MODULES * side_mm / 25 + 0.4
    side, pad, around = (round(v * PX) for v in (side_mm, pad_mm, 5.0))
    edge = pad + around
    page = np.full((side + 2 * edge, side + 2 * edge), 255, np.uint8)
    page[edge : edge + side, edge : edge + side] = cv2.resize(modules, (side, side), interpolation=cv2.INTER_NEAREST)
    cv2.rectangle(page, (around, around), (around + side + 2 * pad,) * 2, 90, round(0.3 * PX))
    spread = cv2.GaussianBlur(page, (0, 0), 1.0).astype(np.float32)
    gained = np.clip((spread - rng.uniform(128, 215)) * 3 + 128, 0, 255) / 255
    toner, paper = rng.uniform(25, 60), rng.uniform(225, 250)
    grain = np.random.default_rng(7).normal(0, 3, (len(page) // 2,) * 2).astype(np.float32)
    gray = toner + (paper - toner) * gained + cv2.resize(grain, page.shape)
    return Print(np.clip(gray, 0, 255).astype(np.uint8), edge / PX, side / PX)


def strokes(count: int, print_: Print, rng: Rng) -> None:
    """Pen lines, 0.5 to 0.8 mm, straight or curved, that cross the symbol; blue ink scans lighter than black."""
    for _ in range(count):
        low, high = (35, 70) if rng.random() < 0.5 else (70, 125)
        _stroke(print_, rng, rng.uniform(0.5, 0.8), int(rng.integers(low, high)))


def marker(print_: Print, rng: Rng) -> None:
    """A felt pen, 2 to 3 mm."""
    _stroke(print_, rng, rng.uniform(2, 3), int(rng.integers(30, 110)))


def _stroke(print_: Print, rng: Rng, width_mm: float, level: int) -> None:
    middle, angle, bend = print_.inside(rng, 0.8), rng.uniform(0, np.pi), rng.normal(0, 0.012)
    t = np.linspace(-60, 60, 121)[:, None]
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    print_.ink(middle + t * along + bend * t**2 * across, width_mm, level)


def stray(lower_edge: bool, print_: Print, rng: Rng) -> None:
    """Two loops of a pen that come in over one edge of the symbol, 1 to 10 mm deep: a drawing that went too far."""
    for _ in range(2):
        t, width, depth = np.linspace(-3, 3, 121), rng.uniform(1, 6), rng.uniform(1, 10)
        x = print_.left_mm + print_.side_mm * rng.uniform(0, 1) + width * t
        inwards = depth * (1 - t**2)
        y = print_.left_mm + (print_.side_mm - inwards if lower_edge else inwards)
        print_.ink(np.stack([x, y], axis=1), rng.uniform(0.5, 0.8), int(rng.integers(35, 125)))


def coffee(print_: Print, rng: Rng) -> None:
    """The ring of a cup, 60 to 80 mm across, whose rim goes through the symbol, and a blot."""
    x, y = print_.grid()
    through, angle, radius = print_.inside(rng), rng.uniform(0, 2 * np.pi), rng.uniform(30, 40)
    away = np.hypot(x - through[0] - radius * np.cos(angle), y - through[1] - radius * np.sin(angle)) - radius
    rim = rng.uniform(0.25, 0.55) * np.exp(-((away / rng.uniform(1, 2.5)) ** 2)) + 0.08 * (away < 0)
    spot = print_.inside(rng)
    blot = rng.uniform(0.2, 0.5) / (1 + np.exp((np.hypot(x - spot[0], y - spot[1]) - rng.uniform(3, 8)) * 4))
    print_.shade(np.maximum(rim, blot))


def dirt(print_: Print, rng: Rng) -> None:
    """20 to 60 dark specks, 0.2 to 1 mm."""
    for _ in range(rng.integers(20, 60)):
        point = print_.inside(rng, 1.2)
        print_.ink([point, point], rng.uniform(0.2, 1.0), int(rng.integers(20, 130)))


def fade(print_: Print, rng: Rng) -> None:
    """Toner that runs out: gray instead of black, lighter in streaks."""
    x, _ = print_.grid()
    streaks = cv2.resize(np.sin(x * rng.uniform(0.3, 2.0) + rng.uniform(0, 6)), (len(print_.gray), 1))
    left = rng.uniform(0.25, 0.5) * (0.75 - 0.25 * streaks)
    print_.gray = (240 - (240 - print_.gray.astype(np.float32)) * left).clip(0, 255).astype(np.uint8)


def tear(corners: tuple[Corner, ...], print_: Print, rng: Rng) -> None:
    """A corner torn off, 4 to 10 mm along both sides of the symbol; the lid behind it scans white or black."""
    at, legs, t = corners[rng.integers(len(corners))], rng.uniform(4, 10, 2), np.linspace(-8, 9, 170)[:, None]
    edge = legs * np.hstack([t, 1 - t]) + rng.normal(0, 0.15, (170, 2))
    outline = [print_.corner(at, point) for point in (*edge, -10 * legs)]
    print_.cut(outline, int(rng.choice([10, 245])))


def staple(corners: tuple[Corner, ...], print_: Print, rng: Rng) -> None:
    """A staple of 12 mm over a corner of the symbol, and the shadow of the fold behind it."""
    at = print_.corner(corners[rng.integers(len(corners))], rng.uniform(0, 4, 2))
    angle, (x, y) = rng.uniform(0, np.pi), print_.grid()
    along = np.array([np.cos(angle), np.sin(angle)])
    across = (x - at[0]) * along[1] - (y - at[1]) * along[0]
    print_.shade((rng.uniform(0.3, 0.6) * np.exp(-((across / 1.5) ** 2))).astype(np.float32))
    print_.ink([at - 6 * along, at + 6 * along], 0.6, int(rng.integers(10, 60)))


def hole(corners: tuple[Corner, ...], print_: Print, rng: Rng) -> None:
    """A punch hole of 6 mm, its middle within 3 mm of a corner of the symbol."""
    _punch(print_, print_.corner(corners[rng.integers(len(corners))], rng.uniform(-3, 3, 2)), rng)


def punched(x_mm: float, y_mm: float, print_: Print, rng: Rng) -> None:
    """A punch hole of 6 mm about so far right of and below the symbol's top left corner."""
    _punch(print_, print_.left_mm + np.array([x_mm, y_mm]) + rng.normal(0, 0.7, 2), rng)


def _punch(print_: Print, at_mm: NDArray[np.float64], rng: Rng) -> None:
    a = np.linspace(0, 2 * np.pi, 60)
    print_.cut(at_mm + 3 * np.stack([np.cos(a), np.sin(a)], axis=1), int(rng.choice([10, 245])))
