"""Whole scans: a sheet of paper drawn on, fed, and written as a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanpipe.layout import A4, places
from tools.scanner import faults, formats, pens
from tools.scanner.paper import Paper, Row

Rng = np.random.Generator

CODE_BOXES_MM = [(p.x_mm, p.y_mm, p.x_mm + p.size_mm, p.y_mm + p.size_mm) for p in places(A4).values()]


@dataclass(frozen=True)
class Scan:
    """A file and the truth about it; angles as it stands."""

    body: bytes
    extension: str
    row: Row
    skew_deg: float
    turn_deg: int
    effects: tuple[str, ...]


def office(paper: Paper, index: int, rng: Rng) -> Scan:
    """A well-kept office scanner: 200 to 300 dots per inch, gray or colour, skew up to 2°, drawings around the codes, and
    in one sheet of twelve a stroke through one of them."""
    dpi = float(rng.choice([200, 240, 300]))
    picture = paper.picture(index, dpi, colour=bool(rng.random() < 0.3))
    pens.draw_answer(picture, dpi, rng)
    effects = ["office"]
    if rng.random() < 1 / 12:
        effects.append("stroke through one code")
        pens.stroke_through(picture, dpi, rng, CODE_BOXES_MM[int(rng.integers(3))])
    skew_deg = float(np.clip(rng.normal(0, 0.8), -2, 2))
    turn_deg = int(rng.choice([0, 0, 0, 0, 180, 90, 270]))
    picture = faults.turned(faults.fed_askew(picture, skew_deg, int(rng.choice([255, 235]))), turn_deg)
    picture = faults.scanned(
        picture, rng, noise=rng.uniform(1, 4), blur_px=rng.uniform(0.3, 0.8), white=int(rng.integers(238, 254))
    )
    body = formats.jpeg(picture, dpi, int(rng.integers(75, 91)))
    return Scan(body, "jpg", paper.rows[index], skew_deg, turn_deg, tuple(effects))


def hard(paper: Paper, index: int, rng: Rng) -> Scan:
    """Two faults on top of the office: stains, strokes over two codes, tears, staples, faded toner, low resolution …"""
    dpi = float(rng.choice([150, 200, 300]))
    picture = paper.picture(index, dpi)
    pens.draw_answer(picture, dpi, rng)
    names = [str(n) for n in rng.choice(sorted(_HARD), 2, replace=False)]
    for name in names:
        picture = _HARD[name](picture, dpi, rng)
    skew_deg = float(rng.uniform(-4, 4))
    picture = faults.scanned(faults.fed_askew(picture, skew_deg, 225), rng, noise=rng.uniform(3, 8))
    return Scan(formats.jpeg(picture, dpi, 60), "jpg", paper.rows[index], skew_deg, 0, ("hard", *names))


def _strokes(picture, dpi, rng):  # type: ignore[no-untyped-def]
    for box in rng.choice(3, 2, replace=False):
        pens.stroke_through(picture, dpi, rng, CODE_BOXES_MM[int(box)])
    return picture


_HARD = {
    "coffee": lambda p, dpi, rng: faults.stained(p, rng, dpi),
    "strokes over two codes": _strokes,
    "torn corner": lambda p, dpi, rng: faults.torn_corner(p, dpi, int(rng.integers(4)), rng.uniform(8, 25)),
    "staple": lambda p, dpi, rng: faults.stapled(p, dpi, tuple(rng.uniform((15, 10), (32, 28)))),
    "faded toner": lambda p, dpi, rng: faults.faded(p, rng.uniform(0.2, 0.6)),
    "dirty glass": lambda p, dpi, rng: faults.striped(p, rng, 4),
    "uneven light": lambda p, dpi, rng: faults.uneven_light(p, rng, rng.uniform(0.1, 0.4)),
}
