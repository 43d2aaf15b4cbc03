"""Generated generic sheets with floors that only rise; misfiled is 0 in all of them. Seeds here are used for nothing else."""

from __future__ import annotations

import pytest

from tools.measure_shaded import cost, read
from tools.shaded.hands import HANDS


def check(count: int, seed: int, careful_share: float, floors: dict[str, float]) -> None:
    """`floors`: at least this share of a style is filed."""
    tallies = read("proof", count, seed)
    assert sum(t.pages for t in tallies.values()) == count
    assert [wrong for t in tallies.values() for wrong in t.misfiled] == []
    careful = [tallies[style] for style, hand in HANDS.items() if hand.careful]
    assert sum(t.filed for t in careful) >= careful_share * sum(t.pages for t in careful)
    for style, floor in floors.items():
        assert tallies[style].filed >= floor * tallies[style].pages, style


def test_60_shaded_sheets() -> None:
    """Three of each style; half of them could be misfiled by one digit that is read wrongly."""
    check(60, 90_011, careful_share=0.93, floors={"quick": 0.6, "light pencil": 0.6, "smeared": 0.6})


@pytest.mark.proof
def test_5000_shaded_sheets() -> None:
    check(
        5000, 90_012, careful_share=0.99, floors={"quick": 0.95, "light pencil": 0.9, "smeared": 0.95, "crosses": 0.5}
    )


@pytest.mark.proof
def test_it_costs_little_more_than_a_personal_sheet() -> None:
    """Of CPU, both in one run, by turns."""
    assert cost(40) <= 1.3
