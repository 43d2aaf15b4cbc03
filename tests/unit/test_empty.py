"""Is a sheet empty? Whatever lies inside the frame makes it not so; what is printed does not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from scanpipe.codes import Kind
from scanpipe.layout import A4, LETTER, Paper, inside_frame
from scanpipe.sheets import geometry
from scanpipe.stages.empty import is_empty
from scanpipe.stages.locate import locate
from scanpipe.stages.read import look, look_shrink
from tests.helpers import PAPER, ArrayPage, Canvas, Gray, eyes, rotated

EYES = eyes()


def blank_sheet(dpi: float = 150, paper: Paper = A4) -> Canvas:
    canvas = Canvas(dpi, paper)
    frame = geometry.drawing(paper)
    canvas.box(frame.x_mm, frame.y_mm, frame.right_mm, frame.bottom_mm)
    for kind in (Kind.CANDIDATE, Kind.QUESTION, Kind.SHEET):
        canvas.code(kind)
    return canvas


def empty(pixels: Gray, noise: float = 2.0, hide: tuple[Kind, ...] = ()) -> bool:
    rng = np.random.default_rng(3)
    page = ArrayPage(np.clip(pixels + rng.normal(0, noise, pixels.shape), 0, 255).astype(np.uint8))
    codes = [c for c in look(page, EYES) if Kind(c.text[3]) not in hide]
    shrink = look_shrink(page)
    return is_empty(page.gray(shrink), shrink, locate(codes))


@pytest.mark.parametrize("paper", [A4, LETTER], ids=lambda p: p.name)
def test_what_is_looked_at_lies_well_inside_the_frames(paper: Paper) -> None:
    for of_pad, frame in ((False, geometry.drawing(paper)), (True, geometry.pad_drawing(paper))):
        inside = inside_frame(paper, of_pad)
        edges = (inside.x_mm - frame.x_mm, inside.y_mm - frame.y_mm)
        edges += (frame.right_mm - inside.right_mm, frame.bottom_mm - inside.bottom_mm)
        assert all(2 <= edge <= 3 for edge in edges), edges


@pytest.mark.parametrize(("dpi", "angle_deg"), list(itertools.product((100, 200), (0.0, 1.5, 183.0))))
def test_a_printed_sheet_is_empty_and_one_small_faint_line_makes_it_not(dpi: float, angle_deg: float) -> None:
    assert empty(rotated(blank_sheet(dpi).gray, angle_deg))
    drawn = blank_sheet(dpi)
    drawn.line([(150, 200), (154, 203)], 0.5, PAPER - 35)
    assert not empty(rotated(drawn.gray, angle_deg))


def test_much_ink_is_seen_at_a_glance() -> None:
    drawn = blank_sheet()
    drawn.handwriting()
    assert not empty(drawn.gray)


def test_where_nobody_can_tell_it_is_not_empty() -> None:
    sheet = blank_sheet().gray
    assert not empty(sheet, hide=tuple(Kind))
    assert not empty(sheet, hide=(Kind.CANDIDATE, Kind.SHEET))  # of a pad, or not?
    assert not empty(sheet, noise=14.0)  # a pencil could hide in it
