"""A page and its codes in, what is shaded on it out, where it is a generic sheet: which number did the candidate shade?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from scanpipe.codes import Kind, Parsed, parse
from scanpipe.layout import LETTER, well_inside
from scanpipe.model import Code, Corners
from scanpipe.shaded_layout import Grid, ShadedLayout
from scanpipe.sight import Shading
from scanpipe.stages.blank import find_marks
from scanpipe.stages.empty import has_nothing, upright
from scanpipe.stages.locate import Stance, located
from scanpipe.stages.shaded.deciding import EMPTY, decide, is_there, usual_mark
from scanpipe.stages.shaded.fills import Fills, Gray, measure
from scanpipe.stages.shaded.marks import Bearing, Points, bearing_by_code, bearings_by_page

_STRIP_PX = 8


@dataclass(frozen=True, slots=True)
class Shaded:
    """What is shaded, and how the sheet lies on the page by its marks (None where they were not found). `empty`: nobody drew
    on it; told of sheets that are printed here.
    """

    shading: Shading
    stance: Stance | None = None
    empty: bool = False


def read_shading(gray: Gray, shrink: int, codes: Sequence[Code], layouts: Sequence[ShadedLayout]) -> Shaded | None:
    """`gray` is the page shrunk by `shrink`. None where it is no sheet of these layouts.

    A sheet whose code says that it is generic always has an answer, one without a code if its marks are not found. Somebody
    else's is taken for one only where all its marks and its whole grid are there.
    """
    for code in codes:
        parsed = parse(code.text) if code.symbology == "qr" else None
        if parsed is not None and parsed.kind is Kind.GENERIC:
            return _read_signed(gray, shrink, code, parsed, layouts)
    if codes:
        return None
    for layout in (la for la in layouts if not la.signed):
        for bearing in bearings_by_page(gray, layout):
            if (read := _read(gray, shrink, layout, bearing)) is not None:
                return read
    return None


def _read_signed(gray: Gray, shrink: int, code: Code, parsed: Parsed, layouts: Sequence[ShadedLayout]) -> Shaded:
    id = (parsed.layout or "").lower()
    layout = next((la for la in layouts if la.signed and la.id == id), None)
    if layout is None:
        return Shaded(Shading(id))
    layout = replace(layout, paper=LETTER) if parsed.letter else layout
    shrunk: Corners = tuple(((x + 0.5) / shrink - 0.5, (y + 0.5) / shrink - 0.5) for x, y in code.corners)  # type: ignore[assignment]
    bearing = bearing_by_code(gray, layout, shrunk)
    read = _read(gray, shrink, layout, bearing) if bearing is not None else None
    return read or Shaded(Shading(id))


def _read(gray: Gray, shrink: int, layout: ShadedLayout, bearing: Bearing) -> Shaded | None:
    """None where the grid is not where the marks say."""
    code = measure(gray, layout, layout.code, bearing)
    if not is_there(code):
        return None
    usual = usual_mark(code)
    shaded, page = _told(decide(code, usual), layout.code), _page(gray, layout, bearing, usual)
    inside = well_inside(layout.drawing(layout.paper))
    empty = layout.signed and has_nothing(gray, inside, bearing.px(np.array(inside.corners_mm)))
    unused = empty and {*shaded, *page} <= {EMPTY} and not _is_written(gray, layout, bearing)
    grid = _grid_on_page(layout, bearing, shrink)
    shading = Shading(layout.id, shaded, page, layout.code.digits, _rounded(code), grid, unused)
    return Shaded(shading, _stance(layout, bearing, shrink), empty)


def _is_written(gray: Gray, layout: ShadedLayout, bearing: Bearing) -> bool:
    """Did anybody write into the boxes for the code? Side by side, their insides are a strip of paper."""
    boxes = layout.written()
    if not boxes:
        return False
    strip = np.hstack([upright(gray, box, bearing.px(np.array(box.corners_mm))) for box in boxes])
    return not find_marks(cv2.copyMakeBorder(strip, _STRIP_PX, _STRIP_PX, 0, 0, cv2.BORDER_REPLICATE)).blank  # type: ignore[arg-type]


def _page(gray: Gray, layout: ShadedLayout, bearing: Bearing, usual: float) -> str:
    if layout.page is None:
        return ""
    return _told(decide(measure(gray, layout, layout.page, bearing), usual), layout.page)


def _told(decided: str, grid: Grid) -> str:
    """The digits that the bubbles stand for."""
    return "".join(grid.digits[int(c)] if c.isdigit() else c for c in decided)


def _rounded(fills: Fills) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(v), 2) for v in row) for row in fills.fill)


def _grid_on_page(layout: ShadedLayout, bearing: Bearing, shrink: int) -> Corners:
    box = layout.around_code()
    corners = [(box.x_mm, box.y_mm), (box.right_mm, box.y_mm), (box.right_mm, box.bottom_mm), (box.x_mm, box.bottom_mm)]
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in _on_page(bearing, np.array(corners), shrink))  # type: ignore[return-value]


def _stance(layout: ShadedLayout, bearing: Bearing, shrink: int) -> Stance:
    marks = [(m.x_mm, m.y_mm) for m in layout.marks]
    on_page = [(float(x), float(y)) for x, y in _on_page(bearing, np.array(marks), shrink)]
    return located(marks, on_page, layout.paper, bearing.misfit_mm)


def _on_page(bearing: Bearing, points_mm: Points, shrink: int) -> Points:
    """Points on the sheet in pixels of the page as it came."""
    return (bearing.px(points_mm) + 0.5) * shrink - 0.5
