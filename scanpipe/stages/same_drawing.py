"""Do two straightened scans show the same sheet with the same drawing? Any doubt is a no: then a person looks at both.

Both pictures are laid over each other (affinely, by ECC: Evangelidis and Psarakis 2008, doi:10.1109/TPAMI.2008.113), and small
fields once more by themselves, as paper stretches in a feed. Then every bit of ink of one must lie on ink of the other.
docs/decisions/0005-same-drawing.md has the figures.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Ink = NDArray[np.float32]

_DPI = 150.0
_MM = _DPI / 25.4
_EDGE_MM, _MARGIN_MM = 2.0, 10.0
"""So much at the page's edges is not compared, and so much only in clear ink: there scanners see the bed and its shadow."""
_FIELD_MM, _SEARCH_MM, _NEAR_MM, _SOFT_MM = 10.0, 0.6, 0.17, 0.17
_LIKE = 0.7
_FAINTEST, _FAINT_ENOUGH, _AT_MARGIN = 6.0, 11.0, 45.0
"""Ink that must be found again is so many gray levels darker than the paper: the first on a clean scan, more on one with grain;
where that would be more than the second, faint strokes may go unseen, which is a doubt. In the margin the third.
"""
_ABOVE_GRAIN = 6.0
"""Standard deviations of the grain that ink stands out by: a page has a million pixels."""
_PALER = 1.25
"""So much darker may ink be in one scan than in the other."""
_SPECK_MM2 = 0.2
_INK_PX = 12


def gray_picture(body: bytes) -> Gray | None:
    """The picture in a file, in gray; None where the bytes are none."""
    try:
        picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if picture is None else np.asarray(picture, np.uint8)


def same_drawing(first: Gray, second: Gray, first_dpi: float, second_dpi: float) -> bool:
    """Is all ink of each of two gray pictures (height x width) ink of the other one, too?"""
    a, b = _scaled(first, first_dpi), _scaled(second, second_dpi)
    b_on_a = _laid_over(a, b)
    if b_on_a is None:
        return False
    one, other = _darkness(a), _darkness(b_on_a)
    least = max(_FAINTEST, _ABOVE_GRAIN * _noise(one), _ABOVE_GRAIN * _noise(other))
    return least <= _FAINT_ENOUGH and _explained(one, other, least) and _explained(other, one, least)


def _scaled(picture: Gray, dpi: float) -> Gray:
    size = (round(picture.shape[1] * _DPI / dpi), round(picture.shape[0] * _DPI / dpi))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _laid_over(a: Gray, b: Gray) -> Gray | None:
    """The second picture in the first one's frame; None where they do not come together."""
    if max(abs(n - m) for n, m in zip(a.shape, b.shape, strict=True)) > 12 * _MM:
        return None
    warp = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 80, 1e-5)
    for factor, kind in ((6, cv2.MOTION_TRANSLATION), (6, cv2.MOTION_AFFINE), (3, cv2.MOTION_AFFINE)):
        small = [cv2.resize(p, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA) for p in (a, b)]
        at = warp.copy()
        at[:, 2] /= factor
        try:
            _, found = cv2.findTransformECC(255 - small[0], 255 - small[1], at, kind, stop, np.ones_like(small[1]), 5)
        except cv2.error:  # it did not converge
            return None
        warp = np.asarray(found, np.float32)
        warp[:, 2] *= factor
    if np.abs(warp[:, :2] - np.eye(2)).max() > 0.02:
        return None
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(b, warp, a.shape[::-1], flags=how, borderMode=cv2.BORDER_CONSTANT, borderValue=255), np.uint8
    )


def _darkness(picture: Gray) -> Ink:
    """How much darker than the paper around it each pixel of a softened picture is; never negative."""
    small = cv2.resize(picture, None, fx=1 / 6, fy=1 / 6, interpolation=cv2.INTER_AREA)
    around = cv2.resize(cv2.medianBlur(small, 31), picture.shape[::-1], interpolation=cv2.INTER_LINEAR)
    usual = float(np.median(picture))
    # Neither a large filled area nor the scanner's bed is paper.
    paper = np.clip(around.astype(np.float32), usual - 25, usual + 2)
    seen = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), _SOFT_MM * _MM)
    return np.asarray(np.clip(paper - seen, 0, None), np.float32)


def _noise(ink: Ink) -> float:
    """Standard deviation of the paper's grain, as long as ink covers less than a third of the page."""
    margin = round(_MARGIN_MM * _MM)
    return float(np.percentile(ink[margin:-margin, margin:-margin], 70)) / 0.5244  # that share of a normal distribution


def _explained(ink: Ink, other: Ink, least: float) -> bool:
    """Lies all ink of one, from so many gray levels on, on ink of the other?"""
    edge, field, search = round(_EDGE_MM * _MM), round(_FIELD_MM * _MM), round(_SEARCH_MM * _MM)
    dark = _dark(ink.shape, least)
    faint = (ink > dark).astype(np.uint8)
    enough = dark / 2 + _PALER * _grown(other)
    left = np.zeros_like(faint)
    height, width = ink.shape
    for y in range(edge, height - edge, field):
        for x in range(edge, width - edge, field):
            here = (slice(y, min(y + field, height - edge)), slice(x, min(x + field, width - edge)))
            if not faint[here].any():
                continue
            shift = _shift(ink, other, here, search, int(faint[here].sum()) >= _INK_PX)
            if shift is None:
                return False
            left[here] = faint[here] & (ink[here] > _shifted(enough, here, shift))
    _, _, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
    return bool(stats[1:, cv2.CC_STAT_AREA].max(initial=0) <= _SPECK_MM2 * _MM**2)


def _dark(shape: tuple[int, ...], least: float) -> Ink:
    """How dark ink must be to be looked for on the other picture."""
    margin = round(_MARGIN_MM * _MM)
    dark = np.full(shape, _AT_MARGIN, np.float32)
    dark[margin:-margin, margin:-margin] = least
    return dark


def _shift(ink: Ink, other: Ink, here: tuple[slice, slice], search: int, must: bool) -> tuple[int, int] | None:
    """Where the field lies on the other picture; None where it is not found there although there is enough ink in it."""
    y, x = here[0].start, here[1].start
    around = other[y - search : here[0].stop + search, x - search : here[1].stop + search]
    if around.shape != (here[0].stop - y + 2 * search, here[1].stop - x + 2 * search):
        return None
    _, like, _, (dx, dy) = cv2.minMaxLoc(cv2.matchTemplate(around, ink[here], cv2.TM_CCOEFF_NORMED))
    if must and like < _LIKE:
        return None
    return dy - search, dx - search


def _shifted(values: Ink, here: tuple[slice, slice], shift: tuple[int, int]) -> Ink:
    dy, dx = shift
    return values[here[0].start + dy : here[0].stop + dy, here[1].start + dx : here[1].stop + dx]


def _grown(ink: Ink) -> Ink:
    """The darkest within reach of each pixel."""
    size = 2 * round(_NEAR_MM * _MM) + 1
    return np.asarray(cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), np.float32)
