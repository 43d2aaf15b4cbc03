"""A long PDF dropped into the hot folder: how soon is its first page filed, and how fast are all of them?"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scanpipe.bench.latency import Watcher, warm_up
from scanpipe.bench.pages import bind
from scanpipe.faults import Fault

_LOOK_EVERY_S = 0.005
_FIRST_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class LongFile:
    """`first_s` and `all_s` count from the moment when the file has its name in the inbox, complete."""

    pages: int
    mb: float
    first_s: float
    all_s: float


def long_pdf(pages: Sequence[Path], data_dir: Path, workers: int, dpi: int) -> LongFile:
    """Binds all of these JPEGs but the first, which warms the watcher up, into one PDF and drops it. Raises Fault."""
    with Watcher(data_dir, workers) as watcher:
        inbox = data_dir / "inbox"
        warm_up(watcher, inbox, pages[0])
        filed_before = _filed(data_dir)
        bind(pages[1:], dpi, inbox / "long.part")
        since = time.monotonic()
        os.rename(inbox / "long.part", inbox / "long.pdf")
        while _filed(data_dir) <= filed_before:
            if time.monotonic() - since > _FIRST_WITHIN_S:
                raise Fault(f"no page of the long PDF was filed within {_FIRST_WITHIN_S:.0f} s")
            time.sleep(_LOOK_EVERY_S)
        first_s = time.monotonic() - since
        size = sum(page.stat().st_size for page in pages[1:])
        all_s = watcher.reports_of({"long.pdf": since})["long.pdf"][0] - since
    return LongFile(len(pages) - 1, size / 1e6, first_s, all_s)


def _filed(data_dir: Path) -> int:
    """How many pictures are in slots. A slot's folder is seldom looked into: there is one for each candidate."""
    return sum(len(files) for _, _, files in os.walk(data_dir / "objects" / "tests"))
