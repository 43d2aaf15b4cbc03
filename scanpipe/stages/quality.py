"""What was seen of a page in, what is wrong with the scan itself out: is all of the sheet there, and can it be read?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.codes import LABELS, parse
from scanpipe.model import Code, Reason
from scanpipe.saying import say
from scanpipe.sight import Sight

MIN_PAGE_SHARE_ONE_CODE = 0.75
"""Where a single code vouches for a sheet, that sheet must fill the page as sheets do: a cut-out does not."""

_NEARLY_BLACK = 80
_LEAST_CONTRAST = 20
_LEAST_PX = 8


@dataclass(frozen=True, slots=True)
class QualityRules:
    """From which measure on a scan is poor, and whether a poor one is held, or filed with the measure in its evidence.

    A fold or a torn corner takes 1 to 2 % of a sheet; one that was fed askew or cut loses more. A blur of 0.3 mm is half a
    pen's stroke, and the most with which most codes are still read.
    """

    hold: bool = True
    missing_share: float = 0.07
    black_share: float = 0.5
    blur_mm: float = 0.3


@dataclass(frozen=True, slots=True)
class QualityProblem:
    reason: Reason
    detail: dict[str, Any]


def darkness(gray: NDArray[np.uint8]) -> float:
    """How much of a page is nearly black (0 to 1)."""
    dark: Any = cv2.threshold(gray, _NEARLY_BLACK - 1, 255, cv2.THRESH_BINARY_INV)[1]  # a tenth of what numpy takes
    return cv2.countNonZero(dark) / gray.size


def blur_px(gray: NDArray[np.uint8], codes: Sequence[Code], shrink: int) -> float | None:
    """How blurred the codes are: the standard deviation of the Gaussian that makes their steepest edge, in pixels of the page.

    `gray` is the page shrunk by `shrink`. None where no code is large and dark enough to tell.
    """
    found = [sigma for code in codes if (sigma := _edge_sigma(_cut(gray, code, shrink))) is not None]
    return shrink * min(found) if found else None


def _edge_sigma(crop: NDArray[np.uint8]) -> float | None:
    """An edge of height h that a Gaussian of σ blurs is h / (σ √2π) steep in its middle."""
    if min(crop.shape) < _LEAST_PX:
        return None
    dark, bright, _, _ = cv2.minMaxLoc(crop)
    _, steepest, _, _ = cv2.minMaxLoc(cv2.absdiff(crop[:, 1:], crop[:, :-1]))
    if bright - dark < _LEAST_CONTRAST:
        return None
    return (bright - dark) / (steepest * math.sqrt(2 * math.pi))


def _cut(gray: NDArray[np.uint8], code: Code, shrink: int) -> NDArray[np.uint8]:
    xs, ys = ([max(0, int(corner[axis] / shrink)) for corner in code.corners] for axis in (0, 1))
    return gray[min(ys) : max(ys) + 1, min(xs) : max(xs) + 1]


def codes_problem(sight: Sight) -> QualityProblem | None:
    """A lone code on something that is no whole sheet. No setting files such a page."""
    placed = [p for c in sight.codes if (p := parse(c.text)) is not None and p.kind not in LABELS]
    alone = len(placed) == 1 and sight.page_share is not None
    if alone and sight.page_share < MIN_PAGE_SHARE_ONE_CODE:  # type: ignore[operator]
        conflict = say("the only code on the page does not stand where it was printed")
        share = round(sight.page_share or 0, 3)
        return QualityProblem(Reason.CODES_DISAGREE, {"conflict": conflict, "page_share": share})
    return None


def quality_problem(sight: Sight, rules: QualityRules) -> QualityProblem | None:
    """Each measure that is poor, or None."""
    detail: dict[str, Any] = {}
    if sight.paper_share is not None and sight.paper_share < 1 - rules.missing_share:
        detail["paper_on_page"] = round(sight.paper_share, 3)
    if sight.darkness > rules.black_share:
        detail["nearly_black"] = round(sight.darkness, 3)
    if sight.blur_mm is not None and sight.blur_mm > rules.blur_mm:
        detail["blur_mm"] = sight.blur_mm
    return QualityProblem(Reason.POOR_QUALITY, detail) if detail else None
