"""The folders of a process: what it claims is its own, and nobody else's until it is dead."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from scanpipe.desk.folders import Folders, claim, let_go, open_folders, remove_empty, set_aside
from scanpipe.faults import FolderFault

SCAN = "0123456789abcdef" * 4
CHILD = """
import sys, time
from pathlib import Path
from scanpipe.desk.folders import claim, open_folders
data = Path(sys.argv[1])
folders = open_folders(data, data / "inbox", data / "claimed")
for name in sys.argv[2:]:
    claim(folders, folders.inbox / name, Path(name))
(folders.own_work / "picture").write_bytes(b"half done")
print(folders.holder, flush=True)
time.sleep(60)
"""


def opened(data: Path) -> Folders:
    return open_folders(data, data / "inbox", data / "claimed")


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Folders]:
    folders = opened(tmp_path / "data")
    yield folders
    folders.close()


def put(folders: Folders, name: str, content: bytes = b"scan") -> Path:
    path = folders.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def claimed(folders: Folders, name: str = "a.jpg") -> Path:
    place = claim(folders, put(folders, name), Path(name))
    assert place is not None
    return place


def everything_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


class Child:
    """A process of its own that claimed these files and works on."""

    def __init__(self, data: Path, *names: str) -> None:
        command = [sys.executable, "-c", CHILD, str(data), *names]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.holder = self.process.stdout.readline().strip()
        assert f"-{self.process.pid}-" in self.holder

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_every_process_has_a_name_and_folders_of_its_own(tmp_path: Path) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    assert one.holder != two.holder and f"-{os.getpid()}-" in one.holder
    for folders in (one, two):
        assert folders.own_claimed.is_dir() and folders.own_work.is_dir() and folders.aside.is_dir()
        folders.close()
    assert everything_in(tmp_path / "claimed") == everything_in(tmp_path / "work") == []
    assert everything_in(tmp_path / "holders") == []


def test_a_claimed_file_is_out_of_the_inbox_and_keeps_its_name_and_folder(folders: Folders) -> None:
    path = put(folders, "jobb 7/bunke å/side 1.jpg", b"content")
    place = claim(folders, path, Path("jobb 7/bunke å/side 1.jpg"))
    assert place is not None and place.read_bytes() == b"content" and not path.exists()
    token, *rest = place.relative_to(folders.own_claimed).parts
    assert rest == ["jobb 7", "bunke å", "side 1.jpg"] and len(token) == 12


def test_two_files_of_one_name_do_not_meet(folders: Folders) -> None:
    assert claimed(folders, "a.jpg") != claimed(folders, "a.jpg")


def test_a_file_that_is_gone_already_is_no_fault(folders: Folders) -> None:
    assert claim(folders, folders.inbox / "gone.jpg", Path("x/gone.jpg")) is None
    assert everything_in(folders.own_claimed) == []


def test_only_one_of_many_gets_a_file(tmp_path: Path) -> None:
    all_of_them = [opened(tmp_path) for _ in range(4)]
    names = [f"{n}.jpg" for n in range(40)]
    for name in names:
        put(all_of_them[0], name)
    gate = threading.Barrier(4)

    def grab(folders: Folders) -> list[Path]:
        gate.wait(10)
        places = [claim(folders, folders.inbox / name, Path(name)) for name in names]
        return [p for p in places if p is not None]

    with ThreadPoolExecutor(4) as pool:
        got = [p for places in pool.map(grab, all_of_them) for p in places]
    assert sorted(p.name for p in got) == sorted(names) and all(p.exists() for p in got)
    assert everything_in(tmp_path / "inbox") == []


def test_a_file_that_cannot_be_claimed_is_a_fault(folders: Folders) -> None:
    path = put(folders, "a.jpg")
    name = "x" * 300
    with pytest.raises(FolderFault, match=r"a\.jpg: cannot be taken out of the inbox") as refused:
        claim(folders, path, Path(name))
    assert refused.value.hint and path.exists()


def test_a_file_that_is_done_is_let_go_with_its_folders(folders: Folders) -> None:
    one, two = claimed(folders, "jobb/1.jpg"), claimed(folders, "jobb/2.jpg")
    let_go(folders, one)
    assert not one.exists() and two.exists()
    let_go(folders, one)
    let_go(folders, two)
    assert everything_in(folders.own_claimed) == [] and folders.own_claimed.is_dir()


def test_a_file_that_came_again_is_kept_aside_under_its_digest(folders: Folders) -> None:
    for _ in range(2):
        set_aside(folders, claimed(folders, "jobb/side å.jpg"), SCAN)
    names = everything_in(folders.aside)
    assert len(names) == 2 and all(n.startswith("0123456789ab-") and n.endswith("-side å.jpg") for n in names)
    assert [(folders.aside / n).read_bytes() for n in names] == [b"scan", b"scan"]
    assert everything_in(folders.own_claimed) == []


@pytest.mark.parametrize("name", ["å" * 120 + ".jpg", "x" * 250 + ".jpg", "山" * 80 + ".jpg"])
def test_a_long_name_is_cut_at_its_front(folders: Folders, name: str) -> None:
    set_aside(folders, claimed(folders, name), SCAN)
    (kept,) = everything_in(folders.aside)
    assert kept.startswith("0123456789ab-") and kept.endswith(name[-50:])


def test_what_cannot_be_set_aside_stays_and_is_a_fault(folders: Folders) -> None:
    place = claimed(folders)
    folders.aside.rmdir()
    with pytest.raises(FolderFault, match="cannot be set aside"):
        set_aside(folders, place, SCAN)
    assert place.exists()


def other_file_system(tmp_path: Path) -> Path:
    """A fresh folder on another file system than the temporary one; skips where there is none."""
    shm = Path("/dev/shm")
    if not os.access(shm, os.W_OK) or shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("only one file system here")
    return Path(tempfile.mkdtemp(dir=shm))


def test_a_file_can_be_set_aside_to_another_file_system(tmp_path: Path) -> None:
    """The inbox on a share, the data folder on a local disk."""
    share = other_file_system(tmp_path)
    folders = open_folders(tmp_path / "data", share / "inbox", share / "claimed")
    set_aside(folders, claimed(folders), SCAN)
    (kept,) = everything_in(folders.aside)
    assert (folders.aside / kept).read_bytes() == b"scan" and everything_in(folders.own_claimed) == []
    folders.close()
    for folder in (share / "inbox", share / "claimed", share):
        folder.rmdir()


def test_an_inbox_on_another_file_system_is_refused(tmp_path: Path) -> None:
    share = other_file_system(tmp_path)
    with pytest.raises(FolderFault, match="not on one file system") as refused:
        open_folders(tmp_path, share / "inbox", tmp_path / "claimed")
    assert "inbox.claimed" in refused.value.hint
    (share / "inbox").rmdir()
    share.rmdir()


@pytest.mark.parametrize(
    ("inbox", "claimed"), [("data", "data/claimed"), ("in", "in/taken"), ("in", "in"), ("", "out")]
)
def test_folders_inside_the_inbox_are_refused(tmp_path: Path, inbox: str, claimed: str) -> None:
    """They would be taken in like any other folder."""
    with pytest.raises(FolderFault, match="inside the inbox"):
        open_folders(tmp_path / "data", tmp_path / inbox, tmp_path / claimed)


@pytest.mark.parametrize("blocked", ["inbox", "claimed", "work", "holders", "aside"])
def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path: Path, blocked: str) -> None:
    (tmp_path / blocked).write_text("in the way")
    with pytest.raises(FolderFault, match=blocked) as refused:
        opened(tmp_path)
    assert "data_dir" in refused.value.hint


def test_a_process_lives_until_it_is_killed(folders: Folders, tmp_path: Path) -> None:
    assert folders.alive(folders.holder)
    assert not folders.alive("1-nobody")
    assert replace(folders, _elsewhere=lambda name: name == "1-nobody").alive("1-nobody")
    child = Child(tmp_path / "data")
    try:
        assert folders.alive(child.holder)
        assert folders.alive(child.holder)  # asking does not take the lock away
    finally:
        child.kill()
    assert not folders.alive(child.holder)


def test_many_who_ask_at_once_all_hear_that_it_is_dead(folders: Folders, tmp_path: Path) -> None:
    child = Child(tmp_path / "data")
    child.kill()
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(folders.alive, [child.holder] * 4000))


def test_a_process_that_has_closed_its_folders_is_not_alive(folders: Folders, tmp_path: Path) -> None:
    other = opened(tmp_path / "data")
    assert folders.alive(other.holder)
    other.close()
    assert not folders.alive(other.holder)


def test_the_files_of_a_killed_process_become_ours_and_those_of_a_living_one_do_not(
    folders: Folders, tmp_path: Path
) -> None:
    for name in ("jobb/1.jpg", "2.jpg", "3.jpg"):
        put(folders, name, name.encode())
    dead, living = Child(tmp_path / "data", "jobb/1.jpg", "2.jpg"), Child(tmp_path / "data", "3.jpg")
    try:
        assert list(folders.orphans()) == []
        dead.kill()
        orphans = list(folders.orphans())
        assert sorted(p.read_bytes() for p in orphans) == [b"2.jpg", b"jobb/1.jpg"]
        for path in orphans:
            token, *rest = path.relative_to(folders.own_claimed).parts
            assert "/".join(rest) == path.read_bytes().decode() and len(token) == 12
        assert list(folders.orphans()) == []
        assert [p.name for p in folders.claimed.iterdir()].count(dead.holder) == 0
        assert not (folders.holders / dead.holder).exists() and not (folders.work / dead.holder).exists()
        assert (folders.work / living.holder / "picture").read_bytes() == b"half done"
        assert len(everything_in(folders.claimed / living.holder)) == 2
    finally:
        for child in (dead, living):
            if child.process.poll() is None:
                child.kill()
    for path in orphans:
        let_go(folders, path)
    assert everything_in(folders.own_claimed) == []


def die(folders: Folders) -> None:
    """As a process that is killed: only its lock is let go, by the kernel."""
    folders._lock.close()


def test_what_is_still_claimed_at_the_end_is_left_for_the_next(tmp_path: Path) -> None:
    first = opened(tmp_path)
    place = claimed(first, "jobb/1.jpg")
    first.close()
    assert place.exists()
    second = opened(tmp_path)
    (path,) = second.orphans()
    assert path.read_bytes() == b"scan"
    let_go(second, path)
    second.close()
    assert everything_in(tmp_path / "claimed") == everything_in(tmp_path / "holders") == []


def test_a_file_handed_down_many_times_keeps_its_name(tmp_path: Path) -> None:
    """Killed again and again before the file is worked off: its path neither grows nor changes."""
    first = opened(tmp_path)
    inner = claimed(first, "jobb/1.jpg").relative_to(first.own_claimed)
    die(first)
    for _ in range(30):
        heir = opened(tmp_path)
        (path,) = heir.orphans()
        assert path.relative_to(heir.own_claimed) == inner
        die(heir)
    assert len(list((tmp_path / "claimed").iterdir())) == 1


def test_the_dead_leave_no_empty_folders(tmp_path: Path) -> None:
    """Also one that was killed between making a place and moving the file there."""
    for _ in range(5):
        dead = opened(tmp_path)
        (dead.own_claimed / "0123456789ab" / "jobb" / "sub").mkdir(parents=True)
        die(dead)
    last = opened(tmp_path)
    assert list(last.orphans()) == []
    assert everything_in(last.own_claimed) == []
    last.close()
    assert [everything_in(tmp_path / f) for f in ("claimed", "holders", "work")] == [[], [], []]


def test_two_heirs_share_without_loss(tmp_path: Path) -> None:
    for n in range(6):
        dead = opened(tmp_path)
        for i in range(5):
            claimed(dead, f"{n}-{i}.jpg")
        die(dead)
    heirs = [opened(tmp_path) for _ in range(3)]
    gate = threading.Barrier(3)

    def inherit(heir: Folders) -> list[Path]:
        gate.wait(10)
        return list(heir.orphans())

    with ThreadPoolExecutor(3) as pool:
        found = [p for paths in pool.map(inherit, heirs) for p in paths]
    # What two asked about at the same moment may be left for the next time, but nothing is there twice or gone.
    found += [p for heir in heirs for p in heir.orphans()]
    assert sorted(p.name for p in found) == sorted(f"{n}-{i}.jpg" for n in range(6) for i in range(5))
    assert all(p.exists() for p in found)


def test_a_newcomer_is_never_taken_for_dead(tmp_path: Path) -> None:
    """Its lock is there before its folders are."""
    watcher = opened(tmp_path)
    gone: list[Path] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            gone.extend(watcher.orphans())

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            for _ in range(150):
                newcomer = opened(tmp_path)
                assert newcomer.own_claimed.is_dir() and newcomer.own_work.is_dir() and watcher.alive(newcomer.holder)
                newcomer.close()
        finally:
            done.set()
        looking.result(10)
    assert gone == []


def test_a_stray_file_among_the_folders_is_left_alone(folders: Folders) -> None:
    (folders.claimed / "readme.txt").write_text("not ours")
    assert list(folders.orphans()) == []
    assert (folders.claimed / "readme.txt").exists()


def test_only_empty_folders_are_removed_and_never_the_top(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (tmp_path / "a" / "keep").write_text("")
    remove_empty(deep, tmp_path)
    assert everything_in(tmp_path) == ["a", "a/keep"]
    remove_empty(tmp_path, tmp_path)
    remove_empty(tmp_path.parent, tmp_path)
    assert tmp_path.is_dir()
