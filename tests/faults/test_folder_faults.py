"""The inbox makes trouble: a share that goes away and comes back, rights that change, names that differ by case alone."""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults.conftest import Mounts
from tests.installation import Installation, install
from tests.watcher import watching


def shared(tmp_path: Path) -> tuple[Path, Path, Installation]:
    """A share, the place where it is mounted, and an installation with its inbox in there."""
    share, place = tmp_path / "share", tmp_path / "mnt"
    (share / "inbox").mkdir(parents=True)
    places = {"SCANPIPE__INBOX__PATH": f"{place}/inbox", "SCANPIPE__INBOX__CLAIMED": f"{place}/claimed"}
    quick = {"SCANPIPE__INBOX__SWEEP_S": "0.5"}
    return share, place, Installation(tmp_path / "data", tmp_path / "data.pdf", (), places | quick)


def test_a_share_that_is_unmounted_and_mounted_again(tmp_path: Path, mounts: Mounts) -> None:
    share, place, planned = shared(tmp_path)
    mounts.share(share, place)
    home = install(tmp_path / "data", planned.more, sheets=3)
    with watching(home) as watcher:
        (place / "inbox" / "before.jpg").write_bytes(home.scan(0))
        watcher.wait_for("before.jpg")
        mounts.unmount(place)
        watcher.wait_until(lambda: "Problem: " in watcher.said())
        (share / "inbox" / "meanwhile.jpg").write_bytes(home.scan(1))
        mounts.share(share, place)
        watcher.wait_for("meanwhile.jpg")
        (place / "inbox" / "after.jpg").write_bytes(home.scan(2))
        answers = watcher.wait_for("after.jpg")
        assert {a["verdict"] for a in answers.values()} == {"filed"}
    assert "3 filed" in home.run("verify")


def test_a_share_that_becomes_read_only_for_a_while(tmp_path: Path, mounts: Mounts) -> None:
    share, place, planned = shared(tmp_path)
    mounts.share(share, place)
    home = install(tmp_path / "data", planned.more, sheets=2)
    with watching(home) as watcher:
        (place / "inbox" / "before.jpg").write_bytes(home.scan(0))
        watcher.wait_for("before.jpg")
        mounts.remount(place, "ro")
        (share / "inbox" / "meanwhile.jpg").write_bytes(home.scan(1))
        watcher.wait_until(lambda: "Problem: " in watcher.said())
        assert set(watcher.answers()) == {"before.jpg"}
        mounts.remount(place, "rw")
        assert watcher.wait_for("meanwhile.jpg")["meanwhile.jpg"]["verdict"] == "filed"
    assert "2 filed" in home.run("verify")


def test_a_watcher_that_starts_before_its_share_is_mounted(tmp_path: Path, mounts: Mounts) -> None:
    """Where the share will be there is an empty folder that nobody may write to, as one should have it."""
    share, place, planned = shared(tmp_path)
    mounts.share(share, place)
    home = install(tmp_path / "data", planned.more, sheets=1)
    mounts.unmount(place)
    empty = tmp_path / "empty"
    empty.mkdir()
    mounts.share(empty, place)
    mounts.remount(place, "ro")
    (share / "inbox" / "early.jpg").write_bytes(home.scan(0))
    with watching(home) as watcher:
        watcher.wait_until(lambda: "Problem: " in watcher.said())
        mounts.unmount(place)
        mounts.share(share, place)
        assert watcher.wait_for("early.jpg", timeout_s=60)["early.jpg"]["verdict"] == "filed"


def test_names_that_differ_by_case_alone(tmp_path: Path) -> None:
    home = install(tmp_path / "data", sheets=4)
    inbox = home.settings.inbox_path
    names = ("scan.jpg", "SCAN.JPG", "Job/a.jpg", "job/A.JPG")
    for i, name in enumerate(names):
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(home.scan(i))
    with watching(home) as watcher:
        answers = watcher.wait_for(*names)
        assert {a["verdict"] for a in answers.values()} == {"filed"}
        assert len({a["key"] for a in answers.values()}) == 4
        for name in ("scan.jpg", "SCAN.JPG"):  # the same bytes again under names that differ by case
            (inbox / name).write_bytes(home.scan(0))
        watcher.wait_until(lambda: len(list((home.data_dir / "aside").iterdir())) == 2)
    assert "4 filed" in home.run("verify")


def test_a_file_that_vanishes_before_it_is_taken(tmp_path: Path) -> None:
    home = install(tmp_path / "data", sheets=2)
    inbox = home.settings.inbox_path
    inbox.mkdir(parents=True, exist_ok=True)
    with watching(home) as watcher:
        for n in range(20):
            gone = inbox / f"gone{n}.jpg"
            gone.write_bytes(home.scan(0)[:1000])
            gone.unlink()
        (inbox / "stays.jpg").write_bytes(home.scan(1))
        assert watcher.wait_for("stays.jpg")["stays.jpg"]["verdict"] == "filed"
        assert "Problem" not in watcher.said()
    home.run("verify")


def test_a_file_that_nobody_may_read(tmp_path: Path) -> None:
    """Root may read everything: the watcher gives up that right here, as a service has none of it."""
    home = install(tmp_path / "data", {"SCANPIPE__INBOX__SWEEP_S": "0.5"}, sheets=2)
    inbox = home.settings.inbox_path
    inbox.mkdir(parents=True, exist_ok=True)
    with watching(home, prefix=("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")) as watcher:
        secret = inbox / "secret.jpg"
        secret.write_bytes(home.scan(0))
        os.chmod(secret, 0)
        (inbox / "open.jpg").write_bytes(home.scan(1))
        watcher.wait_for("open.jpg")
        watcher.wait_until(lambda: "Problem: " in watcher.said() and "secret.jpg" in watcher.said())
        assert "secret.jpg" not in watcher.answers()
        os.chmod(secret, 0o600)
        assert watcher.wait_for("secret.jpg")["secret.jpg"]["verdict"] == "filed"
    assert "2 filed" in home.run("verify")
