"""Every paper that a hall knows, in one run of a program that serves and watches: misfiled is 0, each held for its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanpipe.desk import completeness
from scanpipe.model import Difference
from scanpipe.wiring import open_parts
from tools.hall.evening import evening, hall, table
from tools.hall.exam import TEST


def check(folder: Path, pages: int, seed: int) -> None:
    home = hall(folder)
    tallies = evening(home, pages, seed)
    print("\n" + "\n".join(table(tallies)))
    assert [what for t in tallies.values() for what in t.misfiled] == []
    assert [what for t in tallies.values() for what in t.wrong] == []
    assert sum(t.filed for t in tallies.values()) > pages / 2
    assert "Nothing is missing" in home.run("verify")
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        kinds = [found.kind for found in completeness.look(r, TEST).open]
    assert kinds.count(Difference.STACK_DIFFERS) == 1, "the separator that was forgotten shows by the counts"


def test_a_small_evening(tmp_path: Path) -> None:
    check(tmp_path, 48, 94_001)


@pytest.mark.proof
def test_an_evening_of_2000_pages(tmp_path: Path) -> None:
    check(tmp_path, 2000, 94_002)
