"""A file that describes a sheet with a shaded code in, the layout out, or everything that is wrong with it.

Our own sheet is described by such a file as well: `scanpipe/sheets/layouts/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from scanpipe.definitions.problems import Problem, Spot
from scanpipe.definitions.text_file import decode
from scanpipe.definitions.yaml_nodes import Value, compose, describe, entries, items, scalar
from scanpipe.layout import Box, Paper
from scanpipe.model import Point
from scanpipe.shaded_layout import Grid, Mark, ShadedLayout

_GRID = "{first: …, places: 7, next_place: …, next_digit: …, digits: …}"
KEYS = MappingProxyType(
    {
        "layout": "the name of the layout: letters, digits and hyphens, at most 40",
        "signed": "whether the sheets carry the signed code of this installation: true, or false (the default)",
        "paper": "the size of the paper: {width_mm: 210, height_mm: 297}",
        "marks": "a list of at least four marks: {x_mm: …, y_mm: …, width_mm: …, height_mm: …}, x and y of the middle",
        "bubble": "the size of a bubble: {width_mm: 5, height_mm: 4}",
        "code": f"the grid of the code: {_GRID}",
        "page": f"the grid of the page number: {_GRID}",
        "boxes": "where the code is written by hand: {x_mm: …, y_mm: …, width_mm: …, height_mm: …}",
    }
)
_REQUIRED = ("layout", "paper", "marks", "bubble", "code")
_MM = "millimetres, such as 8.5"
_GRID_KEYS = MappingProxyType(
    {
        "first": "the middle of the bubble of the first place and digit: {x_mm: …, y_mm: …}",
        "places": "how many digits the number has: a whole number from 1 to 12",
        "next_place": "the way from one place to the next: {x_mm: …, y_mm: …}",
        "next_digit": "the way from one digit to the next: {x_mm: …, y_mm: …}",
        "digits": 'the digits in the order of their bubbles, in quotes: "0123456789"',
    }
)
_BOX = MappingProxyType(dict.fromkeys(("x_mm", "y_mm", "width_mm", "height_mm"), _MM))
_POINT = MappingProxyType(dict.fromkeys(("x_mm", "y_mm"), _MM))
_SIZE = MappingProxyType(dict.fromkeys(("width_mm", "height_mm"), _MM))
_LARGEST_MM = 1000.0
_FEWEST_MARKS = 4
_LEAST_SPREAD_MM = 20.0


def read_layout(data: bytes, name: str) -> tuple[ShadedLayout | None, list[Problem]]:
    """The layout that the file `name` describes; None, and what is wrong with it."""
    problems: list[Problem] = []
    spot = Spot(name, problems)
    text = decode(data, spot)
    root = compose(text, spot) if text is not None else None
    layout = _layout(root) if root is not None else None
    if root is not None and layout is not None:
        _check(layout, root)
    return (None if problems else layout), problems


def _check(layout: ShadedLayout, root: Value) -> None:
    """Notes what cannot be on a sheet of paper."""
    w, h = layout.paper.width_mm, layout.paper.height_mm
    marks = np.array([(m.x_mm, m.y_mm) for m in layout.marks])
    grids = [layout.code, *([layout.page] if layout.page is not None else [])]
    middles = np.concatenate([marks, *(grid.middles_mm().reshape(-1, 2) for grid in grids)])
    if (middles < 0).any() or (middles > (w, h)).any():
        root.spot.wrong("a mark or a bubble beside the paper", f"places within {w:g} by {h:g} mm")
    if min(*layout.bubble_mm, *(min(m.width_mm, m.height_mm) for m in layout.marks)) <= 0:
        root.spot.wrong("a mark or a bubble without a size", "sizes above 0 mm")
    if np.linalg.svd(marks - marks.mean(axis=0), compute_uv=False)[-1] < _LEAST_SPREAD_MM:
        root.spot.wrong("all marks on one line", "marks around the grids")
    steps = [abs(g.next_place_mm[0] * g.next_digit_mm[1] - g.next_place_mm[1] * g.next_digit_mm[0]) for g in grids]
    if min(steps) < layout.bubble_mm[0] * layout.bubble_mm[1]:
        root.spot.wrong("bubbles that lie upon each other", "steps from bubble to bubble that are wider than a bubble")


def _layout(root: Value) -> ShadedLayout | None:
    fields = entries(root, KEYS, _REQUIRED)
    id, signed = _id(fields.get("layout")), _signed(fields.get("signed"))
    paper, bubble = _numbers(fields.get("paper"), _SIZE), _numbers(fields.get("bubble"), _SIZE)
    marks = [_numbers(m, _BOX) for m in (items(fields["marks"], KEYS["marks"]) or [])] if "marks" in fields else []
    if "marks" in fields and len(marks) < _FEWEST_MARKS:
        fields["marks"].spot.wrong(f"{len(marks)} marks", KEYS["marks"])
    code, page = _grid(fields.get("code")), _grid(fields.get("page"))
    boxes = _numbers(fields["boxes"], _BOX) if "boxes" in fields else None
    if root.spot.problems or id is None or paper is None or bubble is None or code is None:
        return None
    sheet = Paper(id, paper["width_mm"], paper["height_mm"])
    return ShadedLayout(
        id,
        signed,
        sheet,
        tuple(Mark(**m) for m in marks if m is not None),
        (bubble["width_mm"], bubble["height_mm"]),
        code,
        page,
        Box(**boxes) if boxes is not None else None,
    )


def _id(value: Value | None) -> str | None:
    text = scalar(value, KEYS["layout"]) if value is not None else None
    if value is None or text is None or re.fullmatch("[a-z0-9-]{1,40}", text.lower()):
        return text.lower() if text is not None else None
    value.spot.wrong(describe(value), KEYS["layout"])
    return None


def _signed(value: Value | None) -> bool:
    text = scalar(value, KEYS["signed"]) if value is not None else "false"
    if value is not None and text is not None and text not in ("true", "false"):
        value.spot.wrong(describe(value), KEYS["signed"])
    return text == "true"


def _numbers(value: Value | None, keys: Mapping[str, str]) -> dict[str, float] | None:
    """A mapping of millimetres; None, and noted, where something is missing or no number."""
    if value is None:
        return None
    found = {k: _number(v) for k, v in entries(value, keys, tuple(keys)).items()}
    told = {k: v for k, v in found.items() if v is not None}
    return told if len(told) == len(keys) else None


def _number(value: Value) -> float | None:
    text = scalar(value, _MM)
    if text is None or not re.fullmatch(r"-?[0-9]{1,4}([.][0-9]{1,4})?", text) or abs(float(text)) > _LARGEST_MM:
        if text is not None:
            value.spot.wrong(describe(value), _MM)
        return None
    return float(text)


def _grid(value: Value | None) -> Grid | None:
    if value is None:
        return None
    fields = entries(value, _GRID_KEYS, tuple(_GRID_KEYS))
    first, place, digit = (_point(fields.get(k)) for k in ("first", "next_place", "next_digit"))
    places, digits = _places(fields.get("places")), _digits(fields.get("digits"))
    if first is None or place is None or digit is None or places is None or digits is None:
        return None
    return Grid(first, places, place, digit, digits)


def _point(value: Value | None) -> Point | None:
    found = _numbers(value, _POINT)
    return (found["x_mm"], found["y_mm"]) if found is not None else None


def _places(value: Value | None) -> int | None:
    text = scalar(value, _GRID_KEYS["places"]) if value is not None else None
    if value is None or text is None:
        return None
    if not re.fullmatch("[1-9]|1[0-2]", text):
        value.spot.wrong(describe(value), _GRID_KEYS["places"])
        return None
    return int(text)


def _digits(value: Value | None) -> str | None:
    text = scalar(value, _GRID_KEYS["digits"]) if value is not None else None
    if value is None or text is None:
        return None
    if sorted(text) != list("0123456789"):
        value.spot.wrong(describe(value), _GRID_KEYS["digits"])
        return None
    return text
