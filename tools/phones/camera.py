"""Where the phone is held, and what it sees of a sheet on a table: millimetres on the table to pixels, and back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

Rng = np.random.Generator
Map = np.ndarray
COARSE = 8
"""Pixels of the picture for one of the maps."""


@dataclass(frozen=True)
class Curl:
    """How high the sheet stands off the table: `lift_mm` at its farthest, quadratic along `along_deg` from `from_mm` on."""

    lift_mm: float = 0.0
    along_deg: float = 0.0
    from_mm: float = 0.0

    def height(self, x: Map, y: Map) -> Map:
        a = np.radians(self.along_deg)
        far = np.abs(105 * np.cos(a)) + np.abs(148.5 * np.sin(a))
        part = np.clip((x * np.cos(a) + y * np.sin(a) - self.from_mm) / (far - self.from_mm), 0, 1.2)
        return self.lift_mm * part**2


@dataclass(frozen=True)
class Camera:
    """A pinhole: `turn` takes the table (x right, y down, z into it, mm, the sheet's middle is 0) to the camera's axes.

    `barrel` is by how much its lens moves the corners of the picture outwards, as a share of their distance from the middle.
    """

    width_px: int
    height_px: int
    focal_px: float
    turn: np.ndarray
    place: np.ndarray
    barrel: float = 0.0

    def project(self, points_mm: np.ndarray) -> np.ndarray:
        """(n, 3) in mm to (n, 2) in pixels."""
        seen = (points_mm - self.place) @ self.turn.T
        middle = np.array([self.width_px - 1, self.height_px - 1]) / 2
        straight = seen[:, :2] / seen[:, 2:] * self.focal_px
        return straight * (1 + self.barrel * np.sum(straight**2, axis=1, keepdims=True) / middle.dot(middle)) + middle

    def on_table(self, curl: Curl) -> tuple[Map, Map]:
        """Where each ray (one of `COARSE` pixels) meets the sheet: x and y in mm, float64."""
        h, w = -(-self.height_px // COARSE), -(-self.width_px // COARSE)
        u, v = np.meshgrid(np.arange(w), np.arange(h))
        u = (u + 0.5) * COARSE - 0.5 - (self.width_px - 1) / 2
        v = (v + 0.5) * COARSE - 0.5 - (self.height_px - 1) / 2
        bent, r2 = np.stack([u, v]), ((self.width_px - 1) ** 2 + (self.height_px - 1) ** 2) / 4
        for _ in range(4):
            u, v = bent / (1 + self.barrel * (u**2 + v**2) / r2)
        rays = np.stack([u, v, np.full_like(u, self.focal_px)], axis=-1) @ self.turn
        z = np.zeros((h, w))
        for _ in range(6 if curl.lift_mm else 1):
            far = (z - self.place[2]) / rays[..., 2]
            x, y = self.place[0] + far * rays[..., 0], self.place[1] + far * rays[..., 1]
            z = -curl.height(x, y)
        return x, y


def hold(size: tuple[int, int], rng: Rng, tilt_deg: float, roll_deg: float, fill: float) -> Camera:
    """A phone tilted by `tilt_deg` to any side, turned by `roll_deg`, so far away that the sheet fills `fill` of the picture."""
    to, roll, tilt = rng.uniform(0, 2 * np.pi), np.radians(roll_deg), np.radians(tilt_deg)
    aside = np.array([np.sin(tilt) * np.cos(to), np.sin(tilt) * np.sin(to), -np.cos(tilt)])
    ahead = -aside
    down = np.array([-np.sin(roll), np.cos(roll), 0.0])
    down = down - ahead * (down @ ahead)
    down /= np.linalg.norm(down)
    turn = np.stack([np.cross(down, ahead), down, ahead])
    focal, look = rng.uniform(0.7, 0.85) * max(size), np.append(rng.uniform(-6, 6, 2), 0)
    near, far, barrel = 150.0, 3000.0, rng.uniform(-0.01, 0.01)
    for _ in range(30):
        camera = Camera(*size, focal, turn, look + aside * np.sqrt(near * far), barrel)
        spread = np.abs(camera.project(CORNERS_MM) - np.array(size) / 2).max(axis=0) / (np.array(size) / 2)
        near, far = (np.sqrt(near * far), far) if spread.max() > fill else (near, np.sqrt(near * far))
    return camera


CORNERS_MM = np.array([(-105, -148.5, 0), (105, -148.5, 0), (105, 148.5, 0), (-105, 148.5, 0)])
"""Top left, top right, bottom right, bottom left of A4."""


def raised(points_mm: np.ndarray, curl: Curl) -> np.ndarray:
    """Points on the sheet, (n, 2) or (n, 3), as high as they stand: z goes into the table."""
    return np.column_stack([points_mm[:, :2], -curl.height(points_mm[:, 0], points_mm[:, 1])])


def seen(
    texture: np.ndarray, px_per_mm: float, where: tuple[Map, Map], size: tuple[int, int], border: int
) -> np.ndarray:
    """A texture whose middle lies at 0 as the camera sees it; `border` as OpenCV names it."""
    h, w = texture.shape[:2]
    x, y = (fine(m, size) for m in where)
    at_x, at_y = x * px_per_mm + (w - 1) / 2, y * px_per_mm + (h - 1) / 2
    return cv2.remap(texture, at_x, at_y, cv2.INTER_LINEAR, borderMode=border, borderValue=(0, 0, 0, 0))


def fine(coarse: Map, size: tuple[int, int]) -> Map:
    """A coarse map for every pixel: float32."""
    h, w = coarse.shape
    full = cv2.resize(coarse.astype(np.float32), (w * COARSE, h * COARSE), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(full[: size[1], : size[0]])
