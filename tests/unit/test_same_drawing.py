"""Two scans show the same drawing, or they do not: and in doubt they do not."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scanpipe.stages.same_drawing import gray_picture, same_drawing
from tools.measure_same_drawing import CHANGES, measure

DPI = 150.0
Gray = NDArray[np.uint8]


def drawn(rng: np.random.Generator, grain: float = 2.0) -> Gray:
    """A page of A4 with a frame, a curve and some words, as a scanner with a little grain sees it."""
    page = np.full((1754, 1240), 245, np.uint8)
    cv2.rectangle(page, (120, 180), (1110, 1575), 90, 2)
    x = np.arange(180, 1050)
    curve = np.stack([x, 750 + 220 * np.sin(x / 90)], axis=1).astype(np.int32)
    cv2.polylines(page, [curve], False, 60, 3)
    cv2.putText(page, "f(x) = 2x", (225, 450), cv2.FONT_HERSHEY_SIMPLEX, 1.8, 70, 3)
    return grained(page, rng, grain)


def grained(page: Gray, rng: np.random.Generator, grain: float) -> Gray:
    return np.clip(page + rng.normal(0, grain, page.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def test_two_scans_of_one_drawing(rng: np.random.Generator) -> None:
    page = drawn(rng, 0)
    moved = cv2.warpAffine(page, np.array([[1.0, 0.004, 3], [-0.004, 1.002, -2]]), page.shape[::-1], borderValue=245)
    assert same_drawing(grained(page, rng, 2), grained(np.asarray(moved, np.uint8), rng, 2), DPI, DPI)
    finer = cv2.resize(page, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    assert same_drawing(page, np.asarray(finer, np.uint8), DPI, 2 * DPI)


@pytest.mark.parametrize("darkness", [20, 60, 150])
@pytest.mark.parametrize("end", [(759, 1200), (750, 1218), (780, 1260)])
def test_a_stroke_more_is_another_drawing(rng: np.random.Generator, darkness: int, end: tuple[int, int]) -> None:
    """From 1.5 mm on, from faint pencil on, whichever of the two scans has it."""
    page = drawn(rng, 0)
    more = page.copy()
    cv2.line(more, (750, 1200), end, 245 - darkness, 3)
    pair = grained(page, rng, 1.5), grained(more, rng, 1.5)
    assert not same_drawing(*pair, DPI, DPI)
    assert not same_drawing(*pair[::-1], DPI, DPI)


def test_what_was_moved_or_filled_is_another_drawing(rng: np.random.Generator) -> None:
    page = drawn(rng, 0)
    one, other, filled = page.copy(), page.copy(), page.copy()
    cv2.circle(one, (450, 1275), 5, 50, -1)
    cv2.circle(other, (465, 1275), 5, 50, -1)  # a point of a graph, 2.5 mm to the side
    cv2.rectangle(filled, (150, 1050), (1050, 1500), 60, -1)
    for a, b in ((one, other), (page, filled), (filled, one)):
        assert not same_drawing(a, b, DPI, DPI)


def test_in_doubt_they_are_not_the_same(rng: np.random.Generator) -> None:
    page = drawn(rng, 0)
    assert not same_drawing(grained(page, rng, 14), grained(page, rng, 14), DPI, DPI), "faint strokes drown in grain"
    assert not same_drawing(page, page[:1350], DPI, DPI), "a part is missing"
    assert not same_drawing(page, np.full_like(page, 245), DPI, DPI)
    assert not same_drawing(page, page[::-1].copy(), DPI, DPI)
    assert gray_picture(b"no picture") is None


def test_scans_of_the_simulator() -> None:
    found = measure("office", 7, 1)
    assert [name for name in CHANGES if found[f"{name}: told same"]] == []
    assert found["same: told same"] == 1


@pytest.mark.proof
def test_more_scans_of_the_simulator() -> None:
    found: Counter[str] = Counter()
    for number in range(1, 13):
        found += measure("office", 7, number)
    assert [name for name in CHANGES if found[f"{name}: told same"]] == []
    assert found["same: told same"] >= 8
