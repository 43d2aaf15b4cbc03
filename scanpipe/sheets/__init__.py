"""Printing: which sheets a candidate gets, their PDF, and the CSV that says what stands on which page."""

from scanpipe.layout import A4, LETTER
from scanpipe.sheets.calibration import draw_calibration
from scanpipe.sheets.document import Style, draw
from scanpipe.sheets.generic import draw_generic
from scanpipe.sheets.labels import LABEL_SHEETS, Label, LabelSheet, candidate_label, draw_labels, question_label
from scanpipe.sheets.lettering import Missing, missing_glyphs
from scanpipe.sheets.manifest import write_manifest
from scanpipe.sheets.patterns import Area
from scanpipe.sheets.planning import (
    Order,
    PlannedSheet,
    Selection,
    chosen_candidates,
    chosen_questions,
    plan,
    plan_pad,
    plan_spares,
)
from scanpipe.sheets.separators import draw_separators
from scanpipe.sheets.symbols import matrix

__all__ = [
    "A4",
    "LABEL_SHEETS",
    "LETTER",
    "Area",
    "Label",
    "LabelSheet",
    "Missing",
    "Order",
    "PlannedSheet",
    "Selection",
    "Style",
    "candidate_label",
    "chosen_candidates",
    "chosen_questions",
    "draw",
    "draw_calibration",
    "draw_generic",
    "draw_labels",
    "draw_separators",
    "matrix",
    "missing_glyphs",
    "plan",
    "plan_pad",
    "plan_spares",
    "question_label",
    "write_manifest",
]
