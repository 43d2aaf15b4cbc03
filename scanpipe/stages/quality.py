"""What was seen of a page in, what is wrong with the scan itself out: is all of the sheet there, and can it be read?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.model import Reason, Sight

MIN_PAPER_SHARE = 0.93
"""A fold or a torn corner takes 1 to 2 % of a sheet; a sheet that was fed askew or cut loses more."""
MIN_PAGE_SHARE_ONE_CODE = 0.75
"""Where a single code vouches for a sheet, that sheet must fill the page as sheets do: a cut-out does not."""
MAX_DARKNESS = 0.5


_NEARLY_BLACK = 80


@dataclass(frozen=True, slots=True)
class QualityProblem:
    reason: Reason
    detail: dict[str, Any]


def darkness(gray: NDArray[np.uint8]) -> float:
    """How much of a page is nearly black (0 to 1)."""
    dark: Any = cv2.threshold(gray, _NEARLY_BLACK - 1, 255, cv2.THRESH_BINARY_INV)[1]  # a tenth of what numpy takes
    return cv2.countNonZero(dark) / gray.size


def quality_problem(sight: Sight) -> QualityProblem | None:
    """The first thing that forbids to file the page unseen, or None."""
    if sight.paper_share is not None and sight.paper_share < MIN_PAPER_SHARE:
        return QualityProblem(Reason.POOR_QUALITY, {"paper_on_page": round(sight.paper_share, 3)})
    if sight.darkness > MAX_DARKNESS:
        return QualityProblem(Reason.POOR_QUALITY, {"nearly_black": round(sight.darkness, 3)})
    alone = len(sight.codes) == 1 and sight.page_share is not None
    if alone and sight.page_share < MIN_PAGE_SHARE_ONE_CODE:  # type: ignore[operator]
        conflict = "the only code on the page does not stand where it was printed"
        return QualityProblem(
            Reason.CODES_DISAGREE, {"conflict": conflict, "page_share": round(sight.page_share or 0, 3)}
        )
    return None
