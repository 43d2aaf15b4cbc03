"""A separator: a page that lies on a stack and says whose it is and how many sheets follow. No candidate is on it.

Its code stands in all four corners, so that it is read however it lies, and the page is dark at both ends, so that people find it
in a pile.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from scanpipe import codes, faults
from scanpipe.codes import Kind
from scanpipe.layout import LETTER, Box, Paper, separator_places
from scanpipe.model import Claims, PrintedSeparator
from scanpipe.sheets.document import binary_streams
from scanpipe.sheets.lettering import Space, fit, font
from scanpipe.sheets.pen import Hand, Pen
from scanpipe.sheets.writing import whole_file

_TITLE = "Skilleark · Separator"
_ROWS = (
    ("Rom · Room", "room"),
    ("Skanner · Source", "source"),
    ("Antall ark · Sheets", "count"),
    ("Ansvarlig · Person", "person"),
    ("Prøve · Test", "test"),
)
_HOW = (
    "Legg arket øverst på bunken, med denne siden samme vei som de andre. Tell arkene som følger; skillearket teller ikke.",
    "Put this page on top of the stack, facing the same way as the others. Count the sheets that follow, without this one.",
    "Ingen tegning hører hjemme her. · No drawing belongs here.",
)
_BAND_MM, _BAND_GRAY, _QUIET = 12.0, 0.55, 0.35
_ROW_MM, _FIRST_ROW_MM = 22.0, 78.0


def draw_separators(separators: Iterable[PrintedSeparator], key: codes.Key, out: Path, paper: Paper) -> int:
    """Writes a PDF with a page for each, signed with `key`, and answers how many. Raises faults.FolderFault, faults.Refused."""
    pages = list(separators)
    if not pages:
        raise faults.Refused("There are no separators to print.", "Ask for one at least: --number 1.")
    with whole_file(out) as temporary, binary_streams():
        size = (paper.width_mm * mm, paper.height_mm * mm)
        canvas = Canvas(str(temporary), size, pageCompression=1, initialFontName=font("Regular").fontName, lang="nb")
        canvas.setTitle(_TITLE)
        canvas.setCreator("scanpipe")
        canvas.setViewerPreference("PrintScaling", "None")
        for separator in pages:
            _page(Pen(canvas, paper), separator, _code(separator, key, paper))
            canvas.showPage()
        canvas.save()
    return len(pages)


def _code(separator: PrintedSeparator, key: codes.Key, paper: Paper) -> str:
    claims, counted = Claims(separator.test, serial=separator.serial), separator.count
    told = "-" if counted is None else str(counted)
    return codes.encode(Kind.SEPARATOR, claims, key, letter=paper == LETTER, layout=told)


def _page(pen: Pen, separator: PrintedSeparator, text: str) -> None:
    paper = pen.paper
    for place in separator_places(paper):
        pen.code(place, text)
    left, right = separator_places(paper)[0], separator_places(paper)[1]
    inner = Box(left.x_mm + left.size_mm + 8, left.y_mm, right.x_mm - left.x_mm - left.size_mm - 16, left.size_mm)
    middle = paper.width_mm / 2
    title = fit(_TITLE, "Bold", Space(inner.width_mm, 12, 22, 10))
    pen.lines(middle, inner.bottom_mm - 6, title, Hand("Bold", align=0.5))
    for y in (inner.bottom_mm + 14, paper.height_mm - inner.bottom_mm - 14 - _BAND_MM):
        pen.fill(Box(left.x_mm, y, paper.width_mm - 2 * left.x_mm, _BAND_MM), _BAND_GRAY)
    groups = " ".join(separator.serial[i : i + 4] for i in range(0, len(separator.serial), 4))
    pen.text(middle, inner.bottom_mm, groups, Hand(size_pt=11, gray=_QUIET, align=0.5))
    _rows(pen, separator, left.x_mm)
    _how(pen, left.x_mm)


def _rows(pen: Pen, separator: PrintedSeparator, x_mm: float) -> None:
    """What is known is printed, what is not has a line to write on."""
    wide = pen.paper.width_mm - 2 * x_mm
    for number, (word, name) in enumerate(_ROWS):
        y = _FIRST_ROW_MM + number * _ROW_MM
        pen.text(x_mm, y - 9, word, Hand(size_pt=10, gray=_QUIET))
        value = getattr(separator, name)
        if value not in (None, ""):
            pen.lines(x_mm, y, fit(str(value), "Bold", Space(wide, 10, 22, 9)), Hand("Bold"))
        pen.rule(x_mm, y + 2.5, wide, _QUIET)


def _how(pen: Pen, x_mm: float) -> None:
    y = _FIRST_ROW_MM + len(_ROWS) * _ROW_MM
    for words in _HOW:
        setting = fit(words, "Regular", Space(pen.paper.width_mm - 2 * x_mm, 11, 10.5, 7))
        y += len(setting.lines) * 1.2 * setting.size_pt / float(mm)
        pen.lines(x_mm, y, setting, Hand())
        y += 3
