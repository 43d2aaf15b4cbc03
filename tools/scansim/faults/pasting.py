"""Pieces of other sheets on a sheet, and two sheets at once: what must never be filed silently."""

from __future__ import annotations

import cv2
import numpy as np

from tools.scansim.faults.feeding import bed_like
from tools.scansim.raster import Box, Image, no_mask, px, soften, wash


def cut_out(page: Image, dpi: float, box_mm: Box) -> Image:
    """A piece of a page, as scissors cut it."""
    left, top, right, bottom = (max(0, round(px(v, dpi))) for v in box_mm)
    return page[top:bottom, left:right].copy()


def paste(
    page: Image, piece: Image, dpi: float, at_mm: tuple[float, float], angle_deg: float, scale: float = 1.0
) -> Image:
    """A piece glued onto the page with its middle at `at_mm`, turned clockwise, scaled; a thin shadow at its edge."""
    h, w = piece.shape[:2]
    size = page.shape[1::-1]
    m = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), -angle_deg, scale)
    m[:, 2] = m[:, 2] + np.array(at_mm) / 25.4 * dpi - 0.5 - (np.array((w, h)) - 1) / 2
    mask = cv2.warpAffine(np.full((h, w), 255, np.uint8), m, size, flags=cv2.INTER_LINEAR)
    how = cv2.INTER_AREA if scale < 0.6 else cv2.INTER_LINEAR
    moved = cv2.warpAffine(piece, m, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return _laid(page, moved, mask, dpi)


def double_feed(page: Image, under: Image, dpi: float, late_mm: float, bed: int) -> Image:
    """Two sheets through the feeder at once, the second one below and `late_mm` behind: it shows at the end."""
    late = round(px(late_mm, dpi))
    h = max(page.shape[0], under.shape[0] + late)
    out = bed_like(page, (max(page.shape[1], under.shape[1]), h), bed)
    out[late : late + under.shape[0], : under.shape[1]] = under
    top = out.copy()
    top[: page.shape[0], : page.shape[1]] = page
    mask = no_mask(out)
    mask[: page.shape[0], : page.shape[1]] = 255
    return _laid(out, top, mask, dpi)


def side_by_side(left: Image, right: Image) -> Image:
    """Two sheets on a large glass."""
    if left.shape[0] != right.shape[0]:
        right = cv2.resize(right, (right.shape[1], left.shape[0]), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.hstack([left, right]))


def _laid(page: Image, piece: Image, mask: Image, dpi: float) -> Image:
    """A piece of paper on another, with the shadow of its edge."""
    edge = cv2.subtract(cv2.dilate(mask, np.ones((3, 3), np.uint8)), mask)
    shadowed = wash(page, soften(edge, px(0.25, dpi)), (120, 120, 120))
    full = cv2.merge([mask] * 3) if page.ndim == 3 else mask
    return np.where(full > 127, piece, shadowed)
