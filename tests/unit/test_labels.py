"""Labels on every sheet that is sold: each is read where it will be cut, and says no more than it may."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from scanpipe.codes import Authentic, Kind, decode
from scanpipe.model import Candidate
from scanpipe.readers import open_reader
from scanpipe.sheets.labels import LABEL_SHEETS, candidate_label, draw_labels, question_label
from tests.helpers import KEY, RING, definition
from tools.scanner.labels import cut, pages

DPI = 150
TEST = replace(
    definition(),
    candidates=tuple(Candidate(f"{10001 + n}", f"Kåre Ødegård {n}", "A1", f"{n}") for n in range(45)),
)


def words(pdf: Path) -> str:
    document = pypdfium2.PdfDocument(pdf)
    told = "".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return told


@pytest.mark.parametrize("size", list(LABEL_SHEETS))
def test_each_label_has_its_candidate_within_its_own_edges(size: str, tmp_path: Path) -> None:
    on, skip = LABEL_SHEETS[size], 4
    labels = [candidate_label(TEST, one, names=True) for one in TEST.candidates[: on.count]]
    assert draw_labels(labels, TEST, KEY, tmp_path / "labels.pdf", on, skip) == 2
    printed = pages(tmp_path / "labels.pdf", DPI)
    reader, found = open_reader("zxing"), []
    for number in range(2 * on.count):
        page, place = divmod(number, on.count)
        codes = reader.look(cut(printed[page], on, place, DPI), frozenset({"qr"}))
        said = [decode(code.text, RING) for code in codes]
        found.append([s.claims.candidate for s in said if isinstance(s, Authentic) and s.kind is Kind.CANDIDATE_LABEL])
    numbers = [[c.number] for c in TEST.candidates[: on.count]]
    assert found == [[]] * skip + numbers + [[]] * (on.count - skip)


def test_without_names_a_candidate_is_a_number(tmp_path: Path) -> None:
    one, on = TEST.candidates[0], LABEL_SHEETS["a4-3x8"]
    for names in (True, False):
        draw_labels([candidate_label(TEST, one, names)], TEST, KEY, tmp_path / "labels.pdf", on)
        told = words(tmp_path / "labels.pdf")
        assert "10001" in told
        assert [word in told for word in ("Ødegård", "A1")] == [names, names]


def test_labels_of_questions_say_the_question(tmp_path: Path) -> None:
    question = TEST.questions[-1]
    draw_labels([question_label(TEST, question)], TEST, KEY, tmp_path / "q.pdf", LABEL_SHEETS["letter-3x10"])
    (code,) = open_reader("zxing").look(pages(tmp_path / "q.pdf", DPI)[0], frozenset({"qr"}))
    said = decode(code.text, RING)
    assert isinstance(said, Authentic) and said.kind is Kind.QUESTION_LABEL
    assert (said.claims.question or "").upper() == question.id.upper() and said.claims.candidate is None
