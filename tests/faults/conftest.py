"""Fixtures of the fault table's tests."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.postgresql_server import postgresql
from tests.s3_server import REGION, S3Server, s3_server

__all__ = ["postgresql", "s3_server"]


@pytest.fixture
def s3_settings(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, str]]:
    """What an installation must be told to keep its objects on the server, or behind another address of it."""
    for name, value in s3_server.environ.items():
        monkeypatch.setenv(name, value)

    def settings(endpoint_url: str) -> dict[str, str]:
        return {
            "SCANPIPE__STORE__KIND": "s3",
            "SCANPIPE__STORE__ENDPOINT_URL": endpoint_url,
            "SCANPIPE__STORE__BUCKET": s3_server.bucket,
            "SCANPIPE__STORE__REGION": REGION,
            "SCANPIPE__STORE__PREFIX": s3_server.new_prefix(),
        }

    return settings


class Mounts:
    """Real file systems, mounted for one test. Skips, with the reason, where that is not allowed."""

    def __init__(self) -> None:
        self._mounted: list[Path] = []

    def small_disk(self, place: Path, kib: int) -> Path:
        """An empty disk of so many KiB at `place`."""
        return self._mount(place, "-t", "tmpfs", "-o", f"size={kib}k", "scanpipe-test")

    def share(self, folder: Path, place: Path) -> Path:
        """`folder` once more at `place`, as a share is mounted."""
        return self._mount(place, "--bind", str(folder))

    def remount(self, place: Path, how: str) -> None:
        """`ro` or `rw`."""
        subprocess.run(["mount", "-o", f"remount,bind,{how}", str(place)], check=True)

    def unmount(self, place: Path) -> None:
        self._mounted.remove(place)
        subprocess.run(["umount", "--lazy", str(place)], check=True)

    def close(self) -> None:
        for place in list(self._mounted):
            self.unmount(place)

    def _mount(self, place: Path, *words: str) -> Path:
        place.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *words, str(place)], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"DISK AND SHARE TESTS DO NOT RUN: nothing can be mounted: {done.stderr.strip()}")
        self._mounted.append(place)
        return place


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    mounts = Mounts()
    yield mounts
    mounts.close()


class Ballast:
    """Fills a disk up to some free bytes."""

    def __init__(self, folder: Path, left_bytes: int = 0) -> None:
        self._file = folder / "ballast"
        with self._file.open("wb", buffering=0) as f:
            try:
                while True:
                    f.write(bytes(4096))
            except OSError as e:
                assert e.errno == errno.ENOSPC
        os.truncate(self._file, self._file.stat().st_size - left_bytes)

    def release(self) -> None:
        self._file.unlink()
