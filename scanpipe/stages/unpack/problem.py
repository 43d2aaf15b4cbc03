"""What can be wrong with a file or with a page of it, and how much is allowed. Values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass

from scanpipe.model import Reason
from scanpipe.saying import Said, say


@dataclass(frozen=True, slots=True)
class Limits:
    """What is larger is refused before any decoder sees it. `render_dpi` is for PDF pages that are no scan."""

    max_pixels: int = 120_000_000
    max_pages: int = 2_000
    max_bytes: int = 500_000_000
    render_dpi: int = 300
    max_render_pixels: int = 40_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file or a page cannot be worked on: `unreadable_file`, `unsupported_file` or `too_large`, and a sentence."""

    reason: Reason
    detail: Said


def unreadable(detail: Said) -> Problem:
    return Problem(Reason.UNREADABLE_FILE, detail)


def unsupported(detail: Said) -> Problem:
    return Problem(Reason.UNSUPPORTED_FILE, detail)


def too_large(detail: Said) -> Problem:
    return Problem(Reason.TOO_LARGE, detail)


def size_problem(width_px: int, height_px: int, max_pixels: int) -> Problem | None:
    """What is wrong with the dimensions that a header claims, if anything."""
    if width_px <= 0 or height_px <= 0:
        return unreadable(
            say("the picture claims to be %(width)s by %(height)s pixels", width=width_px, height=height_px)
        )
    if width_px * height_px > max_pixels:
        millions, most = f"{width_px * height_px / 1e6:.0f}", f"{max_pixels / 1e6:.0f}"
        return too_large(
            say(
                "the page has %(width)s by %(height)s pixels, %(millions)s million; %(most)s million are allowed",
                width=width_px,
                height=height_px,
                millions=millions,
                most=most,
            )
        )
    return None


def page_count_problem(pages: int, max_pages: int) -> Problem | None:
    """`pages` may be a lower bound: what is wrong with so many."""
    if pages < 1:
        return unreadable(say("the file has no pages"))
    if pages > max_pages:
        return too_large(say("the file has more than %(most)s pages, which is what is allowed", most=max_pages))
    return None
