"""Printed sheets in, scans of them out, as an office's scanner sends them: written on, fed askew, with noise, as JPEG or PDF.

Everything is told by a seed: the same seed gives the same pictures.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

PRINT_DPI = 300
_SCANNER_QUALITY = 82
_NOISE_LEVELS = 2.5
_PAPER_LEVEL = 250
_PENCIL, _INK = (90, 90, 90), (30, 40, 130)
_OFFICE_DPIS, _OFFICE_COLOUR_SHARE = (200, 240, 300), 0.3
_NAME = "page{:05d}.{}"
_BLACK_BELOW = 160


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the pages of an input are scanned. `skew_deg` is the range of its size; half of the pages lean to the left.

    `mixed`: each page has a resolution of 200, 240 or 300 dpi, and three of ten are in colour, as they come in an office.
    `bitonal`: black and white alone, as TIFF with CCITT's Group 4.
    """

    says: str
    dpi: int = 300
    colour: bool = False
    skew_deg: tuple[float, float] = (0.2, 2.0)
    turn_deg: int = 0
    pdf: bool = False
    mixed: bool = False
    bitonal: bool = False

    def name(self, number: int) -> str:
        """Of the file of a page, from 1."""
        return _NAME.format(number, "tif" if self.bitonal else "jpg")


INPUTS = {
    "office": Recipe("200 to 300 dpi, gray and colour, skewed by up to 2°", skew_deg=(0.0, 2.0), mixed=True),
    "gray-skewed": Recipe("gray, 300 dpi, skewed by 0.2° to 2°"),
    "gray-straight": Recipe("gray, 300 dpi, straight within 0.07°", skew_deg=(0.0, 0.07)),
    "gray-upside-down": Recipe("gray, 300 dpi, upside down, else straight", skew_deg=(0.0, 0.07), turn_deg=180),
    "gray-200dpi": Recipe("gray, 200 dpi, skewed by 0.2° to 2°", dpi=200),
    "colour-skewed": Recipe("colour, 300 dpi, skewed by 0.2° to 2°", colour=True),
    "bitonal": Recipe("bitonal TIFF (G4), 300 dpi, skewed by 0.2° to 2°", bitonal=True),
    "pdf": Recipe("one PDF of all pages; gray, 300 dpi, skewed by 0.2° to 2°", pdf=True),
}


@dataclass(frozen=True, slots=True)
class Stack:
    """An input as files: `pages` are single images in the order of the sheets, `pdf` the same pages in one file, if asked for."""

    name: str
    recipe: Recipe
    pages: tuple[Path, ...]
    pdf: Path | None


def scan_sheets(
    printed: Path, count: int, names: Sequence[str], out: Path, seed: int, advance: Callable[[int], None]
) -> list[Stack]:
    """Scans the first `count` pages of the PDF `printed` once for each named input, into folders of `out`.

    `advance` hears how many sheets are done.
    """
    for name in names:
        (out / name).mkdir(parents=True)
    paper = _Paper(printed)

    def scan(index: int) -> None:
        sheet = paper.picture(index)
        for number, name in enumerate(names):
            rng = np.random.default_rng((seed, index, number))
            body = _scanned(sheet, INPUTS[name], rng)
            (out / name / INPUTS[name].name(index + 1)).write_bytes(body)

    with ThreadPoolExecutor(2) as threads:
        for done, _ in enumerate(threads.map(scan, range(count)), 1):
            advance(done)
    paper.close()
    return [_stack(name, out / name, count) for name in names]


def some(stack: Stack, count: int, out: Path) -> Path:
    """The first `count` pages as what a program is given: a folder of links or, for a PDF, a PDF."""
    if stack.pdf is not None:
        bind(stack.pages[:count], stack.recipe.dpi, target := out.with_suffix(".pdf"))
        return target
    return linked(stack.pages[:count], out)


def empty_pages(count: int, out: Path) -> Path:
    """A folder of so many small empty pages, no two alike: what a program does to begin, and next to nothing else."""
    out.mkdir(parents=True)
    for index in range(count):
        body = _jpeg(np.full((280, 200), 255 - index % 8, np.uint8), 25 + index // 8)
        (out / _NAME.format(index + 1, "jpg")).write_bytes(body)
    return out


def linked(pages: Sequence[Path], folder: Path) -> Path:
    """A folder with these files."""
    folder.mkdir(parents=True)
    for page in pages:
        (folder / page.name).hardlink_to(page)
    return folder


def bind(pages: Sequence[Path], dpi: int, out: Path) -> None:
    """A PDF as scanners make it: each page one JPEG, embedded as it is."""
    document = pypdfium2.PdfDocument.new()
    for path in pages:
        image = pypdfium2.PdfImage.new(document)
        image.load_jpeg(path)
        width, height = (side * 72 / dpi for side in image.get_px_size())
        image.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
        page = document.new_page(width, height)
        page.insert_obj(image)
        page.gen_content()
    document.save(out)
    document.close()


def _stack(name: str, folder: Path, count: int) -> Stack:
    recipe = INPUTS[name]
    pages = tuple(folder / recipe.name(i + 1) for i in range(count))
    pdf = folder.with_suffix(".pdf") if recipe.pdf else None
    if pdf is not None:
        bind(pages, recipe.dpi, pdf)
    return Stack(name, recipe, pages, pdf)


class _Paper:
    """The printed sheets as pixels; pdfium is for one thread at a time."""

    def __init__(self, pdf: Path) -> None:
        self._document = pypdfium2.PdfDocument(pdf)
        self._lock = threading.Lock()

    def picture(self, index: int) -> Pixels:
        with self._lock:
            bitmap = self._document[index].render(scale=PRINT_DPI / 72, grayscale=True)
            pixels: Pixels = bitmap.to_numpy().squeeze().copy()
        return pixels

    def close(self) -> None:
        self._document.close()


def _scanned(sheet: Pixels, recipe: Recipe, rng: np.random.Generator) -> bytes:
    if recipe.mixed:
        recipe = replace(recipe, dpi=int(rng.choice(_OFFICE_DPIS)), colour=rng.random() < _OFFICE_COLOUR_SHARE)
    picture: Any = cv2.cvtColor(sheet, cv2.COLOR_GRAY2RGB) if recipe.colour else sheet.copy()
    _write_on(picture, rng)
    picture = _fed(picture, rng.uniform(*recipe.skew_deg) * rng.choice((-1, 1)), recipe.turn_deg)
    if recipe.dpi != PRINT_DPI:
        scale = recipe.dpi / PRINT_DPI
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grainy = _grainy(picture, rng)
    return _bitonal(grainy, recipe.dpi) if recipe.bitonal else _jpeg(grainy, recipe.dpi)


def _bitonal(picture: Pixels, dpi: int) -> bytes:
    black = Image.fromarray(picture).point(lambda level: 255 * (level >= _BLACK_BELOW)).convert("1")
    black.save(body := io.BytesIO(), "TIFF", compression="group4", dpi=(dpi, dpi))
    return body.getvalue()


def _jpeg(picture: Pixels, dpi: int) -> bytes:
    Image.fromarray(picture).save(body := io.BytesIO(), "JPEG", quality=_SCANNER_QUALITY, dpi=(dpi, dpi))
    return body.getvalue()


def _write_on(picture: Pixels, rng: np.random.Generator) -> None:
    """Lines of something like handwriting, two curves and a hatched corner, all within the drawing area; in place."""
    h, w = picture.shape[:2]
    ink: Any = (_PENCIL if rng.random() < 0.5 else _INK) if picture.ndim == 3 else (int(rng.choice((60, 90, 120))),)
    t = np.arange(0, 1, 0.004)
    for y in rng.uniform(0.25, 0.75, 8):
        x = 0.12 + rng.uniform(0.2, 0.65) * t + 0.004 * np.sin(260 * t)
        wave = y + 0.006 * np.sin(380 * t) * rng.uniform(0.5, 1.2, t.size)
        _stroke(picture, np.stack([x * w, wave * h], axis=1), ink, 4)
    for bend in rng.uniform(-0.2, 0.2, 2):
        _stroke(picture, np.stack([(0.15 + 0.6 * t) * w, (0.5 + bend * np.cos(7 * t)) * h], axis=1), ink, 5)
    for d in np.arange(0.0, 0.12, 0.008):
        _stroke(picture, np.array([[(0.7 + d) * w, 0.4 * h], [0.7 * w, (0.4 + d) * h]]), ink, 3)


def _stroke(picture: Pixels, points: NDArray[np.float64], ink: Any, width_px: int) -> None:
    cv2.polylines(picture, [np.round(points * 16).astype(np.int32)], False, ink, width_px, cv2.LINE_AA, 4)


def _fed(picture: Pixels, skew_deg: float, turn_deg: int) -> Pixels:
    """Turned clockwise on the white of the bed; the scan has the size of the paper."""
    h, w = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), -(skew_deg + turn_deg), 1.0)
    white = (255,) * 3
    return cv2.warpAffine(picture, matrix, (w, h), flags=cv2.INTER_LINEAR, borderValue=white)  # type: ignore[return-value]


_TILE = np.round(np.random.default_rng(7).normal(0, _NOISE_LEVELS, (1024, 1024))).astype(np.int16)


def _grainy(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Paper a little darker than white, and the noise of the sensor: one tile, laid anew for every page."""
    h, w = picture.shape[:2]
    y, x = rng.integers(0, 1024, 2)
    grain = np.tile(np.roll(_TILE, (y, x), axis=(0, 1)), (h // 1024 + 1, w // 1024 + 1))[:h, :w] - (255 - _PAPER_LEVEL)
    shaped = grain if picture.ndim == 2 else cv2.merge([grain] * 3)
    return cv2.add(picture, shaped, dtype=cv2.CV_8U)  # type: ignore[return-value]
