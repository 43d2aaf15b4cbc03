"""How a sheet lies on a picture: from millimetres on the paper to pixels, flat or a little bent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanpipe.layout import Paper
from scanpipe.stages.phone.quads import Matrix, Points, inverse, plane, through
from scanpipe.stages.phone.sides import Side

Floats = NDArray[np.float64]

_PLACES = np.linspace(0, 1, 41)
_LEAST_BEND_MM = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Lie:
    """`matrix` takes mm on the sheet to the picture; `bends` say by how much its sides run beside the straight lines between
    its corners (top, right, bottom, left: coefficients of a polynomial over 0 to 1, in mm to the right or down).

    Between the sides that is spread evenly (S. A. Coons, "Surfaces for computer-aided design of space forms", 1967). What the
    sides do not show (a hump in the middle, how much nearer a place is for being bent) this model does not know.
    """

    paper: Paper
    matrix: Matrix
    bends: tuple[Floats, ...] = ()

    @property
    def corners(self) -> Points:
        """Of the paper, on the picture: top left, top right, bottom right, bottom left."""
        return through(self.matrix, corners_mm(self.paper))

    def to_picture(self, points_mm: Points) -> Points:
        """Points on the sheet as pixels of the picture."""
        return through(self.matrix, points_mm + self._shift(points_mm))

    def to_sheet(self, points_px: Points) -> Points:
        """Pixels of the picture as mm on the sheet."""
        straight = through(inverse(self.matrix), points_px)
        places = straight
        for _ in range(3):
            places = straight - self._shift(places)
        return places

    @property
    def bend_mm(self) -> float:
        """How far a side is from straight, at the most."""
        return max((float(np.abs(np.polyval(b, _PLACES)).max()) for b in self.bends), default=0.0)

    def _shift(self, points_mm: Points) -> Points:
        if not self.bends:
            return np.zeros_like(points_mm)
        u, v = points_mm[:, 0] / self.paper.width_mm, points_mm[:, 1] / self.paper.height_mm
        top, right, bottom, left = self.bends
        cu, cv = np.clip(u, 0, 1), np.clip(v, 0, 1)
        x = (1 - cu) * np.polyval(left, cv) + cu * np.polyval(right, cv)
        y = (1 - cv) * np.polyval(top, cu) + cv * np.polyval(bottom, cu)
        return np.stack([x, y], axis=1)


def corners_mm(paper: Paper) -> Points:
    w, h = paper.width_mm, paper.height_mm
    return np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float64)


def lie_of(corners: Points, sides: tuple[Side, ...], paper: Paper) -> Lie | None:
    """The sheet between these corners (top left first), bent as its sides are."""
    matrix = plane(corners_mm(paper), corners)
    if matrix is None or abs(np.linalg.det(matrix)) < 1e-12:
        return None
    back = inverse(matrix)
    lengths = (paper.width_mm, paper.height_mm) * 2
    bends = []
    for k, side in enumerate(sides):
        seen = through(back, side.at(_PLACES))
        if k in (0, 2):
            along, off = seen[:, 0] / lengths[k], seen[:, 1] - (paper.height_mm if k == 2 else 0)
        else:
            along, off = seen[:, 1] / lengths[k], seen[:, 0] - (paper.width_mm if k == 1 else 0)
        bends.append(_bend(along, off))
    lie = Lie(paper, matrix, tuple(bends))
    return lie if lie.bend_mm > _LEAST_BEND_MM else Lie(paper, matrix)


def _bend(along: Floats, off: Floats) -> Floats:
    """A cubic that is 0 at both corners: u (1 - u) (p + q u)."""
    hump = along * (1 - along)
    p, q = np.linalg.lstsq(np.stack([hump, hump * along], axis=1), off, rcond=None)[0]
    return np.array([-q, q - p, p, 0.0])
