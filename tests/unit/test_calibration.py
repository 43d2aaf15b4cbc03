"""Scans of the calibration sheet with known faults: is each of them measured as it is?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray

from scanpipe.calibration_sheet import INKS, code_text, parse_text
from scanpipe.codes import PERSONAL, Foreign, Key, Keyring, decode
from scanpipe.layout import A4, LETTER, Paper
from scanpipe.readers import open_reader
from scanpipe.sheets import draw_calibration, matrix
from scanpipe.stages.calibration import Calibration, Unmeasured, calibrate, findings
from tools.scanner import faults

Gray = NDArray[np.uint8]
DPI = 200.0


@dataclass(frozen=True)
class Scan:
    """A page as `calibrate` wants it."""

    pixels: Gray
    dpi: float | None = DPI

    def gray(self) -> Gray:
        return self.pixels


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Gray:
    return sheet_of(A4, tmp_path_factory.mktemp("print") / "sheet.pdf")


def sheet_of(paper: Paper, out: Path) -> Gray:
    draw_calibration(out, paper)
    with pypdfium2.PdfDocument(out) as document:
        return document[0].render(scale=DPI / 72, grayscale=True).to_numpy().squeeze().copy()


def scanned(picture: Gray, skew_deg: float = 0.3, stretch: float = 1.0, noise: float = 2.0, white: int = 250) -> Gray:
    fed = faults.fed_askew(picture, skew_deg)
    height = round(fed.shape[0] * stretch)
    fed = cv2.resize(fed, (fed.shape[1], height), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    return faults.scanned(fed, np.random.default_rng(5), noise=noise, white=white)


def measured(picture: Gray, **more: Any) -> Calibration:
    found = calibrate(Scan(picture, **more), open_reader("zxing"), open_reader("zbar"), lambda text: len(matrix(text)))
    assert isinstance(found, Calibration)
    return found


def verdicts(c: Calibration) -> dict[str, str]:
    return {f.what: f.verdict for f in findings(c)}


def test_a_clean_scan_is_good_in_everything(printed: Gray) -> None:
    c = measured(scanned(printed))
    assert c.calibration_sheet and c.paper == "a4" and c.turn_deg == 0
    assert (c.dpi_across, c.dpi_along) == pytest.approx((DPI, DPI), abs=0.5)
    assert c.skew_deg == pytest.approx(0.3, abs=0.03) and c.stretch_percent == pytest.approx(0, abs=0.1)
    assert c.streaks == () and max(c.cut_mm.values()) < 0.3 and c.faintest_ink == min(INKS)
    assert c.paper_level == pytest.approx(250, abs=2) and c.ink_level < 20 and 0.8 < c.noise_levels < 2.5
    assert {k.kind for k in c.codes} == {"candidate", "question", "sheet"}
    assert set(verdicts(c).values()) == {"good"}


@pytest.mark.parametrize("turn_deg", [90, 180, 270])
def test_it_may_lie_turned(printed: Gray, turn_deg: int) -> None:
    c = measured(faults.turned(scanned(printed, skew_deg=-0.6), turn_deg))
    assert (c.turn_deg, c.skew_deg) == (turn_deg, pytest.approx(-0.6, abs=0.03))
    assert set(verdicts(c).values()) == {"good"}


@pytest.mark.parametrize(("stretch", "verdict"), [(1.004, "good"), (0.985, "watch"), (1.03, "bad")])
def test_stretch(printed: Gray, stretch: float, verdict: str) -> None:
    c = measured(scanned(printed, skew_deg=1.1, stretch=stretch))
    assert c.stretch_percent == pytest.approx(100 * (stretch - 1), abs=0.1)
    assert c.skew_deg == pytest.approx(1.1, abs=0.05), "the feed's speed does not count as skew"
    assert c.dpi_across == pytest.approx(DPI, abs=0.5) and c.dpi_along == pytest.approx(DPI * stretch, abs=0.5)
    assert verdicts(c)["stretch"] == verdict


def test_edges_that_are_cut_off(printed: Gray) -> None:
    off = {"left": 3.0, "top": 1.0, "right": 6.0, "bottom": 2.0}
    px = {edge: round(mm / 25.4 * DPI) for edge, mm in off.items()}
    picture = scanned(printed, skew_deg=0.0)[px["top"] : -px["bottom"], px["left"] : -px["right"]]
    c = measured(np.ascontiguousarray(picture))
    assert c.cut_mm == pytest.approx(off, abs=0.25)
    assert verdicts(c)["cut off, mm"] == "bad"
    upside_down = measured(faults.turned(np.ascontiguousarray(picture), 180))
    assert upside_down.cut_mm == pytest.approx(off, abs=0.25), "edges are named as one reads the page"


@pytest.mark.parametrize("levels", [-60, -12])
def test_a_dark_streak_is_found_where_it_is(printed: Gray, levels: int) -> None:
    picture = scanned(printed).astype(np.int16)
    picture[:, 700:702] += levels
    c = measured(picture.clip(0, 255).astype(np.uint8))
    dark = [s for s in c.streaks if s.levels < 0]
    assert [(s.runs, s.at_mm) for s in dark] == [("along", pytest.approx(700.5 / DPI * 25.4, abs=0.2))]
    assert dark[0].levels == pytest.approx(levels, abs=4) and verdicts(c)["streaks"] == "watch"


def test_a_bright_streak_shows_in_the_band(printed: Gray) -> None:
    picture = scanned(printed, skew_deg=0.0)
    picture[:, 700:702] = np.maximum(picture[:, 700:702], 60)
    c = measured(picture)
    assert [(s.runs, s.at_mm) for s in c.streaks] == [("along", pytest.approx(700.5 / DPI * 25.4, abs=0.2))]
    assert c.streaks[0].levels > 40


def test_a_streak_across_the_feed(printed: Gray) -> None:
    picture = scanned(printed).astype(np.int16)
    picture[1000:1002] -= 40
    (streak,) = measured(picture.clip(0, 255).astype(np.uint8)).streaks
    assert (streak.runs, streak.at_mm) == ("across", pytest.approx(1000.5 / DPI * 25.4, abs=0.2))


def test_a_scanner_that_removes_the_background_loses_the_pencil(printed: Gray) -> None:
    """All that is lighter than 15 % ink becomes paper."""
    picture = scanned(printed, noise=1.0)
    picture[picture > 0.85 * 250] = 250
    c = measured(picture)
    assert c.faintest_ink == next(i for i in INKS if i > 0.15) and verdicts(c)["faintest pencil"] == "watch"


def test_black_and_white_loses_all_of_it_or_a_lot(printed: Gray) -> None:
    c = measured(faults.bitonal(scanned(printed), 60))
    assert c.faintest_ink == 1.0 and verdicts(c)["faintest pencil"] == "bad"


def test_noise_hides_faint_pencil(printed: Gray) -> None:
    noisy = measured(scanned(printed, noise=25.0, white=200))
    assert noisy.faintest_ink is not None and noisy.faintest_ink > measured(scanned(printed, white=200)).faintest_ink


def test_worn_toner_and_a_coarse_scan_leave_less_reserve(printed: Gray) -> None:
    good = {c.kind: c for c in measured(scanned(printed)).codes}
    faded = {c.kind: c for c in measured(scanned(faults.faded(printed, 0.6), noise=6.0)).codes}
    half = cv2.resize(printed, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    coarse = measured(scanned(half), dpi=100.0)  # type: ignore[arg-type]
    assert coarse.dpi_across == pytest.approx(DPI / 2, abs=0.5) and verdicts(coarse)["resolution"] == "bad"
    for code in coarse.codes:
        assert faded[code.kind].fainter > 1.5 * good[code.kind].fainter
        assert 1 <= code.coarser < 0.7 * good[code.kind].coarser
        assert code.module_px == pytest.approx(good[code.kind].module_px / 2, rel=0.03)


def test_what_the_file_says_is_compared_with_what_is(printed: Gray) -> None:
    assert verdicts(measured(scanned(printed), dpi=300.0))["the file says"] == "bad"
    assert "the file says" not in verdicts(measured(scanned(printed), dpi=None))


def test_letter_paper(tmp_path: Path) -> None:
    c = measured(scanned(sheet_of(LETTER, tmp_path / "letter.pdf")))
    assert c.paper == "letter" and set(verdicts(c).values()) == {"good"}


@pytest.mark.parametrize("kinds", [0, 2])
def test_a_page_with_too_few_codes_is_not_measured(printed: Gray, kinds: int) -> None:
    picture = scanned(printed, skew_deg=0.0)
    third = picture.shape[0] // 3
    picture[2 * third :] = 250
    if not kinds:
        picture[:third] = 250
    found = calibrate(Scan(picture), open_reader("zxing"), open_reader("zbar"), lambda text: len(matrix(text)))
    assert found == Unmeasured(("candidate", "question")[:kinds])


def test_its_codes_are_nobodys() -> None:
    keyring = Keyring.of(Key("AAA", b"secret"))
    for paper in (A4, LETTER):
        for kind in PERSONAL:
            assert parse_text(code_text(kind, paper)) == (kind, paper)
            assert isinstance(decode(code_text(kind, paper), keyring), Foreign)
