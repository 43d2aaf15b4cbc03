"""How surely two scans are told to show the same drawing: pairs of scans with and without a difference.

    python -m tools.measure_same_drawing --pages 60 --seed 1

Every sheet is drawn on once and scanned twice ("same"); then once more with something changed, from a stroke of a millimetre or
two to an answer of its own. What is told to be the same although it is not must be none.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from scanpipe.pipeline import examine
from scanpipe.readers import open_reader
from scanpipe.stages.read import Eyes
from scanpipe.stages.same_drawing import same_drawing
from scanpipe.stages.unpack import Page, load_page
from tools.proof_reading import LIMITS, press
from tools.scansim import drawing, faults
from tools.scansim.conditions import Scene
from tools.scansim.corpora import source_sheet
from tools.scansim.places import drawing_area, paper_of
from tools.scansim.profiles import PROFILES, conditions_of, written
from tools.scansim.raster import Image, Rng

_USUAL = (drawing.BLACK_PEN, drawing.BLUE_PEN, drawing.PENCIL)
_ALL = (*_USUAL, drawing.HARD_PENCIL, *drawing.FAINT_PENCILS)
_VISIBLE_MM2 = 0.5
Change = Callable[[Image, Scene, Rng], Image]


def _stroke(page: Image, scene: Scene, rng: Rng, length_mm: float, pens: Sequence[drawing.Pen]) -> Image:
    """One straight stroke more, somewhere in the drawing area."""
    left, top, right, bottom = drawing_area(paper_of(page, scene.dpi))
    at = np.array([rng.uniform(left + 5, right - 5), rng.uniform(top + 5, bottom - 5)])
    angle = rng.uniform(0, np.pi)
    end = at + length_mm * np.array([np.cos(angle), np.sin(angle)])
    return drawing.ink(page, scene.dpi, [np.array([at, end])], pens[int(rng.integers(len(pens)))], rng)


def _erased(page: Image, scene: Scene, rng: Rng) -> Image:
    """A patch of 6 mm that held the most ink of ten tried ones is white."""
    left, top, right, bottom = drawing_area(paper_of(page, scene.dpi))
    size = round(6 / 25.4 * scene.dpi)
    spots = [(rng.uniform(top, bottom - 8), rng.uniform(left, right - 8)) for _ in range(40)]
    boxes = [(round(y / 25.4 * scene.dpi), round(x / 25.4 * scene.dpi)) for y, x in spots]
    y, x = min(boxes, key=lambda b: float(page[b[0] : b[0] + size, b[1] : b[1] + size].mean()))
    out = page.copy()
    out[y : y + size, x : x + size] = 255
    return out


def _other_answer(page: Image, scene: Scene, rng: Rng) -> Image:
    del page
    return written(scene, [], rng)


CHANGES: Mapping[str, Change] = {
    "a stroke of 2 mm more, pen or usual pencil": partial(_stroke, length_mm=2.0, pens=_USUAL),
    "a stroke of 4 mm more, down to the faintest pencil": partial(_stroke, length_mm=4.0, pens=_ALL),
    "a stroke of 15 mm more, down to the faintest pencil": partial(_stroke, length_mm=15.0, pens=_ALL),
    "6 mm x 6 mm erased": _erased,
    "another answer": _other_answer,
}


def measure(profile: str, seed: int, number: int) -> Counter[str]:
    """One sheet: told same or different, for each kind of pair; and the time that it took."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng((seed, number))
    scene = Scene(source_sheet(press().pdf, press().manifest, number), conditions_of(PROFILES[profile], rng))
    paper = written(scene, [], rng)
    first, found = _scan(paper, scene, rng), Counter[str]()
    pairs = {"same": paper} | {name: change(paper, scene, rng) for name, change in CHANGES.items()}
    for name, other in pairs.items():
        if name != "same" and _differs_mm2(paper, other, scene.dpi) < _VISIBLE_MM2:
            continue  # the stroke went over another one, or nothing was there to be erased
        second = _scan(other, scene, rng)
        before = time.process_time()
        same = same_drawing(first[0], second[0], first[1], second[1])
        found.update({f"{name}: pairs": 1, f"{name}: told same": int(same)})
        found["ms"] += round(1000 * (time.process_time() - before))
    return found


def _differs_mm2(paper: Image, other: Image, dpi: float) -> float:
    """The area in which two papers differ by more than eight gray levels."""
    seen = np.abs(other.astype(int) - paper) > 8
    return float(np.count_nonzero(seen if seen.ndim == 2 else seen.any(axis=2))) * (25.4 / dpi) ** 2


def _scan(paper: Image, scene: Scene, rng: Rng) -> tuple[np.ndarray, float]:
    """The paper scanned as it lies now, and straightened as the product does."""
    c = scene.conditions
    pose = replace(
        c.pose,
        skew_deg=float(rng.normal(0, 0.6)),
        shift_mm=tuple(rng.normal(0, 0.8, 2)),
        stretch=(1.0, rng.normal(1, 0.002)),
    )
    page = faults.place(paper, c.dpi, pose, c.bed, c.size_of(paper, pose))
    page = faults.paper_tone(page, (c.white, c.white - 1, c.white - 4), int(rng.integers(8, 40)))
    page = faults.noise(faults.blur(page, c.dpi, c.blur_mm), rng, c.noise)
    quality = [cv2.IMWRITE_JPEG_QUALITY, c.quality]
    loaded = load_page(bytes(cv2.imencode(".jpg", page, quality)[1]), 1, LIMITS)
    assert isinstance(loaded, Page)
    seen = examine(loaded, Eyes(open_reader("zxing"), open_reader("zbar")), 85)
    picture = cv2.imdecode(np.frombuffer(seen.rendition.body, np.uint8), cv2.IMREAD_GRAYSCALE)
    return picture, float(c.dpi)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", default="office")
    given = parser.parse_args()
    total: Counter[str] = Counter()
    with ProcessPoolExecutor(2) as pool:
        for found in pool.map(partial(measure, given.profile, given.seed), range(given.pages)):
            total += found
    pairs = sum(n for name, n in total.items() if name.endswith("pairs"))
    for name in ("same", *CHANGES):
        print(f"{name}: {total[f'{name}: told same']} of {total[f'{name}: pairs']} told to be the same")
    print(f"{total['ms'] / max(1, pairs):.0f} ms of CPU a pair")


if __name__ == "__main__":
    main()
