"""Mirrors all drawings of a test into a folder, and keeps it like the slots are: a start of a grading system's own import.

    SCANPIPE_TOKEN=sp_… python examples/grader.py https://scanpipe.example MA0001-2026H drawings/ [--once]

<folder>/<candidate>/<question>/<place>-<serial>-<digest>.jpg, and <folder>/.cursor. It may be killed at any time: the next run
goes on where the last one was. A page that left its slot is removed here, too; one that is graded belongs copied elsewhere.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scanpipe_client import Contents, Page, Problem, Scanpipe, Slot, write_whole

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}


def mirror(scanpipe: Scanpipe, slot: Slot, folder: Path) -> int:
    """Makes the slot's folder like the slot is; answers how many drawings came."""
    place = folder / _safe(slot.candidate) / _safe(slot.question)
    wanted = {_name(n, page): page for n, page in enumerate(_contents(scanpipe, slot).pages, 1)}
    came = 0
    for name, page in wanted.items():
        if not (place / name).exists():
            write_whole(place / name, scanpipe.content(page))
            came += 1
    for there in place.glob("*"):
        if there.name not in wanted:
            there.unlink()
    return came


def _contents(scanpipe: Scanpipe, slot: Slot) -> Contents:
    """A slot that a later definition does not have any more is empty."""
    try:
        return scanpipe.slot(slot)
    except Problem as e:
        if e.code != "not_found":
            raise
        return Contents("nothing_expected", ())


def _name(n: int, page: Page) -> str:
    return f"{n:02d}-{page.serial or 'none'}-{page.sha256[:16]}.{_ENDINGS.get(page.media_type, 'bin')}"


def _safe(name: str | None) -> str:
    """The ids of scanpipe are safe as names; what comes from elsewhere is not believed."""
    if not name or name in (".", "..") or "/" in name or "\\" in name:
        raise ValueError(f"{name!r} is no name of a folder")
    return name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("test")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--once", action="store_true", help="end when there is nothing new, instead of waiting for it")
    told = parser.parse_args()
    scanpipe = Scanpipe(told.url, os.environ["SCANPIPE_TOKEN"])
    for change in scanpipe.follow(told.folder / ".cursor", told.test, 0 if told.once else 30):
        if change.slot.candidate is not None:
            came = mirror(scanpipe, change.slot, told.folder)
            print(f"{change.id} {change.type}: {came} new", file=sys.stderr)


if __name__ == "__main__":
    main()
