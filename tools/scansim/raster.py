"""Pages as pixels, and the few primitives that drawing and faults are made of.

A page is uint8, (height, width) gray or (height, width, 3) RGB; 255 is white. A mask is uint8, (height, width), 0 where
nothing happens and 255 where it happens fully. Lengths are millimetres from the top left corner of the page.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
Rng: TypeAlias = np.random.Generator
Points: TypeAlias = NDArray[np.float64]
"""(n, 2), x and y in millimetres."""
Rgb: TypeAlias = tuple[int, int, int]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom in millimetres."""

_TILE_PX = 2048
_TILE_SIGMA = 32.0
_SUBPIXEL_BITS = 4


def px(mm: float, dpi: float) -> float:
    """Millimetres in pixels."""
    return mm / 25.4 * dpi


def size_mm(page: Image, dpi: float) -> tuple[float, float]:
    """Width and height of a page."""
    return page.shape[1] / dpi * 25.4, page.shape[0] / dpi * 25.4


def is_colour(page: Image) -> bool:
    return page.ndim == 3


def gray(page: Image) -> Image:
    """The page without its colours; a gray page is handed through."""
    return cv2.cvtColor(page, cv2.COLOR_RGB2GRAY) if is_colour(page) else page


def colour(page: Image) -> Image:
    """The page with three channels; a colour page is handed through."""
    return page if is_colour(page) else cv2.cvtColor(page, cv2.COLOR_GRAY2RGB)


def tone(rgb: Rgb, page: Image) -> tuple[int, ...]:
    """A colour as a value of this kind of page."""
    return rgb if is_colour(page) else (round(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]),)


def no_mask(page: Image) -> Image:
    """A mask in which nothing happens."""
    return np.zeros(page.shape[:2], np.uint8)


def subpixel(points_mm: Points, dpi: float) -> NDArray[np.int32]:
    """Points in sixteenths of a pixel, as OpenCV takes them. A whole number is the middle of a pixel there."""
    return np.round((points_mm * (dpi / 25.4) - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)


def fill(mask: Image, dpi: float, points_mm: Points, strength: int = 255) -> None:
    """Fills a polygon, in place."""
    cv2.fillPoly(mask, [subpixel(points_mm, dpi)], (strength,), cv2.LINE_AA, _SUBPIXEL_BITS)


def trace(mask: Image, dpi: float, points_mm: Points, width_mm: float, strength: int = 255) -> None:
    """Draws a polyline, in place."""
    trace_all(mask, dpi, [points_mm], width_mm, (strength,))


def trace_all(page: Image, dpi: float, lines_mm: list[Points], width_mm: float, value: tuple[int, ...]) -> None:
    """Draws polylines of one width and value, in place."""
    thickness = max(1, round(px(width_mm, dpi)))
    lines = [subpixel(points, dpi) for points in lines_mm]
    cv2.polylines(page, lines, False, value, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def soften(mask: Image, sigma_px: float) -> Image:
    """A mask with soft edges. Looks only at where something happens."""
    x, y, w, h = cv2.boundingRect(mask)
    if w == 0 or sigma_px < 0.2:
        return mask
    margin = int(3 * sigma_px) + 1
    part = slice(max(0, y - margin), y + h + margin), slice(max(0, x - margin), x + w + margin)
    out = np.zeros_like(mask)
    out[part] = cv2.GaussianBlur(mask[part], (0, 0), sigma_px)
    return out


def wash(page: Image, mask: Image, rgb: Rgb) -> Image:
    """As ink, shadow or coffee: white becomes `rgb` where the mask is full, black stays black."""
    out = page.copy()
    part = _busy(mask)
    if page[part].size == 0:
        return out
    swallowed = _scaled(mask[part], tuple(255 - v for v in tone(rgb, page)))
    out[part] = cv2.multiply(page[part], cv2.bitwise_not(swallowed), scale=1 / 255)
    return out


def cover(page: Image, mask: Image, rgb: Rgb) -> Image:
    """As something opaque: everything becomes `rgb` where the mask is full."""
    out = page.copy()
    part = _busy(mask)
    if page[part].size == 0:
        return out
    under = cv2.multiply(page[part], cv2.bitwise_not(_like(mask[part], page)), scale=1 / 255)
    out[part] = cv2.add(under, _scaled(mask[part], tone(rgb, page)))
    return out


def graining(shape: tuple[int, ...], rng: Rng) -> Image:
    """White noise of `shape`: mean 128, standard deviation 32, each value for itself; a piece of a tile at random."""
    return _paved(_grain_tile(), shape, rng)


def mottling(shape: tuple[int, ...], rng: Rng) -> Image:
    """Cloudy noise of `shape` with clouds some pixels wide: mean 128, standard deviation 32."""
    return _paved(_mottle_tile(), shape, rng)


def add_noise(page: Image, noise: Image, sigma: float) -> Image:
    """The page with noise of standard deviation `sigma` gray levels; `noise` as `graining` makes it."""
    share = sigma / _TILE_SIGMA
    flat = page.reshape(page.shape[0], -1)
    return cv2.addWeighted(flat, 1.0, noise, share, -128 * share).reshape(page.shape)


def flat_shape(page: Image) -> tuple[int, int]:
    """The shape of a page with its channels side by side: noise of this shape differs from channel to channel."""
    return page.shape[0], page.size // page.shape[0]


def _busy(mask: Image) -> tuple[slice, slice]:
    x, y, w, h = cv2.boundingRect(mask)
    return slice(y, y + h), slice(x, x + w)


def _like(mask: Image, page: Image) -> Image:
    return colour(mask) if is_colour(page) else mask


def _scaled(mask: Image, value: tuple[int, ...]) -> Image:
    """0 where the mask is 0, `value` where it is full; one channel for each of the value's."""
    channels = [cv2.convertScaleAbs(mask, alpha=v / 255) for v in value]
    return channels[0] if len(channels) == 1 else cv2.merge(channels)


def _paved(tile: Image, shape: tuple[int, ...], rng: Rng) -> Image:
    """The tile side by side from a random place on, mirrored at random."""
    flips = rng.integers(0, 2, 2) * 2 - 1
    tile = tile[:: int(flips[0]), :: int(flips[1])]
    y0, x0 = (int(v) for v in rng.integers(0, _TILE_PX, 2))
    out = np.empty(shape, np.uint8)
    for y in range(-y0, shape[0], _TILE_PX):
        for x in range(-x0, shape[1], _TILE_PX):
            place = out[max(y, 0) : y + _TILE_PX, max(x, 0) : x + _TILE_PX]
            place[:] = tile[max(-y, 0) :, max(-x, 0) :][: place.shape[0], : place.shape[1]]
    return out


@cache
def _grain_tile() -> Image:
    return _as_tile(np.random.default_rng(11).standard_normal((_TILE_PX, _TILE_PX), np.float32))


@cache
def _mottle_tile() -> Image:
    raw = np.random.default_rng(12).standard_normal((_TILE_PX, _TILE_PX), np.float32)
    clouds = cv2.GaussianBlur(raw, (0, 0), 2.0) * 2.0 + cv2.GaussianBlur(raw, (0, 0), 7.0) * 7.0
    return _as_tile(clouds)


def _as_tile(values: NDArray[np.float32]) -> Image:
    return np.clip(128 + values / values.std() * _TILE_SIGMA, 0, 255).round().astype(np.uint8)
