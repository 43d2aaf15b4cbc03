"""How exactly is a page's skew found, with its codes and without; beside it the packages `deskew` and `jdeskew`.

    python -m tools.measure_skew --pages 500

Printed sheets, written on, fed at angles spread evenly between −15° and 15°, at 200 and 300 dpi, on a white or a darker bed, as
JPEG. The same pages again with their codes cut out (white paper; frames and lettering stay), and one in five with its
handwriting alone. The packages are measured where they can be imported (`pip install deskew jdeskew`, into any folder on
PYTHONPATH); they are given the reduced picture that our own search looks at.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.layout import A4, places
from scanpipe.readers import open_reader
from scanpipe.stages.deskew import deskew
from scanpipe.stages.locate import locate
from scanpipe.stages.read import Eyes, look, look_shrink, search
from scanpipe.stages.unpack import Page, load_page
from tools.marks import fill
from tools.proof_reading import LIMITS, press
from tools.scanner import faults, formats, pens
from tools.scanner.paper import Paper

Pixels = NDArray[np.uint8]
Estimate = Callable[[Page], float | None]

WIDEST_DEG = 15.0
_MM_PER_INCH = 25.4
_NO_ANSWER_DEG = 90.0
_ALONE_EVERY = 5


def pages(count: int, seed: int) -> Iterator[tuple[str, float, bytes]]:
    """For each of `count` angles the printed sheet, the same without codes, now and then its handwriting alone; what it is, its
    angle, and its file."""
    paper = Paper(press().pdf, press().manifest)
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        angle_deg = WIDEST_DEG * (2 * (number + float(rng.random())) / count - 1)
        dpi, bed = float(rng.choice([200, 300])), int(rng.choice([255, 235]))
        sheet = paper.picture(number % len(paper), dpi)
        empty = np.full_like(sheet, 255)
        for picture in (sheet, empty):
            pens.draw_answer(picture, dpi, np.random.default_rng((seed, number, 1)))
        kinds = {"with codes": sheet, "without codes": without_codes(sheet, dpi)}
        kinds |= {"handwriting alone": empty} if number % _ALONE_EVERY == 0 else {}
        for kind, picture in kinds.items():
            scan = faults.scanned(faults.fed_askew(picture, angle_deg, bed), rng, noise=rng.uniform(1, 5))
            yield kind, angle_deg, formats.jpeg(scan, dpi, 80)


def without_codes(sheet: Pixels, dpi: float) -> Pixels:
    """The codes are cut out of the sheet; their frames stay."""
    out = sheet.copy()
    for place in places(A4).values():
        x, y, side = (round(mm / _MM_PER_INCH * dpi) for mm in (place.x_mm, place.y_mm, place.size_mm))
        out[y : y + side, x : x + side] = 255
    return out


def ours(eyes: Eyes) -> Estimate:
    """As `pipeline.describe` does it, after reading."""

    def estimate(page: Page) -> float:
        small = page.gray(look_shrink(page))
        return deskew(locate(search(page, eyes, look(page, eyes))), small).skew_deg

    return estimate


def others() -> Iterator[tuple[str, Estimate]]:
    """The packages that are here."""
    try:
        find = import_module("deskew").determine_skew
        yield "deskew, steps of 0.1°", lambda page: find(_small(page), min_deviation=0.1)
    except ImportError:
        print("The package deskew is not here: `pip install deskew`.")
    try:
        get_angle = import_module("jdeskew.estimator").get_angle
        yield "jdeskew", lambda page: get_angle(_small(page), angle_max=WIDEST_DEG)
    except ImportError:
        print("The package jdeskew is not here: `pip install jdeskew`.")


def _small(page: Page) -> Pixels:
    return page.gray(look_shrink(page))


def table(errors: dict[tuple[str, str], list[float]], cpu_ms: dict[tuple[str, str], list[float]]) -> Iterator[str]:
    yield "| page | method | mean | median | 95th percentile | largest | within 0.1° | CPU ms |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    for (kind, method), found in errors.items():
        e = np.array(found)
        figures = (e.mean(), np.median(e), np.percentile(e, 95), e.max())
        within = 100 * float(np.mean(e <= 0.1))
        spent = np.median(cpu_ms[kind, method])
        yield f"| {kind} | {method} | {' | '.join(f'{f:.3f}°' for f in figures)} | {within:.1f} % | {spent:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--seed", type=int, default=2013)
    parser.add_argument("--write", action="store_true", help="put the table into docs/reading.md")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    methods = {"scanpipe": ours(Eyes(open_reader("zxing"), open_reader("zbar"))), **dict(others())}
    errors: dict[tuple[str, str], list[float]] = defaultdict(list)
    cpu_ms: dict[tuple[str, str], list[float]] = defaultdict(list)
    for kind, angle_deg, body in pages(args.pages, args.seed):
        for name, estimate in methods.items():
            page = load_page(body, 1, LIMITS)
            assert isinstance(page, Page)
            _small(page)
            since = time.process_time()
            found = estimate(page)
            cpu_ms[kind, name].append(1000 * (time.process_time() - since))
            errors[kind, name].append(_NO_ANSWER_DEG if found is None else abs(found - angle_deg))
    text = "\n".join(table(errors, cpu_ms))
    print(text)
    if args.write:
        fill(Path("docs/reading.md"), {"skew": text})


if __name__ == "__main__":
    main()
