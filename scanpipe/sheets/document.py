"""Sheets in, a PDF out, one page a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from scanpipe import codes, faults
from scanpipe.layout import A4, Paper
from scanpipe.model import Sheet, TestDefinition
from scanpipe.sheets import geometry, patterns
from scanpipe.sheets.lettering import font
from scanpipe.sheets.pads import PadImprint, draw_pad_page
from scanpipe.sheets.page import Imprint, draw_page
from scanpipe.sheets.pen import Pen
from scanpipe.sheets.words import words
from scanpipe.sheets.writing import whole_file


@dataclass(frozen=True, slots=True)
class Style:
    """How sheets look. Without `names` a candidate is no more than a number: no name, room or seat."""

    paper: Paper = A4
    area: patterns.Area = "plain"
    names: bool = True


USUAL = Style()


def draw(
    sheets: Iterable[Sheet],
    definition: TestDefinition,
    key: codes.Key,
    out: Path,
    style: Style = USUAL,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Writes the PDF of these sheets of one test, all of pads or all personal, and answers how many pages it has.

    The codes are signed with `key`. `progress` is called after each page with the number of pages so far. `out` is
    replaced when the PDF is complete, never before. Raises faults.FolderFault (cannot be written),
    faults.UnknownThing (a sheet of a candidate or question that the definition does not have), faults.Refused (no
    sheets).
    """
    printed = list(sheets)
    if not printed:
        raise faults.Refused("There are no sheets to print.", "Choose candidates and questions that take sketches.")
    of_pad = printed[0].candidate is None
    with whole_file(out) as temporary, binary_streams():
        canvas = open_canvas(temporary, definition, style.paper)
        box = geometry.pad_drawing(style.paper) if of_pad else geometry.drawing(style.paper)
        patterns.define(canvas, style.paper, style.area, box)
        pen = Pen(canvas, style.paper)
        pages = [(sheet, side) for sheet in printed for side in sides_of(sheet)]
        for count, (sheet, side) in enumerate(pages, start=1):
            if of_pad:
                draw_pad_page(pen, _pad_imprint(sheet, definition), key)
            else:
                draw_page(pen, replace(_imprint(sheet, definition, style.names), side=side), key)
            canvas.showPage()
            if progress is not None:
                progress(count)
        canvas.save()
    return len(pages)


def sides_of(sheet: Sheet) -> tuple[int | None, ...]:
    """The sides of a sheet that are printed, one page each; None where it is the only one."""
    return (1, 2) if sheet.sides == 2 else (None,)


@contextmanager
def binary_streams() -> Iterator[None]:
    """Streams as bytes: reportlab's habit of spelling them in ASCII makes files a quarter larger. Its setting is global."""
    before = rl_config.useA85
    rl_config.useA85 = 0
    try:
        yield
    finally:
        rl_config.useA85 = before


def open_canvas(out: Path, definition: TestDefinition, paper: Paper) -> Any:
    """A PDF to draw on, in the language of the test, which viewers are told not to scale."""
    size = (paper.width_mm * mm, paper.height_mm * mm)
    canvas = Canvas(
        str(out), size, pageCompression=1, initialFontName=font("Regular").fontName, lang=definition.language
    )
    canvas.setTitle(f"{definition.id} {definition.title}")
    canvas.setCreator("scanpipe")
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas


def _imprint(sheet: Sheet, definition: TestDefinition, names: bool) -> Imprint:
    candidate, question = definition.candidate(sheet.candidate or ""), definition.question(sheet.question or "")
    if candidate is None or question is None:
        message = f"Sheet {sheet.serial} is of a candidate or question that {definition.id} does not have."
        raise faults.UnknownThing(message, "Print sheets with the revision of the test that they were planned with.")
    return Imprint(sheet, definition, candidate, question, words(definition.language), names)


def _pad_imprint(sheet: Sheet, definition: TestDefinition) -> PadImprint:
    question = definition.question(sheet.question) if sheet.question else None
    return PadImprint(sheet, definition, question, words(definition.language))
