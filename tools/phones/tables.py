"""What sheets lie on: textures of 800 by 800 mm, two pixels a millimetre, RGB."""

from __future__ import annotations

import cv2
import numpy as np

Rng = np.random.Generator
SIDE_PX, PX_PER_MM = 1600, 2.0


def wood(rng: Rng) -> np.ndarray:
    """A desk of one piece with grain."""
    dark, bright = _tones(rng, (90, 55, 30), (200, 150, 100))
    grain = _noise(rng, (SIDE_PX // 3, 24)) * 0.7 + _noise(rng, (SIDE_PX, 60)) * 0.3
    return _between(dark, bright, grain)


def plain(rng: Rng) -> np.ndarray:
    """A desk of one colour, gray to black."""
    colour = np.array(rng.uniform((30, 30, 30), (130, 130, 140)))
    return _toned(colour, 1 + 0.05 * (_noise(rng, (30, 30)) - 0.5))


def cloth(rng: Rng) -> np.ndarray:
    """A woven cloth in one colour."""
    colour = rng.uniform((40, 40, 40), (180, 120, 150))
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    weave = 1 + 0.12 * np.sin(x * 1.9) * np.sin(y * 1.9)
    return _toned(colour, weave * (0.9 + 0.2 * _noise(rng, (20, 20))))


def clutter(rng: Rng) -> np.ndarray:
    """Things on a desk: books, pens, other paper in colours."""
    table = wood(rng)
    for _ in range(int(rng.integers(6, 14))):
        _thing(table, rng, tuple(rng.uniform(20, 230, 3)))
    return table


def striped(rng: Rng) -> np.ndarray:
    """A cloth with bright and dark stripes of many widths."""
    edges = np.cumsum(rng.uniform(8, 90, 80))
    turns = np.searchsorted(edges, np.arange(SIDE_PX)) % 3
    colours = np.array([rng.uniform((150, 140, 130), (225, 220, 210)), *rng.uniform(20, 170, (2, 3))])
    table = np.repeat(colours[turns][None], SIDE_PX, axis=0)
    return _grained(rng, np.ascontiguousarray(np.rot90(table, int(rng.integers(2)))), 4)


def bright(rng: Rng) -> np.ndarray:
    """A bright desk: birch, beige, gray."""
    colour = rng.uniform((170, 160, 130), (215, 205, 185))
    return _toned(colour, 0.95 + 0.08 * _noise(rng, (SIDE_PX // 4, 20)))


def mat(rng: Rng) -> np.ndarray:
    """A writing mat with edges of its own under the sheet, hardly larger than it."""
    table = wood(rng)
    size = np.array([210, 297]) + rng.uniform(20, 200, 2)
    box = cv2.boxPoints(((SIDE_PX / 2 + float(rng.uniform(-20, 20)), SIDE_PX / 2), (*(size * PX_PER_MM),), 3.0))
    cv2.fillPoly(table, [box.astype(np.int32)], tuple(rng.uniform(20, 150, 3)), cv2.LINE_AA)
    return table


def papers(rng: Rng) -> np.ndarray:
    """White sheets with print lie about, some under the sheet."""
    table = wood(rng)
    for _ in range(int(rng.integers(2, 5))):
        middle, turned = rng.uniform(350, 1250, 2), float(rng.uniform(0, 180))
        box = cv2.boxPoints(((*middle,), (420, 594), turned))
        cv2.fillPoly(table, [box.astype(np.int32)], (238, 238, 236), cv2.LINE_AA)
    return table


def tiles(rng: Rng) -> np.ndarray:
    """Tiles in two tones, brighter and darker row by row, with or without grout: rectangles everywhere, as large as sheets."""
    wide, tall = (int(v) for v in rng.integers(24, 110, 2))
    tones = rng.uniform(90, 225, (2, 2, 1)) * rng.uniform(0.8, 1, (1, 1, 3))
    rows, columns = (np.arange(SIDE_PX) // tall) % 2, (np.arange(SIDE_PX) // wide) % 2
    table = tones[rows[:, None], columns[None, :]]
    if rng.random() < 0.5:
        table[::tall], table[:, ::wide] = 60, 60
    return _grained(rng, table, 4)


def planks(rng: Rng) -> np.ndarray:
    """A floor of boards, with dark gaps between them."""
    dark, bright = _tones(rng, (70, 45, 25), (190, 150, 110))
    table = _between(dark, bright, _noise(rng, (300, 16)))
    wide = int(rng.integers(140, 260))
    for n, x in enumerate(range(-int(rng.integers(wide)), SIDE_PX, wide)):
        shade = 1 + 0.15 * np.sin(n * 2.4)
        table[:, max(x, 0) : max(x + wide, 0)] = np.clip(table[:, max(x, 0) : max(x + wide, 0)] * shade, 0, 255)
        cv2.line(table, (x, 0), (x, SIDE_PX), (30, 20, 12), 3)
    return np.ascontiguousarray(np.rot90(table)) if rng.random() < 0.5 else table


def checked(rng: Rng) -> np.ndarray:
    """A checked tablecloth, with white in it."""
    a, b = rng.uniform((120, 20, 20), (220, 110, 200)), np.array([225.0, 222, 215])
    wide = int(rng.integers(24, 70))
    stripes = (np.arange(SIDE_PX) // wide) % 2
    cover = (stripes[:, None] + stripes[None, :]) / 2
    return _grained(rng, a + (b - a) * cover[..., None], 4)


def marble(rng: Rng) -> np.ndarray:
    """Gray stone with bright and dark veins."""
    field = _noise(rng, (12, 12)) + 0.5 * _noise(rng, (40, 40))
    veins = np.exp(-(((field - 0.75) / 0.03) ** 2))
    gray = rng.uniform(70, 150) + 40 * _noise(rng, (8, 8))
    return _grained(rng, np.repeat((gray + 60 * veins)[..., None], 3, axis=2), 3)


def carpet(rng: Rng) -> np.ndarray:
    """Rough and speckled."""
    colour = rng.uniform((40, 30, 30), (150, 130, 130))
    return _grained(rng, np.broadcast_to(colour, (SIDE_PX, SIDE_PX, 3)), 28)


def newspaper(rng: Rng) -> np.ndarray:
    """Columns of print on grayish paper: edges everywhere, hardly darker than a sheet."""
    table = np.full((SIDE_PX, SIDE_PX, 3), rng.uniform((165, 160, 145), (195, 190, 175)))
    for x in range(10, SIDE_PX, 150):
        for y in range(10, SIDE_PX, 11):
            if rng.random() < 0.85:
                cv2.line(table, (x, y), (x + int(rng.integers(60, 130)), y), (90, 88, 84), 4)
    for _ in range(6):
        x, y = rng.integers(0, SIDE_PX - 300, 2)
        cv2.rectangle(table, (int(x), int(y)), (int(x + 280), int(y + 190)), tuple(rng.uniform(40, 170, 3)), -1)
    return _grained(rng, table, 6)


def pale(rng: Rng) -> np.ndarray:
    """A nearly white desk: the hardest."""
    return _grained(rng, np.broadcast_to(rng.uniform((195, 195, 190), (225, 222, 215)), (SIDE_PX, SIDE_PX, 3)), 2)


def lap(rng: Rng) -> np.ndarray:
    """A desk whose edge is in the picture, and what lies beyond."""
    table, floor = wood(rng), carpet(rng)
    edge = int(SIDE_PX / 2 + rng.choice((-1, 1)) * rng.uniform(330, 420))
    table[:, edge:] = floor[:, edge:]
    table[:, edge - 3 : edge + 3] = 25
    return np.ascontiguousarray(np.rot90(table, int(rng.integers(4))))


TUNING = (wood, plain, cloth, clutter, striped, bright, mat, papers, tiles)
REPORTED = (planks, checked, marble, carpet, newspaper, lap, pale)


def _thing(table: np.ndarray, rng: Rng, colour: tuple[float, ...]) -> None:
    middle, size = rng.uniform(0, SIDE_PX, 2), rng.uniform((20, 120), (300, 420))
    box = cv2.boxPoints(((*middle,), (*size,), float(rng.uniform(0, 180))))
    cv2.fillPoly(table, [box.astype(np.int32)], colour, cv2.LINE_AA)


def _tones(rng: Rng, dark: tuple[int, ...], bright: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    share = rng.uniform(0.1, 0.6)
    a, b = np.array(dark, float), np.array(bright, float)
    return a + (b - a) * share, a + (b - a) * min(1, share + 0.35)


def _between(dark: np.ndarray, bright: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.clip(dark + (bright - dark) * share[..., None], 0, 255).astype(np.uint8)


def _toned(colour: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return np.clip(colour * factor[..., None], 0, 255).astype(np.uint8)


def _grained(rng: Rng, colours: np.ndarray, sigma: float) -> np.ndarray:
    grain = rng.normal(0, sigma, (SIDE_PX, SIDE_PX, 1))
    return np.clip(colours + grain, 0, 255).astype(np.uint8)


def _noise(rng: Rng, cells: tuple[int, int]) -> np.ndarray:
    """Smooth, 0 to 1; so many cells down and across."""
    small = rng.random(cells).astype(np.float32)
    return np.clip(cv2.resize(small, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC), 0, 1)
