"""What happens to a sheet between the candidate's hand and the file: one plain function a fault, picture in, picture out."""

from __future__ import annotations

import cv2
import numpy as np

from tools.scanner.paper import Picture

Rng = np.random.Generator


def fed_askew(picture: Picture, skew_deg: float, bed: int = 255, stretch: float = 1.0) -> Picture:
    """Turned clockwise by `skew_deg` on a bed of gray `bed` that shows all of it; `stretch` is that of the feed."""
    h, w = picture.shape[:2]
    angle = np.radians(skew_deg)
    c, s = np.cos(angle), np.sin(angle)
    canvas = int(np.ceil(w * abs(c) + h * abs(s))), int(np.ceil((h * abs(c) + w * abs(s)) * stretch))
    m = np.array([[c, -s, 0], [s * stretch, c * stretch, 0]])
    m[:, 2] = np.array(canvas) / 2 - m[:, :2] @ np.array([w / 2, h / 2])
    return cv2.warpAffine(picture, m, canvas, flags=cv2.INTER_LINEAR, borderValue=(bed,) * 3)


def turned(picture: Picture, turn_deg: int) -> Picture:
    """Laid in turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(picture, -(turn_deg // 90)))


def scanned(picture: Picture, rng: Rng, noise: float = 3.0, blur_px: float = 0.6, white: int = 250) -> Picture:
    """Paper tone, a little blur of the lens, noise of the sensor."""
    soft = cv2.GaussianBlur(picture, (0, 0), blur_px) if blur_px > 0.2 else picture
    grain = _grain(rng, picture.shape[:2], noise)
    toned = (soft.astype(np.float32) * (white / 255)).astype(np.int16)
    return np.clip(toned + (grain[..., None] if picture.ndim == 3 else grain), 0, 255).astype(np.uint8)


def uneven_light(picture: Picture, rng: Rng, depth: float = 0.25) -> Picture:
    """Darker towards one side."""
    h, w = picture.shape[:2]
    ramp = np.linspace(1 - depth, 1, w)[None, :: 1 if rng.random() < 0.5 else -1].repeat(h, axis=0)
    return (picture * (ramp[..., None] if picture.ndim == 3 else ramp)).astype(np.uint8)


def stained(picture: Picture, rng: Rng, dpi: float, at_mm: tuple[float, float] | None = None) -> Picture:
    """A ring of coffee, and what ran inside it."""
    h, w = picture.shape[:2]
    centre = np.array(at_mm or rng.uniform((20, 20), (190, 270))) / 25.4 * dpi
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    far = np.hypot(x - centre[0], y - centre[1]) / (35 / 25.4 * dpi)
    cover = 0.28 * np.exp(-(((far - 1) / 0.06) ** 2)) + 0.10 * (far < 1)
    return (picture * (1 - (cover[..., None] if picture.ndim == 3 else cover))).astype(np.uint8)


def torn_corner(picture: Picture, dpi: float, corner: int, size_mm: float = 25, bed: int = 255) -> Picture:
    """A corner (0 top left, clockwise) is missing; the bed shows."""
    h, w = picture.shape[:2]
    size = size_mm / 25.4 * dpi
    x, y = ((0, 0), (w, 0), (w, h), (0, h))[corner]
    triangle = np.array(
        [(x, y), (x + size * (1 if x == 0 else -1), y), (x, y + size * (1 if y == 0 else -1))], np.int32
    )
    return cv2.fillPoly(picture.copy(), [triangle], (bed,) * 3)


def stapled(picture: Picture, dpi: float, at_mm: tuple[float, float], angle_deg: float = 40) -> Picture:
    """A staple and its shadow."""
    out = picture.copy()
    a = np.radians(angle_deg)
    half = np.array([np.cos(a), np.sin(a)]) * 6
    ends = [tuple(int(v) for v in (np.array(at_mm) + s * half) / 25.4 * dpi) for s in (-1, 1)]
    cv2.line(out, ends[0], ends[1], (120,) * 3, max(2, round(1.2 / 25.4 * dpi)), cv2.LINE_AA)
    cv2.line(out, ends[0], ends[1], (40,) * 3, max(1, round(0.5 / 25.4 * dpi)), cv2.LINE_AA)
    return out


def faded(picture: Picture, amount: float) -> Picture:
    """Toner runs out: everything dark becomes lighter by `amount` (0 to 1)."""
    return (255 - (255 - picture.astype(np.float32)) * (1 - amount)).astype(np.uint8)


def striped(picture: Picture, rng: Rng, count: int = 3) -> Picture:
    """Dirt on the glass: thin dark lines down the whole page."""
    out = picture.copy()
    for x in rng.integers(0, picture.shape[1], count):
        out[:, x : x + int(rng.integers(1, 3))] = out[:, x : x + 2][:, :1] // 2
    return out


def pasted(picture: Picture, piece: Picture, at_px: tuple[int, int], angle_deg: float, scale: float = 1.0) -> Picture:
    """A cut-out of another page lies on this one, its middle at `at_px`, turned clockwise and scaled."""
    h, w = piece.shape[:2]
    m = cv2.getRotationMatrix2D((w / 2, h / 2), -angle_deg, scale)
    m[:, 2] += np.array(at_px) - np.array([w / 2, h / 2])
    size = picture.shape[1], picture.shape[0]
    mask = cv2.warpAffine(np.full((h, w), 255, np.uint8), m, size)
    moved = cv2.warpAffine(piece, m, size, flags=cv2.INTER_AREA)
    return np.where((mask > 127)[..., None] if picture.ndim == 3 else mask > 127, moved, picture).astype(np.uint8)


def beside(left: Picture, right: Picture) -> Picture:
    """Two sheets in one picture."""
    return np.ascontiguousarray(np.hstack([left, right]))


def photocopied(picture: Picture, rng: Rng) -> Picture:
    """Harder contrast, dirt, a little larger: what comes out of a copier."""
    h, w = picture.shape[:2]
    m = cv2.getRotationMatrix2D((w / 2, h / 2), rng.uniform(-0.5, 0.5), 1.01)
    moved = cv2.warpAffine(cv2.GaussianBlur(picture, (0, 0), 1.0), m, (w, h), borderValue=(255,) * 3)
    hard = np.clip((moved.astype(np.float32) - 128) * 1.6 + 140, 0, 255).astype(np.uint8)
    hard[rng.random((h, w)) < 0.0005] = 60
    return hard


def bitonal(picture: Picture, threshold: int | None = None) -> Picture:
    """Black and white by a threshold, Otsu's when none is given; 0 and 255."""
    gray = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    how = cv2.THRESH_BINARY | (cv2.THRESH_OTSU if threshold is None else 0)
    return cv2.threshold(gray, threshold or 0, 255, how)[1]


def _grain(rng: Rng, shape: tuple[int, ...], sigma: float) -> np.ndarray:
    """Noise from a tile at a random place: drawing it anew for every page would be most of the work."""
    y, x = rng.integers(0, 512, 2)
    tile = np.tile(_TILE, (shape[0] // 1024 + 2, shape[1] // 1024 + 2))[y : y + shape[0], x : x + shape[1]]
    return (tile * sigma).astype(np.int16)


_TILE = np.random.default_rng(7).normal(0, 1, (1024, 1024)).astype(np.float32)
