"""The picture for the grader: upright, straight, whole, in its own colours, and its own bytes where nothing was to be done."""

import io

import numpy as np
import pytest
from PIL import Image

from scanpipe.layout import A4
from scanpipe.stages.deskew import deskew, page_skew_deg
from scanpipe.stages.locate import locate
from scanpipe.stages.read import look
from scanpipe.stages.render import STRAIGHT_DEG, Rendition, encode_jpeg, render, straightened_page, turned
from tests.helpers import ArrayPage, Canvas, Gray, eyes, rotated, sheet

OWN = (b"the page's own bytes", "image/png")
EYES = eyes()


def opened(rendition: Rendition) -> Image.Image:
    assert rendition.media_type == "image/jpeg" and not rendition.own
    return Image.open(io.BytesIO(rendition.body))


def pixels(rendition: Rendition) -> Gray:
    return np.asarray(opened(rendition))


def coloured(height: int = 300, width: int = 200) -> Gray:
    """White with a red, a green and a blue field."""
    page = np.full((height, width, 3), 255, np.uint8)
    for n in range(3):
        page[60:120, 20 + 60 * n : 60 + 60 * n] = np.eye(3, dtype=np.uint8)[n] * 200
    return page


PLAIN = np.full((300, 200), 240, np.uint8)


@pytest.mark.parametrize("skew", [0.0, 0.099, -0.099])
def test_a_page_that_needs_nothing_keeps_its_own_bytes(skew: float) -> None:
    rendition = render(ArrayPage(PLAIN, own=OWN), 0, skew, 300.0, 85)
    assert (rendition.body, rendition.media_type, rendition.own) == (*OWN, True)
    assert rendition.body is OWN[0] and rendition.extension == "png"


@pytest.mark.parametrize(("turn", "skew"), [(0, STRAIGHT_DEG), (0, -STRAIGHT_DEG), (180, 0.0), (90, 0.01), (270, 5.0)])
def test_a_page_that_needs_something_is_made_anew(turn: int, skew: float) -> None:
    rendition = render(ArrayPage(PLAIN, own=OWN), turn, skew, None, 85)
    assert not rendition.own and rendition.body[:2] == b"\xff\xd8" and rendition.extension == "jpg"


def test_a_page_that_has_no_bytes_of_its_own_gets_some() -> None:
    rendition = render(ArrayPage(PLAIN), 0, 0.0, None, 85)
    assert pixels(rendition).shape == PLAIN.shape and not rendition.own


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("page", [np.arange(35, dtype=np.uint8).reshape(5, 7), coloured(9, 7)[..., 0]])
def test_quarter_turns_move_pixels_and_nothing_else(page: Gray, turn: int) -> None:
    """Turned clockwise by hand first: what was the left column is the top row then, from its lower end on."""
    hand = page
    for _ in range(turn // 90):
        hand = np.stack([hand[::-1, x] for x in range(hand.shape[1])])
    assert all(np.array_equal(p, page) for p in turned((hand, hand), turn))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_on_its_side_comes_upright(turn: int) -> None:
    page = np.full((320, 160), 240, np.uint8)
    page[:80, :80] = 0
    upright = pixels(render(ArrayPage(rotated(page, turn)), turn, 0.0, None, 90))
    assert upright.shape == page.shape
    assert np.abs(upright.astype(int) - page).max() < 30


def with_corners() -> Gray:
    """A mark in each corner, right at the edges."""
    page = np.full((600, 420), 240, np.uint8)
    for y in (slice(0, 12), slice(-12, None)):
        for x in (slice(0, 12), slice(-12, None)):
            page[y, x] = 0
    return page


@pytest.mark.parametrize("skew", [-15.0, -7.7, -0.1, 0.1, 0.5, 3.0, 15.0])
def test_the_canvas_holds_every_corner_of_the_page(skew: float) -> None:
    page = with_corners()
    (straight,) = straightened_page((page,), skew)
    ink = (240 - straight.astype(float)).clip(0)
    assert ink.sum() == pytest.approx(4 * 12 * 12 * 240, rel=0.02)
    grown = max(s - p for s, p in zip(straight.shape, page.shape, strict=True))
    assert grown <= 600 * np.sin(np.radians(abs(skew))) + 2


def test_what_is_added_around_the_page_is_white() -> None:
    dark = np.full((400, 300), 30, np.uint8)
    (straight,) = straightened_page((dark,), 10)
    assert straight[0, 0] == straight[-1, -1] == straight[0, -1] == straight[-1, 0] == 255
    colour = pixels(render(ArrayPage(coloured() // 8), 0, 10, None, 95))
    assert np.abs(colour[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int) - 255).max() <= 2


@pytest.mark.parametrize("skew", [0.5, -4.0, 15.0])
def test_straightening_shifts_nothing(skew: float) -> None:
    """A page turned by us and turned back lies on its own pixels, but for the softness of the warp."""
    canvas = Canvas(75)
    canvas.line([(40, 60), (170, 60), (170, 250), (40, 60)], 3, 60)
    back = straightened_page((rotated(canvas.gray, skew),), skew)[0].astype(int)
    top, left = ((b - c) // 2 for b, c in zip(back.shape, canvas.gray.shape, strict=True))
    here = back[top : top + canvas.gray.shape[0], left : left + canvas.gray.shape[1]]
    assert np.abs(here - canvas.gray).mean() < 1.5


@pytest.mark.parametrize("dpi", [72.0, 200.4, 300.0, 1200.0])
def test_the_resolution_stands_in_the_file(dpi: float) -> None:
    for page in (PLAIN, coloured()):
        found = opened(render(ArrayPage(page), 180, 0.0, dpi, 85)).info["dpi"]
        assert found == (round(dpi), round(dpi))


def test_a_resolution_beyond_what_the_header_holds_is_bounded() -> None:
    assert Image.open(io.BytesIO(encode_jpeg((PLAIN,), 1e6, 85))).info["dpi"] == (65535, 65535)
    assert Image.open(io.BytesIO(encode_jpeg((PLAIN,), 0.01, 85))).info["dpi"] == (1, 1)


def test_without_a_resolution_none_is_made_up() -> None:
    assert "dpi" not in opened(render(ArrayPage(PLAIN), 180, 0.0, None, 85)).info


def test_writing_the_resolution_changes_nothing_else() -> None:
    with_dpi, without = (
        Image.open(io.BytesIO(encode_jpeg(ArrayPage(coloured()).planes(), d, 85))) for d in (300.0, None)
    )
    assert np.array_equal(np.asarray(with_dpi), np.asarray(without))


def test_gray_stays_gray_and_colour_stays_colour() -> None:
    for skew in (0.0, 3.0):
        assert opened(render(ArrayPage(PLAIN), 90, skew, None, 85)).mode == "L"
        assert opened(render(ArrayPage(coloured()), 90, skew, None, 85)).mode == "RGB"
    fields = pixels(render(ArrayPage(coloured()), 180, 0.0, None, 95))
    red, green, blue = (fields[300 - 90, 200 - (40 + 60 * n)].astype(int) for n in range(3))
    assert red.argmax() == 0 and green.argmax() == 1 and blue.argmax() == 2
    assert min(red.max(), green.max(), blue.max()) > 180


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("skew", [0.0, 0.7, -2.5, 6.0])
@pytest.mark.parametrize("size", [(300, 200), (301, 203)])
def test_colours_stay_where_their_shapes_are(size: tuple[int, int], skew: float, turn: int) -> None:
    """A red field on white is dark in green where it is red: their centres lie on each other, to half a pixel."""
    page = np.full((*size, 3), 255, np.uint8)
    page[100:180, 60:120, 1:] = 40
    out = pixels(render(ArrayPage(page), turn, skew, None, 100)).astype(float)
    luma, redness = 255 - out.mean(axis=2), out[..., 0] - out[..., 1]
    for axis in (0, 1):
        places = np.arange(out.shape[axis])
        dark, red = (
            np.average(places, weights=v.clip(20).sum(axis=1 - axis) - 20 * v.shape[1 - axis]) for v in (luma, redness)
        )
        assert dark == pytest.approx(red, abs=0.5)


@pytest.mark.parametrize("quality", [30, 85, 95, 100])
def test_every_quality_that_can_be_set(quality: int) -> None:
    assert pixels(render(ArrayPage(PLAIN), 180, 0.0, None, quality)).shape == PLAIN.shape


def test_quality_is_what_it_costs() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200), np.uint8)
    assert (
        len(encode_jpeg((noise,), None, 40))
        < len(encode_jpeg((noise,), None, 85))
        < len(encode_jpeg((noise,), None, 98))
    )


@pytest.mark.parametrize("angle", [-15.0, -6.3, -0.4, 0.15, 2.0, 11.0, 15.0, 93.1, 178.8, 262.0])
def test_what_comes_out_is_straight(angle: float) -> None:
    page = ArrayPage(rotated(sheet(dpi=150).gray, angle))
    skew = deskew(locate(look(page, EYES)), page.gray())
    out = ArrayPage(pixels(render(page, skew.turn_deg, skew.skew_deg, 150, 85)))
    again = locate(look(out, EYES))
    assert again is not None and abs(again.angle_deg) < 0.05


def test_a_page_without_codes_comes_out_straight_too() -> None:
    page = ArrayPage(rotated(sheet(dpi=150, kinds=()).gray, -4.2))
    skew = deskew(None, page.gray())
    out = pixels(render(page, skew.turn_deg, skew.skew_deg, None, 85))
    assert abs(page_skew_deg(out, 0.0, 2.0)) < 0.05


@pytest.mark.parametrize("angle", [0.3, -3.3, 15.0])
def test_faint_pencil_stays_readable(angle: float) -> None:
    """12 gray levels below the paper before, and two thirds of it at least afterwards."""
    canvas = Canvas(200)
    paper = int(canvas.gray[0, 0])
    canvas.line([(40, 150), (170, 150)], 0.4, paper - 12)
    out = pixels(render(ArrayPage(rotated(canvas.gray, angle)), 0, angle, 200, 85)).astype(float)
    middle = out[:, out.shape[1] // 2 - 300 : out.shape[1] // 2 + 300].mean(axis=1)
    rows = middle[len(middle) // 2 - 200 : len(middle) // 2 + 200]
    assert paper - rows.min() >= 8
    assert abs(np.median(rows) - paper) < 1


def test_nothing_is_made_black_and_white() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    out = pixels(render(ArrayPage(ramp), 180, 2.0, None, 90))
    assert len(np.unique(out)) > 200


def test_full_resolution_is_kept() -> None:
    page = sheet(dpi=100).gray
    out = pixels(render(ArrayPage(rotated(page, 90)), 90, 0.0, None, 85))
    assert out.shape == page.shape == (round(A4.height_mm * 100 / 25.4), round(A4.width_mm * 100 / 25.4))
