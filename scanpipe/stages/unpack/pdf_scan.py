"""A PDF page in, the one scanned image that it consists of out, if it does."""

from __future__ import annotations

from dataclasses import dataclass

import pypdfium2 as pdfium

from scanpipe.stages.unpack import pdf_objects as objects
from scanpipe.stages.unpack.orientation import Direction, from_directions
from scanpipe.stages.unpack.pdf_objects import Handle, Matrix, Rectangle
from scanpipe.stages.unpack.resolution import believable_dpi

_POINTS = 72.0
_ALL = 0.99
_MOST = 0.8
_STRAIGHT = 0.001
_HAIR = 1.0
"""Points: no picture is thinner."""


@dataclass(frozen=True, slots=True)
class Scan:
    """The image, how its pixels lie (1 to 8, as in EXIF) and their dpi on paper, where that can be true."""

    image: Handle
    width_px: int
    height_px: int
    stored_as: int
    dpi: float | None


def is_bare(page: pdfium.PdfPage) -> bool:
    """Nothing on the page can be seen."""
    box = objects.visible_box(page)
    return not objects.count_annotations(page) and not any(_is_visible(h, box) for h in objects.top_objects(page))


def find_scan(page: pdfium.PdfPage) -> Scan | None:
    """The image that is all one sees of the page, or None. Its mask is not looked at."""
    image, covers = _only_image(page), False
    if image is None or objects.is_clipped_or_transparent(image):
        return None
    matrix, box = objects.matrix_of(image), objects.visible_box(page)
    directions = _directions(matrix)
    if directions is None:
        return None
    place = _place(matrix)
    covers = _share(place, box) >= (_ALL if _has_more(page) else _MOST)
    if not covers or _share(box, place) < _ALL:
        return None
    width, height = objects.pixel_size(image)
    right, down = (_turned(d, page.get_rotation()) for d in directions)
    return Scan(image, width, height, from_directions(right, down), believable_dpi(*resolution(image)))


def resolution(image: Handle) -> tuple[float, float]:
    """Dots per inch along the image's own two sides, as it is placed on the page; 0 where it has no extent."""
    a, b, c, d, _, _ = objects.matrix_of(image)
    width, height = objects.pixel_size(image)
    across, down = (a * a + b * b) ** 0.5, (c * c + d * d) ** 0.5
    return (width * _POINTS / across if across else 0.0, height * _POINTS / down if down else 0.0)


def _only_image(page: pdfium.PdfPage) -> Handle | None:
    """The only image of the page, if nothing that can be seen is painted over it."""
    if objects.count_annotations(page):
        return None
    image = None
    for handle in objects.top_objects(page):
        if objects.is_image(handle):
            if image is not None:
                return None
            image = handle
        elif image is not None and not objects.is_invisible_text(handle):
            return None
    return image


def _is_visible(handle: Handle, box: Rectangle) -> bool:
    if objects.is_image(handle):
        place = _place(objects.matrix_of(handle))
        return _share(box, place) > 0 and min(place[2] - place[0], place[3] - place[1]) > _HAIR
    return not objects.is_invisible_text(handle)


def _has_more(page: pdfium.PdfPage) -> bool:
    """Something is painted beside the image (under it, when it is the only image): the image must then hide it."""
    return any(not objects.is_image(h) and not objects.is_invisible_text(h) for h in objects.top_objects(page))


def _directions(matrix: Matrix) -> tuple[Direction, Direction] | None:
    """Where the image's right and down point on the page (y down), or None when it lies askew."""
    a, b, c, d, _, _ = matrix
    least = _STRAIGHT * max(abs(a), abs(b), abs(c), abs(d))
    if abs(b) <= least and abs(c) <= least and a and d:
        return (_sign(a), 0), (0, _sign(d))
    if abs(a) <= least and abs(d) <= least and b and c:
        return (0, -_sign(b)), (-_sign(c), 0)
    return None


def _turned(direction: Direction, clockwise_deg: int) -> Direction:
    x, y = direction
    for _ in range(clockwise_deg // 90):
        x, y = -y, x
    return x, y


def _place(matrix: Matrix) -> Rectangle:
    a, b, c, d, e, f = matrix
    xs, ys = (e, e + a, e + c, e + a + c), (f, f + b, f + d, f + b + d)
    return min(xs), min(ys), max(xs), max(ys)


def _share(cover: Rectangle, of: Rectangle) -> float:
    """How much of the second rectangle lies in the first, 0 to 1."""
    width = min(cover[2], of[2]) - max(cover[0], of[0])
    height = min(cover[3], of[3]) - max(cover[1], of[1])
    area = (of[2] - of[0]) * (of[3] - of[1])
    return max(width, 0.0) * max(height, 0.0) / area if area > 0 else 0.0


def _sign(x: float) -> int:
    return 1 if x > 0 else -1
