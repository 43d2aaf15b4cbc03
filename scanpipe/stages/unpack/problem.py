"""What can be wrong with a file or with a page of it, and how much is allowed. Values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass

from scanpipe.model import Reason


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
    detail: str


def unreadable(detail: str) -> Problem:
    return Problem(Reason.UNREADABLE_FILE, detail)


def unsupported(detail: str) -> Problem:
    return Problem(Reason.UNSUPPORTED_FILE, detail)


def too_large(detail: str) -> Problem:
    return Problem(Reason.TOO_LARGE, detail)


def size_problem(width_px: int, height_px: int, max_pixels: int) -> Problem | None:
    """What is wrong with the dimensions that a header claims, if anything."""
    if width_px <= 0 or height_px <= 0:
        return unreadable(f"the picture claims to be {width_px} by {height_px} pixels")
    if width_px * height_px > max_pixels:
        millions = width_px * height_px / 1e6
        return too_large(
            f"the page has {width_px} by {height_px} pixels, {millions:.0f} million; {max_pixels / 1e6:.0f} million are allowed"
        )
    return None


def page_count_problem(pages: int, max_pages: int) -> Problem | None:
    """`pages` may be a lower bound: what is wrong with so many."""
    if pages < 1:
        return unreadable("the file has no pages")
    if pages > max_pages:
        return too_large(f"the file has more than {max_pages} pages, which is what is allowed")
    return None
