"""How a sheet lies on the glass or runs through the feeder: skew, turn, shift, stretch in one resampling; and cuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.scansim.raster import Image, Rgb, is_colour, px

Edge = Literal["top", "right", "bottom", "left"]
Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How a sheet lies: first turned and skewed clockwise about its middle, then stretched across and along the feed,
    then shifted to the right and down."""

    skew_deg: float = 0.0
    turn_deg: int = 0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    stretch: tuple[float, float] = (1.0, 1.0)

    @property
    def seen_skew_deg(self) -> float:
        """The angle of the sheet's horizontal lines in the scan, beyond the turn; a stretched feed changes it a little."""
        m = _linear(self)
        seen = np.degrees(np.arctan2(m[1, 0], m[0, 0])) - self.turn_deg
        return float((seen + 180) % 360 - 180)


def place(page: Image, dpi: float, pose: Pose, bed: int, size: Size) -> Image:
    """The sheet in a scan of `size`; where there is no paper, the bed shows (gray, 0 to 255)."""
    plain = pose.skew_deg == 0 and pose.stretch == (1.0, 1.0) and pose.shift_mm == (0.0, 0.0)
    if plain and size == sheet_size(page, pose):
        return turn(page, pose.turn_deg)
    return cv2.warpAffine(page, matrix(page, dpi, pose, size), size, flags=cv2.INTER_LINEAR, borderValue=(bed,) * 3)


def matrix(page: Image, dpi: float, pose: Pose, size: Size) -> NDArray[np.float64]:
    """Takes pixels of the page to pixels of the scan: 2 by 3, as OpenCV has it."""
    m = np.zeros((2, 3))
    m[:, :2] = _linear(pose)
    middle, target = (np.array(page.shape[1::-1]) - 1) / 2, (np.array(size) - 1) / 2
    m[:, 2] = target - m[:, :2] @ middle + np.array(pose.shift_mm) / 25.4 * dpi
    return m


def sheet_size(page: Image, pose: Pose) -> Size:
    """The size of a scan that is as large as the paper: corners of a skewed sheet are lost."""
    w, h = page.shape[1::-1]
    return (w, h) if pose.turn_deg % 180 == 0 else (h, w)


def whole_size(page: Image, pose: Pose) -> Size:
    """The size of a scan that shows all of the sheet, as scanners that find the edges of the paper make it."""
    w, h = np.abs(_linear(pose)) @ np.array(page.shape[1::-1])
    return round(w), round(h)


def roomy_size(page: Image, pose: Pose) -> Size:
    """The size of a scan that shows all of the sheet and some of the bed on all sides."""
    w, h = whole_size(page, pose)
    return round(w * 1.05), round(h * 1.04)


def edge_shadow(page: Image, dpi: float, level: int) -> Image:
    """The thin shadow that paper throws on a light bed, drawn on the sheet's own right and lower edge."""
    out, thick = page.copy(), max(1, round(px(0.2, dpi)))
    for edge in (out[-thick:], out[:, -thick:]):
        np.minimum(edge, level, out=edge)
    return out


def turn(page: Image, turn_deg: int) -> Image:
    """Laid in turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(page, -(turn_deg // 90)))


def skew(page: Image, skew_deg: float, bed: int = 255) -> Image:
    """Askew in a scan as large as the paper."""
    pose = Pose(skew_deg)
    return place(page, 100, pose, bed, sheet_size(page, pose))


def skew_whole(page: Image, skew_deg: float, bed: int = 255) -> Image:
    """Askew in a scan that is large enough to show all of the paper."""
    pose = Pose(skew_deg)
    return place(page, 100, pose, bed, whole_size(page, pose))


def shift(page: Image, dpi: float, shift_mm: tuple[float, float], bed: int = 255) -> Image:
    """Moved to the right and down; what leaves the scan is lost."""
    pose = Pose(shift_mm=shift_mm)
    return place(page, dpi, pose, bed, sheet_size(page, pose))


def stretched_feed(page: Image, across: float, along: float) -> Image:
    """Stretched (over 1) or compressed, as by a feeder that runs at another speed than the sensor expects."""
    pose = Pose(stretch=(across, along))
    return place(page, 100, pose, 255, whole_size(page, pose))


def half_cut(scan: Image, edge: Edge, share: float) -> Image:
    """The scan without `share` (0 to 1) of it at one edge."""
    h, w = scan.shape[:2]
    rows, columns = round(h * share), round(w * share)
    kept = {
        "top": scan[rows:],
        "bottom": scan[: h - rows],
        "left": scan[:, columns:],
        "right": scan[:, : w - columns],
    }
    return kept[edge].copy()


def bed_rgb(bed: int) -> Rgb:
    """The colour of a bed that is gray."""
    return bed, bed, bed


def bed_like(page: Image, size: Size, bed: int) -> Image:
    """An empty scan of the kind of the page."""
    shape = (size[1], size[0], 3) if is_colour(page) else (size[1], size[0])
    return np.full(shape, bed, np.uint8)


def _linear(pose: Pose) -> NDArray[np.float64]:
    angle = np.radians(pose.turn_deg + pose.skew_deg)
    c, s = np.cos(angle), np.sin(angle)
    across, along = pose.stretch
    return np.array([[across * c, -across * s], [along * s, along * c]])
