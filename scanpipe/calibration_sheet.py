"""What stands where on the calibration sheet, in millimetres from its top left corner. Printing and measuring share this table.

Its three codes stand where those of a sheet stand and are as large, but say that they belong to no candidate: should the page
get into the hot folder, it is held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from scanpipe.codes import Kind
from scanpipe.layout import A4, LETTER, Box, Paper

INKS = (0.02, 0.03, 0.04, 0.06, 0.08, 0.10, 0.13, 0.16, 0.20, 0.25, 0.30, 0.40, 0.50, 0.60)
"""Steps of the wedge, as shares of full ink: soft pencil is some 0.3 to 0.6, hard pencil held lightly 0.05 to 0.15."""
PATCH_MM = 12.0
_GAP_MM = 12.0
_COLUMNS = 7
_WEDGE_TOP_MM = 120.0
_BAND_TOP_MM, _BAND_MM = 200.0, 8.0
_SIDE_MM = 21.0
_TEXT = re.compile(r"SCANPIPE CALIBRATION 1:([CQS]):(A4|LETTER):NOT-AN-ANSWER")
_PAPERS = {p.name.upper(): p for p in (A4, LETTER)}


def code_text(kind: Kind, paper: Paper) -> str:
    """As long as the usual text of a sheet, so that the symbol has modules of the same size."""
    return f"SCANPIPE CALIBRATION 1:{kind}:{paper.name.upper()}:NOT-AN-ANSWER"


def parse_text(text: str) -> tuple[Kind, Paper] | None:
    """Which code of the calibration sheet this is; None for any other text."""
    match = _TEXT.fullmatch(text)
    return None if match is None else (Kind(match[1]), _PAPERS[match[2]])


def wedge(paper: Paper) -> Mapping[float, Box]:
    """The gray patches by their ink, with white of the same width to the left and right of each."""
    step = (paper.width_mm - 2 * _SIDE_MM - PATCH_MM) / (_COLUMNS - 1)
    return {
        ink: Box(_SIDE_MM + step * (n % _COLUMNS), _WEDGE_TOP_MM + (n // _COLUMNS) * 2 * _GAP_MM, PATCH_MM, PATCH_MM)
        for n, ink in enumerate(INKS)
    }


def band(paper: Paper) -> Box:
    """Black from side to side: where the scanner leaves a bright line, it shows here."""
    return Box(_SIDE_MM, _BAND_TOP_MM, paper.width_mm - 2 * _SIDE_MM, _BAND_MM)
