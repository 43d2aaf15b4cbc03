"""Generic sheets as a hall hands them in: printed by the command, shaded by a hand, scanned."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2

from tests.installation import Installation
from tools.scanner import faults, formats
from tools.scansim.raster import Image
from tools.shaded.corpus import own_layout
from tools.shaded.hands import Sheet

TEST, DPI = "MA0001-2026H", 150


@dataclass(frozen=True)
class Pile:
    """Printed sheets, and the codes that were given out by (candidate, question)."""

    pdf: Path
    codes: dict[tuple[str, str], str]

    def scan(
        self, index: int, slot: tuple[str, str], number: str = "", without: Sequence[int] = (), seed: int = 0
    ) -> bytes:
        """Sheet `index` with the code of a slot and the number of the page; some places of the code are left out."""
        rng, code = np.random.default_rng((seed, index)), self.codes[slot]
        sheet = Sheet(self._page(index), DPI, own_layout(), code, number, rng)
        sheet.write()
        for place, digit in enumerate(code):
            if place not in without:
                sheet.shade(sheet.layout.code, place, digit, "full")
        for place, digit in enumerate(number):
            assert sheet.layout.page is not None
            sheet.shade(sheet.layout.page, place, digit, "full")
        return formats.jpeg(faults.scanned(faults.fed_askew(sheet.page, 0.6), rng), DPI)

    def untouched(self, index: int) -> bytes:
        """Sheet `index` as it was printed."""
        rng = np.random.default_rng(index)
        return formats.jpeg(faults.scanned(faults.fed_askew(self._page(index), -0.4), rng), DPI)

    def _page(self, index: int) -> Image:
        document = pypdfium2.PdfDocument(self.pdf)
        page = document[index].render(scale=DPI / 72, grayscale=True).to_numpy().squeeze().copy()
        document.close()
        return page


def pile(home: Installation, count: int, *more: str) -> Pile:
    """Gives out codes and prints so many generic sheets; `more` are further words of the command."""
    pdf, codes = home.data_dir.parent / "generic.pdf", home.data_dir.parent / "codes.csv"
    home.run("codes", "make", TEST, "--out", str(codes))
    home.run("sheets", *more, "--generic", "--count", str(count), "--out", str(pdf))
    with codes.open(encoding="utf-8") as f:
        return Pile(pdf, {(row["candidate"], row["question"]): row["code"] for row in csv.DictReader(f)})
