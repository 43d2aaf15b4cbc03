"""A disk is full: nothing is lost, nothing is held for it, and it goes on when there is room again."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.faults.conftest import Ballast, Mounts
from tests.installation import Installation, install
from tests.watcher import watching

DISK_KIB = 12_000


def arrive(home: Installation, *numbers: int) -> list[Path]:
    """Sheets that lie in the inbox, not finished yet: the scanner renames them when it is done."""
    inbox = home.settings.inbox_path
    inbox.mkdir(parents=True, exist_ok=True)
    files = [inbox / f"{n}.jpg.part" for n in numbers]
    for n, file in zip(numbers, files, strict=True):
        file.write_bytes(home.scan(n, dpi=200))
    return files


def finish(files: list[Path]) -> None:
    for file in files:
        file.rename(file.with_suffix(""))


@pytest.mark.parametrize("left_kib", [0, 100, 300], ids=["nothing fits", "no copy fits", "the picture does not fit"])
def test_the_disk_of_everything_is_full(tmp_path: Path, mounts: Mounts, left_kib: int) -> None:
    """Inbox, work folder, ledger and objects, as in the embedded installation."""
    disk = mounts.small_disk(tmp_path / "data", DISK_KIB)
    home = install(disk, sheets=3)
    files = arrive(home, 0, 1)
    ballast = Ballast(disk, left_kib * 1024)
    with watching(home) as watcher:
        finish(files)
        watcher.wait_until(lambda: "Problem: " in watcher.said())
        time.sleep(2)
        assert watcher.process.poll() is None
        ballast.release()
        answers = watcher.wait_for("0.jpg", "1.jpg", timeout_s=60)
        assert {a["verdict"] for a in answers.values()} == {"filed"}
    assert "2 filed" in home.run("verify")
    assert not list((home.data_dir / "aside").iterdir())


def test_the_disk_of_the_ledger_is_full(tmp_path: Path, mounts: Mounts) -> None:
    disk = mounts.small_disk(tmp_path / "small", 2_000)
    home = install(tmp_path / "data", {"SCANPIPE__LEDGER__URL": f"sqlite:///{disk}/ledger.db"}, sheets=2)
    files = arrive(home, 0, 1)
    with watching(home) as watcher:
        finish(files[:1])
        watcher.wait_for("0.jpg")
        ballast = Ballast(disk)
        finish(files[1:])
        watcher.wait_until(lambda: "Problem: " in watcher.said())
        assert set(watcher.answers()) == {"0.jpg"}
        ballast.release()
        assert watcher.wait_for("1.jpg", timeout_s=60)["1.jpg"]["verdict"] == "filed"
    assert "2 filed" in home.run("verify")


def test_the_disk_of_the_objects_is_full(tmp_path: Path, mounts: Mounts) -> None:
    disk = mounts.small_disk(tmp_path / "small", DISK_KIB)
    home = install(tmp_path / "data", sheets=1)
    shutil.rmtree(home.data_dir / "objects")
    (home.data_dir / "objects").symlink_to(disk)
    files = arrive(home, 0)
    ballast = Ballast(disk)
    with watching(home) as watcher:
        finish(files)
        watcher.wait_until(lambda: "Problem: " in watcher.said())
        ballast.release()
        assert watcher.wait_for("0.jpg", timeout_s=60)["0.jpg"]["verdict"] == "filed"
    home.run("verify")


def test_the_disk_of_the_inbox_is_full(tmp_path: Path, mounts: Mounts) -> None:
    """Files that are complete are taken all the same; one that the scanner could not finish waits until it does."""
    disk = mounts.small_disk(tmp_path / "small", DISK_KIB)
    places = {"SCANPIPE__INBOX__PATH": f"{disk}/inbox", "SCANPIPE__INBOX__CLAIMED": f"{disk}/claimed"}
    home = install(tmp_path / "data", places, sheets=2)
    files = arrive(home, 0)
    with watching(home) as watcher:
        ballast = Ballast(disk, 64 * 1024)
        cut = disk / "inbox" / "1.jpg"
        with pytest.raises(OSError, match="No space"), cut.open("wb", buffering=0) as f:
            left = memoryview(home.scan(1, dpi=200))
            while left:
                left = left[f.write(left) :]
        finish(files)
        watcher.wait_for("0.jpg")
        time.sleep(3)
        assert set(watcher.answers()) == {"0.jpg"}
        ballast.release()
        cut.write_bytes(home.scan(1, dpi=200))
        assert watcher.wait_for("1.jpg", timeout_s=60)["1.jpg"]["verdict"] == "filed"
    assert "2 filed" in home.run("verify")
