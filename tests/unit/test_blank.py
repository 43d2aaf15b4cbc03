"""Did anybody write on it? Paper as scanners show it is blank; the faintest pencil and the smallest writing are not."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scanpipe.stages.blank import find_marks
from scanpipe.stages.read import look_shrink
from tests.helpers import ArrayPage, Canvas

Field = NDArray[np.float32]


@cache
def grain(dpi: int, sigma: float = 4.0, seed: int = 1) -> Field:
    """The noise of a scanner over a page of A4."""
    size = round(297 * dpi / 25.4), round(210 * dpi / 25.4)
    return (np.random.default_rng(seed).standard_normal(size, np.float32) * sigma).astype(np.float32)


def paper(dpi: int, level: float = 240.0, sigma: float = 4.0) -> Field:
    return level + grain(dpi, sigma)


def is_blank(page: Field) -> bool:
    """Looked at as the pipeline looks at a page."""
    picture = ArrayPage(np.clip(page, 0, 255).astype(np.uint8))
    return find_marks(picture.gray(look_shrink(picture))).blank


def across(dpi: int) -> tuple[Field, Field]:
    """Where each pixel is, in mm from the left and from the top."""
    height, width = grain(dpi).shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) * 25.4 / dpi
    return x, y


def white(dpi: int) -> Field:
    return np.full_like(grain(dpi), 255)


def gray_paper(dpi: int) -> Field:
    return paper(dpi, 200)


def coarse_grain(dpi: int) -> Field:
    return paper(dpi, sigma=9.0)


def clouds(size_mm: float, sigma: float) -> Callable[[int], Field]:
    """Recycled paper: clouds of this size."""

    def texture(dpi: int) -> Field:
        height, width = grain(dpi).shape
        rough = np.random.default_rng(5).standard_normal((int(297 / size_mm), int(210 / size_mm)), np.float32)
        smooth = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
        return paper(dpi, sigma=2.0) + smooth * (sigma / float(smooth.std()))

    return texture


def uneven_light(dpi: int) -> Field:
    x, y = across(dpi)
    return paper(dpi) - 0.2 * x - 0.0002 * y**2


def dark_corners(dpi: int) -> Field:
    x, y = across(dpi)
    return paper(dpi) - 0.003 * ((x - 105) ** 2 + (y - 148) ** 2)


def edge_shadows(dpi: int) -> Field:
    x, y = across(dpi)
    return paper(dpi) - 120 * np.exp(-np.minimum(np.minimum(x, 210 - x), np.minimum(y, 297 - y)) / 1.5)


def lid(dpi: int) -> Field:
    """The page was laid a little too low: a black stripe at the top and the left."""
    x, y = across(dpi)
    return np.where((x < 2.5) | (y < 2.5), 30, paper(dpi)).astype(np.float32)


def dust(dpi: int) -> Field:
    """Fifty specks, 0.2 to 0.8 mm across."""
    page, rng = paper(dpi).copy(), np.random.default_rng(2)
    for _ in range(50):
        at = rng.uniform(0, 1, 2) * page.shape[::-1] * 16
        radius = rng.uniform(0.1, 0.4) * dpi / 25.4 * 16
        where = int(at[0]), int(at[1])
        cv2.circle(page, where, int(radius), rng.uniform(20, 150), -1, cv2.LINE_AA, 4)
    return page


def behind(dpi: int) -> Field:
    """The front of the sheet, seen from behind: mirrored and soft; 0 is paper, 205 black."""
    front = Canvas(dpi)
    front.frames()
    front.handwriting()
    return 245 - cv2.GaussianBlur(front.gray[:, ::-1], (0, 0), 0.6 * dpi / 25.4).astype(np.float32)


def show_through(dpi: int) -> Field:
    return paper(dpi) - 0.05 * behind(dpi)


def quiet_show_through(dpi: int) -> Field:
    """Under a scanner that hides its noise."""
    return paper(dpi, sigma=0.4) - 0.035 * behind(dpi)


@pytest.mark.parametrize("dpi", [100, 200])
@pytest.mark.parametrize(
    "page",
    [
        white,
        paper,
        gray_paper,
        coarse_grain,
        clouds(0.4, 3.0),
        clouds(1.0, 2.0),
        clouds(3.0, 2.0),
        clouds(8.0, 1.5),
        uneven_light,
        dark_corners,
        edge_shadows,
        lid,
        dust,
        show_through,
        quiet_show_through,
    ],
    ids=lambda f: f.__qualname__.split(".")[0],
)
def test_paper_on_which_nobody_wrote_is_blank(page: Callable[[int], Field], dpi: int) -> None:
    assert is_blank(page(dpi))


@pytest.mark.parametrize("dpi", [150, 300])
def test_plain_paper_is_blank_at_other_resolutions(dpi: int) -> None:
    assert is_blank(paper(dpi))


def with_line(page: Field, dpi: int, levels: float, angle_deg: float, width_mm: float = 0.4) -> Field:
    """A line of 2 cm, so many gray levels darker than what is under it."""
    layer = Canvas(dpi)
    layer.gray[:] = 0
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    layer.line([(90, 140), (90 + 20 * c, 140 + 20 * s)], width_mm, 255)
    return page - layer.gray.astype(np.float32) * (levels / 255)


@pytest.mark.parametrize("angle", [0.0, 17.0, 45.5, 90.0])
@pytest.mark.parametrize("dpi", [200, 300])
def test_a_faint_line_of_pencil_is_not_blank(dpi: int, angle: float) -> None:
    assert not is_blank(with_line(paper(dpi), dpi, 12, angle))


@pytest.mark.parametrize("page", [uneven_light, edge_shadows, dust, white, gray_paper])
def test_a_faint_line_is_seen_on_any_paper(page: Callable[[int], Field]) -> None:
    assert not is_blank(with_line(page(200), 200, 12, 30))


@pytest.mark.parametrize("dpi", [150, 300])
def test_where_there_is_no_noise_a_line_may_be_fainter_still(dpi: int) -> None:
    assert not is_blank(with_line(white(dpi) - 10, dpi, 9, 30))


def test_a_hair_line_of_a_hard_pencil_is_not_blank() -> None:
    assert not is_blank(with_line(paper(200), 200, 25, 60, 0.2))


@pytest.mark.parametrize(
    ("word", "height_mm", "levels"),
    [
        ("a", 2.5, 120),
        ("x", 2.5, 120),
        ("5", 2.5, 40),
        ("x = 2", 3, 20),
        ("Nei", 2.5, 25),
        ("se forsiden", 2, 60),
        ("4,2 m/s", 3, 20),
        ("i", 3, 60),
        ("/", 3, 25),
        ("- - - -", 4, 60),
    ],
)
def test_small_writing_is_not_blank(word: str, height_mm: float, levels: float) -> None:
    dpi = 200
    layer = np.zeros(grain(dpi).shape, np.uint8)
    scale = height_mm * dpi / 25.4 / 22
    cv2.putText(layer, word, (700, 1500), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 3, cv2.LINE_AA)
    assert not is_blank(paper(dpi) - layer * (levels / 255))


def test_a_page_full_of_faint_pencil_does_not_pass_for_noise() -> None:
    """The more there is of it, the more it must not be taken for what the paper is like."""
    layer = Canvas(200)
    layer.gray[:] = 0
    for n in range(60):
        layer.line([(15, 20 + 4 * n), (195, 22 + 4 * n)], 0.5, 255)
    assert not is_blank(paper(200) - layer.gray.astype(np.float32) * (15 / 255))


def test_a_sheet_with_its_frames_is_not_blank() -> None:
    canvas = Canvas(150)
    canvas.frames()
    assert find_marks(canvas.gray).strokes >= 4


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (2000, 3), (39, 39), (0, 0)])
def test_what_is_no_page_is_not_called_blank(shape: tuple[int, int]) -> None:
    assert not find_marks(np.full(shape, 255, np.uint8)).blank


@pytest.mark.parametrize("shape", [(40, 40), (41, 3000), (3000, 64)])
def test_small_pictures_are_survived(shape: tuple[int, int]) -> None:
    assert find_marks(np.full(shape, 255, np.uint8)).blank
