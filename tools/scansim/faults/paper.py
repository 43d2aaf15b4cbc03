"""What people do to paper: stains, folds, tears, staples, holes, markers. Places in millimetres on the sheet."""

from __future__ import annotations

import numpy as np

from tools.scansim.faults.feeding import bed_rgb
from tools.scansim.raster import (
    Box,
    Image,
    Points,
    Rgb,
    Rng,
    cover,
    fill,
    mottling,
    no_mask,
    px,
    soften,
    trace,
    wash,
)
from tools.scansim.raster import size_mm as page_size_mm

COFFEE: Rgb = (150, 105, 60)
YELLOW: Rgb = (255, 240, 60)
_BACK_OF_PAPER: Rgb = (238, 238, 236)
_SHADOW: Rgb = (150, 150, 150)


def stain(page: Image, dpi: float, rng: Rng, at_mm: tuple[float, float], radius_mm: float, depth: float) -> Image:
    """A blot with a ragged outline that is darker at its rim; `depth` is 0 to 1."""
    mask = no_mask(page)
    outline = _ragged_circle(at_mm, radius_mm, 0.25, rng)
    fill(mask, dpi, outline, round(200 * depth))
    trace(mask, dpi, np.vstack([outline, outline[:1]]), 0.8, round(255 * depth))
    return wash(page, soften(mask, px(0.5, dpi)), COFFEE)


def coffee_ring(page: Image, dpi: float, rng: Rng, at_mm: tuple[float, float], radius_mm: float, depth: float) -> Image:
    """The ring of a wet cup, uneven, broken somewhere, with drops; `depth` is 0 to 1."""
    mask = no_mask(page)
    for width_mm, strength in ((4.0, 70), (1.6, 150), (0.7, 230)):
        ring = _ragged_circle(at_mm, radius_mm + rng.normal(0, 0.4), 0.015, rng)
        start, length = int(rng.integers(len(ring))), int(len(ring) * rng.uniform(0.75, 1.0))
        trace(mask, dpi, np.roll(ring, -start, axis=0)[:length], width_mm, round(strength * depth))
    for drop in rng.normal(at_mm, radius_mm * 0.9, (int(rng.integers(0, 6)), 2)):
        fill(mask, dpi, _ragged_circle((drop[0], drop[1]), rng.uniform(0.5, 2.5), 0.15, rng), round(180 * depth))
    return wash(page, soften(mask, px(0.35, dpi)), COFFEE)


def fold(page: Image, dpi: float, rng: Rng, at_mm: tuple[float, float], angle_deg: float, depth: float) -> Image:
    """A crease through `at_mm`: a dark line, a soft shadow on one side, and toner broken off along it. Angle 0 is horizontal."""
    way = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    t = np.linspace(-400, 400, 161)
    line = np.array(at_mm) + t[:, None] * way + rng.normal(0, 0.08, (t.size, 1)) * np.array([-way[1], way[0]])
    beside = line + 2.5 * np.array([-way[1], way[0]])
    shadow = no_mask(page)
    trace(shadow, dpi, beside, 5, round(70 * depth))
    shadow = soften(shadow, px(1.2, dpi))
    trace(shadow, dpi, line, 0.25, round(255 * depth))
    flakes = no_mask(page)
    trace(flakes, dpi, line, 0.7)
    flakes[mottling(flakes.shape, rng) < 128] = 0
    return wash(cover(page, flakes, (250, 250, 250)), shadow, _SHADOW)


def torn_corner(page: Image, dpi: float, rng: Rng, corner: int, size_mm: float, bed: int) -> Image:
    """A corner (0 top left, then clockwise) is torn off along a ragged line that shows the core of the paper."""
    a, b, tip = _corner(page, dpi, corner, size_mm, rng.uniform(0.8, 1.25))
    edge = _ragged_line(a, b, 0.7, rng)
    inward = (np.array(a) + b) / 2 - tip
    core = edge + inward / np.hypot(*inward) * rng.uniform(0.3, 1.1, (len(edge), 1))
    mask, fringe = no_mask(page), no_mask(page)
    fill(fringe, dpi, np.vstack([edge, core[::-1]]))
    fill(mask, dpi, np.vstack([edge, [tip]]))
    shadow = no_mask(page)
    trace(shadow, dpi, edge, 0.4, 160)
    out = cover(page, fringe, (252, 252, 250))
    return cover(wash(out, soften(shadow, px(0.2, dpi)), _SHADOW), mask, bed_rgb(bed))


def dog_ear(page: Image, dpi: float, rng: Rng, corner: int, size_mm: float, bed: int) -> Image:
    """A corner is folded over: its back lies on the page and hides what is there, the bed shows beyond the fold."""
    a, b, tip = _corner(page, dpi, corner, size_mm, rng.uniform(0.7, 1.4))
    way = np.subtract(b, a) / np.hypot(*np.subtract(b, a))
    foot = np.array(a) + np.dot(np.subtract(tip, a), way) * way
    mirrored = 2 * foot - tip
    flap, gone, shadow = no_mask(page), no_mask(page), no_mask(page)
    fill(flap, dpi, np.array([a, b, mirrored]))
    fill(gone, dpi, np.array([a, b, tip]))
    trace(shadow, dpi, np.array([a, mirrored, b]), 1.2, 200)
    out = wash(page, soften(shadow, px(0.5, dpi)), _SHADOW)
    return cover(cover(out, flap, _BACK_OF_PAPER), gone, bed_rgb(bed))


def staple(page: Image, dpi: float, rng: Rng, at_mm: tuple[float, float], angle_deg: float) -> Image:
    """A staple of 12 mm with its shadow; the light runs along the wire."""
    way = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    ends = np.array(at_mm) + np.outer((-6, 6), way)
    shadow, wire, shine = no_mask(page), no_mask(page), no_mask(page)
    trace(shadow, dpi, ends + rng.uniform(0.3, 0.8, 2), 1.3, 190)
    trace(wire, dpi, ends, 0.6)
    trace(shine, dpi, ends * 0.9 + 0.1 * ends.mean(axis=0), 0.2, 200)
    out = wash(page, soften(shadow, px(0.35, dpi)), (90, 90, 90))
    return cover(cover(out, wire, (95, 95, 100)), shine, (225, 225, 228))


def punch_holes(page: Image, dpi: float, rng: Rng, count: int, bed: int) -> Image:
    """Holes of a ring binder at the left edge (ISO 838: 6 mm wide, 80 mm apart, 12 mm from the edge); the bed shows."""
    middle = page_size_mm(page, dpi)[1] / 2 + rng.normal(0, 2)
    x = 12 + rng.normal(0, 1)
    holes, rims = no_mask(page), no_mask(page)
    for n in range(count):
        ring = _ragged_circle((x, middle + (n - (count - 1) / 2) * 80), 3.0, 0.01, rng)
        fill(holes, dpi, ring)
        trace(rims, dpi, np.vstack([ring, ring[:1]]), 0.5, 150)
    return cover(wash(page, soften(rims, px(0.25, dpi)), _SHADOW), holes, bed_rgb(bed))


def highlighter(page: Image, dpi: float, rng: Rng, box_mm: Box, rgb: Rgb = YELLOW) -> Image:
    """A box gone over with a marker in bands that overlap; print stays readable under it."""
    left, top, right, bottom = box_mm
    out, pen_mm = page, 5.0
    for y in np.arange(top + pen_mm / 2, bottom, pen_mm * 0.85):
        mask = no_mask(page)
        band = _ragged_line((left + rng.normal(0, 1), y), (right + rng.normal(0, 1), y + rng.normal(0, 0.8)), 0.1, rng)
        trace(mask, dpi, band, pen_mm, 225)
        out = wash(out, mask, rgb)
    return out


def _corner(page: Image, dpi: float, corner: int, size_mm: float, slope: float) -> tuple[tuple[float, float], ...]:
    """Where a cut across a corner meets the two edges, and the corner itself (a little outside)."""
    w, h = page_size_mm(page, dpi)
    x, y = ((0.0, 0.0), (w, 0.0), (w, h), (0.0, h))[corner]
    dx, dy = (1 if x == 0 else -1), (1 if y == 0 else -1)
    return (x + dx * size_mm * slope, y - dy), (x - dx, y + dy * size_mm), (x - 2 * dx, y - 2 * dy)


def _ragged_circle(at_mm: tuple[float, float], radius_mm: float, raggedness: float, rng: Rng) -> Points:
    t = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    waves = sum(rng.normal(0, 1 / k) * np.sin(k * t + rng.uniform(0, 6)) for k in range(1, 8))
    r = radius_mm * (1 + raggedness * waves)
    return np.stack([at_mm[0] + r * np.cos(t), at_mm[1] + r * np.sin(t)], axis=1)


def _ragged_line(a: tuple[float, float], b: tuple[float, float], raggedness_mm: float, rng: Rng) -> Points:
    length = float(np.hypot(*np.subtract(b, a)))
    t = np.linspace(0, 1, 3 + int(length))
    way = np.subtract(b, a) / length
    walk = np.cumsum(rng.normal(0, raggedness_mm, t.size))
    walk -= np.linspace(walk[0], walk[-1], t.size)
    return np.array(a) + t[:, None] * np.subtract(b, a) + walk[:, None] * np.array([-way[1], way[0]])
