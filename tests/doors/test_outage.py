"""The store is away for a while: files are tried again and again, and nothing is left behind but the files themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.folders import claim, files_below
from scanpipe.desk.intake import Incoming
from scanpipe.desk.working import put_away
from scanpipe.faults import StoreUnavailable
from scanpipe.model import Stack
from scanpipe.wiring import open_parts, open_workers
from tests.installation import install


class Away:
    """A store that takes so many objects, then none."""

    def __init__(self, store: Any, takes: int) -> None:
        self._store = store
        self.takes = takes

    def put_new(self, *args: Any, **more: Any) -> Any:
        self.takes -= 1
        if self.takes < 0:
            raise StoreUnavailable("the store does not answer", "Wait.")
        return self._store.put_new(*args, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize("takes", [0, 1], ids=["before the original", "before the picture"])
def test_an_outage_leaves_nothing_in_the_work_folder(tmp_path: Path, takes: int) -> None:
    home = install(tmp_path / "data", sheets=2)
    with open_parts(home.settings) as parts, open_workers(home.settings) as engine:
        store = Away(parts.store, takes)
        conveyor = Conveyor(replace(parts, store=store), engine)
        (parts.folders.inbox / "a.jpg").write_bytes(home.scan(0))
        path = claim(parts.folders, parts.folders.inbox / "a.jpg", Path("a.jpg"))
        assert path is not None
        incoming = Incoming(path, "a.jpg", Stack("loose", 1))
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                conveyor.take(incoming).result(timeout=60)
            incoming = replace(incoming, begun=True)
            assert list(files_below(parts.folders.own_work)) == []
            assert path.exists()
        store.takes = 10
        carried = conveyor.take(incoming).result(timeout=60)
        assert (carried.again, carried.scan.seen) == (False, 1)
        assert [p.state for p in carried.pages] == ["filed"]
        put_away(parts, path, carried)
        conveyor.close()
    assert "Nothing is missing" in home.run("verify")
