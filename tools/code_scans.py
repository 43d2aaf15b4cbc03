"""Damaged prints in, pictures out: how paper is scanned, and the list of all that is measured.

For tools/measure_codes.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.code_samples import (
    AT_FINDERS,
    NO_FINDER,
    PX,
    Damage,
    Gray,
    Print,
    Rng,
    coffee,
    dirt,
    fade,
    hole,
    marker,
    staple,
    stray,
    strokes,
    tear,
)

Bitonal = int | Literal["dithered"]
_NOISE = np.random.default_rng(8).normal(0, 3, (1400, 1400)).astype(np.int16)


@dataclass(frozen=True)
class Scanner:
    """How the paper is scanned. `bitonal` is the threshold of a scan in black and white."""

    dpi: int = 300
    bitonal: Bitonal | None = None
    blur_mm: float = 0.0
    jpeg: int = 85
    skew_deg: float = 1.0
    turn_deg: float = 0.0

    def scan(self, print_: Print, rng: Rng) -> tuple[Gray, NDArray[np.float64]]:
        """The picture, and the symbol's corners in its pixels, clockwise from top left; (0, 0) is its outermost corner."""
        scale, size = self.dpi / 600, len(print_.gray)
        angle_deg = self.turn_deg + rng.uniform(-self.skew_deg, self.skew_deg)
        turn = cv2.getRotationMatrix2D((size / 2, size / 2), -angle_deg, 1.0) * scale
        turn[:, 2] += rng.uniform(0, 1, 2)
        at_middles = turn.copy()
        at_middles[:, 2] += turn[:, :2] @ (0.5, 0.5) - 0.5
        soft = cv2.GaussianBlur(print_.gray, (0, 0), float(np.hypot(0.5 / scale, self.blur_mm * PX)))
        side = round(size * scale)
        picture = cv2.warpAffine(soft, at_middles, (side, side), flags=cv2.INTER_LINEAR, borderValue=240)
        a, b = print_.left_mm * PX, (print_.left_mm + print_.side_mm) * PX
        corners = np.array([(a, a, 1), (b, a, 1), (b, b, 1), (a, b, 1)]) @ turn.T
        return self._sensed(picture, rng), corners

    def _sensed(self, picture: Gray, rng: Rng) -> Gray:
        x, y = rng.integers(0, 1400 - len(picture), 2)
        noisy = cv2.add(picture, _NOISE[y : y + len(picture), x : x + len(picture)], dtype=cv2.CV_8U)
        if self.bitonal == "dithered":
            return np.asarray(Image.fromarray(noisy).convert("1").convert("L"))
        if self.bitonal is not None:
            return np.where(noisy >= self.bitonal, 255, 0).astype(np.uint8)
        _, packed = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg])
        return cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)


@dataclass(frozen=True)
class Condition:
    """Something that happens to a code on its way. `group` says by whose hand."""

    group: Literal["pen", "paper", "scan"]
    name: str
    damages: tuple[Damage, ...] = ()
    scanner: Scanner = Scanner()

    def happen(self, clean: Print, rng: Rng) -> tuple[Gray, NDArray[np.float64]]:
        """The scan of the damaged print, and the corners of the symbol in it; `clean` stays as it is."""
        damaged = replace(clean, gray=clean.gray.copy())
        for damage in self.damages:
            damage(damaged, rng)
        return self.scanner.scan(damaged, rng)


def conditions() -> tuple[Condition, ...]:
    """All that is measured."""
    one, two, three = (partial(strokes, n) for n in (1, 2, 3))
    thresholds: tuple[Bitonal, ...] = (100, 128, 180, "dithered")
    return (
        Condition("scan", "none"),
        Condition("pen", "1 pen stroke", (one,)),
        Condition("pen", "2 pen strokes", (two,)),
        Condition("pen", "3 pen strokes", (three,)),
        Condition("pen", "marker stroke", (marker,)),
        Condition("pen", "2 loops over the lower edge", (partial(stray, True),)),
        Condition("pen", "2 loops over the upper edge", (partial(stray, False),)),
        Condition("pen", "1 pen stroke, 200 dpi", (one,), Scanner(200)),
        Condition("pen", "1 pen stroke, 150 dpi", (one,), Scanner(150)),
        Condition("pen", "1 pen stroke, bitonal 200 dpi", (one,), Scanner(200, 128)),
        Condition("pen", "1 pen stroke, skew to 15°", (one,), Scanner(skew_deg=15)),
        Condition("paper", "coffee", (coffee,)),
        Condition("paper", "dirt", (dirt,)),
        Condition("paper", "toner fading", (fade,)),
        Condition("paper", "torn at a finder pattern", (partial(tear, AT_FINDERS),)),
        Condition("paper", "torn at the fourth corner", (partial(tear, NO_FINDER),)),
        Condition("paper", "staple at a finder pattern", (partial(staple, AT_FINDERS),)),
        Condition("paper", "staple at the fourth corner", (partial(staple, NO_FINDER),)),
        Condition("paper", "punch hole at a finder pattern", (partial(hole, AT_FINDERS),)),
        Condition("paper", "punch hole at the fourth corner", (partial(hole, NO_FINDER),)),
        *(Condition("scan", f"{dpi} dpi", (), Scanner(dpi)) for dpi in (200, 150, 100)),
        *(Condition("scan", f"bitonal {d} dpi, {t}", (), Scanner(d, t)) for d in (200, 300) for t in thresholds),
        Condition("scan", "blur 0.2 mm", (), Scanner(blur_mm=0.2)),
        Condition("scan", "JPEG quality 30, 150 dpi", (), Scanner(150, jpeg=30)),
        Condition("scan", "skew to 15°", (), Scanner(skew_deg=15)),
    )


def drawn_page(kind: Literal["writing", "hatching"], rng: Rng) -> Gray:
    """An A4 page at 300 dpi without codes: lines of handwriting, or hatched areas and nested boxes."""
    page = np.full((3508, 2480), 240, np.uint8)
    for _ in range(60 if kind == "writing" else 25):
        at = rng.uniform((200, 200), (1900, 3000))
        for line in _written(rng) if kind == "writing" else _hatched(rng):
            points = np.round(at + line).astype(np.int32)
            cv2.polylines(page, [points], False, int(rng.integers(40, 120)), int(rng.integers(5, 9)), cv2.LINE_AA)
    return np.clip(page + 3 * rng.standard_normal(page.shape, np.float32), 0, 255).astype(np.uint8)


def _written(rng: Rng) -> list[NDArray[np.float64]]:
    t = np.linspace(0, rng.uniform(20, 90), 600)
    phases, sizes = rng.uniform(0, 6, 4), rng.uniform(8, 30, 4)
    x = 8 * t + sizes[0] * np.sin(1.9 * t + phases[0])
    y = sizes[1] * np.sin(2.3 * t + phases[1]) + sizes[2] * np.sin(0.7 * t + phases[2])
    return [np.stack([x, y], axis=1)]


def _hatched(rng: Rng) -> list[NDArray[np.float64]]:
    if rng.random() < 0.4:
        square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)], np.float64)
        return [square * half for half in rng.uniform(10, 40) * np.arange(1, 6)]
    gap, angles = rng.uniform(12, 40), rng.uniform(0, np.pi, rng.integers(1, 3))
    ways = [np.array([(np.cos(a), np.sin(a)), (-np.sin(a), np.cos(a))]) for a in angles]
    return [np.array([(-200, k * gap), (200, k * gap)]) @ way for way in ways for k in range(-8, 9)]
