"""Files in, files in a folder out, arriving as scanners write them: copied, slowly, renamed, job by job, in two goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from tools.scansim.raster import Rng

File = tuple[str, bytes]
"""Name and content."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast: seconds between files, seconds between chunks, bytes a chunk. `sleep` is given so that a test need not wait."""

    between_s: float = 0.0
    chunk_s: float = 0.0
    chunk_bytes: int = 65_536
    sleep: Callable[[float], None] = time.sleep


AT_ONCE = Pace(sleep=lambda _: None)
Way = Callable[[File, Path, Pace, Rng], Path]
"""Puts one file into a folder and answers where it came to stand."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that stands in the inbox under its final name, and how it came there."""

    path: Path
    way: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where files go. `staging` is a folder outside it on the same file system, where jobs are put together."""

    folder: Path
    staging: Path


def copied(file: File, folder: Path, pace: Pace, rng: Rng) -> Path:
    """Written in one go."""
    path = folder / file[0]
    path.write_bytes(file[1])
    return path


def in_chunks(file: File, folder: Path, pace: Pace, rng: Rng) -> Path:
    """Written chunk by chunk under its final name, each chunk visible before the next comes."""
    path = folder / file[0]
    _write_in_chunks(path, "wb", file[1], pace)
    return path


def renamed(file: File, folder: Path, pace: Pace, rng: Rng) -> Path:
    """Written in chunks under a temporary name of one of the usual kinds, then renamed."""
    names = (f"{file[0]}.part", f"{file[0]}.tmp", f"{file[0]}~", f".{file[0]}", f"~{file[0]}")
    temporary = folder / names[int(rng.integers(len(names)))]
    _write_in_chunks(temporary, "wb", file[1], pace)
    return temporary.rename(folder / file[0])


def in_two_goes(file: File, folder: Path, pace: Pace, rng: Rng) -> Path:
    """Opened, begun and closed; a moment later opened again and continued."""
    path, cut = folder / file[0], int(len(file[1]) * rng.uniform(0.1, 0.9))
    _write_in_chunks(path, "wb", file[1][:cut], pace)
    pace.sleep(pace.chunk_s)
    _write_in_chunks(path, "ab", file[1][cut:], pace)
    return path


WAYS: Mapping[str, Way] = {
    "copied": copied,
    "in_chunks": in_chunks,
    "renamed": renamed,
    "in_two_goes": in_two_goes,
}
JOB = "job_moved_in"
ALL_WAYS = (*WAYS, JOB)


def move_job_in(files: Iterable[File], name: str, inbox: Inbox) -> list[Path]:
    """Files put together in a folder of their own outside the inbox, which is then moved into it as a whole."""
    job = inbox.staging / name
    job.mkdir(parents=True)
    names = []
    for file_name, body in files:
        (job / file_name).write_bytes(body)
        names.append(file_name)
    target = job.rename(inbox.folder / name)
    return [target / n for n in names]


def feed(
    files: Iterable[File], inbox: Inbox, seed: int, pace: Pace = AT_ONCE, ways: tuple[str, ...] = ALL_WAYS
) -> Iterator[Arrival]:
    """Drops the files one after the other, each in one of `ways` by chance, jobs of up to six files among them.

    Lazy: files arrive as the iterator is consumed. Names must differ; folders are made where they are missing.
    """
    rng = np.random.default_rng(seed)
    inbox.folder.mkdir(parents=True, exist_ok=True)
    queue = iter(files)
    jobs = 0
    while batch := list(islice(queue, 1)):
        way = ways[int(rng.integers(len(ways)))]
        if way == JOB:
            jobs += 1
            batch += islice(queue, int(rng.integers(0, 6)))
            arrived = move_job_in(batch, f"job-{jobs:05d}", inbox)
        else:
            arrived = [WAYS[way](batch[0], inbox.folder, pace, rng)]
        yield from (Arrival(path, way) for path in arrived)
        pace.sleep(pace.between_s * len(batch))


def _write_in_chunks(path: Path, mode: str, body: bytes, pace: Pace) -> None:
    with path.open(mode) as file:
        for start in range(0, len(body), pace.chunk_bytes):
            file.write(body[start : start + pace.chunk_bytes])
            file.flush()
            pace.sleep(pace.chunk_s)
