"""Text in, lines and a size of type that fit a space out. The question it answers: how large can this be set?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from scanpipe.model import TestDefinition

Weight = Literal["Regular", "Bold"]
LEADING = 1.2
"""From one baseline to the next, in sizes of the type."""
_STEP_PT = 0.5
_ELLIPSIS = "…"
_FONTS = Path(__file__).parent / "fonts"


@dataclass(frozen=True, slots=True)
class Space:
    """What a text may take up, and between which sizes of type it may be set."""

    width_mm: float
    height_mm: float
    largest_pt: float
    smallest_pt: float


@dataclass(frozen=True, slots=True)
class Setting:
    """A text as it is to be set."""

    lines: tuple[str, ...]
    size_pt: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Characters of a text that the font cannot print; `where` says whose text it is."""

    where: str
    text: str
    characters: str


@cache
def font(weight: Weight) -> Any:
    """The font of this weight, known to reportlab by its `fontName`."""
    name = f"Roboto-{weight}"
    loaded = TTFont(name, str(_FONTS / f"{name}.ttf"))
    pdfmetrics.registerFont(loaded)
    return loaded


def width_mm(text: str, weight: Weight, size_pt: float) -> float:
    """How wide one line of text is."""
    return float(font(weight).stringWidth(text, size_pt)) / float(mm)


@lru_cache(maxsize=4096)
def fit(text: str, weight: Weight, space: Space) -> Setting:
    """Sets `text` as large as the space allows, on as many lines as it has height for; what is still too long ends in …"""
    size_pt = space.largest_pt
    while True:
        lines = _wrap(text, weight, size_pt, space.width_mm)
        most = max(1, int(space.height_mm * mm / (size_pt * LEADING)))
        if len(lines) <= most and all(width_mm(line, weight, size_pt) <= space.width_mm for line in lines):
            return Setting(tuple(lines), size_pt)
        if size_pt <= space.smallest_pt:
            return Setting(tuple(_cut(lines, most, weight, size_pt, space.width_mm)), size_pt)
        size_pt = max(size_pt - _STEP_PT, space.smallest_pt)


def missing_glyphs(definition: TestDefinition) -> list[Missing]:
    """What of a test's texts the font cannot print; an empty box stands in its place on the sheets."""
    texts = [("title", definition.title)]
    texts += [(f"question {q.id}", q.label) for q in definition.questions]
    for c in definition.candidates:
        texts += [(f"candidate {c.number}", t) for t in (c.name, c.room, c.seat) if t]
    found = [Missing(where, text, _lacking(text)) for where, text in texts]
    return [m for m in found if m.characters]


def _lacking(text: str) -> str:
    has = font("Regular").face.charToGlyph
    return "".join(c for c in dict.fromkeys(text) if ord(c) not in has)


def _wrap(text: str, weight: Weight, size_pt: float, most_mm: float) -> list[str]:
    """Lines broken at blanks. A word that is wider than a line gets one of its own, too wide."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_mm(longer, weight, size_pt) <= most_mm:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(lines: list[str], most: int, weight: Weight, size_pt: float, most_mm: float) -> list[str]:
    """The first `most` lines, each no wider than allowed; … says where something is missing."""
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] = f"{kept[-1]} {lines[most]}{_ELLIPSIS}"
    return [_shorten(line, weight, size_pt, most_mm) for line in kept]


def _shorten(line: str, weight: Weight, size_pt: float, most_mm: float) -> str:
    while len(line) > 1 and width_mm(line, weight, size_pt) > most_mm:
        line = line.removesuffix(_ELLIPSIS)[:-1].rstrip() + _ELLIPSIS
    return line
