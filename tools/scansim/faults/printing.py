"""What printers and copiers do."""

from __future__ import annotations

import cv2
import numpy as np

from tools.scansim.raster import Image, Rng, colour, graining, gray, is_colour, px


def faded_toner(page: Image, rng: Rng, amount: float) -> Image:
    """Toner runs out: what is dark becomes lighter by `amount` (0 to 1) on average, in bands and patches."""
    h, w = page.shape[:2]
    patches = rng.uniform(-0.2, 0.2, (7, 5)) + rng.uniform(-0.25, 0.25, (1, 5))
    kept = np.clip(1 - amount * (1 + patches), 0.05, 1) * 255
    keep = cv2.resize(kept.astype(np.uint8), (w, h), interpolation=cv2.INTER_LINEAR)
    dark = cv2.multiply(cv2.bitwise_not(page), colour(keep) if is_colour(page) else keep, scale=1 / 255)
    return cv2.bitwise_not(dark)


def photocopy(page: Image, dpi: float, rng: Rng, strength: float) -> Image:
    """What comes out of a copier: softer, harder in contrast, a little larger, without colours, specks of dirt.

    `strength` is 0 to 1.
    """
    h, w = page.shape[:2]
    scale = rng.uniform(1.004, 1.015)
    m = np.array([[scale, 0, w * (1 - scale) / 2], [0, scale, h * (1 - scale) / 2]])
    soft = cv2.GaussianBlur(gray(page), (0, 0), max(0.3, px(0.09 * strength, dpi)))
    larger = cv2.warpAffine(soft, m, (w, h), flags=cv2.INTER_LINEAR, borderValue=255)
    harder = np.clip((np.arange(256) - 128) * (1 + strength) + 128 + 20 * strength, 0, 255)
    copy = cv2.min(cv2.LUT(larger, harder.astype(np.uint8)), _specks(larger, rng, strength))
    return colour(copy) if is_colour(page) else copy


def _specks(page: Image, rng: Rng, strength: float) -> Image:
    """Dirt of the drum: small dark specks on white, more of them the stronger."""
    rare = cv2.bitwise_and(graining(page.shape, rng), graining(page.shape, rng))
    seeds = cv2.threshold(rare, 220 - round(20 * strength), 200, cv2.THRESH_BINARY)[1]
    return cv2.bitwise_not(cv2.GaussianBlur(seeds, (3, 3), 0.7))
