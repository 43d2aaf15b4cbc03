"""A picture and where the paper is on it in, advice for the next picture out. Advice is never a refusal."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scanpipe.layout import A4
from scanpipe.stages.phone.sheet import Lie
from scanpipe.stages.phone.warping import px_per_mm, share_on_picture, tilt_deg
from scanpipe.stages.unpack.planes import gray_of

Pixels = NDArray[np.uint8]

_BLURRED_MM = 0.3
"""Half a pen's stroke; from there on a scan is poor, too (`quality.blur_mm`)."""
_DARK_LEVEL = 75
_SHINING, _GLARE_SHARE = 253, 0.004
_WHOLE_SHARE, _COARSE_DPI, _STEEP_DEG = 0.995, 120, 38
_CUT_AT_EDGE = 0.06
_LONGEST = 4
"""Of the longer to the shorter side; what is longer is no picture of a page."""
_TILE_MM, _LEAST_CONTRAST, _OWN_BLUR_PX = 6.0, 30, 0.6


class Advised(enum.Enum):
    """What could be better. The value is stored and served: add, never rename."""

    BLURRED = "blurred"
    CUT = "cut"
    TOO_DARK = "too_dark"
    GLARE = "glare"
    TOO_SMALL = "too_small"
    STEEP = "steep"
    NO_PAGE_FOUND = "no_page_found"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a person reads: what is wrong and what to do, in each language."""

    en: str
    nb: str


ADVICE: Mapping[Advised, Sentence] = {
    Advised.BLURRED: Sentence(
        "The picture is blurred: hold the phone still, wait until it is in focus, and take it again.",
        "Bildet er uskarpt: hold telefonen rolig, vent til den har stilt skarpt, og ta det på nytt.",
    ),
    Advised.CUT: Sentence(
        "Part of the sheet is outside the picture: step back until all four corners are on it.",
        "En del av arket er utenfor bildet: gå litt bakover til alle fire hjørnene er med.",
    ),
    Advised.TOO_DARK: Sentence(
        "The picture is dark: turn on a lamp or go to a window, and keep your own shadow off the sheet.",
        "Bildet er mørkt: tenn en lampe eller gå til et vindu, og unngå at du selv skygger for arket.",
    ),
    Advised.GLARE: Sentence(
        "A lamp or the flash shines back from the sheet, and nothing can be read there: turn the flash off or move the sheet.",
        "En lampe eller blitsen speiler seg i arket, og der kan ingenting leses: slå av blitsen eller flytt arket.",
    ),
    Advised.TOO_SMALL: Sentence(
        "The sheet is small on the picture: go closer until it fills most of it.",
        "Arket er lite på bildet: gå nærmere til det fyller det meste av bildet.",
    ),
    Advised.STEEP: Sentence(
        "The picture was taken from the side: hold the phone straight above the sheet.",
        "Bildet er tatt fra siden: hold telefonen rett over arket.",
    ),
    Advised.NO_PAGE_FOUND: Sentence(
        "The edges of the sheet could not be found, so the picture is kept as it is: lay the sheet on something darker.",
        "Kantene på arket ble ikke funnet, så bildet beholdes som det er: legg arket på et mørkere underlag.",
    ),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that could be better, and what was measured."""

    what: Advised
    measured: Mapping[str, float]

    @property
    def en(self) -> str:
        return ADVICE[self.what].en

    @property
    def nb(self) -> str:
        return ADVICE[self.what].nb


def advise(picture: Pixels, lie: Lie | None) -> tuple[Advice, ...]:
    """What could be better. `lie` is how the sheet lies on the picture, None where that is not certain: then all of it counts."""
    if max(picture.shape[:2]) > _LONGEST * min(picture.shape[:2]):
        return (Advice(Advised.NO_PAGE_FOUND, {}),)
    level = _paper_level(picture, lie)
    sharpness = blur_mm(picture, lie)
    found: list[tuple[Advised, bool, dict[str, float]]] = [
        (Advised.NO_PAGE_FOUND, lie is None, {}),
        (Advised.BLURRED, sharpness is not None and sharpness > _BLURRED_MM, {"blur_mm": round(sharpness or 0, 2)}),
        (Advised.TOO_DARK, level < _DARK_LEVEL, {"paper_level": round(level)}),
    ]
    glare = glare_share(picture, lie)
    found.append((Advised.GLARE, glare > _GLARE_SHARE, {"glare_share": round(glare, 3)}))
    found += _of_lie(lie, (picture.shape[1], picture.shape[0])) if lie is not None else _of_edge(picture)
    return tuple(Advice(what, measured) for what, holds, measured in found if holds)


def _of_lie(lie: Lie, size: tuple[int, int]) -> list[tuple[Advised, bool, dict[str, float]]]:
    share, dpi, tilt = share_on_picture(lie, size), px_per_mm(lie) * 25.4, tilt_deg(lie, size)
    return [
        (Advised.CUT, share < _WHOLE_SHARE, {"paper_share": round(share, 3)}),
        (Advised.TOO_SMALL, dpi < _COARSE_DPI, {"dpi": round(dpi)}),
        (Advised.STEEP, tilt > _STEEP_DEG, {"tilt_deg": round(tilt)}),
    ]


def _of_edge(picture: Pixels) -> list[tuple[Advised, bool, dict[str, float]]]:
    """What looks like the paper in the middle and goes to the edge of the picture was probably cut."""
    share = _paper_at_edge(picture)
    return [(Advised.CUT, share > _CUT_AT_EDGE, {"paper_at_edge": round(share, 2)})]


def blur_mm(picture: Pixels, lie: Lie | None) -> float | None:
    """How blurred the sharpest strokes are: the standard deviation of the Gaussian that makes their edges, in mm on the paper.

    Where it is not known how the sheet lies, the shorter side of the picture is taken to be that of A4. None where there is
    nothing sharp to tell by.
    """
    gray, per_mm = _cut_out(picture, lie)
    side = max(8, round(_TILE_MM * per_mm))
    rows, columns = gray.shape[0] // side, gray.shape[1] // side
    if rows < 2 or columns < 2:
        return None
    soft: Any = cv2.GaussianBlur(gray, (3, 3), 0.6)
    steps = cv2.max(cv2.absdiff(soft[1:, 1:], soft[1:, :-1]), cv2.absdiff(soft[1:, 1:], soft[:-1, 1:]))
    steepest = _by_tile(steps, side, np.max).astype(np.float64)
    contrast = _by_tile(soft[1:, 1:], side, np.max).astype(np.float64) - _by_tile(soft[1:, 1:], side, np.min)
    clear = contrast > max(_LEAST_CONTRAST, 0.5 * float(contrast.max()))
    if not clear.any():
        return None
    sigmas = contrast[clear] / (np.maximum(steepest[clear], 1) * math.sqrt(2 * math.pi))
    measured = float(np.quantile(sigmas, 0.25))
    return float(math.sqrt(max(0.0, measured**2 - _OWN_BLUR_PX**2)) / per_mm)


def glare_share(picture: Pixels, lie: Lie | None) -> float:
    """How much of the page shines so brightly that nothing can be read there, while the rest of the paper does not."""
    gray, per_mm = _cut_out(picture, lie)
    small: Any = cv2.resize(gray, None, fx=1 / per_mm, fy=1 / per_mm, interpolation=cv2.INTER_AREA)
    if min(small.shape) < 20 or float(np.median(small)) > _SHINING - 25:
        return 0.0
    shining = (small >= _SHINING).astype(np.uint8)
    shining = cv2.morphologyEx(shining, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return float(cv2.countNonZero(shining) / small.size)


def _paper_level(picture: Pixels, lie: Lie | None) -> float:
    gray, per_mm = _cut_out(picture, lie)
    small: Any = cv2.resize(gray, None, fx=0.5 / per_mm, fy=0.5 / per_mm, interpolation=cv2.INTER_AREA)
    return float(np.quantile(small, 0.6))


def _paper_at_edge(picture: Pixels) -> float:
    """How much of the picture's edge looks like the paper in its middle."""
    rgb: Any = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    lab: Any = cv2.cvtColor(cv2.resize(rgb, (96, 96), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB).astype(int)
    inner = lab[24:72, 24:72].reshape(-1, 3)
    paper: Any = np.median(inner[inner[:, 0] >= np.median(inner[:, 0])], axis=0)
    edge = np.concatenate([part.reshape(-1, 3) for part in (lab[:2], lab[-2:], lab[:, :2], lab[:, -2:])])
    near = (np.abs(edge[:, 0] - paper[0]) < 0.15 * paper[0]) & (np.abs(edge[:, 1:] - paper[1:]).max(axis=1) < 5)
    return float(np.mean(near))


def _cut_out(picture: Pixels, lie: Lie | None) -> tuple[Any, float]:
    """The upright rectangle around the middle of the sheet, gray, and its pixels for a millimetre."""
    gray = gray_of(picture)
    if lie is None:
        return gray, min(gray.shape) / A4.width_mm
    xs, ys = np.sort(lie.corners[:, 0]), np.sort(lie.corners[:, 1])
    left, right = (int(np.clip(v, 0, gray.shape[1])) for v in (xs[1], xs[2]))
    top, bottom = (int(np.clip(v, 0, gray.shape[0])) for v in (ys[1], ys[2]))
    part = gray[top:bottom, left:right]
    return (part if min(part.shape) > 50 else gray), px_per_mm(lie)


def _by_tile(values: Any, side: int, of: Any) -> NDArray[Any]:
    rows, columns = values.shape[0] // side, values.shape[1] // side
    tiles = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return np.asarray(of(tiles, axis=(1, 3)))
