"""Printing: which sheets a candidate gets, their PDF, and the CSV that says what stands on which page."""

from scanpipe.layout import A4, LETTER
from scanpipe.sheets.calibration import draw_calibration
from scanpipe.sheets.document import Style, draw
from scanpipe.sheets.lettering import Missing, missing_glyphs
from scanpipe.sheets.manifest import write_manifest
from scanpipe.sheets.patterns import Area
from scanpipe.sheets.planning import Order, PlannedSheet, Selection, plan
from scanpipe.sheets.symbols import matrix

__all__ = [
    "A4",
    "LETTER",
    "Area",
    "Missing",
    "Order",
    "PlannedSheet",
    "Selection",
    "Style",
    "draw",
    "draw_calibration",
    "matrix",
    "missing_glyphs",
    "plan",
    "write_manifest",
]
