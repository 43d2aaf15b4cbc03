"""Pages that must never be filed: forged, mixed up, foreign, and pictures in which there is no code at all."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import zxingcpp

from tools.scanner import faults, pens
from tools.scanner.paper import Paper, Picture

Rng = np.random.Generator


def cut_out(paper: Paper, index: int, dpi: float, rng: Rng) -> Picture:
    """A piece of another sheet, with a code on it, lies somewhere on this one, at any angle, up to half as large."""
    page, other = drawn(paper, index, dpi, rng), paper.picture((index + 1 + int(rng.integers(5))) % len(paper), dpi)
    side, margin = round(30 / 25.4 * dpi), round(12 / 25.4 * dpi)
    piece = other[round(7 / 25.4 * dpi) :][:side, margin : margin + side]
    at = rng.uniform((0.3, 0.3), (0.7, 0.75)) * np.array([page.shape[1], page.shape[0]])
    return faults.pasted(page, piece, (int(at[0]), int(at[1])), rng.uniform(0, 360), rng.uniform(0.6, 1.2))


def one_code_glued_over(paper: Paper, index: int, dpi: float, rng: Rng) -> Picture:
    """One of the three codes is that of another sheet, exactly in its place."""
    from_other = paper.picture((index + 1 + int(rng.integers(20))) % len(paper), dpi)
    page = drawn(paper, index, dpi, rng)
    h, w = page.shape
    rows, columns = (
        (slice(0, h // 6), slice(0, w // 4)),
        (slice(0, h // 6), slice(w * 3 // 4, w)),
        (slice(h * 5 // 6, h), slice(0, w // 4)),
    )[int(rng.integers(3))]
    page[rows, columns] = from_other[rows, columns]
    return page


def two_sheets(paper: Paper, index: int, dpi: float, rng: Rng) -> Picture:
    """Two sheets in one picture, side by side or overlapping."""
    first, second = drawn(paper, index, dpi, rng), drawn(paper, (index + 1) % len(paper), dpi, rng)
    if rng.random() < 0.5:
        return faults.beside(first, second)
    shift = int(first.shape[0] * rng.uniform(0.2, 0.5))
    both = np.vstack([first, np.full((shift, first.shape[1]), 255, np.uint8)])
    both[shift:] = second
    return both


def code_of_the_world(paper: Paper, index: int, dpi: float, rng: Rng) -> Picture:
    """A good sheet with a foreign QR code on it."""
    page = drawn(paper, index, dpi, rng)
    text = f"an advertisement, number {rng.integers(1_000_000)}"
    piece = np.array(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=1))
    module = max(3, round(0.6 / 25.4 * dpi))
    piece = np.kron(piece, np.ones((module, module), np.uint8))
    return faults.pasted(page, piece, (page.shape[1] // 2, page.shape[0] // 2), rng.uniform(0, 360))


def crossword(paper: Paper, index: int, dpi: float, rng: Rng) -> Picture:
    """Squares, black and white, in many sizes: what looks most like a code and is none."""
    page = np.full((round(297 / 25.4 * dpi), round(210 / 25.4 * dpi)), 252, np.uint8)
    for _ in range(int(rng.integers(2, 7))):
        n, cell = int(rng.integers(7, 40)), int(rng.integers(3, 30))
        grid = np.kron((rng.random((n, n)) < 0.55).astype(np.uint8) * 255, np.ones((cell, cell), np.uint8))
        y, x = (int(v) for v in rng.uniform((0, 0), (page.shape[0] * 0.8, page.shape[1] * 0.8)))
        part = page[y : y + grid.shape[0], x : x + grid.shape[1]]
        part[:] = grid[: part.shape[0], : part.shape[1]]
    return page


def nested_frames(paper: Paper, index: int, dpi: float, rng: Rng) -> Picture:
    """Boxes in boxes, in the proportions of finder patterns, drawn by hand among hatching."""
    page = np.full((round(297 / 25.4 * dpi), round(210 / 25.4 * dpi)), 252, np.uint8)
    for _ in range(int(rng.integers(6, 30))):
        x, y = (int(v) for v in rng.uniform((0.1, 0.1), (0.85, 0.85)) * np.array(page.shape[::-1]))
        m = int(rng.integers(3, 12))
        for size, ink in ((7, 20), (5, 250), (3, 20)):
            o = (7 - size) * m // 2
            cv2.rectangle(page, (x + o, y + o), (x + o + size * m, y + o + size * m), ink, -1)
    pens.draw_answer(page, dpi, rng)
    return page


def halftone(paper: Paper, index: int, dpi: float, rng: Rng) -> Picture:
    """A printed photograph: dots of many sizes."""
    h, w = round(297 / 25.4 * dpi), round(210 / 25.4 * dpi)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    pitch = rng.uniform(4, 12)
    tone = cv2.resize(rng.uniform(-1, 1, (9, 7)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    dots = np.cos(2 * np.pi * (x + y) / pitch) + np.cos(2 * np.pi * (x - y) / pitch)
    return np.where(dots > 2 * tone, 250, 30).astype(np.uint8)


def screenshot(paper: Paper, index: int, dpi: float, rng: Rng) -> Picture:
    """A page full of real codes of other systems."""
    page = np.full((round(297 / 25.4 * dpi), round(210 / 25.4 * dpi)), 250, np.uint8)
    kinds = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Code128)
    for row in range(4):
        code = zxingcpp.create_barcode("SP1" + str(rng.integers(1e9)), kinds[int(rng.integers(3))])
        piece = np.kron(np.array(code.to_image(scale=2)), np.ones((2, 2), np.uint8))[:, : page.shape[1] // 2]
        y, x = page.shape[0] * row // 4 + 40, int(rng.integers(20, page.shape[1] // 3))
        part = page[y : y + piece.shape[0], x : x + piece.shape[1]]
        part[:] = piece[: part.shape[0], : part.shape[1]]
    return page


Stranger = Callable[[Paper, int, float, Rng], Picture]
MIXED_UP: tuple[Stranger, ...] = (cut_out, one_code_glued_over, two_sheets, code_of_the_world)
NO_SHEETS: tuple[Stranger, ...] = (crossword, nested_frames, halftone, screenshot)


def drawn(paper: Paper, index: int, dpi: float, rng: Rng) -> Picture:
    """A good sheet with an answer on it, as it lies before the scanner."""
    picture = paper.picture(index, dpi)
    pens.draw_answer(picture, dpi, rng)
    return picture
