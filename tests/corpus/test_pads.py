"""Sheets of pads with labels stuck on by hand, some of them wrong: a floor that only rises, and misfiled is 0."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from scanpipe.desk.printing import give_serials, print_labels
from scanpipe.layout import A4, label_boxes
from scanpipe.sheets import LABEL_SHEETS, candidate_label, draw, plan_pad, write_manifest
from scanpipe.wiring import open_parts
from tests.corpus.test_corpora import Case, Result, without_limits, work_off
from tests.installation import Installation, install
from tools.scanner import faults, formats, labels, pens
from tools.scanner.paper import Paper, Picture, Row

TEST, DPI = "MA0001-2026H", 200
ON = LABEL_SHEETS["a4-3x8"]
MISTAKES = ("none", "two candidates", "sheet of another", "beside")
"""In one sheet of five somebody made one: it must not be filed."""
_BED_MM = 76.0


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    return without_limits(install(tmp_path / "data", sheets=40))


def printed(home: Installation, count: int) -> tuple[Paper, list[Picture]]:
    """A pad for one question, and the labels of the first 24 candidates."""
    pdf, manifest, of_labels = (home.data_dir.with_name(f"pad.{kind}") for kind in ("pdf", "csv", "labels.pdf"))
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            test = r.definition(TEST)
        assert test is not None
        sheets = give_serials(parts, test, plan_pad(test, "2b", count), "test")
        draw(sheets, test, parts.keyring.active, pdf)
        write_manifest(sheets, test, manifest)
        wanted = [candidate_label(test, c, names=True) for c in test.candidates[:24]]
        print_labels(parts, test, wanted, of_labels, "test", ON)
    page = labels.pages(of_labels, DPI)[0]
    return Paper(pdf, manifest), [labels.cut(page, ON, n, DPI) for n in range(24)]


def somewhere(rng: np.random.Generator) -> tuple[float, float]:
    """The middle of the box, more or less; of one label in four anywhere clear of the codes."""
    if rng.random() < 0.25:
        return float(rng.uniform(45, 165)), float(rng.uniform(110, 215))
    x, y = labels.middle_of(label_boxes(A4)[0])
    return x + float(rng.normal(0, 3)), y + float(rng.normal(0, 3))


def corpus(home: Installation, seed: int, count: int) -> Result:
    def cases() -> Iterator[Case]:
        pad, stickers = printed(home, count)
        own = Paper(home.pdf, _manifest_of(home))
        for i in range(count):
            yield case(pad, own, stickers, i, np.random.default_rng((seed, i)))

    return work_off(home, cases())


def case(pad: Paper, own: Paper, stickers: list[Picture], i: int, rng: np.random.Generator) -> Case:
    wrong = i % 5 == 0
    mistake = MISTAKES[(i // 5) % len(MISTAKES)] if wrong else "right"
    paper, index = (own, i % len(own)) if mistake == "sheet of another" else (pad, i)
    row, picture = paper.rows[index], paper.picture(index, DPI)
    pens.draw_answer(picture, DPI, rng)
    whose = int(rng.integers(24))
    if mistake == "sheet of another" and row.candidate == f"{10001 + whose}":
        whose = (whose + 1) % 24
    if mistake == "beside":  # a loose label, or the edge of another sheet, lies on the bed of the scanner
        picture = cv2.copyMakeBorder(picture, 0, 0, 0, round(_BED_MM * DPI / 25.4), cv2.BORDER_CONSTANT, value=(240,))
        beside = A4.width_mm + _BED_MM / 2, float(rng.uniform(40, 250))
        labels.stick(picture, stickers[whose], beside, float(rng.normal(0, 4)), DPI)
    elif mistake != "none":
        labels.stick(picture, stickers[whose], somewhere(rng), float(rng.normal(0, 4)), DPI)
    if mistake == "two candidates":
        labels.stick(picture, stickers[(whose + 1) % 24], (110, 235), float(rng.normal(0, 4)), DPI)
    skew_deg = float(np.clip(rng.normal(0, 1), -3, 3))
    picture = faults.scanned(faults.fed_askew(picture, skew_deg), rng, noise=rng.uniform(1, 5))
    truth = None if wrong else Row(row.page, row.serial, row.test, f"{10001 + whose}", row.question)
    return formats.jpeg(picture, DPI, int(rng.integers(60, 91))), truth, skew_deg, mistake


def _manifest_of(home: Installation) -> Path:
    """The manifest of the personal sheets, which `install` does not write."""
    manifest = home.data_dir.with_name("own.csv")
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        test = r.definition(TEST)
    assert test is not None
    write_manifest(list(home.sheets), test, manifest)
    return manifest


def test_labels_on_sheets_of_a_pad(home: Installation) -> None:
    result = corpus(home, seed=91_001, count=30)
    assert result.misfiled == []
    assert result.verdicts == {"filed": 24, "held": 6}, result.not_filed
    assert np.mean(result.skew_errors_deg) <= 0.03


@pytest.mark.proof
def test_500_labels_on_sheets_of_a_pad(home: Installation) -> None:
    result = corpus(home, seed=91_002, count=500)
    assert result.misfiled == []
    assert result.verdicts["filed"] >= 399, result.not_filed
