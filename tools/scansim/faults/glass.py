"""What the scanner adds: tone of the paper, light, dirt on the glass, what shines through, blur and noise of the sensor."""

from __future__ import annotations

import cv2
import numpy as np

from tools.scansim.raster import Image, Rgb, Rng, add_noise, colour, flat_shape, graining, is_colour, mottling, px, tone


def paper_tone(page: Image, white: Rgb, black: int) -> Image:
    """White paper becomes `white`, black toner becomes `black`."""
    channels = [np.linspace(black, v, 256).round().astype(np.uint8) for v in tone(white, page)]
    table = channels[0] if len(channels) == 1 else np.stack(channels, axis=1)[None]
    return cv2.LUT(page, table)


def noise(page: Image, rng: Rng, sigma: float) -> Image:
    """Noise of the sensor: `sigma` gray levels, each pixel and channel for itself."""
    return add_noise(page, graining(flat_shape(page), rng), sigma)


def mottled(page: Image, rng: Rng, sigma: float) -> Image:
    """The fibres of cheap paper: clouds of `sigma` gray levels."""
    clouds = mottling(page.shape[:2], rng)
    return add_noise(page, np.repeat(clouds, 3, axis=1) if is_colour(page) else clouds, sigma)


def uneven_light(page: Image, rng: Rng, depth: float) -> Image:
    """Light that falls off towards one side and one corner by up to `depth` (0 to 1)."""
    h, w = page.shape[:2]
    corners = rng.uniform(0, 0.5, (2, 2))
    corners[:, int(rng.integers(2))] += 0.5
    ease = (1 - np.cos(np.linspace(0, np.pi, 33))) / 2
    mix = np.stack([1 - ease, ease], axis=1)
    kept = np.clip(255 * (1 - depth * (mix @ corners @ mix.T)), 0, 255).astype(np.uint8)
    factor = cv2.resize(kept, (w, h), interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(page, colour(factor) if is_colour(page) else factor, scale=1 / 255)


def blur(page: Image, dpi: float, sigma_mm: float) -> Image:
    """Out of focus."""
    return cv2.GaussianBlur(page, (0, 0), max(0.2, px(sigma_mm, dpi)))


def motion_blur(page: Image, dpi: float, length_mm: float) -> Image:
    """Smeared along the feed, from top to bottom."""
    return cv2.blur(page, (1, max(1, round(px(length_mm, dpi)))))


def dirty_glass(page: Image, rng: Rng, count: int) -> Image:
    """Stripes down the whole page, one to four pixels wide, dark or light, some of them interrupted."""
    out = page.copy()
    h, w = page.shape[:2]
    for x in rng.integers(0, w - 4, count):
        start, end = (0, h) if rng.random() < 0.7 else sorted(int(v) for v in rng.integers(0, h, 2))
        stripe = out[start:end, x : x + int(rng.integers(1, 5))]
        light, share = (255, 0.7) if rng.random() < 0.3 else (int(rng.integers(30, 170)), rng.uniform(0.3, 0.9))
        stripe[:] = (stripe * (1 - share) + light * share).astype(np.uint8)
    return out


def show_through(page: Image, back: Image, dpi: float, strength: float) -> Image:
    """The other side of the paper shines through: mirrored, soft, by `strength` (0 to 1). `back` is seen upright from behind."""
    h, w = page.shape[:2]
    seen = cv2.resize(cv2.flip(back, 1), (w // 2, h // 2), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(
        cv2.GaussianBlur(seen, (0, 0), max(0.3, px(0.15, dpi) / 2)), (w, h), interpolation=cv2.INTER_LINEAR
    )
    return cv2.multiply(page, cv2.convertScaleAbs(soft, alpha=strength, beta=255 * (1 - strength)), scale=1 / 255)
