"""One sheet of a pad in, one page out: room for labels where a personal sheet has the candidate code."""

from __future__ import annotations

from dataclasses import dataclass

from scanpipe import codes
from scanpipe.layout import Box, label_boxes, pad_places
from scanpipe.model import Claims, Question, Sheet, TestDefinition
from scanpipe.sheets import geometry, patterns
from scanpipe.sheets.lettering import Space, fit, width_mm
from scanpipe.sheets.page import (
    FRAME_GRAY,
    FRAME_MM,
    QUIET,
    SMALL,
    draw_code,
    draw_rows,
    mark_rehearsal,
    middle,
    shown_serial,
    signed,
)
from scanpipe.sheets.pen import Hand, Pen
from scanpipe.sheets.words import Words


@dataclass(frozen=True, slots=True)
class PadImprint:
    """All that is printed on a sheet of a pad; `question` is None on an open pad."""

    sheet: Sheet
    definition: TestDefinition
    question: Question | None
    words: Words


def draw_pad_page(pen: Pen, imprint: PadImprint, key: codes.Key) -> None:
    """Draws a whole sheet; the codes are signed with `key`."""
    pen.canvas.doForm(patterns.FORM)
    pen.box(geometry.pad_drawing(pen.paper), FRAME_MM, FRAME_GRAY)
    words, (left, right) = imprint.words, label_boxes(pen.paper)
    _label_box(pen, left, words.candidate_label, words)
    if imprint.question is None:
        _label_box(pen, right, words.question_label, words)
    else:
        label = fit(imprint.question.label, "Bold", Space(right.width_mm, 20, 28, 9))
        pen.lines(middle(right), right.bottom_mm - 18, label, Hand("Bold", align=0.5))
    _title(pen, imprint)
    rows = [(words.test, imprint.sheet.test), (words.serial, shown_serial(imprint.sheet))]
    if imprint.question is not None:
        rows.insert(1, (words.question, imprint.question.id))
    draw_rows(pen, rows, words.pad_instruction)
    sheet = imprint.sheet
    claims = Claims(sheet.test, None, sheet.question, sheet.serial)
    for kind, place in pad_places(pen.paper, imprint.question is not None).items():
        draw_code(pen, kind, place, signed(pen, kind, claims, imprint.definition, key), words)
    mark_rehearsal(pen, imprint.definition, words)


def _label_box(pen: Pen, box: Box, what: str, words: Words) -> None:
    pen.box(box, FRAME_MM, FRAME_GRAY)
    pen.text(middle(box), box.bottom_mm - 23, what, Hand("Bold", 12, QUIET, 0.5))
    pen.text(middle(box), box.bottom_mm - 17, words.label_here, Hand(gray=QUIET, align=0.5))


def _title(pen: Pen, imprint: PadImprint) -> None:
    """One line: the test, and the serial."""
    box, definition = geometry.pad_title(pen.paper), imprint.definition
    serial = f"{imprint.words.serial} {shown_serial(imprint.sheet)}"
    pen.text(box.right_mm, box.bottom_mm - 1.8, serial, Hand(gray=QUIET, align=1))
    about = f"{definition.title}  ·  {definition.id}  ·  {imprint.words.date(definition.date)}"
    free_mm = box.width_mm - width_mm(serial, "Regular", 9) - 4
    pen.lines(box.x_mm, box.bottom_mm - 1.8, fit(about, "Regular", Space(free_mm, 4.5, 9, 5)), SMALL)
