"""Printing: who gets which sheet, what stands where on the page, and whether readers and people can read it."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pyzbar import pyzbar

from scanpipe import codes, faults
from scanpipe.codes import PERSONAL, Kind
from scanpipe.layout import CODE_MM, QUIET_MODULES, Paper, places
from scanpipe.model import Candidate, Claims, Question, Sheet, TestDefinition
from scanpipe.sheets import (
    A4,
    LETTER,
    Missing,
    PlannedSheet,
    Selection,
    Style,
    draw,
    matrix,
    missing_glyphs,
    plan,
    write_manifest,
)
from scanpipe.sheets.symbols import rectangles

KEY = codes.Key("K7Q", b"a secret of thirty-two characters")
NAMES = ("Kari Åsmund Đuro Ŋuŧ", "Čáhppe Šžøæ Ǩeeʹmtč", "Ґалина Ελένη Żółć", "Ğülşah İşık Əliyev")


def definition(**changes) -> TestDefinition:
    usual = {
        "id": "MA0001-2026H",
        "title": "Grunnkurs i matematikk",
        "date": "2026-12-03",
        "language": "nb",
        "sketches": True,
        "questions": (
            Question("1", "Oppgave 1", "none"),
            Question("2a", "Oppgave 2a", "allowed", 4),
            Question("3", "Oppgave 3", "expected", 2),
        ),
        "candidates": (
            Candidate("10001", "Kari Åsmund", "S10", "12"),
            Candidate("10002", None, "S4", "10"),
            Candidate("10003", None, "S4", "9"),
            Candidate("10004"),
        ),
    }
    return TestDefinition(**{**usual, **changes})


def long_definition() -> TestDefinition:
    """Every text as long as a definition may make it."""
    return definition(
        id="ÆØÅ-" + "W" * 36,
        title="Eksperimentelle metoder i fysikk " * 6,
        questions=(
            Question(
                "W" * 20,
                "Oppgave 12 c) Tegn mekanismen for nitrering av benzen, og forklar hvert steg i den",
                "allowed",
            ),
        ),
        candidates=(
            Candidate(
                "W" * 20, "Anne-Margrethe Bjørnstjerne " * 4, "Auditoriet i Vitenskapsbygget nord for N", "W" * 40
            ),
        ),
    )


def numbered(planned: list[PlannedSheet]) -> list[Sheet]:
    return [
        Sheet(f"{12345 + i:08d}", p.test, p.candidate, p.question, p.number, p.of, 1) for i, p in enumerate(planned)
    ]


def printed(test: TestDefinition, folder: Path, style: Style = Style()) -> pdfium.PdfDocument:  # noqa: B008
    draw(numbered(plan(test)), test, KEY, folder / "sheets.pdf", style)
    return pdfium.PdfDocument(folder / "sheets.pdf")


def gray(page: pdfium.PdfPage, dpi: int) -> np.ndarray:
    return page.render(scale=dpi / 72, grayscale=True).to_numpy().copy()


def words_on(page: pdfium.PdfPage) -> str:
    return " ".join(page.get_textpage().get_text_bounded().split())


def around(picture: np.ndarray, place, margin_mm: float, dpi: int) -> np.ndarray:
    """The part of the picture within a margin of a symbol."""
    x, y, side = (round(v * dpi / 25.4) for v in (place.x_mm, place.y_mm, place.size_mm))
    margin = round(margin_mm * dpi / 25.4)
    return picture[y - margin : y + side + margin, x - margin : x + side + margin]


def quiet_mm(place, text: str) -> float:
    return QUIET_MODULES * place.size_mm / len(matrix(text))


def codes_of(sheet: Sheet, paper: Paper) -> dict[Kind, str]:
    claims = Claims(sheet.test, sheet.candidate, sheet.question, sheet.serial)
    return {kind: codes.encode(kind, claims, KEY, letter=paper == LETTER) for kind in PERSONAL}


both_papers = pytest.mark.parametrize("paper", [A4, LETTER], ids=lambda p: p.name)


class TestPlan:
    def test_hands_out_by_room_seat_and_number_with_those_without_a_place_last(self):
        planned = plan(definition())
        assert [(p.candidate, p.question) for p in planned] == [
            (number, question) for number in ("10003", "10002", "10001", "10004") for question in ("2a", "3")
        ]
        assert {(p.test, p.number, p.of) for p in planned} == {("MA0001-2026H", 1, 1)}

    def test_by_number_counts_digits_as_numbers(self):
        test = definition(candidates=tuple(Candidate(n, room="A") for n in ("100", "20", "A-10", "A-9")))
        planned = plan(test, Selection(questions=["3"]), order="number")
        assert [p.candidate for p in planned] == ["20", "100", "A-9", "A-10"]

    def test_a_selection_narrows_by_candidate_question_and_room_without_regard_to_case(self):
        planned = plan(definition(), Selection(candidates=["10001", "10002"], questions=["2A"], rooms=["s4"]))
        assert planned == [PlannedSheet("MA0001-2026H", "10002", "2a", 1, 1)]

    def test_more_sheets_are_numbered_on_from_those_there_are(self):
        planned = plan(definition(), Selection(["10001"]), per_question=2, already={("10001", "2a"): 1})
        assert [(p.question, p.number, p.of) for p in planned] == [("2a", 2, 3), ("2a", 3, 3), ("3", 1, 2), ("3", 2, 2)]

    @pytest.mark.parametrize(
        ("selection", "message", "hint"),
        [
            (Selection(candidates=["1001"]), "candidate '1001'", "Did you mean 10001"),
            (Selection(questions=["2b"]), "question '2b'", "2a"),
            (Selection(rooms=["S40"]), "room 'S40'", "S4"),
            (Selection(rooms=["Zzz"]), "room 'Zzz'", "scanpipe tests show"),
        ],
    )
    def test_what_the_test_does_not_have_is_named_with_what_may_be_meant(self, selection, message, hint):
        with pytest.raises(faults.UnknownThing) as caught:
            plan(definition(), selection)
        assert message in caught.value.message
        assert hint in caught.value.hint

    @pytest.mark.parametrize(
        ("test", "selection", "message"),
        [
            (definition(sketches=False), Selection(), "a test without sketches"),
            (definition(questions=(Question("1", "Oppgave 1", "none"),)), Selection(), "No question"),
            (definition(), Selection(questions=["1"]), "Question 1 of MA0001-2026H takes no sketches"),
            (definition(), Selection(candidates=["10001"], rooms=["S4"]), "No candidate fits"),
        ],
    )
    def test_refuses_what_cannot_be_sketched(self, test, selection, message):
        with pytest.raises(faults.Refused, match=message):
            plan(test, selection)

    def test_less_than_one_sheet_is_a_mistake(self):
        with pytest.raises(faults.UsageFault, match="0 sheets"):
            plan(definition(), per_question=0)


class TestSymbols:
    @given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=20)))
    def test_rectangles_ink_every_black_module_once_and_no_white_one(self, modules):
        ink = np.zeros(modules.shape, int)
        for x, y, width, height in rectangles(modules):
            ink[y : y + height, x : x + width] += 1
        assert np.array_equal(ink, modules.astype(int))

    @given(st.text("ABC0123456789:*.-", min_size=26, max_size=300))
    def test_a_matrix_reads_as_its_text(self, text):
        picture = np.pad(np.where(matrix(text), 0, 255).astype(np.uint8), QUIET_MODULES, constant_values=255)
        (found,) = zxingcpp.read_barcodes(picture, is_pure=True)
        assert found.text == text


class TestPage:
    @both_papers
    @pytest.mark.parametrize("dpi", [150, 300])
    def test_both_readers_read_all_three_codes_which_are_authentic(self, tmp_path, paper, dpi):
        test = definition()
        sheet = numbered(plan(test))[0]
        picture = gray(printed(test, tmp_path, Style(paper, "millimetre"))[0], dpi)
        wanted = codes_of(sheet, paper)
        assert {b.text for b in zxingcpp.read_barcodes(picture)} == set(wanted.values())
        assert {b.data.decode() for b in pyzbar.decode(picture, [pyzbar.ZBarSymbol.QRCODE])} == set(wanted.values())
        ring = codes.Keyring.of(KEY)
        sheet_code = codes.decode(wanted[Kind.SHEET], ring)
        assert sheet_code == codes.Authentic(Kind.SHEET, Claims("MA0001-2026H", "10003", "2A", "00012345"))
        assert [codes.parse(t).letter for t in wanted.values()] == [paper == LETTER] * 3

    @both_papers
    def test_codes_stand_where_the_layout_says(self, tmp_path, paper):
        dpi = 300
        picture = gray(printed(definition(), tmp_path, Style(paper))[0], dpi)
        assert picture.shape == pytest.approx((paper.height_mm / 25.4 * dpi, paper.width_mm / 25.4 * dpi), abs=1)
        for place in places(paper).values():
            margin_mm = 1.0
            ys, xs = np.nonzero(around(picture, place, margin_mm, dpi) < 128)
            found_mm = [v * 25.4 / dpi - margin_mm for v in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)]
            assert found_mm == pytest.approx([0, 0, place.size_mm, place.size_mm], abs=0.2)

    @both_papers
    @pytest.mark.parametrize("test", [definition(), long_definition()], ids=["usual", "long"])
    def test_quiet_zones_and_the_edges_of_the_paper_are_white(self, tmp_path, paper, test):
        dpi = 300
        document = printed(test, tmp_path, Style(paper, "millimetre"))
        picture = gray(document[0], dpi)
        for kind, text in codes_of(numbered(plan(test))[0], paper).items():
            place = places(paper)[kind]
            zone = around(picture, place, quiet_mm(place, text), dpi).copy()
            inner = round(quiet_mm(place, text) * dpi / 25.4) - 2  # pixels and modules do not share their edges
            zone[inner:-inner, inner:-inner] = 255
            assert zone.min() == 255, kind
        edge = int(5 / 25.4 * dpi)
        assert (picture[edge:-edge, edge:-edge] < 128).any()
        picture[edge:-edge, edge:-edge] = 255
        assert picture.min() == 255

    @both_papers
    @pytest.mark.parametrize("test", [definition(), long_definition()], ids=["usual", "long"])
    def test_no_letter_touches_another_or_a_line(self, tmp_path, paper, test):
        page = printed(test, tmp_path, Style(paper))[0]
        boxes = np.array([b for b in _letters(page) if b[2] > b[0]])
        left, low, right, high = boxes.T
        wide = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
        tall = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        overlap = np.triu((wide > 0.5) & (tall > 0.5), k=1)
        assert not overlap.any()
        frames = np.array([o.get_bounds() for o in page.get_objects() if _is_frame(o)])
        assert len(frames) == 4
        for x0, y0, x1, y1 in frames:
            inside = (left > x0) & (right < x1) & (low > y0) & (high < y1)
            outside = (right < x0) | (left > x1) | (high < y0) | (low > y1)
            assert (inside | outside).all()

    def test_prints_what_a_person_needs(self, tmp_path):
        flat = words_on(printed(definition(date="2026-05-17"), tmp_path)[4])
        for wanted in (
            "Grunnkurs i matematikk",
            "MA0001-2026H · 17. mai 2026",
            "Kandidat 10001",
            "Rom S10 · Plass 12 · Kari Åsmund",
            "Oppgave 2a Ark 1 av 1",
            "Arknr. 0001 2349",
            "Prøve MA0001-2026H Kandidat 10001 Oppgave 2a Arknr. 0001 2349",
            "Ikke brett, stift eller skriv på kodene.",
        ):
            assert wanted in flat
        assert flat.count("Ikke skriv her") == 3

    @pytest.mark.parametrize("name", NAMES)
    def test_prints_letters_of_many_languages(self, tmp_path, name):
        test = definition(candidates=(Candidate("10001", name, "S4", "12"),))
        assert f"Rom S4 · Plass 12 · {name}" in words_on(printed(test, tmp_path)[0])

    def test_speaks_english_and_leaves_names_out_when_told(self, tmp_path):
        document = printed(definition(language="en"), tmp_path, Style(names=False))
        assert len(document) == 8
        flat = words_on(document[4])
        assert "Candidate 10001" in flat
        assert "Sheet 1 of 1" in flat
        assert "3 December 2026" in flat
        assert flat.count("Do not write here") == 3
        assert not any(word in flat for word in ("Åsmund", "Room", "Seat", "S10"))

    def test_a_date_that_is_none_is_printed_as_it_is(self, tmp_path):
        assert "våren 2027" in words_on(printed(definition(date="våren 2027"), tmp_path)[0])

    @pytest.mark.parametrize(
        ("area", "inked"), [("plain", False), ("dotted", True), ("lined", True), ("millimetre", True)]
    )
    def test_the_pattern_of_the_drawing_area_is_too_faint_to_be_ink(self, tmp_path, area, inked):
        picture = gray(printed(definition(), tmp_path, Style(area=area))[0], 200)
        middle = picture[400:-400, 140:-140]
        assert middle.min() > 225
        assert (middle.min() < 250) == inked


def _letters(page: pdfium.PdfPage) -> Iterator[tuple[float, float, float, float]]:
    text = page.get_textpage()
    return (text.get_charbox(i) for i in range(text.count_chars()))


def _is_frame(found: pdfium.PdfObject) -> bool:
    left, low, right, high = found.get_bounds()
    return found.type == pdfium.raw.FPDF_PAGEOBJ_PATH and min(right - left, high - low) > (CODE_MM + 1) * 72 / 25.4


class TestFiles:
    def test_the_manifest_has_a_row_for_each_page(self, tmp_path):
        sheets = numbered(plan(definition(), Selection(candidates=["10003", "10004"], questions=["3"])))
        write_manifest(sheets, definition(), tmp_path / "sheets.csv")
        with (tmp_path / "sheets.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows == [
            ["page", "serial", "test", "candidate", "question", "number", "of", "room", "seat", "side"],
            ["1", "00012345", "MA0001-2026H", "10003", "3", "1", "1", "S4", "9", ""],
            ["2", "00012346", "MA0001-2026H", "10004", "3", "1", "1", "", "", ""],
        ]

    def test_progress_counts_pages(self, tmp_path):
        seen: list[int] = []
        pages = draw(numbered(plan(definition())), definition(), KEY, tmp_path / "s.pdf", progress=seen.append)
        assert (pages, seen) == (8, list(range(1, 9)))

    def test_what_goes_wrong_on_the_way_leaves_the_old_file_and_no_other(self, tmp_path):
        out = tmp_path / "sheets.pdf"
        out.write_bytes(b"printed before")
        stranger = Sheet("00000001", "MA0001-2026H", "99999", "3", 1, 1, 1)
        with pytest.raises(faults.UnknownThing, match="00000001"):
            draw([*numbered(plan(definition())), stranger], definition(), KEY, out)
        with pytest.raises(faults.Refused, match="no sheets"):
            draw([], definition(), KEY, out)
        assert os.listdir(tmp_path) == ["sheets.pdf"]
        assert out.read_bytes() == b"printed before"

    def test_a_folder_that_cannot_be_written_to_is_a_fault_with_a_hint(self, tmp_path):
        (tmp_path / "file").touch()
        for out in (tmp_path / "nowhere" / "sheets.pdf", tmp_path / "file" / "sheets.pdf"):
            with pytest.raises(faults.FolderFault, match="cannot be written") as caught:
                draw(numbered(plan(definition())), definition(), KEY, out)
            assert caught.value.hint

    def test_a_pattern_is_stored_once_for_all_pages(self, tmp_path):
        few, many = (numbered(plan(definition(), per_question=n)) for n in (1, 5))
        sizes = []
        for sheets in (few, many):
            draw(sheets, definition(), KEY, tmp_path / "s.pdf", Style(area="dotted"))
            sizes.append((tmp_path / "s.pdf").stat().st_size)
        assert (sizes[1] - sizes[0]) / (len(many) - len(few)) < 5_000


def test_what_the_font_lacks_is_named():
    test = definition(
        title="数 i matematikk", candidates=(Candidate("1", " ".join(NAMES)), Candidate("2", "王 Åse 王", "S4"))
    )
    assert missing_glyphs(test) == [
        Missing("title", "数 i matematikk", "数"),
        Missing("candidate 2", "王 Åse 王", "王"),
    ]
