"""The power is cut while both sides of sheets are looked at; the next start must end where an undisturbed run ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanpipe.wiring import open_parts
from tests.crash.test_every_effect import Driver, copy, killed_at, outcome
from tests.feeding import DPI, SOURCES, open_hall
from tests.installation import Installation
from tools.scanner import formats
from tools.scanner.feeding import duplex

_EVERY = 5
"""Of the effects."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The inbox holds a file of sheets printed on both sides, and one of sheets with writing on a back, below a separator."""
    hall = open_hall(tmp_path_factory.mktemp("crash-sides"), 95_001)
    _, separator = hall.separator(2)
    files = {
        "both/printed.tif": [*duplex(hall.leaves(1, sides=2))],
        "files/written.tif": [*duplex([separator, *hall.leaves(2, 4, written=(0,))])],
    }
    for name, fed in files.items():
        place = hall.home.settings.inbox_path / name
        place.parent.mkdir(parents=True)
        place.write_bytes(formats.tiff(hall.scan(fed), DPI, "jpeg"))
    (hall.home.data_dir / "driver.toml").write_text(SOURCES, encoding="utf-8")
    return hall.home


def killed_before(template: Installation, place: Path, every: int) -> None:
    with Driver() as driver:
        reference = copy(template, place / "reference")
        effects = driver.drive(reference)
        expected = outcome(reference)
        states = sorted(str(state) for _, _, state, _, _ in expected.pages)
        assert states == ["blank", "blank", "filed", "filed", "filed", "filed", "filed", "separator"]
        assert expected.problems == expected.claimed == expected.inbox == ()
        with open_parts(reference.settings) as parts, parts.ledger.read() as r:
            backs = [p for p in r.pages_in("filed") if p.side == 2]
            assert len(backs) == 2 and all("held_key" in json.loads(p.evidence or "{}") for p in backs)
        for n in range(every, effects + 1, every):
            killed_at(driver, template, place / f"at-{n}", n, expected)


@pytest.mark.proof
def test_killed_before_many_effects(template: Installation, tmp_path: Path) -> None:
    killed_before(template, tmp_path, _EVERY)
