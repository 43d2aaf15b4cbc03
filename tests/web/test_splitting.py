"""A scan that shows two sheets: cut, filed each where it belongs, and taken back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from scanpipe.desk import deciding
from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.decisions import undo, undo_last
from scanpipe.desk.parts import Parts
from scanpipe.desk.splitting import cut_of, split
from scanpipe.desk.verifying import verify
from scanpipe.faults import Overtaken, Refused
from scanpipe.ledgers import SqlLedger, open_ledger
from scanpipe.stages.render import encode_jpeg
from scanpipe.stages.split import halves
from scanpipe.wiring import open_parts, open_workers
from tests.installation import Installation, install
from tests.watcher import watching


@pytest.fixture
def double(tmp_path: Path) -> Installation:
    """Two sheets that lay beside each other in one scan."""
    home = install(tmp_path / "data", sheets=4)
    pages = [cv2.imdecode(np.frombuffer(home.scan(n, 0.0, stroke=n), np.uint8), cv2.IMREAD_GRAYSCALE) for n in (0, 3)]
    file = tmp_path / "both.jpg"
    file.write_bytes(encode_jpeg((np.hstack(pages),), 150, 90))
    home.run("ingest", str(file), ok=range(20))
    return home


def work_off(parts: Parts, home: Installation, scans: list[str]) -> None:
    with open_workers(home.settings) as engine:
        conveyor = Conveyor(parts, engine)
        for name in scans:
            with parts.ledger.read() as r:
                scan = r.scan(name)
            assert scan is not None
            conveyor.resume(scan)
        conveyor.close()


def test_each_half_is_filed_where_it_belongs(double: Installation) -> None:
    with open_parts(double.settings) as parts:
        with parts.ledger.read() as r:
            (page,) = r.pages_in("held")
        made = split(parts, page.id, "beside", "kari", page.event)
        work_off(parts, double, made)
        with parts.ledger.read() as r:
            filed = {(p.candidate, p.question, p.serial) for p in r.pages_in("filed")}
            whole = r.page(page.id)
        wanted = {(s.candidate, s.question, s.serial) for s in (double.sheets[0], double.sheets[3])}
        assert filed == wanted and whole is not None and whole.state == "split"
        assert verify(parts).problems == []
        undo_last(parts, "kari")
        with parts.ledger.read() as r:
            assert r.counts() == {"held": 1, "withdrawn": 2}
        assert verify(parts).problems == []
        work_off(parts, double, split(parts, page.id, "beside", "kari"))
        with parts.ledger.read() as r:
            assert r.counts() == {"split": 1, "filed": 2}, "cut once more, after all"
        undo_last(parts, "kari")
        with parts.ledger.read() as r:
            assert r.counts() == {"held": 1, "withdrawn": 2}
        assert verify(parts).problems == []


def test_a_half_that_somebody_decided_about_stands_in_the_way_of_undoing(double: Installation) -> None:
    with open_parts(double.settings) as parts:
        with parts.ledger.read() as r:
            (page,) = r.pages_in("held")
        made = split(parts, page.id, "beside", "kari")
        with parts.ledger.read() as r:
            (decision,) = r.decisions().recent(1)
        with pytest.raises(Refused, match="on its way"):
            undo(parts, decision.id, "kari")
        work_off(parts, double, made)
        with parts.ledger.read() as r:
            half = next(p for p in r.pages_in("filed"))
        deciding.scan_again(parts, half.id, "ola", "cut badly")
        with pytest.raises(Refused, match="ola"):
            undo(parts, decision.id, "kari")


def test_who_decides_second_gets_told_and_a_dead_process_is_inherited(double: Installation) -> None:
    with open_parts(double.settings) as parts:
        with parts.ledger.read() as r:
            (page,) = r.pages_in("held")
        with pytest.raises(Overtaken):
            split(parts, page.id, "above", "kari", page.event - 1)
        split(parts, page.id, cut_of("beside"), "kari", page.event)
        with pytest.raises(Refused):
            cut_of("askew")
    with watching(double) as watcher, open_ledger(double.settings.ledger_url) as ledger:
        watcher.wait_until(lambda: counts(ledger) == {"split": 1, "filed": 2})


def counts(ledger: SqlLedger) -> dict[str, int]:
    with ledger.read() as r:
        return r.counts()


@pytest.mark.parametrize("cut", ["beside", "above"])
def test_every_pixel_is_in_one_half(cut: str) -> None:
    rng = np.random.default_rng(3)
    luma, chroma = rng.integers(0, 256, (64, 90), np.uint8), rng.integers(0, 256, (32, 45), np.uint8)
    first, second = halves((luma, chroma, chroma), cut_of(cut), 0.37)
    for i, plane in enumerate((luma, chroma, chroma)):
        joined = np.hstack([first[i], second[i]]) if cut == "beside" else np.vstack([first[i], second[i]])
        assert np.array_equal(joined, plane)
    assert first[0].shape[cut == "beside"] == 2 * first[1].shape[cut == "beside"]
