"""Pictures of pages for tests, as a phone takes them: in perspective, on a table, in uneven light."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from tools.phones.camera import CORNERS_MM, hold

Pixels = NDArray[np.uint8]
Corners = NDArray[np.float64]
SIZE = (1320, 1760)


def held(tilt_deg: float = 20, roll_deg: float = 5, fill: float = 0.88, size: tuple[int, int] = SIZE) -> Corners:
    """Where a phone that is held so sees the corners of A4: top left, top right, bottom right, bottom left."""
    return hold(size, np.random.default_rng(5), tilt_deg, roll_deg, fill).project(CORNERS_MM)


def taken(
    page: Pixels,
    corners: Corners | None = None,
    size: tuple[int, int] = SIZE,
    table: tuple[int, int, int] = (110, 75, 50),
    dim: float = 0.3,
) -> Pixels:
    """The page (gray or RGB) on a table of this colour, darker by `dim` towards the bottom right: RGB."""
    h, w = page.shape[:2]
    rgb = page if page.ndim == 3 else cv2.cvtColor(page, cv2.COLOR_GRAY2RGB)
    corners = held(size=size) if corners is None else corners
    edges = np.array([(-0.5, -0.5), (w - 0.5, -0.5), (w - 0.5, h - 0.5), (-0.5, h - 0.5)], np.float32)
    matrix = cv2.getPerspectiveTransform(edges, corners.astype(np.float32))
    grain = np.random.default_rng(3).normal(0, 4, (size[1], size[0], 1))
    ground = np.clip(np.array(table) + grain, 0, 255).astype(np.uint8)
    cover = cv2.warpPerspective(np.full((h, w), 255, np.uint8), matrix, size, flags=cv2.INTER_AREA)[..., None] / 255
    seen = cv2.warpPerspective(rgb, matrix, size, flags=cv2.INTER_AREA)
    light = 1 - dim * (np.linspace(0, 1, size[0])[None, :] + np.linspace(0, 1, size[1])[:, None]) / 2
    return ((ground * (1 - cover) + seen * cover) * light[..., None]).astype(np.uint8)


def jpeg(picture: Pixels, camera: bool = False, orientation: int = 1) -> bytes:
    """`camera`: with what a phone writes about its lens."""
    exif = Image.Exif()
    if camera:
        exif.get_ifd(0x8769).update({0x829A: 0.01, 0x829D: 1.8})
    exif[0x0112] = orientation
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=88, exif=exif)
    return out.getvalue()


def heic(picture: Pixels) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(picture)).save(out, quality=80)
    return out.getvalue()


def written(height: int = 1754, width: int = 1240, gray: int = 70) -> Pixels:
    """White paper with an answer on it: lines of strokes, 150 dots per inch."""
    page = np.full((height, width), 248, np.uint8)
    for n in range(12):
        y = 200 + n * 100
        points = [(x, y + int(18 * np.sin(x * 0.11 + n))) for x in range(150, width - 200, 9)]
        cv2.polylines(page, [np.array(points, np.int32)], False, gray, 3, cv2.LINE_AA)
    return page
