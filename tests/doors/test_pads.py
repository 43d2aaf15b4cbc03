"""An evening with pads: printed, labels stuck on by hand, scanned through the hot folder, and a spare sheet bound afterwards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from scanpipe.desk import running
from scanpipe.desk.viewing import view_sheet
from scanpipe.layout import A4, label_boxes
from scanpipe.model import PageId
from scanpipe.sheets import LABEL_SHEETS
from scanpipe.stages.render import encode_jpeg, straightened_page
from scanpipe.web.outlines import missing
from scanpipe.wiring import open_parts
from tests.installation import MATHEMATICS, Installation
from tests.watcher import watching
from tools.scanner import labels

DPI = 150
TEST = "MA0001-2026H"
ON = LABEL_SHEETS["a4-3x8"]


@dataclass(frozen=True)
class Hall:
    """What lies on the tables: sheets by their serials, and the label of each candidate or question by its id."""

    home: Installation
    sheets: dict[str, labels.Gray]
    labels: dict[str, labels.Gray]

    def scan(self, serial: str, *stuck: tuple[str, tuple[float, float], float], skew_deg: float = 0.8) -> bytes:
        """The sheet as a scanner sends it: drawn on, with labels stuck on about these points."""
        page = self.sheets[serial].copy()
        h, w = page.shape
        points = np.array([[w * 0.3, h * 0.45], [w * 0.6, h * 0.55], [w * 0.4, h * 0.7]], np.int32)
        cv2.polylines(page, [points], False, 60, 3, cv2.LINE_AA)
        for name, centre_mm, angle_deg in stuck:
            labels.stick(page, self.labels[name], centre_mm, angle_deg, DPI)
        (askew,) = straightened_page((page,), -skew_deg)
        return encode_jpeg((askew,), DPI, 85)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    folder = tmp_path_factory.mktemp("pads")
    home = Installation(folder / "data", folder / "none.pdf", ())
    home.run("tests", "add", str(MATHEMATICS))
    sheets: dict[str, labels.Gray] = {}
    for wish in (("--pad", "2a", "--count", "4"), ("--open-pad", "--count", "2"), ("--spare", "1", "--question", "3")):
        home.run("sheets", TEST, *wish, "--out", f"{folder}/pad.pdf", "--manifest", f"{folder}/pad.csv")
        rows = (folder / "pad.csv").read_text(encoding="utf-8").splitlines()[1:]
        serials = [row.split(",")[1] for row in rows]
        sheets |= dict(zip(serials, labels.pages(folder / "pad.pdf", DPI), strict=True))
    numbers = [f"1000{n}" for n in range(1, 9)]
    chosen = [word for number in numbers for word in ("--candidate", number)]
    home.run("labels", TEST, "--out", f"{folder}/labels.pdf", "--order", "number", *chosen)
    home.run("labels", TEST, "--out", f"{folder}/questions.pdf", "--questions")
    page, questions = (labels.pages(Path(f"{folder}/{name}.pdf"), DPI)[0] for name in ("labels", "questions"))
    cut = {number: labels.cut(page, ON, n, DPI) for n, number in enumerate(numbers)}
    cut |= {id: labels.cut(questions, ON, n, DPI) for n, id in enumerate(("2a", "2b", "3", "4"))}
    return Hall(home, sheets, cut)


def test_labels_bring_the_sheets_of_pads_where_they_belong(hall: Hall) -> None:
    box, further = (labels.middle_of(b) for b in label_boxes(A4))
    pad, opened, spare = list(hall.sheets)[:4], list(hall.sheets)[4:6], list(hall.sheets)[6]
    scans = {
        "in its box.jpg": hall.scan(pad[0], ("10001", box, 4.0)),
        "anywhere.jpg": hall.scan(pad[1], ("10002", (140, 230), -11.0), skew_deg=-1.5),
        "no label.jpg": hall.scan(pad[2]),
        "two labels.jpg": hall.scan(pad[3], ("10003", box, 1.0), ("10004", (140, 230), 2.0)),
        "open.jpg": hall.scan(opened[0], ("10005", box, -3.0), ("2b", further, 2.0)),
        "open without a question.jpg": hall.scan(opened[1], ("10006", box, 0.0)),
        "spare.jpg": hall.scan(spare),
    }
    hall.home.run("bind", spare, "10007")
    inbox = hall.home.settings.inbox_path
    with watching(hall.home) as watcher:
        watcher.wait_until(inbox.is_dir)
        for name, body in scans.items():
            (inbox / name).write_bytes(body)
        answers = watcher.wait_for(*scans)
    ended = {name: (a["verdict"], a["candidate"], (a["question"] or "").lower()) for name, a in answers.items()}
    assert ended == {
        "in its box.jpg": ("filed", "10001", "2a"),
        "anywhere.jpg": ("filed", "10002", "2a"),
        "no label.jpg": ("held", None, "2a"),
        "two labels.jpg": ("held", None, "2a"),
        "open.jpg": ("filed", "10005", "2b"),
        "open without a question.jpg": ("held", "10006", ""),
        "spare.jpg": ("filed", "10007", "3"),
    }
    assert answers["no label.jpg"]["reason"] == "missing_candidate_code"
    assert (answers["no label.jpg"]["test"], answers["no label.jpg"]["serial"]) == (TEST, pad[2])
    assert answers["two labels.jpg"]["reason"] == "codes_disagree"
    assert answers["open without a question.jpg"]["reason"] == "missing_question_code"
    _look_at(hall, answers)
    _bind_afterwards(hall, pad, opened)
    hall.home.run("verify")


def _look_at(hall: Hall, answers: dict[str, dict[str, Any]]) -> None:
    """What a person is shown of those that are held."""
    with open_parts(hall.home.settings) as parts, parts.ledger.read() as r:
        shown = {name: view_sheet(r, PageId(a["scan"], a["page"])) for name, a in answers.items()}
    views = {name: view for name, view in shown.items() if view is not None}
    for name, expected in (
        ("no label.jpg", ["candidate_label"]),
        ("two labels.jpg", []),
        ("open without a question.jpg", ["question_label"]),
    ):
        assert [m["kind"] for m in missing(views[name])] == expected, f"{name}: the codes that a sheet of a pad has"
    assert views["no label.jpg"].before or views["no label.jpg"].after
    assert views["no label.jpg"].suggestions == [], "those beside it in the stack are other people"
    offered = [(s.ground, s.slot.candidate) for s in views["two labels.jpg"].suggestions]
    assert sorted(offered) == [("label", "10003"), ("label", "10004")]
    with open_parts(hall.home.settings) as parts, parts.ledger.read() as r:
        assert running.run_from(r, views["two labels.jpg"].page.id) == [], "a label is never taken in a run"


def _bind_afterwards(hall: Hall, pad: list[str], opened: list[str]) -> None:
    """What was held for want of a candidate or a question is filed; nothing else moves."""
    told = [json.loads(line) for line in hall.home.run("bind", pad[2], "10008", "--json").splitlines()]
    assert told[0]["new"] and (told[1]["verdict"], told[1]["candidate"]) == ("filed", "10008")
    assert "as it was before" in hall.home.run("bind", pad[2], "10008")
    hall.home.run("bind", pad[2], "10001", ok=(6,))
    hall.home.run("bind", pad[0], "10003", ok=(6,))  # it lies with the one whose label it carries
    hall.home.run("bind", opened[1], "10006", ok=(6,))  # for which question?
    assert "1 filed" in hall.home.run("bind", opened[1], "10006", "--question", "4")
    hall.home.run("unbind", pad[2], "--why", "a mistake", ok=(6,))
    assert {row["reason"] for row in hall.home.lines("queue")} == {"codes_disagree"}
