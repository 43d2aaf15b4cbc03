"""Codes in, the stance of the sheet out: where on the page does the printed sheet lie?

The stance is the similarity (scale, turn, shift) that takes millimetres on the sheet to pixels of the page, fitted by
least squares to the corners of the codes (S. Umeyama, "Least-squares estimation of transformation parameters between
two point patterns", 1991; in the plane it is one complex division). The bottom right corner of a QR code has no finder
pattern, and readers guess it worst: it is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.codes import LABELS, Kind, Parsed, parse
from scanpipe.layout import A4, LETTER, Paper, place_of
from scanpipe.model import Code, Point

_RELIABLE_CORNERS = (0, 1, 3)
_MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Stance:
    """How the sheet lies on the page.

    `px_per_mm` is its scale, `angle_deg` how far it stands turned clockwise (-180 to 180), `lines_deg` the same of the
    lines between its codes (a feed that is too fast turns a fit otherwise), `origin_px` where its top left
    corner is, `misfit_mm` how far (root mean square) the corners are from where they were printed, and `kinds`
    the codes that it was fitted to.
    """

    paper: Paper
    px_per_mm: float
    angle_deg: float
    lines_deg: float
    origin_px: Point
    misfit_mm: float
    kinds: tuple[Kind, ...]

    @property
    def dpi(self) -> float:
        return self.px_per_mm * _MM_PER_INCH

    def to_px(self, points_mm: Sequence[Point]) -> NDArray[np.float64]:
        """Points on the sheet, in mm, as pixels of the page: float64 (n, 2)."""
        turn = self.px_per_mm * np.exp(1j * math.radians(self.angle_deg))
        z = _complex(points_mm) * turn + complex(*self.origin_px)
        return np.stack([z.real, z.imag], axis=1)

    def shares(self, width_px: int, height_px: int) -> tuple[float, float]:
        """How much of the paper is on the page, and how much of the page is paper (both 0 to 1)."""
        w, h = self.paper.width_mm, self.paper.height_mm
        paper = self.to_px([(0, 0), (w, 0), (w, h), (0, h)]).astype(np.float32)
        page = np.array([[0, 0], [width_px, 0], [width_px, height_px], [0, height_px]], np.float32)
        common, _ = cv2.intersectConvexConvex(paper, page)
        return float(common / (w * h * self.px_per_mm**2)), float(common / (width_px * height_px))

    def has(self, points_px: Sequence[Point], margin_mm: float) -> bool:
        """Do all of these points of the page lie on the sheet, so far from its edges at least?"""
        turn = self.px_per_mm * np.exp(1j * math.radians(self.angle_deg))
        z = (_complex(points_px) - complex(*self.origin_px)) / turn
        w, h = self.paper.width_mm - margin_mm, self.paper.height_mm - margin_mm
        x, y = z.real, z.imag
        return bool(np.all((x >= margin_mm) & (x <= w) & (y >= margin_mm) & (y <= h)))


def locate(codes: Sequence[Code]) -> Stance | None:
    """The stance of the sheet of which the most codes were read, or None where no code is a sheet's."""
    printed = [(c, p) for c in codes if c.symbology == "qr" and (p := parse(c.text)) and _has_place(p)]
    if not printed:
        return None
    counts = Counter(p.claims.serial for _, p in printed)
    printed = [(c, p) for c, p in printed if p.claims.serial == counts.most_common(1)[0][0]]
    paper = LETTER if printed[0][1].letter else A4
    on_sheet = _complex([place_of(p.kind, paper).corners_mm[i] for _, p in printed for i in _RELIABLE_CORNERS])
    on_page = _complex([c.corners[i] for c, _ in printed for i in _RELIABLE_CORNERS])
    return _fit(on_sheet, on_page, paper, tuple(p.kind for _, p in printed))


def _has_place(parsed: Parsed) -> bool:
    """Does the layout say where a code of this kind stands? Labels are stuck anywhere, and a separator has four alike."""
    return parsed.kind not in LABELS and parsed.kind is not Kind.SEPARATOR


def located(on_sheet_mm: Sequence[Point], on_page_px: Sequence[Point], paper: Paper, misfit_mm: float) -> Stance:
    """The stance of a generic sheet, of which at least two points are known; `misfit_mm` says how well."""
    found = _fit(_complex(on_sheet_mm), _complex(on_page_px), paper, (Kind.GENERIC,))
    return replace(found, misfit_mm=misfit_mm)


def _fit(
    on_sheet: NDArray[np.complex128], on_page: NDArray[np.complex128], paper: Paper, kinds: tuple[Kind, ...]
) -> Stance:
    sheet, page = on_sheet - on_sheet.mean(), on_page - on_page.mean()
    turn = complex(np.vdot(sheet, page) / np.vdot(sheet, sheet).real)
    scale = max(abs(turn), 1e-6)
    origin = on_page.mean() - turn * on_sheet.mean()
    misfit = float(np.sqrt(np.mean(np.abs(page - turn * sheet) ** 2))) / scale
    angle = _degrees(turn)
    lines = _lines_deg(on_sheet, on_page, kinds)
    origin_px = (float(origin.real), float(origin.imag))
    return Stance(paper, scale, angle, angle if lines is None else lines, origin_px, misfit, kinds)


def _lines_deg(
    on_sheet: NDArray[np.complex128], on_page: NDArray[np.complex128], kinds: tuple[Kind, ...]
) -> float | None:
    """The angle of the lines from the candidate code to the two others, each weighted by its length squared.

    None unless the candidate code and another were read. The codes stand in an L: a feed 1 % too fast turns a fit over all
    three by 0.13°, and these lines by less than 0.01°.
    """
    if Kind.CANDIDATE not in kinds or len(set(kinds)) < 2:
        return None
    sheet, page = (z.reshape(-1, len(_RELIABLE_CORNERS)).mean(axis=1) for z in (on_sheet, on_page))
    first = kinds.index(Kind.CANDIDATE)
    run, seen = sheet - sheet[first], page - page[first]
    others = np.abs(run) > 0
    weights = np.abs(run[others]) ** 2
    nearly = _degrees(complex(np.sum(seen[others] / run[others] * weights)))
    apart = np.degrees(np.angle(seen[others] / run[others] * np.exp(-1j * math.radians(nearly))))
    return nearly + float(np.average(apart, weights=weights))


def _degrees(turn: complex) -> float:
    return math.degrees(math.atan2(turn.imag, turn.real))


def _complex(points: Sequence[Point]) -> NDArray[np.complex128]:
    a = np.asarray(points, np.float64)
    return np.asarray(a[:, 0] + 1j * a[:, 1], np.complex128)
