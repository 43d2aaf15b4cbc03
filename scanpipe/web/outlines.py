"""What was read on a page in, where it stands on the picture out: outlines of codes, places where one was expected,
and what is shaded."""

from __future__ import annotations

from typing import Any

from scanpipe.desk.viewing import SheetView
from scanpipe.layout import A4, CODE_MM, places
from scanpipe.model import PageRecord
from scanpipe.stages.preview import on_picture
from scanpipe.stages.render import STRAIGHT_DEG

_MARGIN = 0.06
"""Of paper around boxes and grid, as a share of their width."""


def missing(view: SheetView) -> list[dict[str, Any]]:
    """Where codes were expected that nobody could read, in percent of a page of the usual size."""
    if view.evidence.get("size_px") is None or "shaded" in view.evidence:
        return []
    read = {code.get("kind") for code in view.evidence.get("codes", [])}
    found = []
    for kind, place in places(A4).items():
        if kind.name.lower() not in read:
            box = (place.x_mm / A4.width_mm, place.y_mm / A4.height_mm, CODE_MM / A4.width_mm, CODE_MM / A4.height_mm)
            found.append({"kind": kind.name.lower(), "box": [round(100 * v, 2) for v in box]})
    return found


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
