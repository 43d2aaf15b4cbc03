"""What is lost at a distance: an engine that loses whoever touches one page of a file, while all else is real."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from scanpipe.desk.conveyor import Conveyor, workplace
from scanpipe.desk.far import CARRY, Item, Outcome
from scanpipe.desk.intake import Incoming
from scanpipe.desk.near import NearCarrier
from scanpipe.desk.parts import Parts
from scanpipe.engines import TaskLost
from scanpipe.model import Stack
from scanpipe.station import InThisProcess
from scanpipe.wiring import open_parts
from tests.installation import install

PAGES = 12


class Deadly:
    """Carries pages as a station does, one item after the other, and dies over one page number."""

    workers, far = 2, True

    def __init__(self, parts: Parts, deadly: int, opens: bool) -> None:
        self._parts, self._deadly, self._opens = parts, deadly, opens
        self._carrier = NearCarrier(parts, InThisProcess(60))
        self._thread = ThreadPoolExecutor(1, "station")
        self.tried: Counter[int] = Counter()

    def submit(self, function: str, *args: Any) -> Future[Any]:
        assert function == CARRY
        return self._thread.submit(self._carry, *args)

    def _carry(self, items: tuple[Item, ...], keys: tuple[str, ...]) -> tuple[Outcome, ...]:
        return tuple(self._item(item) for item in items)

    def _item(self, item: Item) -> Outcome:
        self.tried.update(item.pages)
        dies = self._deadly in item.pages
        if dies and not self._opens:
            raise TaskLost("it cannot be opened")
        with self._parts.ledger.read() as r:
            scan, pages = r.scan(item.scan), r.pages(item.scan)
        assert scan is not None
        only = [n for n in item.pages if not dies or n < self._deadly]
        with workplace(self._parts.folders) as work:
            done = self._carrier.work_off_some(scan, pages, work, None, only)
        if dies:
            raise TaskLost("page is deadly")
        return Outcome(done, PAGES)


@pytest.mark.parametrize("deadly", [1, 3, 8, 9, PAGES])
def test_a_deadly_page_of_a_long_file_is_held_and_all_others_are_filed(tmp_path: Path, deadly: int) -> None:
    home = install(tmp_path / "data", sheets=PAGES)
    with open_parts(home.settings) as parts:
        engine = Deadly(parts, deadly, opens=True)
        conveyor = Conveyor(parts, engine)
        carried = conveyor.take(Incoming(home.pdf, "all.pdf", Stack("stack", 1))).result(60)
        conveyor.close()
        assert [p.page for p in carried.pages] == list(range(1, PAGES + 1))
        assert {p.page: p.state for p in carried.pages if p.state != "filed"} == {deadly: "held"}
        (held,) = (p for p in carried.pages if p.state == "held")
        assert held.reason == "unreadable_file" and "reading it failed twice: page is deadly" in (held.evidence or "")
    assert f"{PAGES - 1} filed, 1 held" in home.run("verify")


def test_a_file_that_kills_whoever_opens_it_is_one_held_page(tmp_path: Path) -> None:
    home = install(tmp_path / "data", sheets=2)
    with open_parts(home.settings) as parts:
        engine = Deadly(parts, 1, opens=False)
        conveyor = Conveyor(parts, engine)
        carried = conveyor.take(Incoming(home.pdf, "all.pdf", Stack("stack", 1))).result(60)
        conveyor.close()
        assert [(p.page, p.reason) for p in carried.pages] == [(1, "unreadable_file")]
        assert engine.tried[1] == 2, "once more alone, then held"
