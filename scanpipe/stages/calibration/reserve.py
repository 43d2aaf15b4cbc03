"""A code as it was scanned in, out: how much worse the picture may become before it cannot be read.

Really tried: the picture of the code is made worse step by step until the reader fails twice running.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.model import Code

Gray = NDArray[np.uint8]

_QR = frozenset({"qr"})
_MARGIN_MODULES = 4
_COARSER = 1.08 ** np.arange(0, 40)
_BLURS_MODULES = np.arange(0.0, 3.0, 0.1)
_FAINTER = 0.88 ** np.arange(0, 32)
_FAILURES = 2
_SEED = 7


class Reader(Protocol):
    def search(self, gray: Gray, symbologies: frozenset[str]) -> list[Code]: ...


@dataclass(frozen=True, slots=True)
class Scan:
    """Pixels, and what levels (0 to 255) the paper has and the noise on it (standard deviation)."""

    gray: Gray
    paper_level: float
    noise_levels: float


@dataclass(frozen=True, slots=True)
class CodeReserve:
    """`module_px` is the size of a module in the scan. `coarser`: it could be read at so many times fewer dots per inch.

    `blur_modules`: and when blurred by a Gaussian of this standard deviation. `fainter`: and with this share of its contrast,
    under the noise that the scan has.
    """

    kind: str
    module_px: float
    coarser: float
    blur_modules: float
    fainter: float


def reserve(kind: str, code: Code, modules: int, scan: Scan, reader: Reader) -> CodeReserve:
    """`modules` is how many the symbol has along a side."""
    corners = np.array(code.corners)
    module_px = float(np.mean(np.hypot(*(np.roll(corners, -1, axis=0) - corners).T))) / modules
    crop = _cut(scan.gray, corners, round(_MARGIN_MODULES * module_px))
    noise = np.random.default_rng(_SEED).normal(0, scan.noise_levels, crop.shape)

    def coarser(by: float) -> Gray:
        size = max(1, round(crop.shape[1] / by)), max(1, round(crop.shape[0] / by))
        return cv2.resize(crop, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]

    def blurred(modules: float) -> Gray:
        return cv2.GaussianBlur(crop, (0, 0), modules * module_px) if modules else crop  # type: ignore[return-value]

    def fainter(share: float) -> Gray:
        return np.clip(scan.paper_level + (crop - scan.paper_level) * share + noise * (1 - share), 0, 255).astype(
            np.uint8
        )

    def last(steps: Iterable[float], worse: Callable[[float], Gray]) -> float:
        return round(_last_read(steps, worse, code.text, reader), 2)

    return CodeReserve(
        kind, round(module_px, 2), last(_COARSER, coarser), last(_BLURS_MODULES, blurred), last(_FAINTER, fainter)
    )


def _last_read(steps: Iterable[float], worse: Callable[[float], Gray], text: str, reader: Reader) -> float:
    reached, failures = float("nan"), 0
    for step in steps:
        if any(c.text == text for c in reader.search(worse(float(step)), _QR)):
            reached, failures = float(step), 0
        elif (failures := failures + 1) == _FAILURES:
            break
    return reached


def _cut(gray: Gray, corners: NDArray[np.float64], margin_px: int) -> Gray:
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - margin_px, 0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + margin_px
    return np.ascontiguousarray(gray[top : bottom + 1, left : right + 1])
