"""Codes in, out: how millimetres of the paper become pixels of the scan, each direction of the scan with a scale of its own.

A scanner samples across with its sensor and along with its motor; the paper lies turned between the two. So the pixels are
diag(across, along) · rotation · millimetres + shift, fitted by least squares to the corners of all three codes (all but the
bottom right ones, which readers guess).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanpipe.calibration_sheet import parse_text
from scanpipe.codes import PERSONAL, Kind, parse
from scanpipe.layout import A4, LETTER, Paper, places
from scanpipe.model import Code, Point

_RELIABLE_CORNERS = (0, 1, 3)
_MM_PER_INCH = 25.4
_SAMPLES, _STEP_MM, _DEEPEST_MM = 60, 0.05, 40.0


@dataclass(frozen=True, slots=True)
class Bearing:
    """`to_px` is float64 (2, 3): (x, y, 1) in mm to (x, y) in pixels."""

    paper: Paper
    calibration_sheet: bool
    to_px: NDArray[np.float64]

    @property
    def dpi_across(self) -> float:
        return float(np.hypot(*self.to_px[0, :2])) * _MM_PER_INCH

    @property
    def dpi_along(self) -> float:
        return float(np.hypot(*self.to_px[1, :2])) * _MM_PER_INCH

    @property
    def angle_deg(self) -> float:
        """How far the paper lies turned clockwise, -180 to 180."""
        (a, b, _), (c, d, _) = self.to_px
        turn = complex(a, -b) / math.hypot(a, b) + complex(d, c) / math.hypot(c, d)
        return math.degrees(math.atan2(turn.imag, turn.real))

    def px(self, points_mm: Sequence[Point]) -> NDArray[np.float64]:
        """(n, 2) pixels of points on the paper."""
        points = np.asarray(points_mm, np.float64)
        return np.asarray(points @ self.to_px[:, :2].T + self.to_px[:, 2])

    def cut_mm(self, width_px: int, height_px: int) -> Mapping[str, float]:
        """How much is missing at each edge of the paper: the median along the edge."""
        w, h = self.paper.width_mm, self.paper.height_mm
        shares = np.linspace(0.1, 0.9, _SAMPLES)
        depths = np.arange(0, _DEEPEST_MM, _STEP_MM)
        edges = {
            "left": ((0, h), (0, 0), (1, 0)),
            "top": ((w, 0), (0, 0), (0, 1)),
            "right": ((0, h), (w, 0), (-1, 0)),
            "bottom": ((w, 0), (0, h), (0, -1)),
        }
        cut = {}
        for name, (run, start, inwards) in edges.items():
            at = np.array(start) + shares[:, None, None] * np.array(run) + depths[None, :, None] * np.array(inwards)
            px = at @ self.to_px[:, :2].T + self.to_px[:, 2]
            inside = ((px >= -0.5) & (px <= np.array([width_px, height_px]) - 0.5)).all(axis=2)
            missing = np.where(inside.any(axis=1), depths[inside.argmax(axis=1)], _DEEPEST_MM)
            cut[name] = round(float(np.median(missing)), 2)
        return cut


def find_bearing(codes: Sequence[Code]) -> tuple[Bearing | None, Mapping[Kind, Code]]:
    """The bearing, and the codes that it comes from by their kind; None unless all three codes of one sheet were read."""
    found: dict[tuple[Paper, bool], dict[Kind, Code]] = {}
    for code in codes:
        known = _known(code.text) if code.symbology == "qr" else None
        if known is not None:
            found.setdefault(known[1:], {})[known[0]] = code
    if not found:
        return None, {}
    (paper, calibration_sheet), by_kind = max(found.items(), key=lambda item: len(item[1]))
    if len(by_kind) < len(PERSONAL):
        return None, by_kind
    table = places(paper)
    on_paper = np.array([table[k].corners_mm[i] for k in by_kind for i in _RELIABLE_CORNERS])
    on_page = np.array([c.corners[i] for c in by_kind.values() for i in _RELIABLE_CORNERS])
    solved = np.linalg.lstsq(np.column_stack([on_paper, np.ones(len(on_paper))]), on_page, rcond=None)[0]
    return Bearing(paper, calibration_sheet, solved.T), by_kind


def _known(text: str) -> tuple[Kind, Paper, bool] | None:
    """Kind, paper, and whether it is the calibration sheet's."""
    if (ours := parse_text(text)) is not None:
        return (*ours, True)
    parsed = parse(text)
    return (
        None if parsed is None or parsed.kind not in PERSONAL else (parsed.kind, LETTER if parsed.letter else A4, False)
    )
