"""Pictures of any kind in, 8-bit gray or RGB on white paper out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from scanpipe.saying import say
from scanpipe.stages.unpack.page import DecodeError, Page, Pixels, Shrink, page_of, shrunk
from scanpipe.stages.unpack.planes import gray_of
from scanpipe.stages.unpack.problem import unsupported

Image.MAX_IMAGE_PIXELS = None  # the header's dimensions are checked against the limits before Pillow is asked

_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_GRAY_ALPHA = ("LA", "La")
_GRAY_16 = ("I;16", "I;16L", "I;16B", "I;16N")
_AS_RGB = ("RGB", "RGBX", "CMYK", "YCbCr", "HSV")


def page_of_pixels(pixels: Pixels, dpi: float | None, format: str) -> Page:
    """A page that was made of a picture: uint8 gray (height, width) or RGB (height, width, 3). `format` is that of the file."""
    return page_of((pixels.shape[1], pixels.shape[0]), RasterSource(lambda: pixels), format=format, dpi=dpi)


class RasterSource:
    """Decodes once, when first asked, by `load`, which raises DecodeError and nothing else."""

    def __init__(self, load: Callable[[], Pixels]) -> None:
        self._load = load
        self._pixels: Pixels | None = None

    @property
    def monochrome(self) -> bool:
        return self.colour().ndim == 2

    def gray(self, shrink: Shrink) -> Pixels:
        return shrunk(gray_of(self.colour()), shrink)

    def colour(self) -> Pixels:
        if self._pixels is None:
            self._pixels = self._load()
        return self._pixels

    def planes(self) -> None:
        return None


def pixels_of(image: Image.Image) -> Pixels:
    """(height, width) of a gray or bitonal picture, (height, width, 3) RGB of any other; transparent is white.

    Raises DecodeError for kinds of pixels that have no agreed look, and what Pillow raises for damaged ones.
    """
    if image.mode in _GRAY_16:
        return (np.asarray(image) >> 8).astype(np.uint8)
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return _on_white(image)
    if image.mode == "P":
        return _from_palette(image)
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if image.mode in _AS_RGB:
        return np.asarray(image.convert("RGB"))
    if image.mode == "LAB":
        return _from_lab(image)
    raise DecodeError(
        unsupported(say("the picture has pixels of a kind that is not supported (%(kind)s)", kind=image.mode))
    )


def _on_white(image: Image.Image) -> Pixels:
    gray = image.mode in (*_GRAY_ALPHA, "1", "L")
    straight = image.convert("LA") if image.mode == "La" else image
    rgba = straight.convert("RGBA")
    paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    rgb = np.asarray(Image.alpha_composite(paper, rgba).convert("RGB"))
    return np.ascontiguousarray(rgb[:, :, 0]) if gray else rgb


def _from_palette(image: Image.Image) -> Pixels:
    palette = np.array(image.convert("P").getpalette("RGB"), dtype=np.uint8).reshape(-1, 3)
    table = np.zeros((256, 3), np.uint8)
    table[: len(palette)] = palette
    indices: NDArray[np.uint8] = np.asarray(image)
    if (palette == palette[:, :1]).all():
        return table[:, 0][indices]
    return table[indices]


def _from_lab(image: Image.Image) -> Pixels:
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert converted is not None  # it is None only when converting in place
    return np.asarray(converted)
