"""Where the codes stand on a sheet, in millimetres from its top left corner. Printing and reading share this table.

The candidate code is at the top left, the question code at the top right, the sheet code at the bottom left: the first
two give the skew, and no single tear, staple, fold or coffee ring reaches two of them. Sizes and places were chosen by
measuring: docs/decisions/0001-codes-on-paper.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanpipe.codes import PERSONAL, Kind

CODE_MM = 20.0
"""Side of a symbol without its quiet zone. Its version varies with the length of the text, its size does not."""
ERROR_CORRECTION = "Q"
QUIET_MODULES = 4
"""Free modules around a symbol, as ISO/IEC 18004 asks."""
_SIDE_MARGIN_MM = 17.0
"""Clear of the holes of ring binders, which are 12 mm from the edge (ISO 838)."""
_END_MARGIN_MM = 12.0
LABEL_BOX_MM = (73.0, 44.0)
"""Room for a label of the largest usual size (70 × 42.3 mm), put on by hand."""
_FRAME_SIDE_MM, _FRAME_TOP_MM, _PAD_FRAME_TOP_MM, _FRAME_BOTTOM_MM = 13.4, 42.6, 60.4, 42.6
"""Where the frame around the drawing stands: from the sides, from the top, from the bottom."""
_GAP_MM = 3.0
"""Between the marks of a generic sheet and the frame."""
_CLEAR_MM = 2.5
"""Farther than a sheet in a scanner is off, so that nothing of the frame is taken for a drawing."""
_LABEL_BOX_LEFT_MM, _LABEL_BOX_TOP_MM = 13.4, 8.4


@dataclass(frozen=True, slots=True)
class Paper:
    name: str
    width_mm: float
    height_mm: float


A4 = Paper("a4", 210.0, 297.0)
LETTER = Paper("letter", 215.9, 279.4)


@dataclass(frozen=True, slots=True)
class Place:
    """Top left corner of a symbol (quiet zone not counted) and its side."""

    x_mm: float
    y_mm: float
    size_mm: float = CODE_MM

    @property
    def corners_mm(self) -> tuple[tuple[float, float], ...]:
        """Top left, top right, bottom right, bottom left."""
        x, y, s = self.x_mm, self.y_mm, self.size_mm
        return ((x, y), (x + s, y), (x + s, y + s), (x, y + s))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `x_mm`, `y_mm` is its top left corner."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    @property
    def corners_mm(self) -> tuple[tuple[float, float], ...]:
        """Top left, top right, bottom right, bottom left."""
        x, y, right, bottom = self.x_mm, self.y_mm, self.right_mm, self.bottom_mm
        return ((x, y), (right, y), (right, bottom), (x, bottom))

    @property
    def right_mm(self) -> float:
        return self.x_mm + self.width_mm

    @property
    def bottom_mm(self) -> float:
        return self.y_mm + self.height_mm


def places(paper: Paper) -> Mapping[Kind, Place]:
    """Where each kind of code of a personal sheet stands on this paper."""
    return {kind: place_of(kind, paper) for kind in PERSONAL}


def pad_places(paper: Paper, question: bool) -> Mapping[Kind, Place]:
    """Where the codes of a pad stand: of one that was printed for a question, or of an open one."""
    return {kind: place_of(kind, paper) for kind in (Kind.QUESTION if question else Kind.OPEN, Kind.PAD)}


def place_of(kind: Kind, paper: Paper) -> Place:
    """Where a code of this kind stands on this paper. Raises KeyError for a label, which may be anywhere."""
    right = paper.width_mm - _SIDE_MARGIN_MM - CODE_MM
    bottom = paper.height_mm - _END_MARGIN_MM - CODE_MM
    top_left, top_right = Place(_SIDE_MARGIN_MM, _END_MARGIN_MM), Place(right, _END_MARGIN_MM)
    bottom_left = Place(_SIDE_MARGIN_MM, bottom)
    return {
        Kind.CANDIDATE: top_left,
        Kind.GENERIC: top_left,
        Kind.QUESTION: top_right,
        Kind.OPEN: top_right,
        Kind.SHEET: bottom_left,
        Kind.PAD: bottom_left,
    }[kind]


def separator_places(paper: Paper) -> tuple[Place, ...]:
    """Where the code of a separator stands: in each corner."""
    right = paper.width_mm - _SIDE_MARGIN_MM - CODE_MM
    bottom = paper.height_mm - _END_MARGIN_MM - CODE_MM
    return tuple(Place(x, y) for y in (_END_MARGIN_MM, bottom) for x in (_SIDE_MARGIN_MM, right))


def inside_frame(paper: Paper, of_pad: bool) -> Box:
    """Where candidates draw, well inside the frame that is printed around it (`sheets/geometry.py`)."""
    top = _PAD_FRAME_TOP_MM if of_pad else _FRAME_TOP_MM
    left, bottom = _FRAME_SIDE_MM, paper.height_mm - _FRAME_BOTTOM_MM
    return well_inside(Box(left, top, paper.width_mm - 2 * left, bottom - top))


def well_inside(frame: Box) -> Box:
    """What lies so far inside a frame that nothing of it is taken for a drawing."""
    width, height = frame.width_mm - 2 * _CLEAR_MM, frame.height_mm - 2 * _CLEAR_MM
    return Box(frame.x_mm + _CLEAR_MM, frame.y_mm + _CLEAR_MM, width, height)


MARK_BOX_MM = 4.5
_MARK_COLUMNS, _MARK_ROWS = 6, 2
_MARKS_TOP_MM, _MARK_PITCH_MM = 5.2, (12.3, 7.4)
"""From the top of the footer, beside the sheet code, and from box to box."""


def mark_boxes(paper: Paper) -> tuple[Box, ...]:
    """Where further questions can be marked: in the right half of the footer, row by row."""
    left = paper.width_mm - _FRAME_SIDE_MM - _MARK_COLUMNS * _MARK_PITCH_MM[0]
    top = paper.height_mm - _FRAME_BOTTOM_MM + 3.0 + _MARKS_TOP_MM
    across, down = _MARK_PITCH_MM
    places = ((row, column) for row in range(_MARK_ROWS) for column in range(_MARK_COLUMNS))
    return tuple(Box(left + c * across, top + r * down, MARK_BOX_MM, MARK_BOX_MM) for r, c in places)


def generic_drawing(paper: Paper, below_mm: float) -> Box:
    """The frame of the drawing on a generic sheet whose marks end at `below_mm`: to the margins."""
    left, top = _FRAME_SIDE_MM, below_mm + _GAP_MM
    return Box(left, top, paper.width_mm - 2 * left, paper.height_mm - top - _END_MARGIN_MM)


def label_boxes(paper: Paper) -> tuple[Box, Box]:
    """Where a pad says that the candidate label and the question label go, side by side at the top."""
    size = {"width_mm": LABEL_BOX_MM[0], "height_mm": LABEL_BOX_MM[1]}
    x, y = _LABEL_BOX_LEFT_MM, _LABEL_BOX_TOP_MM
    return Box(x, y, **size), Box(x + LABEL_BOX_MM[0] + 2, y, **size)
