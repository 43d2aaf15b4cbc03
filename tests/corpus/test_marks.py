"""Boxes for further questions, marked by many hands and scanned in many ways: what is read is right, or it is unclear."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from scanpipe.layout import A4, mark_boxes
from scanpipe.sheets import draw
from scanpipe.stages.locate import locate
from scanpipe.stages.marked import has_marks, read_marks
from scanpipe.stages.read import look, look_shrink, search
from tests.helpers import KEY, ArrayPage, eyes
from tests.unit.test_marked import OFFERED, SHEET, TEST, stroke
from tools.scanner import faults, pens
from tools.scanner.labels import pages
from tools.scanner.paper import Picture

MARKED = ("cross in pen", "cross in pencil", "tick", "dash")
DOUBTFUL = ("erased cross", "dot", "blacked out", "stroke of the drawing")
Rng = np.random.Generator


def marked(picture: Picture, kind: str, box: int, dpi: int, rng: Rng) -> None:
    def jot(*line: float) -> tuple[float, float, float, float]:
        a, b, c, d = (v + float(rng.normal(0, 0.25)) for v in line)
        return a, b, c, d

    level, width = int(rng.integers(20, 90)), float(rng.uniform(0.35, 0.7))
    pencil, faint = int(rng.integers(110, 160)), int(rng.integers(214, 226))
    how = {
        "cross in pen": stroke(level, width, jot(0.4, 0.4, 4.1, 4.1), jot(4.1, 0.4, 0.4, 4.1), dpi=dpi),
        "cross in pencil": stroke(pencil, width, jot(0.4, 0.4, 4.1, 4.1), jot(4.1, 0.4, 0.4, 4.1), dpi=dpi),
        "tick": stroke(level, width, jot(0.8, 2.4, 2.0, 3.8), jot(2.0, 3.8, 5.0, -0.2), dpi=dpi),
        "dash": stroke(level, width, jot(0.8, 2.2, 3.8, 2.4), dpi=dpi),
        "erased cross": stroke(faint, width, jot(0.4, 0.4, 4.1, 4.1), jot(4.1, 0.4, 0.4, 4.1), dpi=dpi),
        "dot": stroke(level, 0.35, (2.2, 2.2, 2.4, 2.3), dpi=dpi),
        "blacked out": stroke(level, 4.6, (2.2, 2.2, 2.3, 2.3), dpi=dpi),
        "stroke of the drawing": stroke(level, width, jot(-3.0, -4.0, 6.0, 8.0), dpi=dpi),
    }
    how[kind](picture, mark_boxes(A4)[box])


def corpus(place: Path, seed: int, count: int) -> dict[str, Counter[str]]:
    """How boxes of each kind were read: `x`, `_`, `?` or `-`."""
    pdf = place / "sheet.pdf"
    draw([SHEET], TEST, KEY, pdf)
    clean = {dpi: pages(pdf, dpi)[0] for dpi in (150, 200, 300)}
    found: dict[str, Counter[str]] = {kind: Counter() for kind in ("empty", *MARKED, *DOUBTFUL)}
    for n in range(count):
        rng = np.random.default_rng((seed, n))
        dpi = int(rng.choice([150, 200, 300]))
        picture = clean[dpi].copy()
        pens.draw_answer(picture, dpi, rng)
        doubtful = n % 3 == 0  # a stroke through one box may end in the next: one of these a sheet
        kinds = ["empty" if rng.random() < 0.5 else str(rng.choice(MARKED)) for _ in OFFERED]
        if doubtful:
            kinds = ["empty"] * len(OFFERED)
            kinds[int(rng.integers(len(OFFERED)))] = str(rng.choice(DOUBTFUL))
        for box, kind in enumerate(kinds):
            if kind != "empty":
                marked(picture, kind, box, dpi, rng)
        scan = faults.scanned(faults.fed_askew(picture, float(rng.uniform(-3, 3))), rng, noise=float(rng.uniform(1, 5)))
        page = ArrayPage(scan)
        codes = search(page, eyes(), look(page, eyes()))
        assert has_marks(codes)
        shrink = look_shrink(page)
        read = read_marks(page.gray(shrink), shrink, locate(codes))
        for box, kind in enumerate(kinds):
            if kind == "empty" and "stroke of the drawing" in kinds:
                continue
            found[kind][read[box]] += 1
    return found


@pytest.mark.proof
def test_120_sheets_with_marks(tmp_path: Path) -> None:
    found = corpus(tmp_path, 96_002, 120)
    for kind, count in found.items():
        print(f"| {kind} | {sum(count.values())} | {count['x']} | {count['_']} | {count['?'] + count['-']} |")
    assert found["empty"]["x"] == 0 and sum(found[kind]["_"] for kind in MARKED) == 0
    assert sum(found[kind]["x"] + found[kind]["_"] for kind in DOUBTFUL) == 0
