"""What was read on a page in, where it stands on the picture out: outlines of codes, and places where one was expected."""

from __future__ import annotations

from typing import Any

from scanpipe.desk.viewing import SheetView
from scanpipe.layout import A4, CODE_MM, places
from scanpipe.stages.preview import on_picture
from scanpipe.stages.render import STRAIGHT_DEG


def missing(view: SheetView) -> list[dict[str, Any]]:
    """Where codes were expected that nobody could read, in percent of a page of the usual size."""
    if view.evidence.get("size_px") is None:
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
