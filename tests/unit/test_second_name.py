"""A claimed file is worked on as it is only where nobody else can write to it; otherwise it is copied."""

import mmap
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scanpipe.desk.folders import Folders, claim, open_folders, second_name

OPENER = """
import os, sys, time
folder, parent = sys.argv[1], os.getppid()
print("ready", flush=True)
while os.getppid() == parent:
    for name in os.listdir(folder):
        try:
            os.close(os.open(f"{folder}/{name}", os.O_RDWR | os.O_NONBLOCK))
        except OSError:
            pass
"""


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Folders]:
    folders = open_folders(tmp_path / "data", tmp_path / "data/inbox", tmp_path / "data/claimed")
    yield folders
    folders.close()


def claimed(folders: Folders, name: str = "a.jpg") -> Path:
    path = folders.inbox / name
    path.write_bytes(b"scan")
    place = claim(folders, path, Path(name))
    assert place is not None
    return place


def test_a_file_that_is_ours_alone_gets_a_second_name_and_is_read_only(folders: Folders) -> None:
    path, name = claimed(folders), folders.own_work / "copy"
    assert second_name(folders, path, name)
    assert os.path.samefile(path, name) and name.read_bytes() == b"scan"
    assert name.stat().st_mode & 0o777 == 0o444


def open_for_writing(path: Path, until: ExitStack) -> None:
    until.enter_context(path.open("r+b"))


def mapped_for_writing(path: Path, until: ExitStack) -> None:
    with open(path, "r+b") as f:
        until.enter_context(mmap.mmap(f.fileno(), 0))


def of_two_names(path: Path, until: ExitStack) -> None:
    os.link(path, path.with_name("other"))


def of_somebody_else(path: Path, until: ExitStack) -> None:
    if os.geteuid() != 0:
        pytest.skip("ONLY ROOT CAN GIVE A FILE AWAY: that a file of another user is copied was not tested")
    os.chown(path, 12345, -1)


@pytest.mark.parametrize("trouble", [open_for_writing, mapped_for_writing, of_two_names, of_somebody_else])
def test_a_file_that_somebody_can_still_change_gets_none(
    folders: Folders, trouble: Callable[[Path, ExitStack], None]
) -> None:
    path, name = claimed(folders), folders.own_work / "copy"
    with ExitStack() as until:
        trouble(path, until)
        assert not second_name(folders, path, name)
        assert not name.exists()


def test_a_file_that_was_not_claimed_gets_none(folders: Folders) -> None:
    path = folders.inbox / "a.jpg"
    path.write_bytes(b"scan")
    assert not second_name(folders, path, folders.own_work / "copy")


def test_a_name_on_another_file_system_is_no_fault(folders: Folders) -> None:
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == folders.own_claimed.stat().st_dev:
        pytest.skip("NO SECOND FILE SYSTEM HERE: /dev/shm is missing")
    assert not second_name(folders, claimed(folders), shm / f"scanpipe-{os.getpid()}")


def test_whoever_opens_the_file_meanwhile_ends_nothing(folders: Folders) -> None:
    """The kernel signals the holder of a lease when somebody opens the file; the usual signal would end this process."""
    shared = folders.own_claimed / "shared"
    shared.mkdir()
    with subprocess.Popen([sys.executable, "-c", OPENER, str(shared)], stdout=subprocess.PIPE) as opener:
        assert opener.stdout is not None and opener.stdout.readline()
        outcomes = set()
        for number in range(3000):
            path = shared / "scan"
            path.write_bytes(b"scan")
            outcomes.add(second_name(folders, path, folders.own_work / str(number)))
            path.unlink()
        opener.kill()
    assert True in outcomes
