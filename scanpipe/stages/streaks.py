"""A page in, the streaks on it out: is there dirt on the glass of the scanner?

Dirt under a sheet that moves past it draws a line along the whole scan, through the margins too, where nothing is printed or
written: only there is even the brightest pixel of a column darker than those beside it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_REACH_MM = 2.5
_LEAST_LEVELS = 8
_MM_PER_INCH = 25.4
_MOST = 10


def find_streaks(gray: NDArray[np.uint8], dpi: float) -> tuple[float, ...]:
    """Places of dark streaks in millimetres from the left of the scan, at most 10. `gray` has `dpi` dots per inch."""
    brightest = gray.max(axis=0)[None]  # a tenth of what cv2.reduce takes
    reach = max(1, round(_REACH_MM / _MM_PER_INCH * dpi))
    if gray.shape[1] <= 4 * reach:
        return ()
    darker: Any = cv2.subtract(cv2.medianBlur(brightest, 2 * reach + 1), brightest)[0]
    columns = np.flatnonzero(darker >= _LEAST_LEVELS)
    if not len(columns):
        return ()
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    places = [float(run.mean()) * _MM_PER_INCH / dpi for run in runs if len(run) <= reach]
    return tuple(round(mm, 1) for mm in places[:_MOST])
