"""Pictures from phones go the way of scans: into the hot folder, to their slots, or held with what is known."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import pytest

from scanpipe.desk.documents import _own_jpeg
from scanpipe.desk.turning import turn
from scanpipe.model import PageId
from scanpipe.wiring import open_parts
from tests.installation import Installation, install
from tests.pictures import SIZE, heic, held, jpeg, taken, written

SETTINGS = '[[source]]\nname = "home exams"\nfolder = "phones"\nkind = "phone"\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("phones")
    (folder / "scanpipe.toml").write_text(SETTINGS)
    return install(folder / "data", {"SCANPIPE_CONFIG": str(folder / "scanpipe.toml")}, sheets=6)


def picture(home: Installation, index: int, tilt_deg: float = 24) -> np.ndarray:
    """A sheet with an answer, upside down on a table."""
    page = home.picture(index, 180)
    cv2.line(page, (400, 1000), (1060, 1230), 60, 4, cv2.LINE_AA)
    size = 1440, 1920
    return taken(page, held(tilt_deg, 176, 0.93, size), size)


@pytest.fixture(scope="module")
def answers(home: Installation) -> dict[str, dict[str, Any]]:
    """What became of each file, by its name."""
    inbox = home.settings.inbox_path
    (inbox / "phones" / "10001").mkdir(parents=True)
    (inbox / "mail").mkdir()
    bodies = {
        "phones/10001/a.jpg": jpeg(picture(home, 0)),
        "phones/plain.jpg": jpeg(taken(written())),
        "phones/table.jpg": jpeg(np.full((*SIZE[::-1], 3), 120, np.uint8)),
        "mail/b.jpg": jpeg(picture(home, 1), camera=True),
        "mail/c.heic": heic(picture(home, 2)),
        "mail/d.jpg": jpeg(picture(home, 3)),
        "mail/e.jpg": home.scan(4),
    }
    for name, body in bodies.items():
        (inbox / name).write_bytes(body)
    return {line["file"].rpartition("/")[2]: line for line in home.lines("ingest", str(inbox))}


def test_pictures_are_taken_out_and_filed(home: Installation, answers: dict[str, dict[str, Any]]) -> None:
    """By the folder that they come in, by what their header says, or as HEIC; what a scanner's folder gets is a scan."""
    for name, index in {"a.jpg": 0, "b.jpg": 1, "c.heic": 2, "e.jpg": 4}.items():
        line = answers[name]
        assert (line["verdict"], line["serial"]) == ("filed", home.sheets[index].serial), line
        phone = line["evidence"].get("phone")
        assert (phone is None) == (name == "e.jpg")
        assert phone is None or (phone["how"], len(phone["corners"]), "advice" in phone) == ("codes", 4, False)
        assert ("scanner" in line["evidence"]) == (name == "e.jpg")
    assert answers["d.jpg"]["verdict"] == "held", "nobody said that it is a picture, and its codes stand askew"
    with open_parts(home.settings) as parts:
        page = cv2.imdecode(np.frombuffer(parts.store.read(answers["a.jpg"]["key"]), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert page.shape[0] / page.shape[1] == pytest.approx(297 / 210, rel=0.002)
        printed = cv2.resize(home.picture(0, 180), page.shape[::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(page[:320].astype(int) - printed[:320]).mean() < 14, "upright, in place, in even light"
        with parts.ledger.read() as r:
            id = PageId(answers["a.jpg"]["scan"], 1)
            record, scan = r.page(id), r.scan(id.scan)
        assert record is not None and scan is not None and _own_jpeg(parts, record, scan) is None
        assert parts.store.stat(scan.key) is not None, "the picture itself is kept"
    home.run("verify")


def test_plain_paper_is_held_with_its_page_and_can_be_turned(
    home: Installation, answers: dict[str, dict[str, Any]]
) -> None:
    """What the upload says of it is another matter: by itself nobody knows whose it is."""
    told = {name: answers[f"{name}.jpg"] for name in ("plain", "table")}
    assert {n: (line["verdict"], line["reason"]) for n, line in told.items()} == dict.fromkeys(
        ("plain", "table"), ("held", "no_codes")
    )
    phone = {name: line["evidence"]["phone"] for name, line in told.items()}
    assert phone["plain"]["how"] == "outline"
    assert (phone["table"]["how"], phone["table"]["why"]) == ("as it came", "the edges of the sheet were not found")
    assert "no_page_found" in phone["table"]["advice"]
    with open_parts(home.settings) as parts:
        id = PageId(told["plain"]["scan"], 1)
        with parts.ledger.read() as r:
            before = r.page(id)
        assert before is not None and before.width_px is not None and before.height_px is not None
        turned = turn(parts, id, 90, "kari", before.event)
        assert (turned.width_px, turned.height_px) == (before.height_px, before.width_px), "the page, not the picture"
        again = turn(parts, id, 270, "kari", turned.event)
        assert (again.width_px, again.height_px) == (before.width_px, before.height_px)
        assert json.loads(again.evidence or "{}")["phone"] == phone["plain"]
    home.run("verify")
