"""What candidates draw: graphs, figures, handwriting, hatching; in pencil or pen, mostly within the frame."""

from __future__ import annotations

import cv2
import numpy as np

from tools.scanner.paper import Picture

Rng = np.random.Generator
_SHIFT = 4
_INKS = ((40, 40, 45), (25, 30, 110), (90, 90, 90), (150, 150, 150), (130, 30, 40))


def draw_answer(picture: Picture, dpi: float, rng: Rng) -> None:
    """Draws an answer into the drawing area of an A4 sheet, in place."""
    for deed in rng.choice(_DEEDS, size=int(rng.integers(1, 4))):
        deed(picture, dpi, rng)
    for _ in range(int(rng.integers(2, 9))):
        write_line(picture, dpi, rng, *rng.uniform((25, 50), (120, 240)))


def stroke_through(picture: Picture, dpi: float, rng: Rng, box_mm: tuple[float, float, float, float]) -> None:
    """One pen stroke across a box (left, top, right, bottom), in place: a slip, a line drawn too far."""
    x0, y0, x1, y1 = box_mm
    sides = [
        (rng.uniform(x0, x1), y0 - 3),
        (x1 + 3, rng.uniform(y0, y1)),
        (rng.uniform(x0, x1), y1 + 3),
        (x0 - 3, rng.uniform(y0, y1)),
    ]
    a, b = rng.choice(4, 2, replace=False)
    middle = rng.uniform((x0, y0), (x1, y1))
    line(picture, dpi, _curve(np.array([sides[a], middle, sides[b]])), _ink(rng), rng.uniform(0.4, 0.7))


def line(picture: Picture, dpi: float, points_mm: np.ndarray, ink: tuple[int, ...], width_mm: float) -> None:
    """A polyline of a pen: where it crosses, it darkens no further."""
    points = np.round(points_mm / 25.4 * dpi * 2**_SHIFT).astype(np.int32)
    colour = ink if picture.ndim == 3 else (int(np.mean(ink)),)
    thickness = max(1, round(width_mm / 25.4 * dpi))
    cv2.polylines(picture, [points], False, colour, thickness, cv2.LINE_AA, _SHIFT)


def write_line(picture: Picture, dpi: float, rng: Rng, x_mm: float, y_mm: float) -> None:
    """A line of something like handwriting."""
    t = np.arange(0, rng.uniform(20, 70), 0.35)
    x = x_mm + t + 1.1 * np.sin(t * 3.1 + rng.uniform(0, 6))
    y = y_mm + 1.6 * np.sin(t * 4.7) * rng.uniform(0.5, 1.2, t.size) + rng.normal(0, 0.25, t.size)
    inside = x < 190
    line(picture, dpi, np.stack([x[inside], y[inside]], axis=1), _ink(rng), rng.uniform(0.3, 0.6))


def _graph(picture: Picture, dpi: float, rng: Rng) -> None:
    x0, y0 = rng.uniform((30, 120), (70, 210))
    ink = _ink(rng)
    for tip in ((x0 + rng.uniform(60, 100), y0), (x0, y0 - rng.uniform(40, 70))):
        line(picture, dpi, np.array([(x0, y0), tip]), ink, 0.4)
    t = np.linspace(0, 1, 60)
    wave = 25 + 18 * np.sin(t * rng.uniform(3, 9)) * t
    line(picture, dpi, np.stack([x0 + 70 * t, y0 - wave], axis=1), _ink(rng), 0.5)


def _figure(picture: Picture, dpi: float, rng: Rng) -> None:
    middle, radius = rng.uniform((50, 80), (150, 220)), rng.uniform(12, 32)
    corners = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
    ring = middle + radius * np.stack([np.cos(corners), np.sin(corners)], axis=1)
    line(picture, dpi, np.vstack([ring, ring[:1]]), _ink(rng), 0.5)


def _hatching(picture: Picture, dpi: float, rng: Rng) -> None:
    x0, y0 = rng.uniform((30, 60), (140, 210))
    ink, size = _ink(rng), rng.uniform(15, 40)
    for d in np.arange(0, size, rng.uniform(1.2, 3)):
        line(picture, dpi, np.array([(x0 + d, y0), (x0, y0 + d)]), ink, 0.3)


def _free_hand(picture: Picture, dpi: float, rng: Rng) -> None:
    points = rng.uniform((40, 60), (170, 230)) + np.cumsum(rng.normal(0, 9, (8, 2)), axis=0)
    line(picture, dpi, np.clip(_curve(points), (14, 48), (196, 256)), _ink(rng), rng.uniform(0.3, 0.8))


_DEEDS = np.array([_graph, _figure, _hatching, _free_hand])


def _curve(points: np.ndarray) -> np.ndarray:
    """Smooths a polyline by cutting its corners (Chaikin, 1974)."""
    for _ in range(3):
        near, far = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.vstack([points[:1], np.stack([near, far], axis=1).reshape(-1, 2), points[-1:]])
    return points


def _ink(rng: Rng) -> tuple[int, ...]:
    return tuple(int(v) for v in _INKS[int(rng.integers(len(_INKS)))])
