"""What was read on a page in, where it stands on the picture out: outlines of codes, places where one was expected,
and what is shaded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from scanpipe.codes import LABELS, Kind
from scanpipe.desk.viewing import SheetView
from scanpipe.layout import A4, Box, Place, label_boxes, pad_places, places
from scanpipe.model import PageRecord
from scanpipe.stages.preview import on_picture
from scanpipe.stages.render import STRAIGHT_DEG

_LABELS = tuple(kind.name.lower() for kind in LABELS)
_ALONE = {kind.name.lower() for kind in (Kind.GENERIC, Kind.SEPARATOR)}
"""Who reads one of these misses no other."""
_MARGIN = 0.06
"""Of paper around boxes and grid, as a share of their width."""


def missing(view: SheetView) -> list[dict[str, Any]]:
    """Where codes were expected that nobody could read, in percent of a page of the usual size."""
    codes = view.evidence.get("codes", [])
    read = {code.get("kind") for code in codes}
    if view.evidence.get("size_px") is None or "shaded" in view.evidence or read & _ALONE:
        return []
    said = {name for code in codes if code.get("standing") == "plain" for name in code["claims"]}
    read |= {kind for name, kind in (("candidate", _LABELS[0]), ("question", _LABELS[1])) if name in said}
    return [{"kind": kind, "box": _percent(box)} for kind, box in _expected(view, read).items() if kind not in read]


def _expected(view: SheetView, read: Collection[str]) -> Mapping[str, Box]:
    """The codes that this kind of sheet has. A sheet of which nothing is known is taken for a personal one; a bound one needs
    no label.
    """
    personal = bool({"candidate", "sheet"} & set(read))
    if personal or not (view.for_nobody or {"pad", "open", *_LABELS} & set(read)):
        return {kind.name.lower(): _box(place) for kind, place in places(A4).items()}
    question = "open" not in read and ("question" in read or view.page.question is not None)
    codes = {kind.name.lower(): _box(place) for kind, place in pad_places(A4, question).items()}
    needed = (view.page.candidate is None, view.page.question is None and not question)
    labels = zip(_LABELS, label_boxes(A4), needed, strict=True)
    return codes | {kind: box for kind, box, is_needed in labels if is_needed}


def _box(place: Place) -> Box:
    return Box(place.x_mm, place.y_mm, place.size_mm, place.size_mm)


def _percent(box: Box) -> list[float]:
    shares = (box.x_mm / A4.width_mm, box.y_mm / A4.height_mm, box.width_mm / A4.width_mm, box.height_mm / A4.height_mm)
    return [round(100 * share, 2) for share in shares]


def outlines(view: SheetView) -> list[dict[str, Any]]:
    """Where the codes lie on the straightened picture, in percent of its sides, with what they claim."""
    page, size = view.page, view.evidence.get("size_px")
    if size is None or page.skew_deg is None or page.turn_deg is None:
        return []
    found = []
    for code in view.evidence.get("codes", []):
        points = on_picture(code["corners"], (size[0], size[1]), page.turn_deg, page.skew_deg, STRAIGHT_DEG)
        shown = " ".join(f"{100 * x:.2f},{100 * y:.2f}" for x, y in points)
        left, top = 100 * min(x for x, _ in points), 100 * min(y for _, y in points)
        found.append({"points": shown, "x": round(left, 2), "y": round(top, 2), **code})
    return found


def shaded_part(view: SheetView) -> dict[str, Any] | None:
    """Boxes and grid of a generic sheet on the straightened picture (`box`: left, top, width and height in its pixels), and what
    was read there.
    """
    shaded, page, size = view.evidence.get("shaded", {}), view.page, view.evidence.get("size_px")
    if not shaded.get("grid") or not size or not page.width_px or not page.height_px:
        return None
    points = on_picture(shaded["grid"], (size[0], size[1]), page.turn_deg or 0, page.skew_deg or 0.0, STRAIGHT_DEG)
    xs, ys = (
        [share * side for share in shares] for shares, side in zip(zip(*points, strict=True), _size(page), strict=True)
    )
    margin = _MARGIN * (max(xs) - min(xs))
    left, top = min(xs) - margin, min(ys) - margin
    box = (left, top, max(xs) + margin - left, max(ys) + margin - top)
    return {"box": [round(v) for v in box], "code": shaded["code"], "page": shaded["page"]}


def _size(page: PageRecord) -> tuple[int, int]:
    return page.width_px or 0, page.height_px or 0
