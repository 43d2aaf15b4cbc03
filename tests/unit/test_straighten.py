"""A plane turned back by its skew, beside the same by OpenCV in floating point."""

import shutil
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from scanpipe.stages import straighten
from scanpipe.stages.straighten import canvas_for, straightened
from tests.helpers import Gray
from tools.measure_straightening import by_opencv

ANGLES = [-15.0, -6.0, -3.5, -1.9, -1.7, -0.6, -0.1, 0.0, 0.1, 0.2, 1.3, 1.84, 2.0, 3.8, 4.0, 15.0]
SIZES = [(400, 300), (401, 303), (300, 41), (41, 300), (30, 20), (3, 5), (1, 1)]


def drawing(height: int, width: int, seed: int = 0) -> Gray:
    """Soft noise over all grays, with some hard edges."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(128, 300, (height, width)), (0, 0), 1.5)
    noise[height // 3 : height // 2, width // 4 : width // 2] = 20
    return noise.clip(0, 255).astype(np.uint8)


def exact(plane: Gray, skew_deg: float, canvas: tuple[int, int], paper: int) -> np.ndarray:
    return by_opencv(plane.astype(np.float32), skew_deg, canvas, paper)


def test_the_resampler_is_compiled() -> None:
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler here: pages are straightened by OpenCV, three times as slowly")
    assert straighten.COMPILED, "there is a C compiler: why was scanpipe/stages/_resample.c not built? See `make setup`"


@pytest.fixture(params=["compiled", "OpenCV"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "compiled" and not straighten.COMPILED:
        pytest.skip("the resampler was not compiled here")
    monkeypatch.setattr(straighten, "COMPILED", request.param == "compiled")


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("skew", ANGLES)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("paper", [255, 128])
def test_what_opencv_makes_of_it(size: tuple[int, int], skew: float, paper: int) -> None:
    plane = drawing(*size)
    canvas = canvas_for(*size, skew)
    ours, theirs = straightened(plane, skew, canvas, paper), exact(plane, skew, canvas, paper)
    assert ours.shape == canvas
    assert np.abs(ours - theirs).mean() < 0.5
    assert np.abs(ours - theirs).max() < 5


@pytest.mark.parametrize("seed", range(24))
def test_every_pixel_of_a_page_of_a_scanner(seed: int) -> None:
    """Any angle; wide enough that an error which grows along the rows would show, and no single pixel may be off."""
    skew = float(np.random.default_rng(seed).uniform(-3.3, 3.3))
    plane = drawing(1200, 2500, seed)
    canvas = canvas_for(1200, 2500, skew)
    apart = np.abs(straightened(plane, skew, canvas) - exact(plane, skew, canvas, 255))
    assert apart.mean() < 0.4
    assert apart.max() < 6


@pytest.mark.parametrize("level", [0, 255])
def test_white_stays_white_and_black_stays_black(level: int) -> None:
    """Nothing over- or underflows."""
    plane = np.full((500, 350), level, np.uint8)
    for skew in ANGLES:
        canvas = canvas_for(500, 350, skew)
        assert (straightened(plane, skew, canvas, level) == level).all()


@pytest.mark.parametrize("skew", ANGLES)
def test_the_canvas_grows_by_even_numbers_and_no_more_than_needed(skew: float) -> None:
    for height, width in SIZES:
        canvas = np.array(canvas_for(height, width, skew))
        grown = canvas - (height, width)
        c, s = np.cos(np.radians(skew)), abs(np.sin(np.radians(skew)))
        needed = np.array([height * c + width * s, width * c + height * s])
        assert (grown % 2 == 0).all() and (grown >= 0).all()
        assert (canvas >= needed - 1e-9).all() and (canvas < np.maximum(needed, (height, width)) + 2).all()


def test_pictures_side_by_side_in_memory_are_not_touched() -> None:
    """A view into a larger array is read as the plane that it is."""
    big = drawing(300, 300)
    view = big[50:250, 40:220]
    canvas = canvas_for(200, 180, 1.0)
    assert np.array_equal(straightened(view, 1.0, canvas), straightened(view.copy(), 1.0, canvas))
    assert np.array_equal(big, drawing(300, 300))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda a: a | {"starts": a["starts"] + (1 << 40)},
        lambda a: a | {"starts": a["starts"] - (1 << 40)},
        lambda a: a | {"spans": a["spans"] + 8},
        lambda a: a | {"spans": a["spans"] - 80},
        lambda a: a | {"starts": a["starts"][:-1]},
        lambda a: a | {"step": a["step"] * 2},
        lambda a: a | {"source_width": 0},
        lambda a: a | {"source_width": 10_000},
        lambda a: a | {"width": 63},
        lambda a: a | {"lanes": 64},
    ],
)
def test_the_resampler_refuses_to_reach_beyond_its_source(spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Whoever calls it wrongly gets an exception, and not the bytes of a neighbour."""
    module = pytest.importorskip("scanpipe.stages._resample", reason="the resampler was not compiled here")
    rows = np.arange(40, dtype=np.int64)
    sound = {
        "source": np.zeros((48, 132), np.uint8),
        "source_width": 132,
        "result": np.zeros((40, 64), np.uint8),
        "width": 64,
        "starts": np.stack([rows * 0 + 34, rows + 4], axis=1) << 32,
        "step": np.array([1 << 32, 0]),
        "spans": np.stack([rows * 0, rows * 0 + 64], axis=1),
        "lanes": 32,
    }
    module.resample(*sound.values())
    with pytest.raises(ValueError, match="beyond the source"):
        module.resample(*spoil(sound).values())
