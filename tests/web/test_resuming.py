"""What is sent on its journey again arrives, also when the store is away meanwhile, or the process that was asked is gone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scanpipe.desk import deciding
from scanpipe.desk.parts import Parts
from scanpipe.desk.resuming import Resumer
from scanpipe.faults import StoreFault
from scanpipe.wiring import open_parts, open_workers
from tests.installation import Installation, install


@pytest.fixture
def mended(tmp_path: Path) -> Installation:
    """A held page that will be filed when it is tried again: its pack was discarded by mistake."""
    home = install(tmp_path / "data", sheets=1)
    (tmp_path / "a.jpg").write_bytes(home.scan(0))
    home.run("ingest", str(tmp_path / "a.jpg"))
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            (page,) = r.pages_in("filed")
        deciding.scan_again(parts, page.id, "kari", "by mistake")
    return home


def state(parts: Parts) -> dict[str, int]:
    with parts.ledger.read() as r:
        return r.counts()


def wait_for(parts: Parts, wanted: dict[str, int]) -> None:
    until_s = time.monotonic() + 60
    while state(parts) != wanted:
        assert time.monotonic() < until_s, state(parts)
        time.sleep(0.05)


def test_a_store_that_is_away_meanwhile(mended: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreFault("the store is away", "")

    with open_parts(mended.settings) as parts:
        resumer = Resumer(parts, lambda: open_workers(mended.settings))
        with parts.ledger.read() as r:
            (page,) = r.pages_in("rescan")
        deciding.give_back(parts, [page.id], "kari")
        with monkeypatch.context() as m:
            m.setattr(type(parts.store), "open", away)
            resumer.resume([page.scan])
            until_s = time.monotonic() + 60
            while not resumer._failed:
                assert time.monotonic() < until_s and state(parts) == {"waiting": 1}
                time.sleep(0.05)
        resumer.try_again()
        wait_for(parts, {"filed": 1})
        resumer.close()


def test_a_process_that_is_gone(mended: Installation) -> None:
    with open_parts(mended.settings) as parts:
        with parts.ledger.read() as r:
            (page,) = r.pages_in("rescan")
        deciding.give_back(parts, [page.id], "kari")
    with open_parts(mended.settings) as parts:
        resumer = Resumer(parts, lambda: open_workers(mended.settings))
        resumer.inherit()
        wait_for(parts, {"filed": 1})
        resumer.close()
