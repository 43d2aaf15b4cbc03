"""Whole pictures: a sheet drawn on, laid on a table, lit, and taken with a phone. Two rooms: `TUNING` and `REPORTED`."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from tools.phones import light, tables
from tools.phones.camera import COARSE, CORNERS_MM, Camera, Curl, fine, hold, raised, seen
from tools.scanner import pens
from tools.scanner.paper import Paper, Row
from tools.scansim.drawing import STYLES
from tools.scansim.drawing import draw_answer as draw_otherwise

Rng = np.random.Generator
Table = Callable[[Rng], np.ndarray]
DPI = 250.0
_SIZES = ((3024, 4032), (2448, 3264), (2448, 3264), (1944, 2592), (1944, 2592))


@dataclass(frozen=True)
class Room:
    """How pictures are taken in it. Ranges are from, to."""

    tables: Sequence[Table]
    tilt_deg: tuple[float, float] = (0, 30)
    roll_deg: float = 15
    fill: tuple[float, float] = (0.68, 0.96)
    flat: float = 0.6
    lift_mm: tuple[float, float] = (0.5, 7)
    gradient: tuple[float, float] = (0.1, 0.55)
    hand: tuple[float, float] = (0.2, 0.5)
    soft: tuple[float, float] = (0.01, 0.06)
    blur_px: tuple[float, float] = (0.3, 1.5)
    motion_px: float = 5
    noise: tuple[float, float] = (1, 6)
    quality: tuple[int, int] = (60, 93)
    sizes: tuple[tuple[int, int], ...] = _SIZES
    otherwise: bool = False


TUNING = Room(tables.TUNING)
SMALL = ((1944, 2592),)
REPORTED = Room(tables.REPORTED, lift_mm=(0.5, 8), gradient=(0.1, 0.6), otherwise=True)


@dataclass(frozen=True)
class Shot:
    """A file and the truth: the paper's corners in pixels of the picture (top left, top right, bottom right, bottom left).

    `row` is None of plain paper; `others` are serials of other sheets that are on the picture.
    """

    body: bytes
    corners: np.ndarray
    camera: Camera
    curl: Curl
    effects: tuple[str, ...]
    row: Row | None = None
    others: tuple[str, ...] = ()

    @property
    def picture(self) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(self.body)).convert("RGB"))

    def at(self, points_mm: np.ndarray) -> np.ndarray:
        """Where points on the sheet (n, 2: mm from its top left corner) are on the picture."""
        return self.camera.project(raised(points_mm - np.array([105, 148.5]), self.curl))


@dataclass(frozen=True)
class Lying:
    """Another sheet on the table, below the first: its raster at `DPI`, its middle in mm, turned by."""

    raster: np.ndarray
    at_mm: tuple[float, float]
    turned_deg: float
    above: bool = False


def printed(
    paper: Paper, index: int, rng: Rng, room: Room, lying: Sequence[Lying] = (), others: Sequence[str] = ()
) -> Shot:
    """A printed sheet; in two pictures of three it lies across or upside down, as people hold phones."""
    turned = float(rng.choice([0, 0, 180, 90, 270]))
    sheet = drawn(paper, index, rng, room)
    return shot(sheet, rng, room, turned, lying=lying, row=paper.rows[index], others=tuple(others))


def plain(rng: Rng, room: Room, lying: Sequence[Lying] = ()) -> Shot:
    """A sheet from any shop: white, ruled or squared."""
    h, w = round(297 / 25.4 * DPI), round(210 / 25.4 * DPI)
    sheet = np.full((h, w, 3), 250, np.uint8)
    kind = str(rng.choice(["white", "white", "ruled", "squared"]))
    step = DPI / 25.4 * (5 if kind == "squared" else 8)
    for n in np.arange(step, h, step) if kind != "white" else ():
        cv2.line(sheet, (0, round(n)), (w, round(n)), (205, 210, 228), 2)
        if kind == "squared" and n < w:
            cv2.line(sheet, (round(n), 0), (round(n), h), (205, 210, 228), 2)
    return shot(_answered(sheet, rng, room), rng, room, 0.0, (kind,), lying)


def drawn(paper: Paper, index: int, rng: Rng, room: Room) -> np.ndarray:
    """A printed sheet with an answer on it: RGB at `DPI`."""
    return _answered(paper.picture(index, DPI, colour=True), rng, room)


def _answered(sheet: np.ndarray, rng: Rng, room: Room) -> np.ndarray:
    if room.otherwise:
        style = STYLES[str(rng.choice(["pencil", "pen", "colours", "dense", "sparse", "faint_pencil"]))]
        return draw_otherwise(sheet, DPI, rng, style)
    pens.draw_answer(sheet, DPI, rng)
    return sheet


def shot(
    sheet: np.ndarray,
    rng: Rng,
    room: Room,
    turned_deg: float,
    effects: tuple[str, ...] = (),
    lying: Sequence[Lying] = (),
    row: Row | None = None,
    others: tuple[str, ...] = (),
) -> Shot:
    """A picture of the sheet (RGB at `DPI`), which lies turned by `turned_deg`."""
    table = room.tables[int(rng.integers(len(room.tables)))]
    size = room.sizes[int(rng.integers(len(room.sizes)))]
    size = size[::-1] if turned_deg in (90, 270) else size
    tilt, roll = rng.uniform(*room.tilt_deg), rng.uniform(-room.roll_deg, room.roll_deg)
    camera = hold(size, rng, tilt, turned_deg + roll, rng.uniform(*room.fill))
    curl = _curl(rng, room)
    opaque, worn = _worn(sheet, rng)
    picture = _scene(opaque, table(rng), camera, curl, rng, lying)
    if rng.random() < 0.2:
        worn += ("thumb",)
        _thumb(picture, camera, curl, rng)
    shades, told = _shades(picture.shape[:2], camera, curl, rng, room)
    cast = rng.uniform((0.92, 0.92, 0.8), (1, 1, 1))
    lit = (picture * fine(shades, size)[..., None] * cast).astype(np.uint8)
    scale = max(size) / 4032
    motion = rng.uniform(0, room.motion_px) * scale if rng.random() < 0.4 else 0.0
    taken = light.sensed(lit, rng, rng.uniform(*room.blur_px) * scale, motion, rng.uniform(*room.noise))
    out = io.BytesIO()
    Image.fromarray(taken).save(out, "JPEG", quality=int(rng.integers(*room.quality)))
    told += worn
    told += (f"tilt {tilt:.0f}", *(("curled",) if curl.lift_mm else ()), *effects)
    corners = camera.project(raised(CORNERS_MM, curl))
    return Shot(out.getvalue(), corners, camera, curl, (table.__name__, *told), row, others)


def _curl(rng: Rng, room: Room) -> Curl:
    if rng.random() < room.flat:
        return Curl()
    return Curl(rng.uniform(*room.lift_mm), rng.uniform(0, 360), rng.uniform(-60, 40))


def _scene(
    sheet: np.ndarray, table: np.ndarray, camera: Camera, curl: Curl, rng: Rng, lying: Sequence[Lying]
) -> np.ndarray:
    """Table, what else lies on it, and the sheet with the shadow of its edges."""
    size, per_mm = (camera.width_px, camera.height_px), DPI / 25.4
    ground = camera.on_table(Curl())
    picture = seen(table, tables.PX_PER_MM, ground, size, cv2.BORDER_REFLECT)
    for other in (o for o in lying if not o.above):
        picture = _laid(picture, other, ground, size)
    top = seen(sheet, per_mm, camera.on_table(curl), size, cv2.BORDER_CONSTANT)
    cover = top[..., 3:].astype(np.float32) / 255
    small = cv2.resize(cover[..., 0], None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA)
    wide = max(size) / COARSE * rng.uniform(0.002, 0.012)
    shift = np.float32([[1, 0, rng.uniform(-1, 1) * wide], [0, 1, rng.uniform(-1, 1) * wide]])
    shadow = cv2.GaussianBlur(cv2.warpAffine(small, shift, small.shape[::-1]), (0, 0), max(0.5, wide))
    shaded = picture * (1 - rng.uniform(0.1, 0.5) * fine(shadow, size)[..., None])
    picture = (shaded * (1 - cover) + top[..., :3] * cover).astype(np.uint8)
    for other in (o for o in lying if o.above):
        picture = _laid(picture, other, ground, size)
    return picture


def _worn(sheet: np.ndarray, rng: Rng) -> tuple[np.ndarray, tuple[str, ...]]:
    """The sheet with how opaque it is; one in ten has a corner folded over."""
    opaque = np.dstack([sheet, np.full(sheet.shape[:2], 255, np.uint8)])
    if rng.random() > 0.1:
        return opaque, ()
    h, w = sheet.shape[:2]
    long = int(rng.uniform(4, 13) * DPI / 25.4)
    x, y = ((0, 0), (w, 0), (w, h), (0, h))[int(rng.integers(4))]
    a, b = (x, y + (long if y == 0 else -long)), (x + (long if x == 0 else -long), y)
    cv2.fillPoly(opaque, [np.array([(x, y), a, b], np.int32)], (0, 0, 0, 0))
    cv2.fillPoly(opaque, [np.array([(b[0], a[1]), a, b], np.int32)], (225, 224, 220, 255), cv2.LINE_AA)
    return opaque, ("dog-ear",)


def _thumb(picture: np.ndarray, camera: Camera, curl: Curl, rng: Rng) -> None:
    """A thumb holds the sheet at one of its long sides, in place."""
    x, into = (-105, 1) if rng.random() < 0.5 else (105, -1)
    y, wide = rng.uniform(-80, 80), rng.uniform(14, 20)
    tip, end = (x + into * rng.uniform(5, 18), y), (x - into * 70, y + rng.uniform(-40, 40))
    a, b = camera.project(raised(np.array([tip, end]), curl))
    per_mm = np.linalg.norm(b - a) / np.hypot(tip[0] - end[0], tip[1] - end[1])
    skin = rng.uniform((110, 70, 50), (235, 190, 165))
    cv2.line(picture, tuple(int(v) for v in a), tuple(int(v) for v in b), (*skin,), int(wide * per_mm), cv2.LINE_AA)


def _laid(
    picture: np.ndarray, other: Lying, ground: tuple[np.ndarray, np.ndarray], size: tuple[int, int]
) -> np.ndarray:
    a = np.radians(other.turned_deg)
    x, y = ground[0] - other.at_mm[0], ground[1] - other.at_mm[1]
    where = x * np.cos(a) + y * np.sin(a), -x * np.sin(a) + y * np.cos(a)
    opaque = np.dstack([other.raster, np.full(other.raster.shape[:2], 255, np.uint8)])
    top = seen(opaque, DPI / 25.4, where, size, cv2.BORDER_CONSTANT)
    cover = top[..., 3:].astype(np.float32) / 255
    return (picture * (1 - cover) + top[..., :3] * cover).astype(np.uint8)


def _shades(
    shape: tuple[int, int], camera: Camera, curl: Curl, rng: Rng, room: Room
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Light on a coarse map: lamp to one side, hands, and the slopes of a curled sheet."""
    coarse = -(-shape[0] // COARSE), -(-shape[1] // COARSE)
    shades, told = light.gradient(coarse, rng, rng.uniform(*room.gradient)), ()
    for _ in range(int(rng.choice([0, 1, 2], p=[0.4, 0.45, 0.15]))):
        shades = shades * light.hand(coarse, rng, rng.uniform(*room.hand), rng.uniform(*room.soft))
        told = ("hand",)
    if curl.lift_mm:
        x, y = camera.on_table(curl)
        a = rng.uniform(0, 2 * np.pi)
        rise = curl.height(x + np.cos(a), y + np.sin(a)) - curl.height(x, y)
        on = (np.abs(x) < 105) & (np.abs(y) < 148.5)
        shades = shades * np.where(on, 1 - np.clip(1.2 * rise, -0.1, 0.3), 1)
    return (shades * rng.uniform(0.75, 1.0)).astype(np.float32), told
