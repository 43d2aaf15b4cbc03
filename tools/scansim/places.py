"""Where codes, their frames and the drawing area are on a printed sheet: in millimetres, from the product's own table."""

from __future__ import annotations

from scanpipe import layout
from scanpipe.codes import Kind
from scanpipe.sheets import geometry
from tools.scansim.raster import Box, Image, size_mm


def paper_of(page: Image, dpi: float) -> layout.Paper:
    """The paper whose height comes nearest to that of the page."""
    height_mm = size_mm(page, dpi)[1]
    return min((layout.A4, layout.LETTER), key=lambda p: abs(p.height_mm - height_mm))


def codes(paper: layout.Paper) -> dict[Kind, Box]:
    """The symbols themselves, without quiet zones."""
    return {k: (p.x_mm, p.y_mm, p.x_mm + p.size_mm, p.y_mm + p.size_mm) for k, p in layout.places(paper).items()}


def frames(paper: layout.Paper) -> dict[Kind, Box]:
    """The frames around the codes, which nobody should write in."""
    return {k: _box(geometry.frame(k, p)) for k, p in layout.places(paper).items()}


def drawing_area(paper: layout.Paper) -> Box:
    """Where candidates should draw."""
    return _box(geometry.drawing(paper))


def _box(box: geometry.Box) -> Box:
    return box.x_mm, box.y_mm, box.right_mm, box.bottom_mm
