"""The watcher is killed at random moments while files arrive by every way of writing: each page exactly once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scanpipe.desk.folders import files_below
from scanpipe.desk.verifying import verify
from scanpipe.wiring import open_parts
from tests.installation import ROOT, Installation, install

Writer = Callable[[Path, str, bytes, random.Random], None]


def test_some_kills(tmp_path: Path) -> None:
    kill_while_arriving(tmp_path, files=30, kills=5, seed=1)


@pytest.mark.proof
def test_1000_kills_while_2000_files_arrive(tmp_path: Path) -> None:
    kill_while_arriving(tmp_path, files=2000, kills=1000, seed=2)


def kill_while_arriving(place: Path, files: int, kills: int, seed: int) -> None:
    """Files arrive for as long as the killing lasts; then a last watcher may finish, and everything is counted."""
    rng = random.Random(seed)
    sheets = min(120, files)
    home = install(place / "data", sheets=sheets)
    inbox = home.settings.inbox_path
    bodies = [home.scan(i % sheets, skew_deg=rng.uniform(-2, 2), stroke=i // sheets) for i in range(files)]
    pause_s = kills * 1.6 / files
    arriving = threading.Thread(target=_arrive, args=(inbox, bodies, pause_s, rng))
    arriving.start()
    died = 0
    while died < kills:
        died += _watch_and_kill(home, rng.uniform(0.3, 3.0))
    arriving.join()
    _watch_until_done(home, files)
    _check(home, bodies)


def _watch(home: Installation) -> subprocess.Popen[bytes]:
    env = {**os.environ, **home.environ}
    log = open(home.data_dir.parent / "watch.log", "ab")  # noqa: SIM115 - the child's
    return subprocess.Popen(
        [sys.executable, "-m", "scanpipe", "watch", "--json"], env=env, stdout=log, stderr=log, cwd=ROOT
    )


def _watch_and_kill(home: Installation, after_s: float) -> bool:
    """Answers whether the watcher really died by the kill."""
    watcher = _watch(home)
    time.sleep(after_s)
    watcher.kill()
    return watcher.wait() == -signal.SIGKILL


def _watch_until_done(home: Installation, files: int) -> None:
    watcher = _watch(home)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (_done(home, files) and _is_up(home, watcher.pid)):
        time.sleep(0.3)
        assert watcher.poll() is None, (home.data_dir.parent / "watch.log").read_text()[-2000:]
    watcher.send_signal(signal.SIGTERM)
    assert watcher.wait(60) == 0


def _is_up(home: Installation, pid: int) -> bool:
    """Its folders are open: a signal that comes now does not meet the bare interpreter."""
    return any(f"-{pid}-" in p.name for p in (home.data_dir / "holders").iterdir())


def _done(home: Installation, files: int) -> bool:
    left = [p for folder in (home.settings.inbox_path, home.settings.claimed_path) for p in files_below(folder)]
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        counts = r.counts()
    return not left and sum(counts.values()) == files and not {"waiting", "placing"} & set(counts)


def _check(home: Installation, bodies: list[bytes]) -> None:
    """Every file has one page; the first scan of a sheet is filed in its slot, any later one is held beside it."""
    with open_parts(home.settings) as parts:
        finding = verify(parts)
        assert finding.problems == []
        with parts.ledger.read() as r:
            filed, held = list(r.pages_in("filed")), list(r.pages_in("held"))
        keys = set(parts.store.keys("tests/"))
    assert len(filed) + len(held) == finding.pages == len(bodies)
    assert {p.key for p in filed} == keys
    assert {str(p.reason) for p in held} <= {"sheet_seen_before", "too_many_sheets"}
    by_serial = {p.serial: (p.test, p.candidate, p.question) for p in filed}
    expected = {s.serial: (s.test, s.candidate, s.question) for s in home.sheets[: len(bodies)]}
    assert by_serial == expected


def _arrive(inbox: Path, bodies: list[bytes], pause_s: float, rng: random.Random) -> None:
    for n, body in enumerate(bodies):
        rng.choice(_WAYS)(inbox, f"scan{n:04d}", body, rng)
        time.sleep(rng.uniform(0, 2 * pause_s))


def _copied(inbox: Path, name: str, body: bytes, _: random.Random) -> None:
    (inbox / f"{name}.jpg").write_bytes(body)


def _in_slow_chunks(inbox: Path, name: str, body: bytes, rng: random.Random) -> None:
    with open(inbox / f"{name}.jpg", "wb") as f:
        for start in range(0, len(body), len(body) // 3):
            f.write(body[start : start + len(body) // 3])
            f.flush()
            time.sleep(rng.uniform(0, 0.05))


def _renamed_from_part(inbox: Path, name: str, body: bytes, _: random.Random) -> None:
    part = inbox / f"{name}.jpg.part"
    part.write_bytes(body)
    part.rename(inbox / f"{name}.jpg")


def _moved_in(inbox: Path, name: str, body: bytes, _: random.Random) -> None:
    outside = inbox.parent / f"{name}.jpg"
    outside.write_bytes(body)
    outside.rename(inbox / f"{name}.jpg")


def _folder_moved_in(inbox: Path, name: str, body: bytes, _: random.Random) -> None:
    outside = inbox.parent / f"job {name}"
    outside.mkdir()
    (outside / "side 1.jpg").write_bytes(body)
    outside.rename(inbox / outside.name)


def _closed_and_opened_again(inbox: Path, name: str, body: bytes, _: random.Random) -> None:
    with open(inbox / f"{name}.jpg", "wb") as f:
        f.write(body[:1000])
    with open(inbox / f"{name}.jpg", "ab") as f:
        f.write(body[1000:])


_WAYS: tuple[Writer, ...] = (
    _copied,
    _in_slow_chunks,
    _renamed_from_part,
    _moved_in,
    _folder_moved_in,
    _closed_and_opened_again,
)
