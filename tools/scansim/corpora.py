"""Many scans from one PDF: streamed in order, made by as many processes as wanted, the same whatever their number."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from tools.scansim import faults
from tools.scansim.profiles import PROFILES, Exposure, Profile, Scan, Truth, expose, scan
from tools.scansim.raster import Image, Rng
from tools.scansim.render import Book, Sheet, read_manifest
from tools.scansim.writers import FORMATS

T = TypeVar("T")
J = TypeVar("J")

MIXED = (
    *("jpeg",) * 10,
    *("pdf_jpeg", "tiff_group4") * 2,
    *("png", "jpeg_exif_3", "jpeg_exif_6", "jpeg_exif_8", "pdf_group4"),
    *("tiff_lzw", "tiff_deflate", "tiff_jpeg", "tiff_raw", "tiff_16_bit", "tiff_cmyk", "tiff_palette"),
)
"""Formats as a building full of scanners has them, the common ones several times."""
FITTING = "fitting"
"""Not a format but whichever fits the page: group 4 for black and white, else JPEG."""
_LONGEST_STACK = 6
_AHEAD = 3
"""Files a process may be ahead of who takes them, so that memory stays flat."""


@dataclass(frozen=True, slots=True)
class Order:
    """Which sheets, through which profile, from which seed. How sheet n comes out does not depend on the others' number."""

    pdf: Path
    manifest: Path
    profile: str
    seed: int


@dataclass(frozen=True, slots=True)
class FilePlan:
    """A file to be made: its format (or `FITTING`), and which sheets (from 0) are its pages."""

    format: str
    sheets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ScanFile:
    """A file with one or more pages, and the truth about each."""

    data: bytes
    extension: str
    truths: tuple[Truth, ...]


def corpus(
    pdf: Path, manifest: Path, profile: str, seed: int, count: int | None = None, processes: int = 1
) -> Iterator[Scan]:
    """`count` scans (all sheets of the manifest when None), one sheet each, in order; nothing is written to disk.

    Where `count` is more than there are sheets, they are scanned again, with other answers on them. Raises KeyError for
    a profile that is not there.
    """
    order = Order(pdf, manifest, PROFILES[profile].name, seed)
    wanted = range(len(read_manifest(manifest)) if count is None else count)
    return _made(partial(_scan, order), wanted, processes)


def files(order: Order, plans: Iterable[FilePlan], processes: int = 1) -> Iterator[ScanFile]:
    """The files of the plans, in their order."""
    return _made(partial(_file, order), plans, processes)


def plan_files(count: int, formats: Sequence[str], seed: int) -> list[FilePlan]:
    """Spreads `count` sheets over files of these formats by chance; formats that can take stacks of up to six."""
    rng = np.random.default_rng((seed, 1))
    plans, start = [], 0
    while start < count:
        name = formats[int(rng.integers(len(formats)))]
        most = 1 if name == FITTING else min(FORMATS[name].most_pages, _LONGEST_STACK)
        length = int(rng.integers(1, most + 1))
        plans.append(FilePlan(name, tuple(range(start, min(start + length, count)))))
        start += length
    return plans


def make_file(source_sheets: Sequence[Sheet], rngs: Sequence[Rng], profile: Profile, format: str) -> ScanFile:
    """One file of these sheets, all at the resolution of the first; what is not black and white yet becomes so if it must."""
    stack = profile if len(source_sheets) == 1 else replace(profile, dpis=(int(rngs[0].choice(profile.dpis)),))
    exposures = [expose(s, rng, stack) for s, rng in zip(source_sheets, rngs, strict=True)]
    first = exposures[0].conditions
    how = FORMATS[first.format if format == FITTING else format]
    pages = [_page(e, first.file_dpi, how.bitonal) for e in exposures]
    truths = tuple({**e.truth, "dpi": first.file_dpi} for e in exposures)
    return ScanFile(how.write(pages, first.file_dpi, first.quality), how.extension, truths)


def _page(exposure: Exposure, dpi: int, bitonal: bool) -> Image:
    page = exposure.raster
    if exposure.conditions.file_dpi != dpi:
        page = faults.low_resolution(page, exposure.conditions.file_dpi, dpi)
    return faults.otsu(page) if bitonal else page


def _scan(order: Order, number: int) -> Scan:
    return scan(source_sheet(order.pdf, order.manifest, number), _rng(order, number), PROFILES[order.profile])


def _file(order: Order, plan: FilePlan) -> ScanFile:
    sheets, rngs = (
        [source_sheet(order.pdf, order.manifest, n) for n in plan.sheets],
        [_rng(order, n) for n in plan.sheets],
    )
    return make_file(sheets, rngs, PROFILES[order.profile], plan.format)


def source_sheet(pdf: Path, manifest: Path, number: int) -> Sheet:
    """A printed sheet of a file; numbers start anew behind the last."""
    book = _book(pdf, manifest)
    return Sheet(book, number % len(book.rows))


def _rng(order: Order, number: int) -> Rng:
    return np.random.default_rng((order.seed, number))


@lru_cache(maxsize=2)
def _book(pdf: Path, manifest: Path) -> Book:
    """Opened once a process."""
    return Book(pdf, manifest)


def _made(make: Callable[[J], T], jobs: Iterable[J], processes: int) -> Iterator[T]:
    return map(make, jobs) if processes == 1 else _made_by_many(make, iter(jobs), processes)


def _made_by_many(make: Callable[[J], T], jobs: Iterator[J], processes: int) -> Iterator[T]:
    """In order, each process at most a few files ahead."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, fresh, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        waiting: deque[Future[T]] = deque(pool.submit(make, j) for j in islice(jobs, processes * _AHEAD))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(make, j) for j in islice(jobs, 1))
