"""A picture and the codes on it in, how its sheet lies out, or why that is not certain.

Codes say which paper it is and about where it lies; its sides, where they can be seen, say it exactly. Neither is believed
without the other if the other is there: the codes must stand where they were printed on the sheet between the sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.codes import LABELS, Kind, parse
from scanpipe.layout import A4, LETTER, Paper, place_of
from scanpipe.model import Code
from scanpipe.saying import Said, say
from scanpipe.stages.phone.outline import LOOK_PX, PROPORTIONS, SQUARE_COSINE, Outline, margins, outlines
from scanpipe.stages.phone.quads import Points, area, is_convex, plane, proportion, through
from scanpipe.stages.phone.sheet import Lie, corners_mm, lie_of
from scanpipe.stages.phone.sides import TRACE_PX, Side, meet, trace

Pixels = NDArray[np.uint8]

_RELIABLE_CORNERS = (0, 1, 3)
_SMALLEST_PX, _LONGEST = 40, 4
_MOST_TRACED = 6
_SEEN, _SEEN_WITH_CODES, _SEEN_BY_HALF = 0.8, 0.5, 0.55
MISFIT_MM = 2.0
"""Codes of one sheet stand within 1 mm of their places when it lies flat, within 2 when it is curled a little."""
_MISFIT_BY_CODES_MM = 1.2
_REACH_MM, _NARROW_MM = 5.0, 2.0
_RIVAL_SEEN = 0.9
_EVEN, _AS_BRIGHT, _SAME_MM = 0.8, 0.9, 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """How the sheet lies on the picture, by its codes or by its outline; `misfit_mm` is how far the codes are off."""

    lie: Lie
    by_codes: bool
    misfit_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """The codes of one sheet: which kinds, on which paper, where their corners are printed (mm) and seen (pixels)."""

    kinds: tuple[Kind, ...]
    paper: Paper
    on_sheet: Points
    on_picture: Points

    def misfit_mm(self, lie: Lie) -> float:
        """How far (root mean square) they are from their places on the sheet that lies so."""
        return float(np.sqrt(np.mean(np.sum((lie.to_sheet(self.on_picture) - self.on_sheet) ** 2, axis=1))))


def find(picture: Pixels, codes: Sequence[Code]) -> Found | Said:
    """`picture` is RGB or gray. Answers why, where it is not certain how the sheet lies."""
    printed = _printed(codes)
    if isinstance(printed, Said):
        return printed
    if min(picture.shape[:2]) < _SMALLEST_PX or max(picture.shape[:2]) > _LONGEST * min(picture.shape[:2]):
        return say("the edges of the sheet were not found")
    rgb = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    small, scale = _shrunk(rgb, LOOK_PX)
    fit, fine = _shrunk(rgb, TRACE_PX)
    lab = cv2.cvtColor(cv2.GaussianBlur(fit, (0, 0), 0.8), cv2.COLOR_RGB2LAB)
    shapes = [o for o in outlines(small) if min(o.sides) > _SEEN_BY_HALF]
    if _several(shapes):
        return say("there may be more than one sheet on the picture")
    traced = [_traced(lab, _moved(o.corners, scale), fine, _NARROW_MM) for o in shapes[:_MOST_TRACED]]
    size = picture.shape[1], picture.shape[0]
    if printed is None:
        return _by_outline([(*t, *_margins(lab, t[0], fine)) for t in traced], size)
    return _by_codes(printed, traced, size, lab, fine)


def _margins(lab: Any, corners: Points, fine: float) -> tuple[float, float]:
    there = (corners + 0.5) / fine - 0.5
    return margins(lab, there, _px_per_mm(there))


def _px_per_mm(corners: Points) -> float:
    return float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / (210 + 297)


def _printed(codes: Sequence[Code]) -> Printed | Said | None:
    """The codes of the one sheet that is on the picture; None where no code is a sheet's."""
    known = [(c, p) for c in codes if c.symbology == "qr" and (p := parse(c.text)) and p.kind not in LABELS]
    if len({p.claims.serial for _, p in known}) > 1:
        return say("codes of more than one sheet are on the picture")
    if not known:
        return None
    paper = LETTER if known[0][1].letter else A4
    on_sheet = [place_of(p.kind, paper).corners_mm[i] for _, p in known for i in _RELIABLE_CORNERS]
    on_picture = [c.corners[i] for c, _ in known for i in _RELIABLE_CORNERS]
    kinds = tuple(p.kind for _, p in known)
    return Printed(kinds, paper, np.asarray(on_sheet, np.float64), np.asarray(on_picture, np.float64))


def _by_outline(traced: Sequence[tuple[Points, tuple[Side, ...], float, float]], size: tuple[int, int]) -> Found | Said:
    """On plain paper: all four sides must be seen, and a camera must be able to see A4 so; `traced` has evenness and brightness.

    Paper is brighter than what it lies on: of several shapes the brightest counts. Where two are equally bright and not the same,
    nobody knows.
    """
    clear = [t for t in traced if min(s.seen for s in t[1]) >= _SEEN and t[2] >= _EVEN and _possible(t[0], size)]
    bright = [t for t in clear if t[3] >= _AS_BRIGHT * max(c[3] for c in clear)]
    if not bright:
        return say("the edges of the sheet were not found")
    corners, sides, _, _ = max(bright, key=lambda t: min(s.seen for s in t[1]) + t[2])
    if any(_apart_mm(corners, other) > _SAME_MM for other, *_ in bright):
        return say("several edges on the picture may be those of the sheet")
    high, _ = proportion(corners, size)
    first = _topmost(corners)
    corners, sides = _rolled(corners, sides, first)
    upright = (high > 1) == (first % 2 == 0)
    lie = lie_of(corners, sides, A4 if upright else Paper("a4 across", A4.height_mm, A4.width_mm))
    return Found(lie, False) if lie is not None else say("the edges of the sheet were not found")


def _apart_mm(a: Points, b: Points) -> float:
    """How far the corners of two shapes are from each other at the most, if both are A4."""
    off = min(float(np.linalg.norm(a - np.roll(b, n, axis=0), axis=1).max()) for n in range(4))
    return off / _px_per_mm(a)


def _by_codes(
    printed: Printed, traced: Sequence[tuple[Points, tuple[Side, ...]]], size: tuple[int, int], lab: Any, fine: float
) -> Found | Said:
    """The outline on which the codes stand where they were printed; without one, what three codes say by themselves."""
    guess = _guess(printed) if len(set(printed.kinds)) > 1 else None
    if guess is not None:
        traced = [*traced, _traced(lab, guess.corners, fine, _REACH_MM)]
    best: tuple[float, Lie] | None = None
    for corners, sides in traced:
        if min(s.seen for s in sides) < _SEEN_WITH_CODES or not _possible(corners, size):
            continue
        for first in range(4):
            lie = lie_of(*_rolled(corners, sides, first), printed.paper)
            misfit = printed.misfit_mm(lie) if lie is not None else np.inf
            if lie is not None and misfit <= MISFIT_MM and (best is None or misfit < best[0]):
                best = misfit, lie
    if best is not None:
        return Found(best[1], True, best[0])
    clear = (t for t in traced if min(s.seen for s in t[1]) >= _SEEN and _possible(t[0], size))
    if guess is not None and any(_holds(corners, printed.on_picture) for corners, _ in clear):
        return say("the edges of the sheet do not fit the codes on it")  # what lies beyond the codes would be cut off
    if guess is not None and (filled := _filled(printed, guess, traced[-1][1])) and _possible(filled.corners, size):
        misfit = printed.misfit_mm(filled)
        if misfit <= _MISFIT_BY_CODES_MM:
            return Found(filled, True, misfit)
    return say("the edges of the sheet do not fit the codes on it")


def _holds(corners: Points, points: Points) -> bool:
    """Whether most of the points lie within the corners."""
    outline = corners.astype(np.float32)
    inside = [cv2.pointPolygonTest(outline, (float(x), float(y)), False) > 0 for x, y in points]
    return sum(inside) > len(inside) / 2


def _filled(printed: Printed, guess: Lie, sides: tuple[Side, ...]) -> Lie | None:
    """The sides that can be seen, and for those that are cut off or covered the straight ones of the guess.

    Three codes say enough for any number of them, two for one alone. None where that is not enough.
    """
    unseen = [k for k, side in enumerate(sides) if side.seen < _SEEN_WITH_CODES]
    if len(unseen) > (4 if len(set(printed.kinds)) > 2 else 1):
        return None
    corners = guess.corners
    lines = [Side(corners[k], corners[(k + 1) % 4], np.zeros(4), 0.0) if k in unseen else sides[k] for k in range(4)]
    return lie_of(np.array([meet(lines[k - 1], lines[k]) for k in range(4)]), tuple(lines), printed.paper)


def _guess(printed: Printed) -> Lie | None:
    matrix = plane(printed.on_sheet, printed.on_picture)
    if matrix is None or abs(np.linalg.det(matrix)) < 1e-12:
        return None
    corners = through(matrix, corners_mm(printed.paper))
    return Lie(printed.paper, matrix) if np.isfinite(corners).all() and is_convex(corners) else None


def _traced(lab: Any, corners: Points, fine: float, reach_mm: float) -> tuple[Points, tuple[Side, ...]]:
    """Corners and sides in pixels of the picture; `fine` is how much larger it is than `lab`."""
    there = (corners + 0.5) / fine - 0.5
    found, sides = trace(lab, there, reach_mm * _px_per_mm(there))
    larger = tuple(Side(_moved(s.start, fine), _moved(s.end, fine), s.bend * fine, s.seen) for s in sides)
    return _moved(found, fine), larger


def _possible(corners: Points, size: tuple[int, int]) -> bool:
    """A camera can see a sheet of paper so."""
    if not is_convex(corners) or area(corners) < 0.05 * size[0] * size[1]:
        return False
    high, cosine = proportion(corners, size)
    return cosine < 1.5 * SQUARE_COSINE and PROPORTIONS[0] <= max(high, 1 / max(high, 1e-9)) <= PROPORTIONS[1]


def _several(shapes: Sequence[Outline]) -> bool:
    """Two shapes that are seen all around lie beside each other."""
    clear = [o for o in shapes if min(o.sides) > _RIVAL_SEEN]
    for n, a in enumerate(clear):
        for b in clear[n + 1 :]:
            common, _ = cv2.intersectConvexConvex(a.corners.astype(np.float32), b.corners.astype(np.float32))
            if common < 0.3 * min(area(a.corners), area(b.corners)):
                return True
    return False


def _topmost(corners: Points) -> int:
    """Which corner is top left if the sheet stands as nearly upright as it can."""
    ways = np.roll(corners, -1, axis=0) - corners
    return int(np.argmax(ways[:, 0] / np.linalg.norm(ways, axis=1)))


def _rolled(corners: Points, sides: tuple[Side, ...], first: int) -> tuple[Points, tuple[Side, ...]]:
    return np.roll(corners, -first, axis=0), sides[first:] + sides[:first]


def _shrunk(rgb: Any, longest_px: int) -> tuple[Pixels, float]:
    """The picture so large, and how much larger it was."""
    scale = max(rgb.shape[:2]) / longest_px
    if scale <= 1:
        return rgb, 1.0
    return cv2.resize(rgb, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA), scale


def _moved(points: Points, scale: float) -> Points:
    return (points + 0.5) * scale - 0.5
