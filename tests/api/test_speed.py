"""How fast the API answers, measured as `tools/measure_api.py` does and held to bounds: two things are compared in one run."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tools import measure_api

LEAST_SHARE, MOST_LONGER = 0.5, 1.5


@pytest.mark.proof
def test_pictures_come_at_half_the_rate_of_static_files_at_least(tmp_path: Path) -> None:
    share = measure_api.images(argparse.Namespace(clients=8, seconds=9.0, rounds=3), tmp_path)
    assert share >= LEAST_SHARE


@pytest.mark.proof
def test_lists_of_a_hundred_times_the_pages_take_hardly_longer(tmp_path: Path) -> None:
    told = argparse.Namespace(small=1_700, large=170_000, clients=0, seconds=9.0, rounds=3)
    longer = measure_api.lists(told, tmp_path)
    assert set(longer) == {1, 20} and max(longer.values()) <= MOST_LONGER, longer
