"""`scanpipe sheets --calibration` and `scanpipe calibrate`, as a person at the scanner would use them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from tests.installation import Installation, install
from tools.scanner import faults, formats


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(tmp_path_factory.mktemp("home") / "data", sheets=2)


@pytest.fixture(scope="module")
def scan(home: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan of the calibration sheet."""
    folder = tmp_path_factory.mktemp("calibration")
    home.run("sheets", "--calibration", "--out", str(folder / "sheet.pdf"))
    with pypdfium2.PdfDocument(folder / "sheet.pdf") as document:
        assert len(document) == 1
        picture = document[0].render(scale=200 / 72, grayscale=True).to_numpy().squeeze().copy()
    picture = faults.scanned(faults.fed_askew(picture, 0.8), np.random.default_rng(3))
    (folder / "scan.jpg").write_bytes(formats.jpeg(picture, 200))
    return folder / "scan.jpg"


def test_a_scan_of_the_calibration_sheet_is_measured(home: Installation, scan: Path) -> None:
    (told,) = home.lines("calibrate", str(scan))
    assert told["error"] is None and told["measured"]["skew_deg"] == pytest.approx(0.8, abs=0.03)
    assert {f["verdict"] for f in told["findings"]} == {"good"}
    text = home.run("calibrate", str(scan))
    assert "calibration sheet, A4" in text and "faintest pencil    2 % ink" in text


def test_an_ordinary_sheet_says_what_it_can(home: Installation, tmp_path: Path) -> None:
    (tmp_path / "sheet.jpg").write_bytes(home.scan(0, skew_deg=1.4, dpi=200))
    (told,) = home.lines("calibrate", str(tmp_path))
    assert told["measured"]["calibration_sheet"] is False and told["measured"]["skew_deg"] == pytest.approx(
        1.4, abs=0.03
    )
    verdicts = {f["what"]: f["verdict"] for f in told["findings"]}
    assert (verdicts["faintest pencil"], verdicts["skew"], verdicts["question code"]) == ("open", "watch", "good")


def test_a_page_without_codes_and_a_file_that_is_none_are_named_with_the_next_step(
    home: Installation, scan: Path, tmp_path: Path
) -> None:
    empty, text = tmp_path / "empty.png", tmp_path / "notes.txt"
    empty.write_bytes(formats.png(np.full((1000, 700), 250, np.uint8), 100))
    text.write_text("no picture")
    done = home.call("calibrate", str(empty), str(scan), str(text))
    assert done.returncode == 6
    assert "all three codes of a sheet are needed; read: none" in done.stdout and "unsupported_file" in done.stdout
    assert "2 of 3 pages could not be measured" in done.stderr and "scanpipe sheets --calibration" in done.stderr
    assert "calibration sheet, A4" in done.stdout, "the others are measured all the same"


def test_in_the_hot_folder_it_is_held_and_never_filed(home: Installation, scan: Path) -> None:
    (answer,) = home.lines("ingest", str(scan))
    assert (answer["verdict"], answer["reason"]) == ("held", "foreign_code")
    assert "Nothing is missing" in home.run("verify")


@pytest.mark.parametrize("arguments", [(), ("MA0001-2026H", "--calibration")])
def test_a_test_or_the_calibration_sheet_but_not_both(
    home: Installation, tmp_path: Path, arguments: tuple[str]
) -> None:
    done = home.call("sheets", *arguments, "--out", str(tmp_path / "out.pdf"))
    assert done.returncode == 2 and "name a test, or --calibration, and not both" in done.stderr
    assert not (tmp_path / "out.pdf").exists()
