"""The evening before the evening: a rehearsal, with a forgotten sheet, an empty one, and one of the real test among them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np

from scanpipe.stages.render import encode_jpeg
from tests.installation import MATHEMATICS, Installation
from tools.scanner.labels import pages

DPI = 150
DRY = "MA0001-REHEARSAL"


def test_what_a_real_evening_would_meet(tmp_path: Path) -> None:
    home = Installation(tmp_path / "data", tmp_path / "none.pdf", ())
    _register(home, tmp_path)
    home.run("rehearse", "MA0001-2026H", "--out", f"{tmp_path}/no.pdf", ok=(6,))
    began = json.loads(home.run("rehearse", DRY, "--out", f"{tmp_path}/dry.pdf", "--wait", "0", "--json"))
    assert (began["printed"], len(began["missing"]), began["over"]) == (20, 20, False)
    home.run("sheets", "MA0001-2026H", "--candidate", "10001", "--out", f"{tmp_path}/live.pdf")
    folder = tmp_path / "scans"
    folder.mkdir()
    sheets, live = pages(tmp_path / "dry.pdf", DPI), pages(tmp_path / "live.pdf", DPI)[0]
    for n, page in enumerate([*sheets[:-1], live]):
        if n:
            cv2.polylines(page, [np.array([[300, 700], [600, 900], [400, 1200]], np.int32)], False, 60, 3, cv2.LINE_AA)
        (folder / f"{n:02d}.jpg").write_bytes(encode_jpeg((page,), DPI, 80))
    ended = {a["file"].rsplit("/")[-1]: a for a in home.lines("ingest", str(folder))}
    assert (ended["00.jpg"]["verdict"], ended["00.jpg"]["candidate"]) == ("blank", "10001")
    assert [a["test"] for name, a in ended.items() if a["verdict"] == "filed"] == [DRY] * 18 + ["MA0001-2026H"]
    found = json.loads(home.run("rehearse", DRY, "--wait", "0", "--json"))
    assert (found["filed"], found["empty"], len(found["missing"]), found["others"]) == (18, 1, 1, 0)
    assert (found["held"], found["dpi"], found["over"]) == ({}, DPI, False) and found["wait_s"][0] > 0
    assert "1  empty" in home.run("rehearse", DRY, "--wait", "0")
    home.run("verify")


def test_under_one_id_the_sheets_of_a_rehearsal_are_held_on_the_real_evening(tmp_path: Path) -> None:
    home = Installation(tmp_path / "data", tmp_path / "none.pdf", ())
    _register(home, tmp_path)
    home.run("rehearse", DRY, "--out", f"{tmp_path}/dry.pdf", "--candidates", "1", "--wait", "0")
    _register(home, tmp_path, dry=False)
    page = pages(tmp_path / "dry.pdf", DPI)[1]
    (tmp_path / "scan.jpg").write_bytes(encode_jpeg((page,), DPI, 80))
    (answer,) = home.lines("ingest", str(tmp_path / "scan.jpg"))
    assert (answer["verdict"], answer["reason"]) == ("held", "rehearsal")
    held = home.lines("queue")[0]["page"]
    choice = ("--candidate", "10001", "--question", "2a", "--contradict")
    assert "rehearsal" in home.call("queue", "assign", held, *choice).stderr
    home.run("verify")


def _register(home: Installation, folder: Path, dry: bool = True) -> None:
    """The real test, and the same as a rehearsal with an id of its own."""
    home.run("tests", "add", str(MATHEMATICS))
    shutil.copy(MATHEMATICS.parent / "mathematics-candidates.csv", folder)
    text = MATHEMATICS.read_text(encoding="utf-8").replace("test: MA0001-2026H", f"test: {DRY}")
    keys = f"sketches: true\nrehearsal: {str(dry).lower()}\nempty_sheets: count\n"
    (folder / "dry.yaml").write_text(text.replace("sketches: true\n", keys), encoding="utf-8")
    home.run("tests", "add", str(folder / "dry.yaml"))
