"""Streaks: dirt on the glass is found where it is, and nothing that stands on a sheet passes for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scanpipe.stages.streaks import find_streaks

DPI = 150
WIDTH, HEIGHT = 1240, 1754


def paper(seed: int = 1, noise: float = 4.0) -> NDArray[np.uint8]:
    """White with noise, printed and written on inside its margins."""
    rng = np.random.default_rng(seed)
    page = rng.normal(245, noise, (HEIGHT, WIDTH))
    page[100:1650, 300:303] = 20  # a ruled line, margin to margin
    page[400:420, 100:1100] = 20
    page[900:1000, 500:700] -= rng.integers(0, 200, (100, 200))
    return np.clip(page, 0, 255).astype(np.uint8)


def test_a_clean_scan_has_none() -> None:
    assert find_streaks(paper(), DPI) == ()
    assert find_streaks(np.zeros((200, 300), np.uint8), DPI) == ()
    assert find_streaks(np.full((200, 20), 255, np.uint8), DPI) == ()


@given(st.integers(40, WIDTH - 40), st.integers(1, 6), st.integers(30, 200))
def test_a_streak_is_found_where_it_is(column: int, width: int, levels: int) -> None:
    page = paper()
    dirty = page[:, column : column + width].astype(int) - levels
    page[:, column : column + width] = np.clip(dirty, 0, 255)
    (place,) = find_streaks(page, DPI)
    assert place == pytest.approx((column + (width - 1) / 2) * 25.4 / DPI, abs=0.2)


def test_the_bed_beside_the_paper_is_no_streak() -> None:
    page = paper()
    page[:, :60] = 30
    assert find_streaks(page, DPI) == ()
