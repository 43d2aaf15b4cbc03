"""A simulated scanner for development: printed sheets in, scans with answers and faults on them out, and the truth about each.

    raster.py    pixels and primitives       render.py      PDF → pixels        places.py   where the codes are
    drawing.py   pens, answers, strokes      subjects.py    what is drawn       handwriting.py, glyphs.py, phrases.py
    faults/      one function a fault        writers/       pixels → files      feeds.py    files → a folder
    effects.py   the faults by name          conditions.py  how one sheet is scanned
    profiles.py  whole scans: office, hard, brutal …        corpora.py          many of them

Everything is a function of its arguments and a numpy Generator: one seed, one scan. `skew_deg` is positive when the page
stands turned clockwise in the scan as it is displayed.
"""

from tools.scansim.corpora import Order, corpus, files, plan_files
from tools.scansim.profiles import PROFILES, Exposure, Profile, Scan, expose, scan
from tools.scansim.render import Book, Rasters, Row, Sheet

__all__ = [
    "PROFILES",
    "Book",
    "Exposure",
    "Order",
    "Profile",
    "Rasters",
    "Row",
    "Scan",
    "Sheet",
    "corpus",
    "expose",
    "files",
    "plan_files",
    "scan",
]
