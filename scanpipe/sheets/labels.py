"""Candidates or questions in, sheets of adhesive labels out, each with a signed code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanpipe import codes, faults
from scanpipe.codes import Kind
from scanpipe.layout import A4, CODE_MM, LETTER, QUIET_MODULES, Box, Paper, Place
from scanpipe.model import Candidate, Claims, Question, TestDefinition
from scanpipe.sheets.document import binary_streams, open_canvas
from scanpipe.sheets.lettering import Space, fit
from scanpipe.sheets.page import QUIET, SMALL, signed
from scanpipe.sheets.pen import Hand, Pen
from scanpipe.sheets.symbols import matrix
from scanpipe.sheets.words import words
from scanpipe.sheets.writing import whole_file

_CLEAR_MM = 1.0
"""Printers miss the label by so much; nothing comes nearer to its edge."""


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """How labels lie on their sheet: in equal steps, with the same margin left and right, and above and below."""

    paper: Paper
    columns: int
    rows: int
    width_mm: float
    height_mm: float
    step_mm: tuple[float, float]
    """From the left edge of one label to that of the next, and from top to top."""

    @property
    def count(self) -> int:
        return self.columns * self.rows

    def box(self, number: int) -> Box:
        """The label of this number, from 0, row by row."""
        row, column = divmod(number, self.columns)
        left = (self.paper.width_mm - (self.columns - 1) * self.step_mm[0] - self.width_mm) / 2
        top = (self.paper.height_mm - (self.rows - 1) * self.step_mm[1] - self.height_mm) / 2
        return Box(left + column * self.step_mm[0], top + row * self.step_mm[1], self.width_mm, self.height_mm)


LABEL_SHEETS: Mapping[str, LabelSheet] = {
    "a4-3x7": LabelSheet(A4, 3, 7, 63.5, 38.1, (66.0, 38.1)),
    "a4-3x8": LabelSheet(A4, 3, 8, 63.5, 33.9, (66.0, 33.9)),
    "a4-2x7": LabelSheet(A4, 2, 7, 99.1, 38.1, (101.6, 38.1)),
    "a4-3x7-edge": LabelSheet(A4, 3, 7, 70.0, 42.3, (70.0, 42.3)),
    "a4-3x8-edge": LabelSheet(A4, 3, 8, 70.0, 37.0, (70.0, 37.0)),
    "letter-3x10": LabelSheet(LETTER, 3, 10, 66.7, 25.4, (69.85, 25.4)),
}
"""Sizes that are sold everywhere, by paper, columns and rows; `edge`: without margins between the labels."""


@dataclass(frozen=True, slots=True)
class Label:
    """What one label says. `detail` is what helps people, and may be empty."""

    kind: Kind
    claims: Claims
    word: str
    large: str
    detail: str


def candidate_label(definition: TestDefinition, candidate: Candidate, names: bool) -> Label:
    """Without `names` the candidate is no more than a number."""
    said = words(definition.language)
    room = candidate.room and f"{said.room} {candidate.room}"
    seat = candidate.seat and f"{said.seat} {candidate.seat}"
    detail = "  ·  ".join(part for part in (room, seat, candidate.name) if part) if names else ""
    claims = Claims(definition.id, candidate.number)
    return Label(Kind.CANDIDATE_LABEL, claims, said.candidate, candidate.number, detail)


def question_label(definition: TestDefinition, question: Question) -> Label:
    said = words(definition.language)
    return Label(Kind.QUESTION_LABEL, Claims(definition.id, question=question.id), said.question, question.label, "")


def draw_labels(
    labels: Sequence[Label], definition: TestDefinition, key: codes.Key, out: Path, on: LabelSheet, skip: int = 0
) -> int:
    """Writes the PDF and answers how many pages it has; the first `skip` places of the first sheet stay free.

    Raises faults.FolderFault (cannot be written), faults.Refused (no labels).
    """
    if not labels:
        raise faults.Refused("There are no labels to print.", "Choose candidates or questions of the test.")
    with whole_file(out) as temporary, binary_streams():
        canvas = open_canvas(temporary, definition, on.paper)
        pen = Pen(canvas, on.paper)
        pages = 0
        for of_page in _pages(labels, on.count, skip):
            for number, label in of_page:
                _draw(pen, on.box(number), label, definition, key)
            canvas.showPage()
            pages += 1
        canvas.save()
    return pages


def _pages(labels: Sequence[Label], a_page: int, skip: int) -> Iterable[list[tuple[int, Label]]]:
    places = list(enumerate(labels, start=skip))
    for first in range(0, skip + len(labels), a_page):
        of_page = [(n - first, label) for n, label in places if first <= n < first + a_page]
        if of_page:
            yield of_page


def _draw(pen: Pen, box: Box, label: Label, definition: TestDefinition, key: codes.Key) -> None:
    text, said = signed(pen, label.kind, label.claims, definition, key), words(definition.language)
    quiet_share = QUIET_MODULES / len(matrix(text))
    size_mm = min(CODE_MM, (box.height_mm - 2 * _CLEAR_MM) / (1 + 2 * quiet_share))
    quiet_mm = size_mm * quiet_share
    x_mm = box.x_mm + _CLEAR_MM + quiet_mm
    pen.code(Place(x_mm, box.y_mm + (box.height_mm - size_mm) / 2, size_mm), text)
    left_mm = x_mm + size_mm + quiet_mm
    width_mm, middle_mm = box.right_mm - 2.5 - left_mm, box.y_mm + box.height_mm / 2
    pen.text(left_mm, middle_mm - 5.5, label.word, SMALL)
    pen.lines(left_mm, middle_mm + 3.5, fit(label.large, "Bold", Space(width_mm, 9, 22, 7)), Hand("Bold"))
    if label.detail:
        pen.lines(left_mm, middle_mm + 8.5, fit(label.detail, "Regular", Space(width_mm, 4.5, 9, 6)), Hand())
    day = f"  ·  {said.rehearsal}" if definition.rehearsal else ""
    about = fit(f"{said.test} {label.claims.test}{day}", "Regular", Space(width_mm, 3, 6.5, 4))
    pen.lines(left_mm, box.bottom_mm - 1.8, about, Hand(gray=QUIET))
