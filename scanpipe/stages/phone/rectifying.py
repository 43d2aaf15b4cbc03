"""A picture in, the page on it out: upright, flat, in the proportions of its paper, where that is certain."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanpipe.model import Code, Corners
from scanpipe.saying import Said, say
from scanpipe.stages.phone.advising import Advice, advise
from scanpipe.stages.phone.finding import find
from scanpipe.stages.phone.lighting import evened
from scanpipe.stages.phone.sheet import Lie
from scanpipe.stages.phone.warping import flattened, is_all_of, share_on_picture
from scanpipe.stages.read import Eyes
from scanpipe.stages.unpack.planes import gray_of

Pixels = NDArray[np.uint8]


class How(enum.Enum):
    """By what the page was rectified. The value is stored and served."""

    CODES = "codes"
    OUTLINE = "outline"
    AS_IT_CAME = "as it came"


@dataclass(frozen=True, slots=True, eq=False)
class Rectified:
    """`page` is uint8 (height, width[, 3]) as the picture was: upright, and A4 where `certain`; else the picture itself.

    `lie` is how the paper lies on the picture, `dpi` the resolution of `page`, `paper_share` how much of the paper is on it;
    all None where it is as it came, and then `why` says why. `codes` are those on the picture, with corners in its pixels.
    """

    page: Pixels
    certain: bool
    how: How
    advice: tuple[Advice, ...]
    lie: Lie | None = None
    dpi: float | None = None
    paper_share: float | None = None
    why: Said | None = None
    codes: tuple[Code, ...] = ()

    @property
    def corners(self) -> Corners | None:
        """Those of the paper (top left, top right, bottom right, bottom left) in pixels of the picture."""
        if self.lie is None:
            return None
        return tuple((float(x), float(y)) for x, y in self.lie.corners)  # type: ignore[return-value]


def rectify(picture: Pixels, eyes: Eyes | None = None) -> Rectified:
    """`picture` is RGB or gray, turned as its file says. Without `eyes` nobody looks for codes: the outline alone tells.

    Never worse than the picture: what is not certain stays as it came.
    """
    codes = _codes(picture, eyes) if eyes is not None else ()
    found = find(picture, codes)
    if isinstance(found, Said):
        return Rectified(picture, False, How.AS_IT_CAME, advise(picture, None), why=found, codes=codes)
    if is_all_of(found.lie, (picture.shape[1], picture.shape[0])):
        why = say("the picture is a flat page already")
        return Rectified(picture, False, How.AS_IT_CAME, advise(picture, found.lie), why=why, codes=codes)
    page, dpi = flattened(picture, found.lie)
    share = share_on_picture(found.lie, (picture.shape[1], picture.shape[0]))
    how = How.CODES if found.by_codes else How.OUTLINE
    return Rectified(
        evened(page, dpi / 25.4), True, how, advise(picture, found.lie), found.lie, dpi, share, codes=codes
    )


def _codes(picture: Pixels, eyes: Eyes) -> tuple[Code, ...]:
    """All that one thorough pass shows: a code of another sheet must not be overlooked."""
    return tuple(eyes.first.search(gray_of(picture), eyes.printed))
