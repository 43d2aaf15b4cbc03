"""A page in, a JPEG out, with its resolution and, where asked, an EXIF orientation."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import PIL.Image

from tools.scansim.raster import Image

_ORIENTATION = 0x0112
_LAID: Mapping[int, Callable[[Image], Image]] = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}


def jpeg(page: Image, dpi: float, quality: int = 85, orientation: int = 1) -> bytes:
    """A JPEG whose pixels are laid so that a viewer that heeds the EXIF orientation shows the page as given.

    With `dpi` 0 the file says nothing about its resolution.
    """
    options: dict[str, Any] = {"dpi": (round(dpi), round(dpi))} if dpi else {}
    if orientation != 1:
        exif = PIL.Image.Exif()
        exif[_ORIENTATION] = orientation
        options["exif"] = exif
    out = io.BytesIO()
    PIL.Image.fromarray(laid_for(page, orientation)).save(out, "JPEG", quality=quality, **options)
    return out.getvalue()


def laid_for(page: Image, orientation: int) -> Image:
    """The pixels as they must lie in a file with this EXIF orientation (1 to 8)."""
    return np.ascontiguousarray(_LAID[orientation](page))
