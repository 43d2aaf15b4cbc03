"""How far does a page stand turned? On rendered sheets, through the readers: four turns, and every skew that is promised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.codes import PERSONAL, Kind
from scanpipe.layout import LETTER
from scanpipe.model import Code
from scanpipe.stages.deskew import Skew, deskew, page_skew_deg, split
from scanpipe.stages.locate import locate
from scanpipe.stages.read import look, look_shrink
from tests.helpers import ArrayPage, Canvas, Gray, angle_apart, eyes, rotated, sheet
from tools.scanner import faults

ANGLES = (-15.0, -14.7, -7.3, -3.0, -1.0, -0.4, 0.0, 0.25, 0.9, 2.0, 6.1, 11.0, 15.0)
FEW = (-15.0, -6.2, -0.6, 0.0, 1.7, 9.4, 15.0)
TURNS = (0, 90, 180, 270)
EYES = eyes()


def noisy(gray: Gray, sigma: float = 4.0) -> Gray:
    noise = np.random.default_rng(3).normal(0, sigma, gray.shape)
    return np.clip(gray + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def printed() -> Gray:
    """A sheet as a scanner sees it, at 150 dots per inch."""
    return noisy(sheet(dpi=150).gray)


def seen(pixels: Gray, *kinds: Kind) -> tuple[tuple[Code, ...], Gray]:
    """The codes of these kinds that the readers find, and the page as it is looked at for its own skew."""
    page = ArrayPage(pixels)
    codes = [c for c in look(page, EYES) if Kind(c.text[3]) in kinds]
    assert len(codes) == len(kinds)
    return tuple(codes), page.gray(look_shrink(page))


def error_deg(skew: Skew, angle_deg: float) -> float:
    return angle_apart(skew.turn_deg + skew.skew_deg, angle_deg)


@pytest.mark.parametrize("turn", TURNS)
def test_from_all_codes_within_five_hundredths_of_a_degree(printed: Gray, turn: int) -> None:
    for angle in ANGLES:
        codes, small = seen(rotated(printed, turn + angle), *PERSONAL)
        skew = deskew(locate(codes), small)
        assert skew.source == "codes" and skew.turn_deg == turn
        assert abs(skew.skew_deg - angle) <= 0.05


@pytest.mark.parametrize("kinds", [tuple(k for k in PERSONAL if k is not left_out) for left_out in PERSONAL], ids=str)
def test_from_any_two_codes_within_five_hundredths_of_a_degree(printed: Gray, kinds: tuple[Kind, Kind]) -> None:
    for angle in (-14.7, -3.0, 0.9, 96.1, 169.0, 285.0):
        codes, small = seen(rotated(printed, angle), *kinds)
        skew = deskew(locate(codes), small)
        assert skew.source == "codes" and error_deg(skew, angle) <= 0.05


@pytest.mark.parametrize("kind", PERSONAL)
def test_from_one_code_and_the_page_within_a_tenth(printed: Gray, kind: Kind) -> None:
    for angle in (-15.0, -0.4, 0.0, 6.1, 92.0, 180.0, 255.0):
        codes, small = seen(rotated(printed, angle), kind)
        skew = deskew(locate(codes), small)
        assert skew.source == "one code and page" and error_deg(skew, angle) <= 0.1


def test_from_the_page_alone_within_a_tenth() -> None:
    """The most that it may be off; on the average it is far less."""
    form, errors = noisy(sheet(dpi=150, kinds=()).gray), []
    for angle in FEW:
        skew = deskew(None, rotated(form, angle))
        assert skew.source == "page" and skew.turn_deg == 0
        errors.append(abs(skew.skew_deg - angle))
    assert max(errors) <= 0.1 and np.mean(errors) <= 0.02


def test_from_a_table_that_somebody_ruled_on_plain_paper() -> None:
    canvas = Canvas(100)
    for n in range(6):
        canvas.line([(40, 60 + 12 * n), (170, 60 + 12 * n)], 0.4, 90)
        canvas.line([(40 + 26 * n, 60), (40 + 26 * n, 120)], 0.4, 90)
    drawn = noisy(canvas.gray)
    for angle in FEW:
        assert abs(page_skew_deg(rotated(drawn, angle), 0.0, 15.0) - angle) <= 0.1


def test_from_one_short_line_beneath_some_writing() -> None:
    canvas = Canvas(100)
    canvas.line([(60, 150), (110, 150)], 0.4, 60)
    canvas.handwriting(60, 3)
    drawn = noisy(canvas.gray)
    for angle in FEW:
        assert abs(page_skew_deg(rotated(drawn, angle), 0.0, 15.0) - angle) <= 0.1


@pytest.mark.parametrize("dpi", [75, 100, 200])
def test_the_page_alone_at_other_resolutions(dpi: int) -> None:
    drawn = noisy(sheet(dpi=dpi, kinds=()).gray)
    assert abs(page_skew_deg(rotated(drawn, 3.3), 0.0, 15.0) - 3.3) <= 0.1


def test_letter_paper() -> None:
    codes, small = seen(rotated(sheet(dpi=150, paper=LETTER).gray, 184.4), *PERSONAL)
    assert error_deg(deskew(locate(codes), small), 184.4) <= 0.05


def test_turned_clockwise_is_positive(printed: Gray) -> None:
    """What lies at the right has gone down: shown by a dot on an empty page first, then asked of the sheet."""
    dot = np.full((400, 400), 255, np.uint8)
    dot[198:203, 350:355] = 0
    rows, columns = np.nonzero(rotated(dot, 5, around=255) < 128)
    assert rows.mean() > 215 and columns.mean() > 300
    codes, small = seen(rotated(printed, 5), *PERSONAL)
    assert deskew(locate(codes), small).skew_deg == pytest.approx(5, abs=0.05)
    assert deskew(locate(codes[:1]), small).skew_deg == pytest.approx(5, abs=0.1)
    assert page_skew_deg(small, 0.0, 15.0) == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize(
    "gray", [np.full((300, 200), 255, np.uint8), np.zeros((300, 200), np.uint8), np.zeros((3, 3), np.uint8)]
)
def test_a_page_without_edges_is_left_as_it_is(gray: Gray) -> None:
    assert deskew(None, gray) == Skew(0, 0.0, "page")
    assert page_skew_deg(gray, 1.25, 1.5) == 1.25


def test_noise_alone_has_no_edges() -> None:
    assert page_skew_deg(noisy(np.full((1000, 700), 240, np.uint8), 8.0), 0.0, 15.0) == 0.0


def test_a_skew_beyond_what_is_promised_is_not_made_up() -> None:
    assert abs(page_skew_deg(rotated(sheet(dpi=100, kinds=()).gray, 20), 0.0, 15.0)) <= 15.0


@given(st.floats(-360, 360))
def test_an_angle_is_a_quarter_turn_and_a_rest(angle: float) -> None:
    turn, skew = split(angle)
    assert turn in TURNS and -45 <= skew <= 45
    assert angle_apart(turn + skew, angle) < 1e-9


@pytest.mark.parametrize(
    ("angle", "parts"),
    [(0, (0, 0)), (-3, (0, -3)), (93, (90, 3)), (-93, (270, -3)), (177, (180, -3)), (-177, (180, 3))],
)
def test_the_quarter_turn_is_the_nearest(angle: float, parts: tuple[int, float]) -> None:
    assert split(angle) == parts


@pytest.mark.parametrize("stretch", [0.97, 0.99, 1.01, 1.03])
def test_a_feed_too_fast_or_slow_leaves_the_printed_lines_straight(stretch: float) -> None:
    """Its lines are what the grader sees; a fit over all three codes would be 0.1° off at 1 %."""
    picture = faults.fed_askew(sheet(dpi=150).gray, 0.5, stretch=stretch)
    page = ArrayPage(picture)
    found = deskew(locate(look(page, EYES)), picture)
    assert found.source == "codes" and abs(found.skew_deg - 0.5) <= 0.05
