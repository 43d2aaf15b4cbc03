"""Labels on sheets: cut from a printed sheet of labels, and stuck on by hand. Pictures are gray uint8 (height, width)."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray

from scanpipe.layout import Box, Paper
from scanpipe.sheets import LabelSheet

Gray = NDArray[np.uint8]
MM_PER_INCH = 25.4


def pages(pdf: Path, dpi: int) -> list[Gray]:
    """Every page of a PDF as it is printed."""
    document = pypdfium2.PdfDocument(pdf)
    found = [page.render(scale=dpi / 72, grayscale=True).to_numpy().squeeze().copy() for page in document]
    document.close()
    return found


def cut(page: Gray, on: LabelSheet, number: int, dpi: int) -> Gray:
    """One label of a sheet of labels, along its edges."""
    box, px = on.box(number), dpi / MM_PER_INCH
    top, bottom, left, right = (round(v * px) for v in (box.y_mm, box.bottom_mm, box.x_mm, box.right_mm))
    return page[max(0, top) : bottom, max(0, left) : right].copy()


def stick(sheet: Gray, label: Gray, centre_mm: tuple[float, float], angle_deg: float, dpi: int) -> None:
    """Puts the label on the sheet, turned clockwise about its middle, with the thin shadow of its edge."""
    px, (height, width) = dpi / MM_PER_INCH, label.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -angle_deg, 1.0)
    turn[:, 2] += np.array(centre_mm) * px - (np.array([width, height]) - 1) / 2
    size = sheet.shape[1], sheet.shape[0]
    framed = cv2.copyMakeBorder(label[1:-1, 1:-1], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(205,))
    turned = cv2.warpAffine(framed, turn, size, flags=cv2.INTER_LINEAR, borderValue=(255,))
    there = cv2.warpAffine(np.full_like(label, 255), turn, size, flags=cv2.INTER_NEAREST, borderValue=(0,))
    sheet[there > 0] = turned[there > 0]


def middle_of(box: Box) -> tuple[float, float]:
    return box.x_mm + box.width_mm / 2, box.y_mm + box.height_mm / 2


def fits(label_mm: tuple[float, float], centre_mm: tuple[float, float], angle_deg: float, paper: Paper) -> bool:
    """Does the label lie wholly on the paper?"""
    reach = math.hypot(*label_mm) / 2 if angle_deg % 180 else max(label_mm) / 2
    x, y = centre_mm
    return reach <= x <= paper.width_mm - reach and reach <= y <= paper.height_mm - reach
