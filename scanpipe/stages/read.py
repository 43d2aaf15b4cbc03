"""A page in, the codes on it out: what does the paper say?

In tiers, cheap first, widening only for what is still missing:

1. the whole page at about 150 dots per inch, one pass for the printed symbology: enough for nearly every page, and
   it sees a code of another sheet wherever it lies;
2. where at least one code of a sheet was found, the layout says where the others are: both readers search there, at full
   resolution (ZBar reads through pen strokes what zxing-cpp does not, zxing-cpp reads at low resolution what ZBar does not);
3. where none was found: the whole page with everything zxing-cpp can do, then ZBar in the four corners, then over all;
4. still none: other symbologies, so that a foreign sheet can be named;
5. on a sheet of a pad without its label: the label, at its box and then everywhere, and codes from elsewhere instead of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.codes import LABELS, PERSONAL, Kind, Parsed, parse
from scanpipe.layout import label_boxes, place_of
from scanpipe.model import PLAIN_SYMBOLOGIES, Code, Corners, Point
from scanpipe.stages.locate import Stance, locate

Gray = NDArray[np.uint8]
Shrink = Literal[1, 2, 4, 8]

_A4_SHORT_IN = 210 / 25.4
_LOOK_DPI = 130
_COARSE_DPI = 180
"""Below, the first look is at twice the size: else codes half as large as printed (a cut-out, a screen) are not seen."""
_MARGIN_MM = 7.0
_CORNER_SHARE = 0.3
_SAME_PLACE = 0.5
_SMOOTH_PX = 1.2


class Picture(Protocol):
    """What reading needs of a page. `gray` is uint8 (height / shrink, width / shrink)."""

    @property
    def width_px(self) -> int: ...

    @property
    def height_px(self) -> int: ...

    def gray(self, shrink: Shrink = 1) -> Gray: ...


class Reader(Protocol):
    def look(self, gray: Gray, symbologies: frozenset[str]) -> list[Code]: ...

    def search(self, gray: Gray, symbologies: frozenset[str]) -> list[Code]: ...


@dataclass(frozen=True, slots=True)
class Eyes:
    """The two readers, the symbologies that are printed here, and those worth naming on a page that shows none of them."""

    first: Reader
    second: Reader
    printed: frozenset[str] = frozenset({"qr"})
    others: frozenset[str] = frozenset(PLAIN_SYMBOLOGIES) - {"qr"}


def look(page: Picture, eyes: Eyes) -> tuple[Code, ...]:
    """The codes that one quick pass over the whole page shows; corners in its pixels."""
    shrink = look_shrink(page)
    gray: Any = page.gray(shrink)
    scale = float(shrink)
    if _dpi_if_a4(page) < _COARSE_DPI:
        gray, scale = cv2.resize(gray, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR), 0.5
    found = eyes.first.look(gray, eyes.printed)
    return merged((), (_scaled(c, scale, (0, 0)) for c in found))


def search(page: Picture, eyes: Eyes, codes: tuple[Code, ...]) -> tuple[Code, ...]:
    """The codes that `look` gave and those that it missed; `help` of a code says what it took beyond the first look."""
    if is_whole_sheet(codes):
        return codes
    codes = codes or _search_everywhere(page, eyes)
    stance = locate(codes)
    if stance is None:
        return codes
    codes = merged(codes, _search_places(page, eyes, stance))
    missing = _missing_labels(codes)
    return merged(codes, _search_labels(page, eyes, stance, missing)) if missing else codes


def read_all(page: Picture, eyes: Eyes) -> tuple[Code, ...]:
    """The codes that either reader finds anywhere with every effort: for a person who asks what is on a page."""
    codes = look(page, eyes)
    if is_whole_sheet(codes):
        return codes
    full = page.gray(1)
    codes = merged(codes, eyes.first.search(full, eyes.printed))
    codes = merged(codes, eyes.second.search(full, eyes.printed))
    return search(page, eyes, codes)


def look_shrink(page: Picture) -> Shrink:
    """How far the page can shrink for the first look: to 130 dots per inch or a little more, if it were A4."""
    dpi = _dpi_if_a4(page)
    shrink: Shrink = 1
    steps: tuple[Shrink, ...] = (2, 4, 8)
    for s in steps:
        if dpi / s >= _LOOK_DPI:
            shrink = s
    return shrink


def _dpi_if_a4(page: Picture) -> float:
    """What its resolution would be if the page were A4; what the file says about it may be wrong."""
    return min(page.width_px, page.height_px) / _A4_SHORT_IN


def is_whole_sheet(codes: Iterable[Code]) -> bool:
    """All three codes of one sheet, those of a pad with its labels, that of a generic sheet, those of a separator; no more."""
    parsed = [parse(c.text) for c in codes]
    found = [p for p in parsed if p is not None]
    kinds = frozenset(p.kind for p in found)
    if kinds == {Kind.SEPARATOR} and len(parsed) == len(found) == _SEPARATOR_CODES:
        return _one_serial(found)
    return len(parsed) == len(found) == len(kinds) and kinds in _WHOLE and _one_serial(found)


_SEPARATOR_CODES = 4
_WHOLE = (
    frozenset(PERSONAL),
    frozenset({Kind.QUESTION, Kind.PAD, Kind.CANDIDATE_LABEL}),
    frozenset({Kind.OPEN, Kind.PAD, *LABELS}),
    frozenset({Kind.GENERIC}),
)


def _one_serial(parsed: list[Parsed]) -> bool:
    return len({p.claims.serial for p in parsed if p.kind not in LABELS}) == 1


def _missing_labels(codes: Iterable[Code]) -> list[Kind]:
    """The labels that this sheet of a pad should have and was not seen to have; none of a personal sheet."""
    kinds = {p.kind for c in codes if (p := parse(c.text)) is not None}
    if not kinds & {Kind.PAD, Kind.OPEN} or kinds & {Kind.CANDIDATE, Kind.SHEET}:
        return []
    wanted = [Kind.CANDIDATE_LABEL] if Kind.QUESTION in kinds else list(LABELS)
    return [kind for kind in wanted if kind not in kinds]


def _search_labels(page: Picture, eyes: Eyes, stance: Stance, missing: list[Kind]) -> list[Code]:
    """Where the pad says that they go; if one is still missing, everywhere, and then what may stand for it from elsewhere."""
    found: list[Code] = []
    for kind, box in zip(LABELS, label_boxes(stance.paper), strict=True):
        if kind in missing:
            area = _box(page, stance.to_px(box.corners_mm), _MARGIN_MM * stance.px_per_mm)
            found += _search_box(page, eyes, area, "searched in the label's box")
    if len(found) >= len(missing):
        return found
    full = page.gray(1)
    found += [replace(c, help="label searched everywhere") for c in eyes.first.search(full, eyes.printed)]
    return found + [replace(c, help="other symbologies") for c in eyes.first.search(full, eyes.others)]


def _search_places(page: Picture, eyes: Eyes, stance: Stance) -> list[Code]:
    """Both readers where the layout says that a code stands that was not read yet."""
    found: list[Code] = []
    read = {place_of(kind, stance.paper) for kind in stance.kinds}
    for kind in PERSONAL:  # where pads have codes, other sheets have some, too
        place = place_of(kind, stance.paper)
        if place in read:
            continue
        box = _box(page, stance.to_px(place.corners_mm), _MARGIN_MM * stance.px_per_mm)
        found += _search_box(page, eyes, box, "searched at its place")
    return found


def _search_everywhere(page: Picture, eyes: Eyes) -> tuple[Code, ...]:
    full = page.gray(1)
    found = [replace(c, help="searched everywhere") for c in eyes.first.search(full, eyes.printed)]
    smooth: Any = cv2.GaussianBlur(full, (0, 0), _SMOOTH_PX)  # dithered bitonal scans show nothing without
    found += [replace(c, help="smoothed") for c in eyes.first.look(smooth, eyes.printed)]
    for box in _corner_boxes(page):
        found += _zbar_box(full, eyes, box)
    if not found:
        found = [replace(c, help="second reader everywhere") for c in eyes.second.search(full, eyes.printed)]
    if not found:
        found = [replace(c, help="other symbologies") for c in eyes.first.search(full, eyes.others)]
    return merged((), found)


def _zbar_box(full: Gray, eyes: Eyes, box: tuple[int, int, int, int]) -> list[Code]:
    x0, y0, x1, y1 = box
    found = eyes.second.search(np.ascontiguousarray(full[y0:y1, x0:x1]), eyes.printed)
    return [replace(_scaled(c, 1, (x0, y0)), help="second reader in a corner") for c in found]


def _search_box(page: Picture, eyes: Eyes, box: tuple[int, int, int, int], help: str) -> list[Code]:
    x0, y0, x1, y1 = box
    if x1 - x0 < 20 or y1 - y0 < 20:
        return []
    crop = np.ascontiguousarray(page.gray(1)[y0:y1, x0:x1])
    for reader, picture, scale, how in _attempts(eyes, crop):
        found = reader.search(picture, eyes.printed)
        if found:
            return [replace(_scaled(c, scale, (x0, y0)), help=f"{help}{how}") for c in found]
    return []


def _attempts(eyes: Eyes, crop: Gray) -> Iterable[tuple[Reader, Gray, float, str]]:
    """From cheap to dear: as it is, twice as large, smoothed, with the contrast stretched."""
    yield eyes.first, crop, 1, ""
    yield eyes.second, crop, 1, ", second reader"
    larger = cv2.resize(crop, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    yield eyes.first, larger, 0.5, ", enlarged"  # type: ignore[misc]
    yield eyes.second, larger, 0.5, ", second reader, enlarged"  # type: ignore[misc]
    smooth = cv2.GaussianBlur(crop, (0, 0), _SMOOTH_PX)
    yield eyes.second, smooth, 1, ", second reader, smoothed"  # type: ignore[misc]
    even = cv2.createCLAHE(4.0, (4, 4)).apply(crop)
    yield eyes.first, even, 1, ", contrast raised"  # type: ignore[misc]


def _corner_boxes(page: Picture) -> list[tuple[int, int, int, int]]:
    w, h = page.width_px, page.height_px
    side = int(_CORNER_SHARE * min(w, h))
    return [(x, y, x + side, y + side) for x in (0, w - side) for y in (0, h - side)]


def _box(page: Picture, points_px: NDArray[np.float64], margin_px: float) -> tuple[int, int, int, int]:
    low, high = points_px.min(axis=0) - margin_px, points_px.max(axis=0) + margin_px
    limit = np.array([page.width_px, page.height_px])
    low, high = np.clip(low, 0, limit), np.clip(high, 0, limit)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _scaled(code: Code, scale: float, shift: tuple[int, int]) -> Code:
    """Corners of a smaller (scale 2: half size) or cut-out picture as corners on the page; pixel centres are integers."""
    half = (scale - 1) / 2

    def move(p: Point) -> Point:
        return (p[0] * scale + half + shift[0], p[1] * scale + half + shift[1])

    corners: Corners = tuple(move(p) for p in code.corners)  # type: ignore[assignment]
    return replace(code, corners=corners)


def merged(known: tuple[Code, ...], new: Iterable[Code]) -> tuple[Code, ...]:
    """The same text at the same place counts once; the same text elsewhere is a second code, and stays."""
    codes = list(known)
    for code in new:
        if not any(c.text == code.text and _near(c, code) for c in codes):
            codes.append(code)
    return tuple(codes)


def _near(a: Code, b: Code) -> bool:
    ca, cb = np.mean(a.corners, axis=0), np.mean(b.corners, axis=0)
    side = np.hypot(*np.subtract(a.corners[0], a.corners[2])) + 1
    return bool(np.hypot(*(ca - cb)) < _SAME_PLACE * side)
