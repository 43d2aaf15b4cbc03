"""The calibration sheet: a page that says of a printer and a scanner how well they get on."""

from __future__ import annotations

from pathlib import Path

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from scanpipe import calibration_sheet as table
from scanpipe.layout import Paper, places
from scanpipe.sheets import geometry
from scanpipe.sheets.lettering import Space, fit, font
from scanpipe.sheets.pen import Hand, Pen
from scanpipe.sheets.writing import whole_file

_TITLE = "Kalibreringsark · Calibration sheet"
_WAY = (
    "Skriv ut i 100 %, skann med de vanlige innstillingene, og kjør:   scanpipe calibrate FIL",
    "Print at 100 %, scan with the usual settings, and run:   scanpipe calibrate FILE",
    "Arket hører til ingen kandidat; i innboksen blir det holdt tilbake. · It belongs to no candidate; the inbox holds it.",
)
_RULER_MM = (2.0, 3.5)
"""Length of the ticks for each millimetre and each fifth."""
_RULER_REACH_MM = 15
_TICK_MM = 0.15


def draw_calibration(out: Path, paper: Paper) -> None:
    """Writes a PDF of one page. Raises faults.FolderFault."""
    with whole_file(out) as temporary:
        size = (paper.width_mm * mm, paper.height_mm * mm)
        canvas = Canvas(str(temporary), size, pageCompression=1, initialFontName=font("Regular").fontName, lang="nb")
        canvas.setTitle(_TITLE)
        canvas.setCreator("scanpipe")
        canvas.setViewerPreference("PrintScaling", "None")
        pen = Pen(canvas, paper)
        _codes(pen)
        _words(pen)
        _wedge(pen)
        pen.fill(table.band(paper), 0.0)
        _rulers(pen)
        canvas.showPage()
        canvas.save()


def _codes(pen: Pen) -> None:
    for kind, place in places(pen.paper).items():
        pen.code(place, table.code_text(kind, pen.paper))
        pen.box(geometry.frame(kind, place), 0.3, 0.35)


def _words(pen: Pen) -> None:
    box = geometry.drawing(pen.paper)
    title = fit(_TITLE, "Bold", Space(box.width_mm, 8, 18, 10))
    pen.lines(box.x_mm, box.y_mm + 10, title, Hand("Bold"))
    for number, line in enumerate(_WAY):
        pen.lines(box.x_mm, box.y_mm + 20 + 6 * number, fit(line, "Regular", Space(box.width_mm, 5, 10, 6)), Hand())
    band = table.band(pen.paper)
    below = "Lyse striper vises her. · Bright streaks show here."
    pen.text(band.x_mm, band.bottom_mm + 5, below, Hand(gray=0.35))


def _wedge(pen: Pen) -> None:
    patches = table.wedge(pen.paper)
    above = "Blyantgrått, prosent sverte. · Pencil gray, per cent of ink."
    pen.text(table.band(pen.paper).x_mm, min(b.y_mm for b in patches.values()) - 6, above, Hand(gray=0.35))
    for ink, box in patches.items():
        pen.fill(box, 1 - ink)
        pen.text(box.x_mm + box.width_mm / 2, box.y_mm - 1.2, f"{100 * ink:.0f}", Hand(size_pt=7, align=0.5))


def _rulers(pen: Pen) -> None:
    """A tick every millimetre from each edge inwards: what is missing in the scan, the scanner cut off."""
    w, h = pen.paper.width_mm, pen.paper.height_mm
    for at in range(1, _RULER_REACH_MM + 1):
        long = _RULER_MM[at % 5 == 0]
        for x in (at, w - at):
            pen.tick((x, h / 2 - long), (x, h / 2), _TICK_MM)
        for y in (at, h - at):
            pen.tick((w / 2 - long, y), (w / 2, y), _TICK_MM)
