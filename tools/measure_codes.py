"""Which codes to print? Draws symbols, damages them as people, printers and scanners do, and counts what is read.

    python tools/measure_codes.py [--samples 60] [--seed 1]

prints the tables of docs/decisions/0001-codes-on-paper.md as Markdown. Everything is drawn at 600 dpi, the grid of a
laser printer, then scanned to the resolution asked for. Each sample is damaged alike for every symbology and size.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image
from pyzbar import pyzbar

from scanpipe.codes import Key, Kind, encode
from scanpipe.layout import A4, QUIET_MODULES, places
from scanpipe.model import Claims

Gray = NDArray[np.uint8]
Rng = np.random.Generator
Damage = Callable[["Print", Rng], None]

PRINT_DPI = 600
PX = PRINT_DPI / 25.4
"""Pixels of the print raster in a millimetre."""
KEY = Key("K7Q", bytes(32))
SIDES_MM = (15, 18, 20, 22, 25)
USUAL_MM = 20
QR, DM = zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix
FAST: dict[str, Any] = {"try_rotate": False, "try_invert": False, "try_downscale": False}


@dataclass(frozen=True)
class Shape:
    """A symbology with its error correction."""

    name: str
    format: Any
    options: tuple[tuple[str, Any], ...]

    def modules(self, text: str) -> Gray:
        """The symbol without quiet zone, 255 is white."""
        symbol = zxingcpp.create_barcode(text, self.format, **dict(self.options))
        return np.asarray(symbol.to_image(scale=1, add_quiet_zones=False))


SHAPES = tuple(Shape(f"QR {level}", QR, (("ec_level", level),)) for level in "MQH")
SHAPES += (Shape("DM", DM, (("force_square", True),)),)


@dataclass
class Print:
    """A square piece of paper with a symbol in its middle: gray values at PRINT_DPI."""

    gray: Gray
    left_mm: float
    side_mm: float

    def inside(self, rng: Rng, share: float = 1.0) -> NDArray[np.float64]:
        """A random point of the symbol, or of its middle `share`, in mm."""
        return self.left_mm + self.side_mm * (0.5 + share * rng.uniform(-0.5, 0.5, 2))

    def ink(self, points_mm: Any, width_mm: float, level: int) -> None:
        """A line over the print, as dark as `level` where the paper was white."""
        layer = np.full_like(self.gray, 255)
        points = np.round(np.asarray(points_mm) * PX * 16).astype(np.int32)
        cv2.polylines(layer, [points], False, level, max(1, round(width_mm * PX)), cv2.LINE_AA, 4)
        self.gray = np.minimum(self.gray, layer)

    def shade(self, strength: NDArray[np.float32]) -> None:
        """Lets through 1 - strength of the light."""
        self.gray = (self.gray * (1 - strength)).astype(np.uint8)

    def grid_mm(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """x and y of every pixel."""
        y, x = np.mgrid[: self.gray.shape[0], : self.gray.shape[1]].astype(np.float32) / PX
        return x, y


def draw(shape: Shape, text: str, side_mm: float, rng: Rng) -> Print:
    """A printed symbol in its frame, with dot gain and the grain of paper."""
    modules = shape.modules(text)
    pad_mm = QUIET_MODULES * side_mm / 25 + 0.4
    edge_mm = pad_mm + 6
    size, side, edge = (round(v * PX) for v in (side_mm + 2 * edge_mm, side_mm, edge_mm))
    page = np.full((size, size), 255, np.uint8)
    page[edge : edge + side, edge : edge + side] = cv2.resize(modules, (side, side), interpolation=cv2.INTER_NEAREST)
    a, b = round((edge_mm - pad_mm) * PX), round((edge_mm + side_mm + pad_mm) * PX)
    cv2.rectangle(page, (a, a), (b, b), 90, round(0.3 * PX))
    return Print(_printed(page, rng), edge / PX, side / PX)


def _printed(page: Gray, rng: Rng) -> Gray:
    """Toner spreads by up to 0.04 mm, is not quite black, and paper is not quite white."""
    spread = cv2.GaussianBlur(page, (0, 0), 1.0).astype(np.float32)
    gained = np.clip((spread - rng.uniform(128, 215)) * 3 + 128, 0, 255) / 255
    toner, paper = rng.uniform(25, 60), rng.uniform(225, 250)
    coarse = np.frombuffer(rng.bytes(page.size // 4 + page.shape[0]), np.uint8)[: (page.shape[0] // 2) ** 2]
    grain = cv2.resize(coarse.reshape(page.shape[0] // 2, -1), page.shape[::-1]).astype(np.float32) / 25 - 5
    return np.clip(toner + (paper - toner) * gained + grain, 0, 255).astype(np.uint8)


def strokes(count: int, print_: Print, rng: Rng) -> None:
    """Pen lines, 0.5 to 0.8 mm, straight or curved, that cross the symbol; blue scans lighter than black."""
    for _ in range(count):
        _stroke(print_, rng, rng.uniform(0.5, 0.8), int(rng.integers(35, 70) if rng.random() < 0.5 else rng.integers(70, 125)))


def marker(print_: Print, rng: Rng) -> None:
    """A felt pen, 2 to 3 mm."""
    _stroke(print_, rng, rng.uniform(2, 3), int(rng.integers(30, 110)))


def _stroke(print_: Print, rng: Rng, width_mm: float, level: int) -> None:
    middle, angle, bend = print_.inside(rng, 0.8), rng.uniform(0, np.pi), rng.normal(0, 0.012)
    t = np.linspace(-60, 60, 121)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    print_.ink(middle + t[:, None] * along + (bend * t**2)[:, None] * across, width_mm, level)


def coffee(print_: Print, rng: Rng) -> None:
    """The ring of a cup, 60 to 80 mm across, whose rim goes through the symbol, and a blot."""
    x, y = print_.grid_mm()
    through, angle, radius = print_.inside(rng), rng.uniform(0, 2 * np.pi), rng.uniform(30, 40)
    away = np.hypot(x - through[0] - radius * np.cos(angle), y - through[1] - radius * np.sin(angle)) - radius
    rim = rng.uniform(0.25, 0.55) * np.exp(-((away / rng.uniform(1, 2.5)) ** 2)) + 0.08 * (away < 0)
    spot = print_.inside(rng)
    blot = rng.uniform(0.2, 0.5) / (1 + np.exp((np.hypot(x - spot[0], y - spot[1]) - rng.uniform(3, 8)) * 4))
    print_.shade(np.maximum(rim, blot).astype(np.float32))


def dirt(print_: Print, rng: Rng) -> None:
    """20 to 60 dark specks, 0.2 to 1 mm."""
    for _ in range(rng.integers(20, 60)):
        point = print_.inside(rng, 1.2)
        print_.ink([point, point], rng.uniform(0.2, 1.0), int(rng.integers(20, 130)))


def fade(print_: Print, rng: Rng) -> None:
    """Toner that runs out: gray instead of black, with lighter streaks down the page."""
    x, _ = print_.grid_mm()
    streaks = 0.5 + 0.5 * np.sin(x * rng.uniform(0.3, 2.0) + rng.uniform(0, 6))
    left = rng.uniform(0.25, 0.5) * (1 - 0.5 * streaks)
    print_.gray = (240 - (240 - print_.gray.astype(np.float32)) * left).astype(np.uint8)


def tear(corner: tuple[int, int] | None, print_: Print, rng: Rng) -> None:
    """A corner torn off up to 3 to 9 mm into the symbol on both its sides; the scanner's lid shows white or black."""
    x, y = print_.grid_mm()
    cx, cy = corner or ((0, 0), (1, 0), (0, 1))[rng.integers(3)]
    u = abs(x - print_.left_mm - cx * print_.side_mm) * np.where((x > print_.left_mm) == (cx == 0), 1, 1)
    u = (x - print_.left_mm) if cx == 0 else print_.left_mm + print_.side_mm - x
    v = (y - print_.left_mm) if cy == 0 else print_.left_mm + print_.side_mm - y
    a, b = rng.uniform(3, 9, 2)
    rough = 0.3 * np.sin(x * 5) + 0.2 * np.sin(y * 9)
    print_.gray[u / a + v / b + rough / 6 < 1] = rng.choice([10, 245])


def staple(print_: Print, rng: Rng) -> None:
    """A staple over a corner with a finder pattern, with its shadow."""
    at = _at_corner(print_, rng, rng.uniform(0, 4, 2))
    along = 6 * np.array([np.cos(a := rng.uniform(0, np.pi)), np.sin(a)])
    x, y = print_.grid_mm()
    across = np.abs((x - at[0]) * along[1] - (y - at[1]) * along[0]) / 6
    length = np.abs((x - at[0]) * along[0] + (y - at[1]) * along[1]) / 6
    print_.shade((0.5 * np.exp(-((across / 1.2) ** 2)) * (length < 7)).astype(np.float32))
    print_.ink([at - along, at + along], 0.6, int(rng.integers(10, 60)))


def hole(print_: Print, rng: Rng) -> None:
    """A punch hole of 6 mm, its middle within 3 mm of a corner with a finder pattern."""
    at = _at_corner(print_, rng, rng.uniform(-3, 3, 2))
    x, y = print_.grid_mm()
    print_.gray[np.hypot(x - at[0], y - at[1]) < 3] = rng.choice([10, 245])


def _at_corner(print_: Print, rng: Rng, inwards_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    corner = np.array(((0, 0), (1, 0), (0, 1))[rng.integers(3)])
    return print_.left_mm + corner * print_.side_mm + np.where(corner == 0, inwards_mm, -inwards_mm)
