"""The clock jumps by a day, each way: nothing waits for it, nothing is sorted by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clock import DAY_S, shift
from tests.installation import install
from tests.watcher import watching

__all__ = ["shift"]


@pytest.mark.parametrize("days", [pytest.param(1, marks=pytest.mark.proof), -1])
def test_the_clock_jumps_by_a_day(tmp_path: Path, shift: Path, days: int) -> None:
    home = install(tmp_path / "data", {"SCANPIPE__INBOX__SWEEP_S": "0.5"}, sheets=4)
    inbox = home.settings.inbox_path
    inbox.mkdir(parents=True, exist_ok=True)
    with watching(home) as watcher:
        (inbox / "before.jpg").write_bytes(home.scan(0))
        watcher.wait_for("before.jpg")
        (inbox / "half.jpg").write_bytes(home.scan(1)[:9000])
        shift.write_text(str(days * DAY_S))
        (inbox / "after.jpg").write_bytes(home.scan(2))
        watcher.wait_for("after.jpg")
        assert "half.jpg" not in watcher.answers()  # a jump does not use up its time
        (inbox / "half.jpg").write_bytes(home.scan(1))
        shift.write_text("0")
        (inbox / "back.jpg").write_bytes(home.scan(3))
        answers = watcher.wait_for("half.jpg", "back.jpg")
        assert {a["verdict"] for a in answers.values()} == {"filed"}
    days_seen = {line.split()[0] for line in home.run("trace", answers["after.jpg"]["scan"]).splitlines()}
    other = {line.split()[0] for line in home.run("trace", answers["before.jpg"]["scan"]).splitlines()}
    assert days_seen and not days_seen & other  # the clock was really another
    assert "4 filed" in home.run("verify")
    changes = home.run("verify", "--json")
    assert '"holds": true' in changes
