"""Reading a generic sheet: the marks, the fills, the digits, and whose sheet it makes this."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest

from scanpipe.codes import Authentic, BadSignature, Foreign, Kind
from scanpipe.layout import A4
from scanpipe.model import Claims, Code, Held, Reason
from scanpipe.readers import open_reader
from scanpipe.shaded_codes import EXAMPLE
from scanpipe.shaded_layout import Grid
from scanpipe.sheets import draw_generic
from scanpipe.sight import Shading
from scanpipe.stages.identify import Decoded, Identified
from scanpipe.stages.shaded import Coded, most_likely, name, read_shading
from scanpipe.stages.shaded.deciding import decide
from scanpipe.stages.shaded.fills import Fills
from scanpipe.stages.shaded.marks import bearing_by_code
from tests.helpers import KEY
from tools.scanner import faults
from tools.shaded.corpus import own_layout, printed
from tools.shaded.hands import Sheet

DPI = 150
LAYOUT = own_layout()
OWN = Code("x", "qr", ((0, 0), (1, 0), (1, 1), (0, 1)), "zxing")
HERE = Coded("1234567", "T1", "10001", "2a")


def shaded(code: str = "1234567", number: str = "02", how: str = "full", seed: int = 1) -> np.ndarray:
    sheet = Sheet(printed("00000042", DPI), DPI, LAYOUT, code, number, np.random.default_rng(seed))
    sheet.shade_all(how)
    return sheet.page


def codes_on(page: np.ndarray) -> list[Code]:
    return open_reader("zxing").look(page, frozenset({"qr"}))


def read(page: np.ndarray) -> Shading:
    found = read_shading(page, 1, codes_on(page), (LAYOUT,))
    assert found is not None
    return found.shading


@pytest.mark.parametrize("code", ["0123456", "7890123", "1111111", "9999999"])
def test_what_is_shaded_is_read(code: str) -> None:
    shading = read(shaded(code, "47"))
    assert (shading.code, shading.page) == (code, "47")


@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
def test_however_it_lies(turn_deg: int) -> None:
    page = faults.turned(faults.fed_askew(shaded(), 3.0), turn_deg)
    assert read(page).code == "1234567"


def test_a_photograph_askew_is_read_by_its_marks() -> None:
    page = shaded()
    h, w = page.shape
    corners = np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float32)
    pulled = corners + np.array([(30, 20), (-15, 5), (0, -10), (10, 0)], np.float32)
    askew = cv2.warpPerspective(page, cv2.getPerspectiveTransform(corners, pulled), (w, h), borderValue=255)
    assert read(askew).code == "1234567"


def test_the_sheet_says_what_to_do_in_both_languages_and_shows_an_example(tmp_path: Path) -> None:
    draw_generic(["00000042"], LAYOUT, KEY, tmp_path / "generic.pdf", A4)
    document = pypdfium2.PdfDocument(tmp_path / "generic.pdf")
    told = " ".join(document[0].get_textpage().get_text_bounded().split())
    document.close()
    for words in ("Eksempel · Example", "Skriv koden", "Write the code", "01 til 99", "01 to 99", "not like this"):
        assert words in told, words
    columns = (digit + "0123456789".replace(digit, "") for digit in EXAMPLE)
    assert "".join(columns) in told, "in the box of each column a digit, which is the one that is shaded below"
    assert read(printed("00000042", DPI)).code == "_" * 7, "its bubbles are nobody's code"


class TestUntouched:
    """A sheet that nobody touched, and the least that makes it somebody's."""

    @staticmethod
    def seen(page: np.ndarray, angle_deg: float = 0.0) -> tuple[bool, bool]:
        """Is it empty, is it unused, as a scanner sees it?"""
        scan = faults.scanned(faults.fed_askew(page, angle_deg), np.random.default_rng(5))
        found = read_shading(scan, 1, codes_on(scan), (LAYOUT,))
        assert found is not None and found.shading.code
        return found.empty, found.shading.unused

    @pytest.mark.parametrize(("dpi", "angle_deg"), [(100, 0.7), (150, -1.4), (200, 182.0)])
    def test_as_it_was_printed(self, dpi: int, angle_deg: float) -> None:
        assert self.seen(printed("00000042", dpi), angle_deg) == (True, True)

    def test_a_faint_line_in_the_frame(self) -> None:
        page, (x, y) = printed("00000042", DPI), (600, 900)
        cv2.line(page, (x, y), (x + 40, y + 12), 205, 2)
        assert self.seen(page) == (False, False)

    @pytest.mark.parametrize("place", [0, 6])
    def test_a_digit_in_a_box(self, place: int) -> None:
        page, box = printed("00000042", DPI), LAYOUT.written()[place]
        middle = round((box.x_mm + 2) / 25.4 * DPI), round((box.y_mm + 7) / 25.4 * DPI)
        cv2.putText(page, "1", middle, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 120, 1, cv2.LINE_AA)
        assert self.seen(page) == (True, False)

    def test_one_bubble_of_the_page(self) -> None:
        sheet = Sheet(printed("00000042", DPI), DPI, LAYOUT, "", "", np.random.default_rng(6))
        assert LAYOUT.page is not None
        sheet.shade(LAYOUT.page, 0, "3", "full")
        assert self.seen(sheet.page) == (True, False)

    def test_a_sheet_with_its_code_and_without_a_drawing(self) -> None:
        assert self.seen(shaded()) == (True, False)


def test_a_pen_stroke_across_a_mark_does_no_harm() -> None:
    page = shaded()
    mark = LAYOUT.marks[1]
    at = (round(mark.x_mm / 25.4 * DPI), round(mark.y_mm / 25.4 * DPI))
    cv2.line(page, (at[0] - 60, at[1] - 20), (at[0] + 60, at[1] + 30), 30, 3)
    assert read(page).code == "1234567"


def test_a_crease_through_a_mark_does_no_harm() -> None:
    page = shaded()
    mark = LAYOUT.marks[3]
    at = (round(mark.x_mm / 25.4 * DPI), round(mark.y_mm / 25.4 * DPI))
    cv2.line(page, (at[0] - 60, at[1] + 40), (at[0] + 60, at[1] - 30), 235, 3)
    assert read(page).code == "1234567"


def test_hatching_beside_a_mark_does_no_harm() -> None:
    page = shaded()
    mark = LAYOUT.marks[2]
    x, y = round((mark.x_mm + 6) / 25.4 * DPI), round((mark.y_mm + 6) / 25.4 * DPI)
    page[y : y + 32, x : x + 32] = 40
    assert read(page).code == "1234567"


def test_without_a_mark_nothing_is_read() -> None:
    page = shaded()
    mark = LAYOUT.marks[2]
    x, y = round(mark.x_mm / 25.4 * DPI), round(mark.y_mm / 25.4 * DPI)
    page[y - 30 : y + 30, x - 30 : x + 30] = 255
    shading = read(page)
    assert shading.grid is None and shading.code == ""


def test_marks_that_belong_elsewhere_are_not_believed() -> None:
    """A layout whose grid is one digit lower: the outlines are not where it says."""
    first = (LAYOUT.code.first_mm[0], LAYOUT.code.first_mm[1] + LAYOUT.code.next_digit_mm[1])
    lower = replace(LAYOUT, code=replace(LAYOUT.code, first_mm=first))
    page = shaded()
    found = read_shading(page, 1, codes_on(page), (lower,))
    assert found is not None and found.shading.grid is None


def test_a_sheet_of_somebody_else_is_read_without_a_code() -> None:
    theirs = replace(LAYOUT, id="theirs", signed=False)
    page = shaded()
    page[: round(48 / 25.4 * DPI), : round(44 / 25.4 * DPI)] = 255  # the code is not theirs
    for turned in (page, faults.turned(page, 180)):
        found = read_shading(turned, 1, (), (LAYOUT, theirs))
        assert found is not None and (found.shading.layout, found.shading.code) == ("theirs", "1234567")
    assert read_shading(np.full_like(page, 255), 1, (), (LAYOUT, theirs)) is None
    assert read_shading(page, 1, (), (LAYOUT,)) is None


def test_another_page_is_no_generic_sheet() -> None:
    assert read_shading(np.full((1754, 1240), 255, np.uint8), 1, (), (LAYOUT,)) is None


def test_the_marks_must_agree_with_the_code() -> None:
    page = shaded()
    (code,) = codes_on(page)
    away = tuple((x + 40.0, y) for x, y in code.corners)
    assert bearing_by_code(page, LAYOUT, code.corners) is not None
    assert bearing_by_code(page, LAYOUT, away) is None  # type: ignore[arg-type]


def fills(*rows: dict[int, float]) -> Fills:
    fill = np.array([[row.get(digit, 0.01) for digit in range(10)] for row in rows])
    return Fills(fill, np.ones_like(fill, bool))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({3: 0.6}, "3"),
        ({3: 0.6, 4: 0.1}, "3"),
        ({3: 0.6, 4: 0.2}, "?"),
        ({3: 0.6, 4: 0.6}, "?"),
        ({}, "_"),
        ({3: 0.12}, "?"),
    ],
)
def test_one_clear_mark_or_the_place_is_unclear(row: dict[int, float], told: str) -> None:
    """The other places of the same hand are dark."""
    assert decide(fills(row, {1: 0.6}, {2: 0.6})) == told + "12"


def test_a_light_hand_is_read_by_its_own_measure() -> None:
    assert decide(fills({3: 0.14}, {1: 0.15}, {2: 0.13})) == "312"


def shading(code: str = "1234567", page: str = "02") -> Shading:
    return Shading("generic-1", code, page, "0123456789", ((0.0,) * 10,) * 7, ((0, 0), (1, 0), (1, 1), (0, 1)))


def signed(test: str | None = None) -> list[Decoded]:
    return [(OWN, Authentic(Kind.GENERIC, Claims(test, serial="00000042")))]


def named(
    what: Shading, decoded: list[Decoded] | None = None, given_out: tuple[Coded, ...] = (HERE,)
) -> Identified | Held:
    told = signed() if decoded is None else decoded
    return name(what, told, 0.1, lambda code: [c for c in given_out if c.code == code])


def test_a_code_that_was_given_out_names_the_sheet() -> None:
    found = named(shading())
    assert isinstance(found, Identified)
    assert found.claims == Claims("T1", "10001", "2a", "00000042")
    assert found.evidence["page_number"] == 2


@pytest.mark.parametrize(("page", "number"), [("__", None), ("", None), ("03", 3), ("99", 99), ("10", 10)])
def test_the_number_of_the_page(page: str, number: int | None) -> None:
    found = named(shading(page=page))
    assert isinstance(found, Identified) and found.evidence.get("page_number") == number


DOUBTS = {
    "unclear": shading("12345?7"),
    "an empty place": shading("12_4567"),
    "empty": shading("_______"),
    "page without its last digit": shading(page="3_"),
    "page without its first digit": shading(page="_3"),
    "page unclear": shading(page="0?"),
    "page 0": shading(page="00"),
    "nobody's": shading("7654321"),
    "the example": shading(EXAMPLE),
    "no grid": Shading("generic-1"),
}


@pytest.mark.parametrize("what", DOUBTS.values(), ids=list(DOUBTS))
def test_any_doubt_is_held(what: Shading) -> None:
    held = named(what)
    assert isinstance(held, Held) and held.reason is Reason.SHADED_CODE_UNCLEAR
    assert held.claims.serial == "00000042" and held.claims.candidate is None and held.evidence["detail"]


def test_a_code_of_two_tests_needs_a_sheet_that_names_one() -> None:
    there = replace(HERE, test="T2", candidate="20001")
    assert isinstance(named(shading(), given_out=(HERE, there)), Held)
    found = named(shading(), signed("T2"), (HERE, there))
    assert isinstance(found, Identified) and found.claims.candidate == "20001"


def test_a_code_of_another_test_than_the_sheets_is_held() -> None:
    held = named(shading(), signed("T2"))
    assert isinstance(held, Held) and held.reason is Reason.SHADED_CODE_UNCLEAR and held.claims.test == "T2"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (Foreign("another world"), Reason.FOREIGN_CODE),
        (BadSignature(Kind.GENERIC, Claims(serial="00000042")), Reason.BAD_SIGNATURE),
        (Authentic(Kind.CANDIDATE, Claims("T1", "10001", None, "00000042")), Reason.CODES_DISAGREE),
    ],
)
def test_nothing_else_may_be_on_the_page(more: object, reason: Reason) -> None:
    held = named(shading(), [*signed(), (OWN, more)])  # type: ignore[list-item]
    assert isinstance(held, Held) and held.reason is reason


def test_the_most_likely_codes_come_nearest_first() -> None:
    full = np.full((7, 10), 0.01)
    for place, digit in enumerate("1234567"):
        full[place, int(digit)] = 0.5
    full[0, 8] = 0.3
    near, far = replace(HERE, code="8234567", candidate="2"), replace(HERE, code="9999999", candidate="3")
    found = most_likely(full.tolist(), "0123456789", [far, near, HERE])
    assert [likely.coded for likely in found] == [HERE, near]
    assert most_likely([], "0123456789", [HERE]) == [] == most_likely(np.zeros((7, 10)).tolist(), "0123456789", [HERE])


def test_a_grid_may_run_the_other_way() -> None:
    across = Grid((10.0, 20.0), 2, (0.0, 7.0), (5.0, 0.0), "1234567890")
    assert across.middles_mm()[1, 9].tolist() == [55.0, 27.0]
