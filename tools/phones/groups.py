"""The groups of pictures that are reported: what home exams send, what is beyond that, and what must never be filed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from tools.phones.shots import DPI, SMALL, Lying, Room, Shot, plain, printed, shot
from tools.scanner import strangers
from tools.scanner.faults import pasted
from tools.scanner.paper import Paper

Rng = np.random.Generator
Maker = Callable[[Paper, int, Rng, Room], Shot]


@dataclass(frozen=True)
class Group:
    """`make` takes a picture; `room` changes how. `sheets`: there are codes of a sheet on it that are to be read."""

    make: Maker
    room: Callable[[Room], Room] = lambda room: room
    sheets: bool = True


def shots(name: str, room: Room, paper: Paper, seed: int, count: int, first: int = 0) -> Iterator[Shot]:
    """So many pictures of a group; the same seed and number make the same one, whatever the count."""
    group = GROUPS[name]
    for n in range(first, first + count):
        rng = np.random.default_rng((seed, sorted(GROUPS).index(name), n))
        yield group.make(paper, n % len(paper), rng, group.room(room))


def _sheet(paper: Paper, index: int, rng: Rng, room: Room) -> Shot:
    return printed(paper, index, rng, room)


def _plain(paper: Paper, index: int, rng: Rng, room: Room) -> Shot:
    return plain(rng, room)


def _other(paper: Paper, index: int, rng: Rng) -> tuple[np.ndarray, str]:
    other = (index + 1 + int(rng.integers(5))) % len(paper)
    return paper.picture(other, DPI, colour=True), paper.rows[other].serial


def _two_sheets(paper: Paper, index: int, rng: Rng, room: Room) -> Shot:
    """Another sheet lies beside it, all of it on the picture."""
    raster, serial = _other(paper, index, rng)
    at = (float(rng.choice((-1, 1)) * rng.uniform(225, 245)), float(rng.uniform(-40, 40)))
    lying = Lying(raster, at, float(rng.uniform(-8, 8)))
    return printed(paper, index, rng, replace(room, fill=(0.3, 0.36)), [lying], [serial])


def _one_below(paper: Paper, index: int, rng: Rng, room: Room) -> Shot:
    """Another sheet lies below it and sticks out with its codes."""
    raster, serial = _other(paper, index, rng)
    up = float(rng.choice((-1, 1)) * rng.uniform(45, 90))
    lying = Lying(raster, (float(rng.uniform(-20, 20)), up), float(rng.uniform(-5, 5)))
    return printed(paper, index, rng, replace(room, fill=(0.5, 0.62)), [lying], [serial])


def _cut_out(paper: Paper, index: int, rng: Rng, room: Room) -> Shot:
    """A piece of another sheet, with a code, lies on it."""
    raster, serial = _other(paper, index, rng)
    side, left, top = round(34 / 25.4 * DPI), round(10 / 25.4 * DPI), round(5 / 25.4 * DPI)
    at = tuple(float(v) for v in rng.uniform((-60, -60), (60, 90)))
    lying = Lying(
        np.ascontiguousarray(raster[top : top + side, left : left + side]), at, float(rng.uniform(0, 360)), True
    )  # type: ignore[arg-type]
    return printed(paper, index, rng, room, [lying], [serial])


def _glued_over(paper: Paper, index: int, rng: Rng, room: Room) -> Shot:
    """One of its three codes is another sheet's, exactly in its place."""
    gray = strangers.one_code_glued_over(paper, index, DPI, rng)
    sheet = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    return shot(sheet, rng, room, float(rng.choice([0, 180, 90])), row=paper.rows[index], others=("glued",))


def _code_on_plain(paper: Paper, index: int, rng: Rng, room: Room) -> Shot:
    """A code that was cut out of a sheet lies on plain paper."""
    h, w = round(297 / 25.4 * DPI), round(210 / 25.4 * DPI)
    piece, _ = _other(paper, index, rng)
    side, left, top = round(30 / 25.4 * DPI), round(12 / 25.4 * DPI), round(7 / 25.4 * DPI)
    piece = np.ascontiguousarray(piece[top : top + side, left : left + side])
    at = tuple(int(v) for v in rng.uniform((0.25, 0.25), (0.75, 0.75)) * np.array([w, h]))
    sheet = pasted(np.full((h, w, 3), 250, np.uint8), piece, at, rng.uniform(0, 360), rng.uniform(0.8, 1.2))  # type: ignore[arg-type]
    return shot(sheet, rng, room, 0.0, others=("cut out",))


GROUPS: Mapping[str, Group] = {
    "sheets": Group(_sheet),
    "sheets, 5 megapixels": Group(_sheet, lambda r: replace(r, sizes=SMALL)),
    "plain paper": Group(_plain, lambda r: replace(r, sizes=SMALL), sheets=False),
    "steep, 30° to 45°": Group(_sheet, lambda r: replace(r, tilt_deg=(30, 45))),
    "cut at an edge": Group(_sheet, lambda r: replace(r, fill=(1.03, 1.2))),
    "plain, cut at an edge": Group(_plain, lambda r: replace(r, fill=(1.03, 1.2)), sheets=False),
    "blurred": Group(_sheet, lambda r: replace(r, blur_px=(2.5, 7), motion_px=20)),
    "dim": Group(_sheet, lambda r: replace(r, gradient=(0.6, 0.85), hand=(0.5, 0.7), noise=(6, 12))),
    "curled, 8 to 20 mm": Group(_sheet, lambda r: replace(r, lift_mm=(8, 20), flat=0.0)),
    "from far away": Group(_sheet, lambda r: replace(r, fill=(0.25, 0.45))),
    "two sheets": Group(_two_sheets),
    "one sheet below another": Group(_one_below),
    "a piece of another on it": Group(_cut_out),
    "one code glued over": Group(_glued_over),
    "a lone code on plain paper": Group(_code_on_plain, sheets=False),
}
USUAL = ("sheets", "sheets, 5 megapixels", "plain paper")
STRANGE = tuple(GROUPS)[-5:]
"""Pictures that must never be filed."""
