"""A generic sheet: anybody takes one, writes a code into boxes and shades it. A layout file says what stands where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from scanpipe import codes, faults
from scanpipe.codes import Kind
from scanpipe.layout import LETTER, Box, Paper, place_of
from scanpipe.model import Claims, TestDefinition
from scanpipe.shaded_codes import EXAMPLE
from scanpipe.shaded_layout import Grid, ShadedLayout
from scanpipe.sheets import geometry, patterns
from scanpipe.sheets.document import binary_streams
from scanpipe.sheets.lettering import Space, fit, font
from scanpipe.sheets.pen import Hand, Pen
from scanpipe.sheets.writing import whole_file

_TITLE = "Generisk skisseark · Generic sketch sheet"
_KEEP_OFF = "Ikke skriv her · Do not write here"
_CODE = "Kode · Code"
_PAGE = "Side · Page"
_EXAMPLE = "Eksempel · Example"
_HOW = (
    "Skriv koden fra skjermen i rutene, og fyll én sirkel i hver kolonne helt ut. Sidetallet på samme måte: 01 til 99. "
    "Feil? Visk godt ut. Nytt ark for hver oppgave.",
    "Write the code from your screen into the boxes, and fill one circle in each column completely. The page number in the same "
    "way: 01 to 99. A mistake? Erase it well. A new sheet for each question.",
)
_FRAME_MM, _FRAME_GRAY, _QUIET = 0.3, 0.35, 0.35
_OUTLINE_MM, _OUTLINE_GRAY, _DIGIT_GRAY = 0.25, 0.35, 0.72
_TEXT_MM = 3.0
_EXAMPLE_AT_MM, _EXAMPLE_SCALE = (159.0, 30.0), 0.5


def draw_generic(
    serials: Iterable[str],
    layout: ShadedLayout,
    key: codes.Key,
    out: Path,
    paper: Paper,
    test: TestDefinition | None = None,
    area: patterns.Area = "plain",
    progress: Callable[[int], None] | None = None,
) -> int:
    """Writes a PDF of generic sheets, one a serial, signed with `key`; answers how many. `test`: they count for it alone.

    Raises faults.FolderFault (cannot be written), faults.Refused (no sheets).
    """
    count = 0
    with whole_file(out) as temporary, binary_streams():
        size = (paper.width_mm * mm, paper.height_mm * mm)
        canvas = Canvas(str(temporary), size, pageCompression=1, initialFontName=font("Regular").fontName, lang="nb")
        canvas.setTitle(_TITLE)
        canvas.setCreator("scanpipe")
        canvas.setViewerPreference("PrintScaling", "None")
        patterns.define(canvas, paper, area, layout.drawing(paper))
        pen = Pen(canvas, paper)
        for count, serial in enumerate(serials, start=1):
            _page(pen, layout, _code(serial, layout, key, paper, test))
            _about(pen, serial, test.id if test else None)
            canvas.showPage()
            if progress is not None:
                progress(count)
        if count == 0:
            raise faults.Refused("There are no sheets to print.", "Ask for one at least: --count 1.")
        canvas.save()
    return count


def _code(serial: str, layout: ShadedLayout, key: codes.Key, paper: Paper, test: TestDefinition | None) -> str:
    claims, rehearsal = Claims(test.id if test else None, serial=serial), test is not None and test.rehearsal
    return codes.encode(Kind.GENERIC, claims, key, letter=paper == LETTER, rehearsal=rehearsal, layout=layout.id)


def _page(pen: Pen, layout: ShadedLayout, text: str) -> None:
    pen.canvas.doForm(patterns.FORM)
    pen.box(layout.drawing(pen.paper), _FRAME_MM, _FRAME_GRAY)
    place = place_of(Kind.GENERIC, pen.paper)
    pen.code(place, text)
    pen.box(geometry.frame(Kind.GENERIC, place), _FRAME_MM, _FRAME_GRAY)
    strip = geometry.strip(Kind.GENERIC, place)
    words = fit(_KEEP_OFF, "Bold", Space(strip.width_mm - 1, strip.height_mm, 7, 4))
    pen.lines(strip.x_mm + strip.width_mm / 2, strip.bottom_mm - 1.4, words, Hand("Bold", gray=_QUIET, align=0.5))
    for mark in layout.marks:
        pen.fill(Box(mark.x_mm - mark.width_mm / 2, mark.y_mm - mark.height_mm / 2, mark.width_mm, mark.height_mm), 0.0)
    _grid(pen, layout.code, layout.bubble_mm, _CODE)
    if layout.page is not None:
        _grid(pen, layout.page, layout.bubble_mm, _PAGE)
    _example(pen, layout)
    _how(pen, geometry.frame(Kind.GENERIC, place), layout)


def _grid(
    pen: Pen, grid: Grid, bubble_mm: tuple[float, float], title: str, shown: str = "", scale: float = 1.0
) -> None:
    """Boxes and bubbles with their digits; `shown` is written into the boxes and shaded, for the example."""
    middles = grid.middles_mm()
    step = grid.next_place_mm[0]
    top = float(middles[0, 0, 1]) - (17.0 * scale)
    middle = float(middles[:, 0, 0].mean())
    pen.text(middle, top - 1.6 * scale, title, Hand("Bold", size_pt=max(6.0, 9 * scale), align=0.5))
    for place in range(grid.places):
        x = float(middles[place, 0, 0])
        pen.box(Box(x - step / 2, top, step, 11.0 * scale), _FRAME_MM, 0.0)
        if shown:
            pen.text(x, top + 8.4 * scale, shown[place], Hand(size_pt=20 * scale, align=0.5))
        for row, digit in enumerate(grid.digits):
            at = (x, float(middles[place, row, 1]))
            full = bool(shown) and shown[place] == digit
            pen.ellipse(at, bubble_mm, _OUTLINE_MM * max(scale, 0.6), _OUTLINE_GRAY, filled=full)
            if not full:
                pen.text(at[0], at[1] + 1.0 * scale, digit, Hand(size_pt=8 * scale, gray=_DIGIT_GRAY, align=0.5))


def _example(pen: Pen, layout: ShadedLayout) -> None:
    """A code as it should be shaded, smaller, beside the grids."""
    small = Grid(
        _EXAMPLE_AT_MM,
        layout.code.places,
        (layout.code.next_place_mm[0] * _EXAMPLE_SCALE, 0.0),
        (0.0, layout.code.next_digit_mm[1] * _EXAMPLE_SCALE),
        layout.code.digits,
    )
    bubble = layout.bubble_mm[0] * _EXAMPLE_SCALE, layout.bubble_mm[1] * _EXAMPLE_SCALE
    _grid(pen, small, bubble, _EXAMPLE, EXAMPLE, _EXAMPLE_SCALE)
    x, y = _EXAMPLE_AT_MM[0] - 3, 72.0
    for words, full, strokes in (("slik · like this", True, ()), ("ikke slik · not like this", False, _WRONG)):
        pen.ellipse((x + 2, y), layout.bubble_mm, _OUTLINE_MM, _OUTLINE_GRAY, filled=full)
        for start, end in strokes:
            pen.tick((x + 2 + start[0], y + start[1]), (x + 2 + end[0], y + end[1]), 0.4)
        pen.text(x + 6.5, y + 1.2, words, Hand(size_pt=7.5))
        y += 7.5


_WRONG = (((-1.5, -1.4), (1.5, 1.4)), ((1.5, -1.4), (-1.5, 1.4)))


def _how(pen: Pen, code: Box, layout: ShadedLayout) -> None:
    """What to do, in both languages, below the code."""
    y = code.bottom_mm + 9
    left = min(m.x_mm - m.width_mm / 2 for m in layout.marks)
    for words, size in zip(_HOW, (28.0, 28.0), strict=True):
        setting = fit(words, "Regular", Space(left - 2 - code.x_mm, size, 7.5, 5))
        y += len(setting.lines) * 1.2 * setting.size_pt / float(mm)
        pen.lines(code.x_mm, y, setting, Hand())
        y += 4


def _about(pen: Pen, serial: str, test: str | None) -> None:
    box = geometry.frame(Kind.GENERIC, place_of(Kind.GENERIC, pen.paper))
    groups = " ".join(serial[i : i + 4] for i in range(0, len(serial), 4))
    told = f"Arknr. · Serial {groups}" + (f"  ·  {test}" if test else "")
    pen.lines(box.x_mm, box.bottom_mm + 4.5, fit(told, "Regular", Space(34, 4, 7.5, 4.5)), Hand(gray=_QUIET))
