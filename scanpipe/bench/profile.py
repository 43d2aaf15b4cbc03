"""CPU by stage, a page: the public functions of the stages, timed one by one, on pages of an input.

    python -m scanpipe.bench.profile QUALITY FILE…

Beside it the same for the textbook script. What a page costs over this in a run is hand-over, store and ledger. It runs in a
process of its own: no other command of scanpipe needs what it loads.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import cv2

from scanpipe.bench import textbook
from scanpipe.pipeline import describe
from scanpipe.readers import open_reader
from scanpipe.settings import Settings
from scanpipe.stages.read import Eyes, look, look_shrink, search
from scanpipe.stages.render import STRAIGHT_DEG, encode_jpeg, straightened_page, turned
from scanpipe.stages.unpack import Page, load_page
from scanpipe.wiring import errand

T = TypeVar("T")


class Stopwatch:
    """CPU milliseconds by name, page after page."""

    def __init__(self) -> None:
        self._ms: dict[str, list[float]] = defaultdict(list)

    def time(self, name: str, work: Callable[[], T]) -> T:
        since = time.process_time()
        result = work()
        self._ms[name].append(1000 * (time.process_time() - since))
        return result

    def medians_ms(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in self._ms.items()}


def profile_stages(pages: Sequence[Path], quality: int) -> dict[str, dict[str, float]]:
    """CPU milliseconds by stage, the median over these files: of scanpipe and of the textbook script."""
    ours, theirs = Stopwatch(), Stopwatch()
    eyes = Eyes(open_reader("zxing"), open_reader("zbar"))
    for path in (pages[0], *pages):
        _our_stages(ours, path, eyes, quality)
        _textbook_stages(theirs, path, quality)
    return {"scanpipe": ours.medians_ms(), "textbook": theirs.medians_ms()}


def _our_stages(watch: Stopwatch, path: Path, eyes: Eyes, quality: int) -> None:
    """The steps of `pipeline.examine`, in its order."""
    data = watch.time("read file", path.read_bytes)
    watch.time("SHA-256", lambda: hashlib.sha256(data).hexdigest())
    page = watch.time("open", lambda: load_page(data, 1, errand(Settings()).limits))
    assert isinstance(page, Page)
    small = watch.time("decode", lambda: page.gray(look_shrink(page)))
    codes = watch.time("look", lambda: look(page, eyes))
    codes = watch.time("search", lambda: search(page, eyes, codes))
    sight = watch.time("locate, deskew", lambda: describe(page, small, codes, blank=False))
    straight = abs(sight.skew_deg) < STRAIGHT_DEG
    if straight and sight.turn_deg == 0:
        return
    planes = watch.time("planes", page.planes)
    planes = watch.time("turn", lambda: turned(planes, sight.turn_deg))
    if not straight:
        planes = watch.time("straighten", lambda: straightened_page(planes, sight.skew_deg))
    body = watch.time("encode", lambda: encode_jpeg(planes, sight.dpi, quality))
    watch.time("SHA-256 of the result", lambda: hashlib.sha256(body).hexdigest())


def _textbook_stages(watch: Stopwatch, path: Path, quality: int) -> None:
    picture: Any = watch.time("imread", lambda: textbook.load(path, None))
    angle = watch.time("angle search", lambda: textbook.find_skew(picture))
    upright = watch.time("rotate", lambda: textbook.rotate(picture, angle))
    watch.time("pyzbar", lambda: textbook.read(upright))
    watch.time("encode", lambda: cv2.imencode(".jpg", upright, [cv2.IMWRITE_JPEG_QUALITY, quality]))


def main(quality: str, *files: str) -> None:
    """Answers one JSON object."""
    cv2.setNumThreads(1)  # as in the workers
    print(json.dumps(profile_stages([Path(f) for f in files], int(quality))))


if __name__ == "__main__":
    main(*sys.argv[1:])
