"""Light and lens: what stands between the paper and the file."""

from __future__ import annotations

import cv2
import numpy as np

Rng = np.random.Generator


def gradient(shape: tuple[int, int], rng: Rng, depth: float) -> np.ndarray:
    """Darker to one side by `depth`, and to the edges of the lens: float32, 1 at its brightest."""
    h, w = shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    a = rng.uniform(0, 2 * np.pi)
    along = (x * np.cos(a) + y * np.sin(a)) / (abs(np.cos(a)) + abs(np.sin(a)))
    vignette = 1 - rng.uniform(0, 0.12) * (x**2 + y**2) / 2
    return ((1 - depth * (along + 1) / 2) * vignette).astype(np.float32)


def hand(shape: tuple[int, int], rng: Rng, depth: float, soft: float) -> np.ndarray:
    """The shadow of a hand and its arm that comes in from an edge; `soft` is its blur as a share of the width."""
    h, w = shape
    cover = np.zeros(shape, np.float32)
    a = rng.uniform(0, 2 * np.pi)
    way = np.array([np.cos(a), np.sin(a)])
    tip = np.array([w, h]) / 2 + way * rng.uniform(-0.1, 0.3) * min(h, w)
    end, wide = tip + way * 2 * max(h, w), max(3, int(rng.uniform(0.10, 0.25) * w))
    cv2.line(cover, tuple(int(v) for v in tip), tuple(int(v) for v in end), 1.0, wide)
    for f in range(int(rng.integers(0, 5))):
        b = a + np.pi + (f - 2) * 0.25
        finger = tip + np.array([np.cos(b), np.sin(b)]) * rng.uniform(0.1, 0.2) * w
        cv2.line(cover, tuple(int(v) for v in tip), tuple(int(v) for v in finger), 1.0, max(2, wide // 5))
    return 1 - depth * cv2.GaussianBlur(cover, (0, 0), max(0.6, soft * w))


def lamp(shape: tuple[int, int], rng: Rng, strength: float) -> np.ndarray:
    """A lamp that shines back from the sheet: gray levels to add."""
    h, w = shape
    y, x = np.mgrid[0:h, 0:w]
    cx, cy, r = rng.uniform(0.3, 0.7) * w, rng.uniform(0.3, 0.7) * h, rng.uniform(0.05, 0.12) * w
    return (strength * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * r * r))).astype(np.float32)


def sensed(picture: np.ndarray, rng: Rng, blur_px: float, motion_px: float, noise: float) -> np.ndarray:
    """Blurred by the lens and by an unsteady hand, and noisy."""
    out = cv2.GaussianBlur(picture, (0, 0), blur_px) if blur_px > 0.25 else picture
    if motion_px > 1:
        out = cv2.filter2D(out, -1, _stroke(motion_px, rng.uniform(0, 180)))
    grain = np.empty(picture.shape[:2], np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(grain, 0, noise)
    return np.clip(out.astype(np.int16) + grain[..., None], 0, 255).astype(np.uint8)


def _stroke(length_px: float, angle_deg: float) -> np.ndarray:
    side = 2 * int(np.ceil(length_px / 2)) + 3
    kernel = np.zeros((side, side), np.float32)
    half = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))]) * length_px / 2
    ends = [tuple(int(v) for v in np.round((np.array([side, side]) / 2 - 0.5 + s * half) * 16)) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return kernel / kernel.sum()
