"""The hot folder, as the scanning operator meets it: a real watcher, real files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.installation import Installation, install
from tests.watcher import watching


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    return install(tmp_path / "data")


def test_files_that_came_while_nobody_watched_and_while_somebody_does(home: Installation) -> None:
    inbox = home.settings.inbox_path
    (inbox / "job 1").mkdir(parents=True)
    (inbox / "job 1" / "before.jpg").write_bytes(home.scan(0))
    (inbox / "half.jpg.part").write_bytes(home.scan(1)[:5000])
    with watching(home) as watcher:
        watcher.wait_for("job 1/before.jpg")
        (inbox / "while.jpg").write_bytes(home.scan(2))
        answers = watcher.wait_for("while.jpg")
        (inbox / "again.jpg").write_bytes(home.scan(2))
        answers = watcher.wait_for("again.jpg")
    assert answers["job 1/before.jpg"]["verdict"] == answers["while.jpg"]["verdict"] == "filed"
    assert answers["again.jpg"]["verdict"] == "already_taken_in"
    assert answers["again.jpg"]["key"] == answers["while.jpg"]["key"]
    assert [p.name for p in inbox.rglob("*") if p.is_file()] == ["half.jpg.part"]
    assert len(list((home.data_dir / "aside").iterdir())) == 1
    assert "stack job 1" in home.run("trace", answers["job 1/before.jpg"]["scan"])
    home.run("verify")


def test_a_file_that_never_becomes_complete_is_held_and_not_forgotten(home: Installation) -> None:
    inbox = home.settings.inbox_path
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "broken.jpg").write_bytes(home.scan(0)[:20_000])
    settings = {"SCANPIPE__INBOX__INCOMPLETE_AFTER_S": "2", "SCANPIPE__INBOX__SWEEP_S": "0.5"}
    with watching(home, **settings) as watcher:
        answer = watcher.wait_for("broken.jpg")["broken.jpg"]
    assert (answer["verdict"], answer["reason"]) == ("held", "unreadable_file")
    home.run("verify")


def test_by_polling_too(home: Installation) -> None:
    inbox = home.settings.inbox_path
    with watching(home, SCANPIPE__INBOX__POLLING="true", SCANPIPE__INBOX__POLLING_S="0.2") as watcher:
        while not inbox.is_dir():
            time.sleep(0.05)
        (inbox / "share.jpg").write_bytes(home.scan(3))
        assert watcher.wait_for("share.jpg")["share.jpg"]["verdict"] == "filed"


def test_a_machine_fault_is_tried_again_and_never_becomes_a_held_page(home: Installation) -> None:
    """The store's folder cannot be written for a while."""
    inbox, objects = home.settings.inbox_path, home.data_dir / "objects"
    objects.mkdir(exist_ok=True)
    with watching(home) as watcher:
        (inbox / "first.jpg").write_bytes(home.scan(4))
        watcher.wait_for("first.jpg")
        hidden = objects.rename(home.data_dir / "objects-gone")
        objects.write_text("in the way of the folder")
        (inbox / "second.jpg").write_bytes(home.scan(5))
        time.sleep(3)
        assert "second.jpg" not in watcher.answers()
        objects.unlink()
        hidden.rename(objects)
        assert watcher.wait_for("second.jpg")["second.jpg"]["verdict"] == "filed"
    home.run("verify")
