"""Further questions that are marked on a sheet: what counts as a mark, and what a person must look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from scanpipe.exam import MOST_MARKABLE
from scanpipe.layout import A4, LETTER, Box, mark_boxes
from scanpipe.model import Claims, Filed, Held, Question, Reason, Sheet
from scanpipe.pipeline import judge
from scanpipe.sheets import Style, draw
from scanpipe.sight import Sight
from scanpipe.stages.locate import locate
from scanpipe.stages.marked import ABSENT, NOTHING, has_marks, read_marks
from scanpipe.stages.quality import QualityRules
from scanpipe.stages.read import look, search
from scanpipe.stages.validate import Facts
from tests.helpers import KEY, RING, ArrayPage, definition, eyes
from tools.scanner import faults
from tools.scanner.labels import pages
from tools.scanner.paper import Picture

DPI = 150
TEST = definition(
    further_questions="marks",
    questions=(
        Question("1", "Oppgave 1", "none"),
        *(Question(id, f"Oppgave {id}", "allowed", 1) for id in ("2a", "2b", "3", "4a", "4b", "5", "6", "7", "8")),
    ),
)
SHEET = Sheet("00012345", TEST.id, "10001", "2a", 1, 1, 1)
OFFERED = ("2b", "3", "4a", "4b", "5", "6", "7", "8")
Pen = Callable[[Picture, Box], None]


@pytest.fixture(scope="module", params=["a4", "letter"])
def printed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Picture, tuple[Box, ...]]:
    pdf = tmp_path_factory.mktemp("marks") / "sheet.pdf"
    paper = A4 if request.param == "a4" else LETTER
    draw([SHEET], TEST, KEY, pdf, Style(paper))
    return pages(pdf, DPI)[0], mark_boxes(paper)


def stroke(level: int, width_mm: float, *lines: tuple[float, float, float, float], dpi: int = DPI) -> Pen:
    """Lines within a box, in millimetres from its top left corner."""

    def make(picture: Picture, box: Box) -> None:
        for x0, y0, x1, y1 in lines:
            ends = [
                (round((box.x_mm + x) * dpi / 25.4 * 16), round((box.y_mm + y) * dpi / 25.4 * 16))
                for x, y in ((x0, y0), (x1, y1))
            ]
            cv2.line(picture, ends[0], ends[1], level, max(1, round(width_mm * dpi / 25.4)), cv2.LINE_AA, 4)

    return make


CROSS = ((0.4, 0.4, 4.1, 4.1), (4.1, 0.4, 0.4, 4.1))
TICK = ((0.8, 2.4, 2.0, 4.0), (2.0, 4.0, 5.4, -0.6))
MARKS = {
    "a cross in pen": stroke(40, 0.5, *CROSS),
    "a cross in pencil": stroke(140, 0.4, *CROSS),
    "a cross that is too large": stroke(40, 0.5, (-0.6, -0.6, 5.1, 5.1), (5.1, -0.6, -0.6, 5.1)),
    "a tick": stroke(40, 0.5, *TICK),
    "a dash": stroke(60, 0.7, (0.8, 2.2, 3.8, 2.4)),
}
UNCLEAR = {
    "an erased cross": stroke(222, 0.5, *CROSS),
    "a dot": stroke(60, 0.4, (2.2, 2.2, 2.5, 2.3)),
    "blacked out": stroke(30, 4.6, (2.2, 2.2, 2.3, 2.3)),
    "a stroke of the drawing": stroke(40, 0.5, (-3.0, -4.0, 6.0, 8.0)),
}


def seen(picture: Picture, skew_deg: float = 0.0, seed: int = 1) -> str:
    scan = faults.scanned(faults.fed_askew(picture, skew_deg), np.random.default_rng(seed), noise=2.0)
    page = ArrayPage(scan)
    codes = search(page, eyes(), look(page, eyes()))
    assert has_marks(codes)
    return read_marks(scan, 1, locate(codes))


@pytest.mark.parametrize("skew_deg", [0.0, 1.7])
def test_an_unmarked_sheet_and_every_kind_of_mark(printed: tuple[Picture, tuple[Box, ...]], skew_deg: float) -> None:
    clean, boxes = printed
    there = len(OFFERED)
    assert seen(clean, skew_deg) == "_" * there + ABSENT * (MOST_MARKABLE - there)
    picture = clean.copy()
    kinds = {**MARKS, **UNCLEAR} if skew_deg else MARKS
    for n, pen in enumerate(list(kinds.values())[:there]):
        pen(picture, boxes[n])
    wanted = "".join("x" if name in MARKS else "?" for name in list(kinds)[:there])
    assert seen(picture, skew_deg)[: len(wanted)] == wanted, list(kinds)


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_is_no_clear_mark(printed: tuple[Picture, tuple[Box, ...]], name: str) -> None:
    picture, boxes = printed[0].copy(), printed[1]
    UNCLEAR[name](picture, boxes[7])
    assert seen(picture)[7] == "?"


def test_boxes_that_are_torn_off_are_not_found(printed: tuple[Picture, tuple[Box, ...]]) -> None:
    assert ABSENT in seen(faults.torn_corner(printed[0], DPI, 2, 90))[: len(OFFERED)]
    assert read_marks(printed[0], 1, None) == NOTHING


class Records:
    """What was printed, and how full the slots are."""

    def __init__(self, full: tuple[str, ...] = (), recorded: bool = True) -> None:
        self._full, self._recorded = full, recorded

    def printed(self, serial: str) -> Sheet | None:
        return SHEET if self._recorded else None

    def definition(self, test: str, revision: int | None = None) -> object:
        return TEST

    def facts(self, claims: Claims) -> Facts:
        return Facts(TEST, in_slot=int(claims.question in self._full))


def verdict(marks: str, printed: tuple[Picture, tuple[Box, ...]], records: Records) -> object:
    page = ArrayPage(printed[0])
    codes = search(page, eyes(), look(page, eyes()))
    sight = Sight(codes, 0, 0.0, "codes", 0.1, 150.0, 1240, 1754, 1.0, 1.0, 0.0, False, marks=marks)
    return judge(sight, RING, records, QualityRules())  # type: ignore[arg-type]


def test_marked_questions_come_with_the_page(printed: tuple[Picture, tuple[Box, ...]]) -> None:
    filed = verdict("x__x____----", printed, Records())
    assert isinstance(filed, Filed) and filed.slot.question == "2a" and filed.evidence["also"] == ["2b", "4b"]
    own = verdict("________----", printed, Records())
    assert isinstance(own, Filed) and "also" not in own.evidence
    beyond = verdict("________xx??", printed, Records())
    assert isinstance(beyond, Filed) and "also" not in beyond.evidence, "no question stands there"


@pytest.mark.parametrize(
    ("marks", "records"),
    [
        ("x?______----", Records()),
        ("x-______----", Records()),
        ("_x______----", Records(("3",))),
        ("x_______----", Records((), False)),
    ],
)
def test_what_is_not_certain_is_held(marks: str, records: Records, printed: tuple[Picture, tuple[Box, ...]]) -> None:
    held = verdict(marks, printed, records)
    assert isinstance(held, Held) and held.reason is Reason.MARKS_UNCLEAR and held.claims.question == "2A"


def test_questions_that_take_no_sketches_are_never_offered(tmp_path: Path) -> None:
    assert TEST.markable("2A") == OFFERED and "1" not in TEST.markable("3")
    assert definition().markable("2a") == ()
