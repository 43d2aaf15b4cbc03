"""What only the directory store promises: plain files, durability, no trace of what was not finished."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scanpipe.faults import StoreFault, StoreUnavailable, UnknownThing
from scanpipe.stores import Put, StoreOptions, open_store
from scanpipe.stores.directory import DirectoryStore

KEY = "tests/MA0001-2026H/candidates/10001/questions/2a/1.jpg"
BODY = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(BODY).hexdigest()
EFFECTS = ("os.mkdir", "os.link", "os.rename", "os.remove", "os.chmod", "open")


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return open_in(tmp_path)


def open_in(folder: Path) -> DirectoryStore:
    store = open_store("directory", StoreOptions(folder / "objects", folder / "notes"))
    assert isinstance(store, DirectoryStore)
    return store


def put(store: DirectoryStore, key: str = KEY, body: bytes | Path = BODY) -> Put:
    digest = hashlib.sha256(body if isinstance(body, bytes) else body.read_bytes()).hexdigest()
    return store.put_new(key, body, sha256=digest, media_type="image/jpeg", metadata={"page": "1"})


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())


def temporaries(folder: Path) -> list[Path]:
    return [*(folder / "objects/.incoming").iterdir(), *(folder / "notes/.incoming").iterdir()]


def scanned(folder: Path, body: bytes = BODY) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "scan.jpg"
    file.write_bytes(body)
    return file


def test_an_object_is_a_plain_read_only_file(store: DirectoryStore, tmp_path: Path) -> None:
    put(store)
    put(store, "originals/b", scanned(tmp_path / "work"))
    store.copy_new(KEY, "held/c", sha256=SHA256, media_type="image/jpeg", metadata={})
    assert files_in(tmp_path / "objects") == sorted([KEY, "originals/b", "held/c"])
    for key in (KEY, "originals/b", "held/c"):
        file = tmp_path / "objects" / key
        assert file.read_bytes() == BODY
        assert stat.S_IMODE(file.stat().st_mode) == 0o444
    assert temporaries(tmp_path) == []


def test_a_finished_file_and_a_copy_are_linked_not_copied(store: DirectoryStore, tmp_path: Path) -> None:
    file = scanned(tmp_path / "work")
    put(store, KEY, file)
    store.copy_new(KEY, "held/c", sha256=SHA256, media_type="image/jpeg", metadata={})
    assert file.samefile(tmp_path / "objects" / KEY)
    assert file.samefile(tmp_path / "objects/held/c")


@pytest.fixture
def other_file_system(tmp_path: Path) -> Iterator[Path]:
    for place in ("/dev/shm", "/run", "/var/tmp"):
        if os.access(place, os.W_OK) and os.stat(place).st_dev != tmp_path.stat().st_dev:
            folder = Path(tempfile.mkdtemp(dir=place))
            yield folder
            shutil.rmtree(folder)
            return
    pytest.skip("everything is on one file system here")


def test_a_file_of_another_file_system_is_copied(
    store: DirectoryStore, tmp_path: Path, other_file_system: Path
) -> None:
    file = scanned(other_file_system)
    assert put(store, KEY, file) is Put.CREATED
    assert put(store, KEY, file) is Put.SAME
    assert store.read(KEY) == BODY
    with pytest.raises(StoreFault, match="digest"):
        store.put_new("held/c", file, sha256="0" * 64, media_type="image/jpeg", metadata={})
    assert files_in(tmp_path / "objects") == [KEY]
    assert temporaries(tmp_path) == []


def test_a_file_that_is_not_there_and_a_symbolic_link_are_faults(store: DirectoryStore, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(scanned(tmp_path / "work"))
    for file in (tmp_path / "absent", link):
        with pytest.raises(StoreFault) as fault:
            store.put_new(KEY, file, sha256=SHA256, media_type="image/jpeg", metadata={})
        assert str(file) in fault.value.message
    assert store.stat(KEY) is None


def test_everything_on_the_way_to_the_object_is_synced(store: DirectoryStore, tmp_path: Path) -> None:
    def syncs_of(key: str, body: bytes | Path = BODY) -> int:
        before = store.fsyncs
        put(store, key, body)
        return store.fsyncs - before

    assert syncs_of("a/b/1") == 2 + 2  # the bytes and the name; the names of two new folders
    assert syncs_of("a/b/2") == 2
    assert syncs_of("a/c/3", scanned(tmp_path / "work")) == 2 + 1
    shutil.rmtree(tmp_path / "objects/a")
    assert syncs_of("a/b/1") == 2 + 2
    before = store.fsyncs
    store.copy_new("a/b/1", "a/b/4", sha256=SHA256, media_type="image/jpeg", metadata={})
    assert store.fsyncs - before == 1
    newcomer = open_in(tmp_path)
    before = newcomer.fsyncs
    assert put(newcomer, "a/b/1") is Put.SAME
    assert newcomer.fsyncs - before == 2 + 2  # perhaps the other process did not get so far


def killed_at(effect: int, folder: Path, body: bytes | Path) -> bool:
    """Puts in a process that is killed before its n-th effect; False when it had fewer."""
    pid = os.fork()
    if pid == 0:
        left = effect

        def kill(event: str, args: tuple[object, ...]) -> None:
            nonlocal left
            if event in EFFECTS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill)
        put(open_in(folder), KEY, body)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("as_file", [False, True])
def test_a_kill_before_any_effect_costs_nothing(tmp_path: Path, as_file: bool) -> None:
    effect, results = 0, []
    while True:
        effect += 1
        folder = tmp_path / str(effect)
        folder.mkdir()
        body = scanned(folder / "work") if as_file else BODY
        if not killed_at(effect, folder, body):
            break
        store = open_in(folder)
        assert store.digest(KEY) in (None, SHA256)
        results.append(put(store, KEY, body))
        info = store.stat(KEY)
        assert info is not None
        assert (info.sha256, info.media_type, dict(info.metadata)) == (SHA256, "image/jpeg", {"page": "1"})
        assert list(store.keys()) == [KEY]
        assert files_in(folder / "objects") == sorted([KEY, *(f".incoming/{p.name}" for p in left_in(folder))])
    assert results.count(Put.CREATED) >= 8
    assert results.count(Put.SAME) >= 2


def left_in(folder: Path) -> list[Path]:
    return list((folder / "objects/.incoming").iterdir())


def test_what_a_kill_left_is_swept_after_a_day(tmp_path: Path) -> None:
    open_in(tmp_path)
    old, fresh = [tmp_path / tree / ".incoming/1-old" for tree in ("objects", "notes")], []
    for path in old:
        path.write_bytes(b"half")
        os.utime(path, (time.time() - 86_500,) * 2)
        fresh.append(path.with_name("2-fresh"))
        fresh[-1].write_bytes(b"half")
    open_in(tmp_path)
    assert sorted(temporaries(tmp_path)) == sorted(fresh)


def test_an_object_without_a_readable_note_is_whole(store: DirectoryStore, tmp_path: Path) -> None:
    put(store)
    (note,) = [tmp_path / "notes" / f for f in files_in(tmp_path / "notes")]
    assert json.loads(note.read_text())["key"] == KEY
    for damage in (b"", b'{"key": "', b"[]", b"{}", b"\xff"):
        note.write_bytes(damage)
        info = store.stat(KEY)
        assert info is not None
        assert (info.size, info.sha256, dict(info.metadata)) == (len(BODY), SHA256, {})
        assert put(store) is Put.SAME
        info = store.stat(KEY)
        assert info is not None
        assert (info.media_type, dict(info.metadata)) == ("image/jpeg", {"page": "1"})


def test_the_digest_is_of_the_bytes_as_they_are(store: DirectoryStore, tmp_path: Path) -> None:
    put(store)
    file = tmp_path / "objects" / KEY
    file.chmod(0o644)
    file.write_bytes(BODY[:-1])
    assert store.digest(KEY) == hashlib.sha256(BODY[:-1]).hexdigest()
    assert put(store) is Put.TAKEN


def test_only_objects_are_listed(store: DirectoryStore, tmp_path: Path) -> None:
    put(store)
    (tmp_path / "objects/.snapshot").mkdir()
    (tmp_path / "objects/.snapshot/x").write_bytes(b"")
    (tmp_path / "objects/.incoming/1-half").write_bytes(b"")
    (tmp_path / "objects/tests/stray").write_bytes(b"")
    (tmp_path / "objects/tests/loop").symlink_to(tmp_path / "objects")
    assert sorted(store.keys()) == [KEY, "tests/loop", "tests/stray"]


def test_keys_in_each_others_way_are_faults(store: DirectoryStore) -> None:
    put(store, "a/b")
    for key in ("a", "a/b/c"):
        with pytest.raises(StoreFault) as fault:
            put(store, key)
        assert "way" in fault.value.hint
        with pytest.raises(UnknownThing):
            store.read(key)
    assert list(store.keys()) == ["a/b"]


def test_threads_that_make_the_same_folders(store: DirectoryStore) -> None:
    keys = [f"{depth}/x/y/{n}" for depth in range(20) for n in range(8)]
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda key: put(store, key, b"x"), keys)) == {Put.CREATED}
    assert sorted(store.keys()) == sorted(keys)


PUT_WITH_LIMIT = """
import hashlib, resource, signal, sys
from pathlib import Path
from scanpipe.faults import StoreFault
from scanpipe.stores import StoreOptions, open_store
folder, limit, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
store = open_store("directory", StoreOptions(folder / "objects", folder / "notes"))
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
body = bytes(size)
try:
    store.put_new("held/1", body, sha256=hashlib.sha256(body).hexdigest(), media_type="image/jpeg", metadata={})
except StoreFault as fault:
    print(type(fault).__name__, fault.retry, fault.message, fault.hint, sep="|")
left = [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()]
print(left)
"""


def test_a_file_that_is_too_large_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PUT_WITH_LIMIT, str(tmp_path), "100000", "300000"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    assert said[0].startswith("StoreFault|False|Object store: the file is too large")
    assert said[1] == "[]"


@pytest.mark.skipif(not shutil.which("unshare"), reason="no unshare to mount a small disk with")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=256k scanpipe "$1" && exec "$2" -c "$3" "$1" 0 600000'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", str(tmp_path), sys.executable, PUT_WITH_LIMIT]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "unshare" in run.stderr or "mount" in run.stderr:
        pytest.skip(f"may not mount a small disk here: {run.stderr.strip()}")
    said = run.stdout.splitlines()
    assert said[0].startswith("StoreUnavailable|True|Object store: the disk is full")
    assert "Free some space" in said[0]
    assert said[1] == "[]"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written(store: DirectoryStore, tmp_path: Path) -> None:
    (tmp_path / "objects/.incoming").chmod(0o500)
    with pytest.raises(StoreFault) as fault:
        put(store)
    assert "permission" in fault.value.hint


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "objects").write_bytes(b"")
    with pytest.raises(StoreFault) as fault:
        open_in(tmp_path)
    assert fault.value.hint


def test_too_many_open_files_may_pass(store: DirectoryStore) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = os.dup(0)
    os.close(highest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
    try:
        with pytest.raises(StoreUnavailable) as fault:
            put(store)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "ulimit -n" in fault.value.hint
    assert put(store) is Put.CREATED


def test_the_probe_says_whether_capitals_count(store: DirectoryStore, tmp_path: Path) -> None:
    assert store.probe()[-1].message == "The file system tells capitals from small letters."
    (tmp_path / "objects/PROBE").symlink_to(tmp_path / "objects/probe")
    (tmp_path / "objects/probe/OBJECT").symlink_to(tmp_path / "objects/probe/object")
    assert "takes capitals for small letters" in store.probe()[-1].message


def test_the_probe_reports_what_fails(store: DirectoryStore, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "objects/.incoming")
    (probe,) = store.probe()
    assert (probe.name, probe.ok) == ("put", False)
    assert probe.hint
