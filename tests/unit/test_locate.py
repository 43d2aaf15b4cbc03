"""Where does the sheet lie? Exact corners give the exact stance; what is not a sheet's code gives none."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.codes import PERSONAL, Kind
from scanpipe.layout import A4, LETTER, Paper, places
from scanpipe.model import Code
from scanpipe.stages.locate import Stance, locate
from tests.helpers import CLAIMS, OTHER, angle_apart, code

kinds = st.sets(st.sampled_from(PERSONAL), min_size=1)
angles = st.floats(-180, 180)
scales = st.floats(1.0, 40.0)
papers = st.sampled_from([A4, LETTER])


@given(kinds, angles, scales, papers)
def test_exact_corners_give_the_exact_stance(kinds: set[Kind], angle: float, scale: float, paper: Paper) -> None:
    stance = locate([code(k, angle_deg=angle, px_per_mm=scale, paper=paper) for k in kinds])
    assert stance is not None and stance.paper == paper and set(stance.kinds) == kinds
    assert angle_apart(stance.angle_deg, angle) < 1e-6
    assert stance.px_per_mm == pytest.approx(scale) and stance.dpi == pytest.approx(scale * 25.4)
    assert stance.origin_px == pytest.approx((1000, 1000), abs=1e-6)
    assert stance.misfit_mm < 1e-6


@given(angles, scales)
def test_points_on_the_sheet_are_found_on_the_page(angle: float, scale: float) -> None:
    stance = locate([code(Kind.SHEET, angle_deg=angle, px_per_mm=scale)])
    assert stance is not None
    for kind, place in places(A4).items():
        there = code(kind, angle_deg=angle, px_per_mm=scale).corners
        assert np.allclose(stance.to_px(place.corners_mm), there, atol=1e-5)


def test_a_page_turned_clockwise_has_a_positive_angle() -> None:
    """On such a page the right end of the sheet's top edge hangs lower than its left end."""
    c, q = code(Kind.CANDIDATE, angle_deg=2), code(Kind.QUESTION, angle_deg=2)
    assert q.corners[0][1] > c.corners[0][1]
    stance = locate([c, q])
    assert stance is not None and stance.angle_deg == pytest.approx(2)


def test_the_corner_without_a_finder_pattern_is_not_trusted() -> None:
    wild = [replace(c, corners=(*c.corners[:2], (0.0, 0.0), c.corners[3])) for c in map(code, PERSONAL)]
    assert locate(wild) == locate([code(k) for k in PERSONAL])


def test_an_error_of_a_pixel_is_a_few_hundredths_of_a_degree() -> None:
    c, q = code(Kind.CANDIDATE), code(Kind.QUESTION)
    lower = replace(q, corners=tuple((x, y + 1) for x, y in q.corners))
    stance = locate([c, lower])
    assert stance is not None and abs(stance.angle_deg) < 0.05


@pytest.mark.parametrize("moved_mm", [3.0, 10.0, 80.0])
def test_a_code_that_was_moved_shows_in_the_misfit(moved_mm: float) -> None:
    q = code(Kind.QUESTION)
    moved = replace(q, corners=tuple((x, y + 8 * moved_mm) for x, y in q.corners))
    stance = locate([code(Kind.CANDIDATE), moved, code(Kind.SHEET)])
    assert stance is not None and stance.misfit_mm > 0.3 * moved_mm


def test_a_code_turned_in_its_place_shows_in_the_misfit() -> None:
    q = code(Kind.QUESTION)
    stance = locate([code(Kind.CANDIDATE), replace(q, corners=(*q.corners[1:], q.corners[0]))])
    assert stance is not None and stance.misfit_mm > 5


def test_a_picture_that_is_a_mirror_image_shows_in_the_misfit() -> None:
    mirrored = [replace(c, corners=tuple((4000 - x, y) for x, y in c.corners)) for c in map(code, PERSONAL)]
    stance = locate(mirrored)
    assert stance is not None and stance.misfit_mm > 10


def test_the_sheet_with_the_most_codes_counts() -> None:
    here = [code(k) for k in (Kind.CANDIDATE, Kind.QUESTION)]
    other = code(Kind.SHEET, OTHER, angle_deg=90)
    assert locate([other, *here]) == locate(here)
    assert locate([*here, other]) == locate(here)


def test_what_is_not_a_code_of_a_sheet_says_nothing() -> None:
    assert locate([]) is None
    c = code(Kind.CANDIDATE)
    assert locate([replace(c, text="https://example.org")]) is None
    assert locate([replace(c, symbology="datamatrix")]) is None
    assert locate([c, replace(c, text="?", corners=((0, 0),) * 4)]) == locate([c])


@pytest.mark.parametrize("corners", [((5.0, 5.0),) * 4, ((0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.0, 0.0))])
def test_corners_that_make_no_sense_are_survived(corners: tuple[tuple[float, float], ...]) -> None:
    c = code(Kind.CANDIDATE)
    stance = locate([replace(c, corners=corners)])  # type: ignore[arg-type]
    assert stance is not None and math.isfinite(stance.misfit_mm) and math.isfinite(stance.angle_deg)
    assert all(0 <= share < 1 for share in stance.shares(1000, 1400))


def on(
    width_mm: float, height_mm: float, left_mm: float = 0.0, top_mm: float = 0.0, angle: float = 0.0
) -> tuple[float, float]:
    """The shares for a sheet of A4 that lies so on a page of this size at 10 pixels a mm."""
    stance = Stance(A4, 10.0, angle, angle, (left_mm * 10, top_mm * 10), 0.0, PERSONAL)
    return stance.shares(round(width_mm * 10), round(height_mm * 10))


def test_how_much_of_the_paper_is_on_the_page_and_of_the_page_is_paper() -> None:
    assert on(210, 297) == pytest.approx((1, 1), abs=1e-6)
    assert on(420, 297) == pytest.approx((1, 0.5), abs=1e-6)
    assert on(210, 297, left_mm=-105) == pytest.approx((0.5, 0.5), abs=1e-6)
    assert on(210, 297, top_mm=297) == pytest.approx((0, 0), abs=1e-6)
    assert on(210, 297, left_mm=210, top_mm=297, angle=180) == pytest.approx((1, 1), abs=1e-6)
    assert on(297, 210, left_mm=297, angle=90) == pytest.approx((1, 1), abs=1e-6)
    assert on(105, 148.5) == pytest.approx((0.25, 1), abs=1e-6)


def test_a_skewed_sheet_on_a_page_of_its_size_loses_its_corners_only() -> None:
    paper, page = on(210, 297, left_mm=13, angle=5)
    assert 0.9 < paper < 0.97 and 0.9 < page < 0.97


@given(
    st.lists(st.tuples(st.sampled_from(PERSONAL), st.sampled_from([CLAIMS, OTHER]), angles), max_size=5), st.randoms()
)
def test_any_codes_at_all_give_a_stance_or_none(placed: list[tuple[Kind, object, float]], random: object) -> None:
    codes: list[Code] = [code(k, c, angle_deg=a) for k, c, a in placed]  # type: ignore[arg-type]
    stance = locate(codes)
    assert (stance is None) == (not codes)
    if stance is not None:
        assert -180 <= stance.angle_deg <= 180 and stance.px_per_mm > 0 and stance.misfit_mm >= 0
