"""The printed sheets in, pixels out: from the PDF and its manifest, or from rasters that somebody has."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import pypdfium2

from tools.scansim.raster import Image, Rng, colour, gray


@dataclass(frozen=True, slots=True)
class Row:
    """What stands on a page, from the manifest; pages count from 1."""

    page: int
    serial: str
    test: str
    candidate: str
    question: str


class Source(Protocol):
    """Printed sheets, one a row."""

    @property
    def rows(self) -> Sequence[Row]: ...

    def raster(self, index: int, dpi: float, in_colour: bool) -> Image:
        """Sheet `index` (from 0) as it comes from the printer."""
        ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a source."""

    source: Source
    index: int

    @property
    def row(self) -> Row:
        return self.source.rows[self.index]

    def raster(self, dpi: float, in_colour: bool) -> Image:
        return self.source.raster(self.index, dpi, in_colour)

    def another(self, rng: Rng) -> Sheet:
        """Any other sheet of the source. Raises ValueError when there is none."""
        others = [i for i, row in enumerate(self.source.rows) if row.serial != self.row.serial]
        if not others:
            raise ValueError("there is only one sheet, and this needs another")
        return Sheet(self.source, others[int(rng.integers(len(others)))])


class Book:
    """A PDF of sheets and the manifest that says what stands on each of its pages."""

    def __init__(self, pdf: Path, manifest: Path) -> None:
        self.rows: Sequence[Row] = read_manifest(manifest)
        self._document = pypdfium2.PdfDocument(pdf)

    def raster(self, index: int, dpi: float, in_colour: bool) -> Image:
        """Sheet `index` (from 0) at `dpi`, RGB or gray."""
        page = self._document[self.rows[index].page - 1]
        bitmap = page.render(scale=dpi / 72, grayscale=not in_colour, rev_byteorder=in_colour)
        pixels: Image = bitmap.to_numpy()
        return (pixels[..., :3] if in_colour else pixels.squeeze()).copy()

    def close(self) -> None:
        self._document.close()


@dataclass(frozen=True)
class Rasters:
    """Sheets that are pixels already, all at `dpi`; page numbers of the rows do not matter."""

    images: Sequence[Image]
    dpi: float
    rows: Sequence[Row]

    def raster(self, index: int, dpi: float, in_colour: bool) -> Image:
        """Sheet `index` (from 0), scaled to `dpi`, RGB or gray."""
        image = colour(self.images[index]) if in_colour else gray(self.images[index])
        if dpi == self.dpi:
            return image.copy()
        how = cv2.INTER_AREA if dpi < self.dpi else cv2.INTER_CUBIC
        return cv2.resize(image, None, fx=dpi / self.dpi, fy=dpi / self.dpi, interpolation=how)


def read_manifest(manifest: Path) -> tuple[Row, ...]:
    """The rows of a manifest. Raises KeyError when a column is missing."""
    with manifest.open(encoding="utf-8", newline="") as file:
        return tuple(
            Row(int(r["page"]), r["serial"], r["test"], r["candidate"], r["question"]) for r in csv.DictReader(file)
        )
