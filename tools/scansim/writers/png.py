"""A page in, a PNG out."""

from __future__ import annotations

import io
from typing import Any

import PIL.Image

from tools.scansim.raster import Image

_QUICK = 3


def png(page: Image, dpi: float) -> bytes:
    """A PNG, gray or RGB. With `dpi` 0 it says nothing about its resolution."""
    options: dict[str, Any] = {"dpi": (dpi, dpi)} if dpi else {}
    out = io.BytesIO()
    PIL.Image.fromarray(page).save(out, "PNG", compress_level=_QUICK, **options)
    return out.getvalue()
