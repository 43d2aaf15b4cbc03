"""The printed sheets as pixels, and the table of what was printed."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Row:
    """What stands on a page of the PDF, from the manifest."""

    page: int
    serial: str
    test: str
    candidate: str
    question: str


class Paper:
    """The sheets of a PDF and their manifest."""

    def __init__(self, pdf: Path, manifest: Path) -> None:
        self._document = pypdfium2.PdfDocument(pdf)
        with manifest.open(encoding="utf-8", newline="") as f:
            names = ("serial", "test", "candidate", "question")
            self.rows = [Row(int(r["page"]), *(r[n] for n in names)) for r in csv.DictReader(f)]

    def __len__(self) -> int:
        return len(self.rows)

    def picture(self, index: int, dpi: float, colour: bool = False) -> Picture:
        """Sheet `index` (from 0) as it comes from the printer."""
        page = self._document[self.rows[index].page - 1]
        bitmap = page.render(scale=dpi / 72, grayscale=not colour, rev_byteorder=True)
        return bitmap.to_numpy().squeeze()[..., :3].copy() if colour else bitmap.to_numpy().squeeze().copy()
