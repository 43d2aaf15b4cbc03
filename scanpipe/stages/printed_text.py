"""The words in a sheet's header and footer in, the sheet that they name out: what does the print beside a dead code say?

Print carries no signature, and a letter is misread more easily than a code: what comes of it is a suggestion, never a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scanpipe.model import Sheet

HEADER, FOOTER = 0.14, 0.15
"""Shares of a page's height in which print stands (`sheets/geometry.py`), with some room for a page that is fed askew."""
_SERIAL = re.compile(r"(?<!\d)(\d{4}) ?(\d{4})(?!\d)")


def printed_bands(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Header and footer of a page (height, width), one above the other: what lies between is the candidate's."""
    height = gray.shape[0]
    return np.concatenate([gray[: round(height * HEADER)], gray[height - round(height * FOOTER) :]])


def sheet_in(text: str, printed: Callable[[str], Sheet | None]) -> Sheet | None:
    """The printed sheet whose serial and candidate both stand in the text; None where that is none, or not one alone."""
    digits = re.sub(r"\s", "", text).upper()
    serials = {"".join(groups) for groups in _SERIAL.findall(text)}
    named = [
        s for s in map(printed, sorted(serials)) if s is not None and s.candidate and s.candidate.upper() in digits
    ]
    return named[0] if len(named) == 1 else None
