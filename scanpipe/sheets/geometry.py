"""Where everything but the codes stands on a sheet, in millimetres from its top left corner; derived from the layout.

The question it answers: which box is free for what? Nothing comes within 5 mm of an edge, where scanners take hold and
printers cannot print, and nothing but white into the quiet zone of a code.
"""

from __future__ import annotations

from scanpipe.codes import Kind
from scanpipe.layout import CODE_MM, QUIET_MODULES, Box, Paper, Place, label_boxes, places

_FEWEST_MODULES = 25
"""A signed text is never so short that its symbol has fewer modules a side; the fewer, the wider the quiet zone."""
PAD_MM = QUIET_MODULES * CODE_MM / _FEWEST_MODULES + 0.4
"""White between a symbol and the line around it."""
STRIP_MM = 4.0
"""Height of the strip in the frame of a code that holds the words not to write there."""
_HEADER_MM = 31.0
"""What the lines of the header need, however small the codes."""
_PAD_TITLE_MM = 6.0
_GAP_MM = 3.0


def _strip_above(kind: Kind) -> bool:
    return kind in (Kind.SHEET, Kind.PAD)


def frame(kind: Kind, place: Place) -> Box:
    """The frame of a code: around its quiet zone, with the strip of words on the side that faces the drawing."""
    side = place.size_mm + 2 * PAD_MM
    top = place.y_mm - PAD_MM - (STRIP_MM if _strip_above(kind) else 0.0)
    return Box(place.x_mm - PAD_MM, top, side, side + STRIP_MM)


def strip(kind: Kind, place: Place) -> Box:
    """The part of the frame that holds the words."""
    around = frame(kind, place)
    top = around.y_mm if _strip_above(kind) else around.bottom_mm - STRIP_MM
    return Box(around.x_mm, top, around.width_mm, STRIP_MM)


def header(paper: Paper) -> Box:
    """Between the candidate code and the question code."""
    left, right = (frame(k, places(paper)[k]) for k in (Kind.CANDIDATE, Kind.QUESTION))
    x = left.right_mm + _GAP_MM
    return Box(x, left.y_mm, right.x_mm - _GAP_MM - x, max(left.height_mm, _HEADER_MM))


def footer(paper: Paper) -> Box:
    """Beside the sheet code, to the right margin."""
    code = frame(Kind.SHEET, places(paper)[Kind.SHEET])
    x = code.right_mm + _GAP_MM
    return Box(x, code.y_mm, drawing(paper).right_mm - x, code.height_mm)


def pad_title(paper: Paper) -> Box:
    """Below the boxes for labels of a pad: one line about the test, as wide as the drawing."""
    boxes, whole = label_boxes(paper), drawing(paper)
    return Box(whole.x_mm, boxes[0].bottom_mm + 1, whole.width_mm, _PAD_TITLE_MM)


def pad_drawing(paper: Paper) -> Box:
    """Where the candidate draws on a sheet of a pad."""
    top, whole = pad_title(paper).bottom_mm + 1, drawing(paper)
    return Box(whole.x_mm, top, whole.width_mm, whole.bottom_mm - top)


def drawing(paper: Paper) -> Box:
    """Where the candidate draws: between header and sheet code, as wide as the codes stand apart."""
    frames = {kind: frame(kind, place) for kind, place in places(paper).items()}
    x, top = frames[Kind.CANDIDATE].x_mm, header(paper).bottom_mm + _GAP_MM
    bottom = frames[Kind.SHEET].y_mm - _GAP_MM
    return Box(x, top, frames[Kind.QUESTION].right_mm - x, bottom - top)
