"""What the machine sees on a page, before anything is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanpipe.model import Code, Corners
from scanpipe.saying import Said


@dataclass(frozen=True, slots=True)
class Shading:
    """What is shaded on a generic sheet.

    `code` and `page` have a digit for each place, `_` where nothing is shaded, `?` where it is unclear; `page` is empty where the
    layout has no page number, `code` where the grid was not found. `fills` says of each bubble of the code, by place and row,
    how full it is (0 to 1); `digits` are those of the rows. `grid` are the corners of what a person wants to see, the boxes and
    the grid of the code, in pixels of the page as it came. `unused`: nothing is shaded, written into the boxes, or drawn.
    """

    layout: str
    code: str = ""
    page: str = ""
    digits: str = ""
    fills: tuple[tuple[float, ...], ...] = ()
    grid: Corners | None = None
    unused: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """Of a picture that somebody took with a phone: by what the page was rectified (`codes`, `outline`, `as it came`), where the
    corners of the paper are on it (None: as it came), why it was not rectified, and what could be better, with what was measured.
    """

    how: str
    corners: Corners | None
    why: Said | None
    advice: tuple[tuple[str, Mapping[str, float]], ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """What the machine sees on a page, before anything is checked.

    `turn_deg` (0, 90, 180, 270) plus `skew_deg` is how far the page as it came stands turned clockwise from upright and
    straight; `skew_from` says how that was found. `misfit_mm` is how far the codes are from where they were printed (root mean
    square, None where no code is a sheet's). `dpi` is measured from the distance of the codes where there are two,
    else it is what the file says, else None. `paper_share` is how much of the sheet of paper is on the page, `page_share` how
    much of the page is paper (None where no code says so), `darkness` how much of it is nearly black (all 0 to 1). `blur_mm`
    is how blurred its codes are (standard deviation of a Gaussian), None where that cannot be told. `streaks_mm` are the places
    of dark streaks, from the left of the scan. `empty`: a sheet on which nobody drew or wrote.
    `shading` is there on generic sheets alone. `printed`: there is no code, and the page looks as if a form were printed on it.
    `marks` says of each box for further questions what is in it (`stages/marked.py`); empty where the sheet has none.
    `taken` is there of pictures alone, and then all else is told of the page taken out of it.
    """

    codes: tuple[Code, ...]
    turn_deg: int
    skew_deg: float
    skew_from: str
    misfit_mm: float | None
    dpi: float | None
    width_px: int
    height_px: int
    paper_share: float | None
    page_share: float | None
    darkness: float
    blank: bool
    blur_mm: float | None = None
    streaks_mm: tuple[float, ...] = ()
    empty: bool = False
    shading: Shading | None = None
    taken: Taken | None = None
    printed: bool = False
    marks: str = ""
