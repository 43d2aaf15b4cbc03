"""All that one page says of its printer and scanner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.calibration_sheet import band, wedge
from scanpipe.layout import Box
from scanpipe.model import Code
from scanpipe.stages.calibration.bearing import Bearing, find_bearing
from scanpipe.stages.calibration.reserve import CodeReserve, Reader, Scan, reserve
from scanpipe.stages.calibration.streaks import Streak, bright_streaks, dark_streaks
from scanpipe.stages.deskew import split

Gray = NDArray[np.uint8]

_QR = frozenset({"qr"})
_EDGE_MM = 4.0
_STROKE_MM2 = 0.5 * 5.0
"""Of a pencil: half a millimetre wide, five long."""
_ROSE = 5.0
"""Contrast × √(pixels) / noise from which a detail is told from noise (A. Rose, "The sensitivity performance of the human eye
on an absolute scale", 1948)."""
_LEAST_LEVELS = 2.0
_NEAR_PAPER_LEVELS = 24
_MM_PER_INCH = 25.4


class Picture(Protocol):
    @property
    def dpi(self) -> float | None: ...

    def gray(self) -> Gray: ...


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Too little was read on the page; `found` names the codes that were."""

    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Directions are those of the scan: across the feed is its width, along the feed its height.

    Levels are gray values, 0 to 255. `said_dpi` is what the file says. `stretch_percent` is by how much the scale along the
    feed is larger than that across. `cut_mm` names the edges of the paper as it is read. `faintest_ink` is the lightest step of
    the wedge from which on all are seen; None on an ordinary sheet, and 1.0 where none is seen.
    """

    calibration_sheet: bool
    paper: str
    said_dpi: float | None
    dpi_across: float
    dpi_along: float
    turn_deg: int
    skew_deg: float
    stretch_percent: float
    cut_mm: Mapping[str, float]
    streaks: tuple[Streak, ...]
    paper_level: float
    ink_level: float
    noise_levels: float
    faintest_ink: float | None
    codes: tuple[CodeReserve, ...]


def calibrate(
    page: Picture, first: Reader, second: Reader, side_modules: Callable[[str], int]
) -> Calibration | Unmeasured:
    """`side_modules` says how many modules the symbol of a text has along a side. Raises `unpack.DecodeError`."""
    gray = page.gray()
    bearing, by_kind = find_bearing(first.search(gray, _QR))
    if bearing is None:
        bearing, by_kind = find_bearing([*by_kind.values(), *second.search(gray, _QR)])
    if bearing is None:
        return Unmeasured(tuple(kind.name.lower() for kind in by_kind))
    codes = {kind.name.lower(): code for kind, code in by_kind.items()}
    scan = _levels(gray)
    turn_deg, skew_deg = split(bearing.angle_deg)
    return Calibration(
        calibration_sheet=bearing.calibration_sheet,
        paper=bearing.paper.name,
        said_dpi=page.dpi,
        dpi_across=round(bearing.dpi_across, 1),
        dpi_along=round(bearing.dpi_along, 1),
        turn_deg=turn_deg,
        skew_deg=round(skew_deg, 3),
        stretch_percent=round(100 * (bearing.dpi_along / bearing.dpi_across - 1), 2),
        cut_mm=bearing.cut_mm(gray.shape[1], gray.shape[0]),
        streaks=_streaks(gray, bearing),
        paper_level=scan.paper_level,
        ink_level=_ink_level(gray, codes),
        noise_levels=scan.noise_levels,
        faintest_ink=_faintest(gray, bearing, scan.noise_levels) if bearing.calibration_sheet else None,
        codes=tuple(reserve(kind, code, side_modules(code.text), scan, first) for kind, code in codes.items()),
    )


def _levels(gray: Gray) -> Scan:
    """The level of the paper is the most frequent bright one; the noise is told from neighbours on it."""
    counts = np.bincount(gray.ravel(), minlength=256)
    paper = 128 + int(counts[128:].argmax())
    left, right = (
        gray[:, :-2:2].astype(np.int16),
        gray[:, 2::2].astype(np.int16),
    )  # next but one: a lens blurs neighbours
    width = min(left.shape[1], right.shape[1])
    apart = right[:, :width] - left[:, :width]
    on_paper = np.minimum(left, right)[:, :width] > paper - _NEAR_PAPER_LEVELS
    noise = float(np.std(apart[on_paper]) / np.sqrt(2)) if on_paper.any() else 0.0
    return Scan(gray, float(paper), round(noise, 2))


def _ink_level(gray: Gray, codes: Mapping[str, Code]) -> float:
    """The level of black modules: the darkest tenth of each code's picture."""
    levels = []
    for code in codes.values():
        corners = np.array(code.corners)
        (left, top), (right, bottom) = np.maximum(corners.min(axis=0), 0).astype(int), corners.max(axis=0).astype(int)
        levels.append(np.percentile(gray[top : bottom + 1, left : right + 1], 10))
    return round(float(np.mean(levels)), 1)


def _streaks(gray: Gray, bearing: Bearing) -> tuple[Streak, ...]:
    """On the paper, clear of its edges, where the bed and the paper's shadow begin."""
    w, h = bearing.paper.width_mm, bearing.paper.height_mm
    around = bearing.px([(0, 0), (w, 0), (w, h), (0, h)])
    edge_px = round(_EDGE_MM / _MM_PER_INCH * bearing.dpi_across)
    xs, ys = np.sort(around[:, 0]), np.sort(around[:, 1])
    left, right = max(0, int(xs[1])) + edge_px, min(gray.shape[1], int(xs[2])) - edge_px
    top, bottom = max(0, int(ys[1])) + edge_px, min(gray.shape[0], int(ys[2])) - edge_px
    if right - left < edge_px or bottom - top < edge_px:
        return ()
    found = dark_streaks(np.ascontiguousarray(gray[top:bottom, left:right]), bearing.dpi_across)
    offsets = {"along": left, "across": top}
    mm = _MM_PER_INCH / bearing.dpi_across
    dark = tuple(Streak(s.runs, round(s.at_mm + offsets[s.runs] * mm, 1), s.width_mm, s.levels) for s in found)
    return dark + (_bright(gray, bearing) if bearing.calibration_sheet else ())


def _bright(gray: Gray, bearing: Bearing) -> tuple[Streak, ...]:
    """Only on a page that stands upright or upside down, and nearly straight: else the band does not lie along the columns."""
    box = band(bearing.paper)
    corners = bearing.px([(box.x_mm, box.y_mm), (box.right_mm, box.y_mm), (box.right_mm, box.bottom_mm)])
    corners = np.vstack([corners, bearing.px([(box.x_mm, box.bottom_mm)])])
    xs, ys = np.sort(corners[:, 0]), np.sort(corners[:, 1])
    inset = round(1.0 / _MM_PER_INCH * bearing.dpi_along)
    rows, columns = slice(int(ys[1]) + inset, int(ys[2]) - inset), slice(int(xs[1]) + inset, int(xs[2]) - inset)
    inside = gray[rows, columns]
    if inside.shape[0] < inset:
        return ()
    mm = _MM_PER_INCH / bearing.dpi_across
    found = bright_streaks(inside, bearing.dpi_across)
    return tuple(Streak(s.runs, round(s.at_mm + columns.start * mm, 1), s.width_mm, s.levels) for s in found)


def _faintest(gray: Gray, bearing: Bearing, noise_levels: float) -> float:
    """The lightest patch from which on all are told from the white beside them, by a stroke's worth of pixels."""
    stroke_px = _STROKE_MM2 * bearing.dpi_across * bearing.dpi_along / _MM_PER_INCH**2
    needed = max(_LEAST_LEVELS, _ROSE * noise_levels / np.sqrt(stroke_px))
    faintest = 1.0
    for ink, box in sorted(wedge(bearing.paper).items(), reverse=True):
        beside = Box(box.x_mm - box.width_mm * 0.75, box.y_mm, box.width_mm * 0.5, box.height_mm)
        if _mean(gray, bearing, beside) - _mean(gray, bearing, box) < needed:
            return faintest
        faintest = ink
    return faintest


def _mean(gray: Gray, bearing: Bearing, box: Box) -> float:
    """Of the inner half of a box on the paper."""
    x, y, w, h = box.x_mm + box.width_mm / 4, box.y_mm + box.height_mm / 4, box.width_mm / 2, box.height_mm / 2
    corners = bearing.px([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    left, top = max(0, int(left)), max(0, int(top))
    crop = gray[top : int(bottom) + 1, left : int(right) + 1]
    if crop.size == 0:
        return float("nan")
    mask = np.zeros(crop.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners - (left, top)).astype(np.int32), 255)
    return float(cv2.mean(crop, mask)[0])
