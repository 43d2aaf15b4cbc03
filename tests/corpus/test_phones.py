"""Generated pictures from phones with floors that only rise; misfiled is 0 in all of them. Seeds here are used for nothing else.

`python -m tools.measure_phones --proof` shows the same floors over the pictures that `docs/phones.md` reports.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest

from tools.measure_phones import PROOF, Outcome, run, seed_of
from tools.phones.groups import STRANGE, USUAL

CORNER_ERROR, CODES_READ, RECTIFIED, RECTIFIED_PLAIN = 1.0, 0.97, 0.95, 0.75


def corners(outcomes: Sequence[Outcome]) -> list[float]:
    return [o.corners for o in outcomes if o.corners is not None]


def test_two_sheets_and_a_plain_one() -> None:
    sheets, plain = list(run("sheets", "small", 94_001, 2)), list(run("plain paper", "small", 94_002, 1))
    assert [o.verdict for o in sheets] == ["filed"] * 2, sheets
    assert all(o.read for o in sheets)
    assert [o.verdict for o in plain] == ["held: no_codes"]
    assert len(corners(sheets)) == 2 and len(corners(plain)) == 1
    assert statistics.mean(corners([*sheets, *plain])) < CORNER_ERROR / 4


@pytest.mark.proof
def test_500_pictures() -> None:
    """Those that docs/phones.md reports."""
    found = {group: list(run(group, "reported", seed_of(group), count)) for group, count in PROOF.items()}
    everything = [o for outcomes in found.values() for o in outcomes]
    assert len(everything) == 500
    assert statistics.mean(corners(everything)) <= CORNER_ERROR
    assert [o for o in everything if o.verdict == "misfiled"] == []
    sheets = [*found["sheets"], *found["sheets, 5 megapixels"]]
    assert sum(o.read for o in sheets) >= CODES_READ * len(sheets)
    assert len(corners(sheets)) >= RECTIFIED * len(sheets)
    assert len(corners(found["plain paper"])) >= RECTIFIED_PLAIN * len(found["plain paper"])


@pytest.mark.proof
@pytest.mark.parametrize("group", STRANGE)
def test_strange_pictures(group: str) -> None:
    assert group not in USUAL
    outcomes = list(run(group, "small", 94_004, 20))
    assert [o for o in outcomes if o.verdict == "misfiled"] == []
