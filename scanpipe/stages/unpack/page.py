"""A page: what its header says, and its pixels when they are asked for."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scanpipe.saying import Said, say, words_of
from scanpipe.stages.unpack.orientation import shown, shown_size
from scanpipe.stages.unpack.planes import Planes, planes_of
from scanpipe.stages.unpack.problem import Problem, too_large, unreadable

Pixels = NDArray[np.uint8]
Shrink = Literal[1, 2, 4, 8]

_DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What the codecs raise on damaged files; found by feeding them some."""


def shrunk(gray: Pixels, shrink: Shrink) -> Pixels:
    """(ceil(height / shrink), ceil(width / shrink)), each pixel the mean of an area; gray itself for 1."""
    if shrink == 1:
        return gray
    height, width = gray.shape
    below, right = -height % shrink, -width % shrink
    if below or right:
        gray = cv2.copyMakeBorder(gray, 0, below, 0, right, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    size = (width + right) // shrink, (height + below) // shrink
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


class DecodeError(Exception):
    """The header was fine, the picture is not. `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


@contextmanager
def decoding(what: Said) -> Iterator[None]:
    """Around a codec: whatever it raises becomes a DecodeError that begins with `what`."""
    try:
        yield
    except (MemoryError, cv2.error) as e:
        raise DecodeError(too_large(say("%(what)s needs more memory than there is", what=what))) from e
    except _DAMAGE as e:
        raise DecodeError(unreadable(say("%(what)s is damaged (%(error)s)", what=what, error=words_of(e)))) from e


class Source(Protocol):
    """Pixels as they are stored, before they are turned. The methods raise DecodeError and nothing else."""

    @property
    def monochrome(self) -> bool:
        """`colour` gives the same as `gray(1)`."""
        ...

    def gray(self, shrink: Shrink) -> Pixels: ...

    def colour(self) -> Pixels: ...

    def planes(self) -> Planes | None:
        """What `Page.planes` wants, where the file stores just that and it can be had in one go."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One side of a scan. Sizes are as shown; `stored_as` (1 to 8, as in EXIF) is how the pixels lie in the file.

    `dpi` is what the file says, where that can be true. `own` is the picture as a browser can show it unchanged and its media
    type, where the file has such a thing. `camera`: the file says that somebody took it with a camera. The arrays are shared and
    therefore read-only.
    """

    width_px: int
    height_px: int
    dpi: float | None
    format: str
    own: tuple[bytes, str] | None
    source: Source
    stored_as: int = 1
    camera: bool = False
    _grays: dict[Shrink, Pixels] = field(default_factory=dict, repr=False)
    _stored: list[Planes | None] = field(default_factory=list, repr=False)

    def gray(self, shrink: Shrink = 1) -> Pixels:
        """uint8 (ceil(height / shrink), ceil(width / shrink)), averaged over areas. Raises DecodeError."""
        if shrink not in self._grays:
            self._grays[shrink] = self._gray(shrink)
        return self._grays[shrink]

    def colour(self) -> Pixels:
        """uint8 (height, width) of a gray or bitonal page, (height, width, 3) RGB of any other. Raises DecodeError."""
        if self.source.monochrome:
            return self.gray(1)
        return self._shown(self.source.colour(), 1)

    def planes(self) -> Planes:
        """(height, width) of a gray page; luma of even size and both colour differences at half size of any other."""
        if self.source.monochrome:
            return (self.gray(1),)
        return self._planes() or planes_of(self.colour())

    def _gray(self, shrink: Shrink) -> Pixels:
        """Half a page comes from the whole one where that is of use later: most scans stand askew, and are wanted whole."""
        if shrink == 1 and (planes := self._planes()):
            return _shared(planes[0][: self.height_px, : self.width_px])
        if shrink == 2 and (self.source.monochrome or self._planes()):
            return _shared(shrunk(self.gray(1), 2))
        return self._shown(self.source.gray(shrink), shrink)

    def _planes(self) -> Planes | None:
        if self.stored_as != 1:
            return None
        if not self._stored:
            self._stored.append(self.source.planes())
        return self._stored[0]

    def _shown(self, stored: Pixels, shrink: Shrink) -> Pixels:
        with decoding(say("the picture")):
            pixels = shown(np.ascontiguousarray(stored), self.stored_as)
        if pixels.shape[:2] != (-(-self.height_px // shrink), -(-self.width_px // shrink)):
            raise DecodeError(unreadable(say("the picture has other dimensions than its header says")))
        return _shared(pixels)


def _shared(pixels: Pixels) -> Pixels:
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels


def page_of(
    stored_size: tuple[int, int],
    source: Source,
    *,
    format: str,
    dpi: float | None,
    own: tuple[bytes, str] | None = None,
    stored_as: int = 1,
    camera: bool = False,
) -> Page:
    """A page from the (width, height) of the pixels as they are stored."""
    width, height = shown_size(*stored_size, stored_as)
    return Page(width, height, dpi, format, own, source, stored_as, camera)
