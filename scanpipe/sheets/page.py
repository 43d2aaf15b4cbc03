"""One sheet in, one page out. The question it answers: what does the candidate hold in hand?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanpipe import codes
from scanpipe.codes import PERSONAL, Kind
from scanpipe.layout import LETTER, Box, Place, mark_boxes, places
from scanpipe.model import Candidate, Claims, Question, Sheet, TestDefinition
from scanpipe.seals import receipt_code, spaced
from scanpipe.sheets import geometry, patterns
from scanpipe.sheets.lettering import Space, fit, width_mm
from scanpipe.sheets.pen import Hand, Pen
from scanpipe.sheets.words import Words

FRAME_MM = 0.3
FRAME_GRAY = 0.35
QUIET = 0.35
"""Gray of words that lead to other words; those that matter are black."""
ROW_MM = 5.2
"""From one row of the footer to the next."""
SMALL = Hand(gray=QUIET)
_MARK_LABEL_MM = 6.2
"""Between a box and the next one."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """All that is printed on one sheet."""

    sheet: Sheet
    definition: TestDefinition
    candidate: Candidate
    question: Question
    words: Words
    names: bool
    side: int | None = None
    """1 or 2 where both sides are printed."""


def draw_page(pen: Pen, imprint: Imprint, key: codes.Key) -> None:
    """Draws a whole sheet; the codes are signed with `key`."""
    pen.canvas.doForm(patterns.FORM)
    pen.box(geometry.drawing(pen.paper), FRAME_MM, FRAME_GRAY)
    _about_test(pen, imprint)
    _about_candidate(pen, imprint)
    _about_question(pen, imprint)
    _footer(pen, imprint, spaced(receipt_code(key, imprint.sheet.test, imprint.candidate.number)))
    _codes(pen, imprint, key)
    _mark_boxes(pen, imprint)
    mark_rehearsal(pen, imprint.definition, imprint.words)


def _codes(pen: Pen, imprint: Imprint, key: codes.Key) -> None:
    """The three codes, each in a frame that says not to write there."""
    sheet = imprint.sheet
    claims = Claims(sheet.test, sheet.candidate, sheet.question, sheet.serial, imprint.side)
    for kind, place in places(pen.paper).items():
        draw_code(pen, kind, place, signed(pen, kind, claims, imprint.definition, key), imprint.words)


def _mark_boxes(pen: Pen, imprint: Imprint) -> None:
    """A box for each further question that this page can answer as well."""
    offered = imprint.definition.markable(imprint.question.id)
    if not offered:
        return
    boxes, words = mark_boxes(pen.paper), imprint.words
    space = Space(right_half(geometry.footer(pen.paper)).width_mm, 4, 9, 6)
    pen.lines(boxes[0].x_mm, boxes[0].y_mm - 3.0, fit(words.also, "Regular", space), Hand("Bold"))
    for id, box in zip(offered, boxes, strict=False):
        pen.box(box, FRAME_MM, 0.0)
        label = fit(id, "Bold", Space(_MARK_LABEL_MM, 4, 9, 4))
        pen.lines(box.right_mm + 1, box.bottom_mm - 1.1, label, Hand("Bold"))


def signed(pen: Pen, kind: Kind, claims: Claims, definition: TestDefinition, key: codes.Key) -> str:
    """The text of a code on this paper, which says so where the test is a rehearsal."""
    marks = kind in PERSONAL and bool(definition.markable(claims.question or ""))
    return codes.encode(kind, claims, key, letter=pen.paper == LETTER, rehearsal=definition.rehearsal, marks=marks)


def draw_code(pen: Pen, kind: Kind, place: Place, text: str, words: Words) -> None:
    """A code in a frame that says not to write there."""
    pen.code(place, text)
    pen.box(geometry.frame(kind, place), FRAME_MM, FRAME_GRAY)
    strip = geometry.strip(kind, place)
    fitted = fit(words.keep_off, "Bold", Space(strip.width_mm - 2, strip.height_mm, 7.5, 5))
    pen.lines(middle(strip), strip.bottom_mm - 1.3, fitted, Hand("Bold", gray=QUIET, align=0.5))


def mark_rehearsal(pen: Pen, definition: TestDefinition, words: Words) -> None:
    """A word that nobody overlooks on the sheets of a rehearsal, between drawing and footer."""
    if definition.rehearsal:
        box = geometry.footer(pen.paper)
        beside = definition.further_questions == "marks"  # their boxes stand at the right
        x, size_pt = (left_half(box).right_mm, 14) if beside else (box.right_mm, 20)
        pen.text(x, box.y_mm + (4.5 if beside else 6.5), words.rehearsal, Hand("Bold", size_pt, QUIET, 1))


def shown_serial(sheet: Sheet) -> str:
    """The serial in groups of four, as people read numbers."""
    return " ".join(sheet.serial[i : i + 4] for i in range(0, len(sheet.serial), 4))


def _about_test(pen: Pen, imprint: Imprint) -> None:
    """The upper half of the header: title, id, date and serial."""
    box, definition = geometry.header(pen.paper), imprint.definition
    title = fit(definition.title, "Bold", Space(box.width_mm, 10.5, 14, 8))
    pen.lines(box.x_mm, box.bottom_mm - 22.0, title, Hand("Bold"))
    serial = f"{imprint.words.serial} {shown_serial(imprint.sheet)}"
    pen.text(box.right_mm, box.bottom_mm - 17.2, serial, Hand(gray=QUIET, align=1))
    free_mm = box.width_mm - width_mm(serial, "Regular", 9) - 4
    about = fit(f"{definition.id}  ·  {imprint.words.date(definition.date)}", "Regular", Space(free_mm, 4, 9, 6))
    pen.lines(box.x_mm, box.bottom_mm - 17.2, about, SMALL)
    pen.rule(box.x_mm, box.bottom_mm - 14.6, box.width_mm, FRAME_GRAY)


def _about_candidate(pen: Pen, imprint: Imprint) -> None:
    """Beside the candidate code: its claim in large type, and who sits where."""
    box = left_half(geometry.header(pen.paper))
    word, number = imprint.words.candidate, imprint.candidate.number
    indent_mm = width_mm(f"{word} ", "Regular", 12)
    pen.text(box.x_mm, box.bottom_mm - 6.8, word, Hand(size_pt=12))
    large = fit(number, "Bold", Space(box.width_mm - indent_mm, 9, 21, 7))
    pen.lines(box.x_mm + indent_mm, box.bottom_mm - 6.8, large, Hand("Bold"))
    if imprint.names:
        person = fit(_person(imprint), "Regular", Space(box.width_mm, 6, 10, 7))
        pen.lines(box.x_mm, box.bottom_mm - 1.0, person, Hand())


def _person(imprint: Imprint) -> str:
    """Room and seat first: a long name may be cut, but the sheet must find its desk."""
    candidate, words = imprint.candidate, imprint.words
    room = candidate.room and f"{words.room} {candidate.room}"
    seat = candidate.seat and f"{words.seat} {candidate.seat}"
    return "  ·  ".join(part for part in (room, seat, candidate.name) if part)


def _about_question(pen: Pen, imprint: Imprint) -> None:
    """Beside the question code: its claim in large type, and which of how many sheets this is."""
    box = right_half(geometry.header(pen.paper))
    label = fit(imprint.question.label, "Bold", Space(box.width_mm, 9, 21, 8))
    pen.lines(box.right_mm, box.bottom_mm - 6.8, label, Hand("Bold", align=1))
    count = imprint.words.sheet(imprint.sheet.number, imprint.sheet.of)
    count += f"  ·  {imprint.words.side.format(side=imprint.side)}" if imprint.side else ""
    pen.text(box.right_mm, box.bottom_mm - 1.0, count, Hand(size_pt=10, align=1))


def _footer(pen: Pen, imprint: Imprint, receipt: str) -> None:
    """Beside the sheet code: its claims, the code to ask with what was received, and how to treat the sheet."""
    sheet, words = imprint.sheet, imprint.words
    rows = (
        (words.test, sheet.test),
        (words.candidate, imprint.candidate.number),
        (words.question, imprint.question.id),
        (words.serial, shown_serial(sheet)),
        (words.receipt, receipt),
    )
    draw_rows(pen, rows, words.instruction, 11 if imprint.definition.markable(imprint.question.id) else 16)


def draw_rows(pen: Pen, rows: Sequence[tuple[str, str]], instruction: str, height_mm: float = 16) -> None:
    """The footer: what the codes claim, row by row, and beside it how to treat the sheet."""
    box = geometry.footer(pen.paper)
    indent_mm = max(width_mm(word, "Regular", 9) for word, _ in rows) + 3
    half = left_half(box)
    last_mm = box.bottom_mm - geometry.PAD_MM
    for below, (word, claim) in zip(range(len(rows) - 1, -1, -1), rows, strict=True):
        baseline_mm = last_mm - below * ROW_MM
        pen.text(box.x_mm, baseline_mm, word, SMALL)
        value = fit(claim, "Bold", Space(half.width_mm - indent_mm, 5, 9, 5))
        pen.lines(box.x_mm + indent_mm, baseline_mm, value, Hand("Bold"))
    advice = fit(instruction, "Regular", Space(half.width_mm, height_mm, 9, 6))
    pen.lines(right_half(box).x_mm, last_mm, advice, Hand())


def left_half(box: Box) -> Box:
    """With some room to the other half."""
    return Box(box.x_mm, box.y_mm, box.width_mm / 2 - 2, box.height_mm)


def right_half(box: Box) -> Box:
    """With some room to the other half."""
    half = left_half(box)
    return Box(box.right_mm - half.width_mm, box.y_mm, half.width_mm, box.height_mm)


def middle(box: Box) -> float:
    """The middle of a box, from the left."""
    return box.x_mm + box.width_mm / 2
