"""Text in, pen strokes out: what is written looks like a hand's, and every candidate has one of his own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.scansim.glyphs import glyph
from tools.scansim.raster import Points, Rng


@dataclass(frozen=True, slots=True)
class Hand:
    """How somebody writes: height of a capital, slant (1 is 45°), and how unsteadily (share of the height)."""

    height_mm: float
    slant: float
    unsteadiness: float
    spacing: float


def a_hand(rng: Rng) -> Hand:
    """Somebody's hand."""
    return Hand(rng.uniform(2.8, 5.0), rng.normal(0.12, 0.15), rng.uniform(0.03, 0.09), rng.uniform(0.9, 1.2))


def write(text: str, at_mm: tuple[float, float], hand: Hand, rng: Rng) -> list[Points]:
    """The strokes of a line of text whose base line begins at `at_mm`, none for a blank text."""
    pieces, owners, x = [], [], 0.0
    for number, character in enumerate(text):
        strokes, width = glyph(character)
        for stroke in strokes:
            pieces.append(stroke + np.array((x, -1.0)))
            owners.append(np.full(len(stroke), number))
        x += width * hand.spacing
    if not pieces:
        return []
    points = _unsteady(np.vstack(pieces), np.concatenate(owners), hand, rng)
    points[:, 0] -= points[:, 1] * hand.slant
    ends = np.cumsum([len(p) for p in pieces])[:-1]
    return list(np.split(points * hand.height_mm + at_mm, ends))


def _unsteady(points: Points, owners: np.ndarray, hand: Hand, rng: Rng) -> Points:
    """Every letter bent, moved and sized a little in its own way, on a base line that is not straight."""
    letters = int(owners[-1]) + 1
    shift = rng.normal(0, hand.unsteadiness, (letters, 2))
    size = rng.normal(1, hand.unsteadiness, letters)
    phase = rng.uniform(0, 2 * np.pi, (letters, 2))
    bend = hand.unsteadiness * np.sin(points[:, ::-1] * 7 + phase[owners])
    drift = 0.08 * np.sin(points[:, 0] * 0.25 + phase[0, 0]) + rng.normal(0, 0.012) * points[:, 0]
    out = points + shift[owners] + bend
    out[:, 1] = out[:, 1] * size[owners] + drift
    return out
