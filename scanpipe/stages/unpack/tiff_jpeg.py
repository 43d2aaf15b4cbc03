"""JPEG in TIFF: each strip is a JPEG whose tables stand elsewhere. Decoded strictly, which libtiff does not."""

from __future__ import annotations

import numpy as np
import simplejpeg

from scanpipe.saying import say
from scanpipe.stages.unpack.jpeg import decode
from scanpipe.stages.unpack.page import DecodeError, Pixels, decoding
from scanpipe.stages.unpack.problem import unreadable
from scanpipe.stages.unpack.tiff_page import JPEG, TiffPage

_GRAY, _RGB, _YCBCR = (0, 1), 2, 6
_START, _END = b"\xff\xd8", b"\xff\xd9"
_COMPONENTS_ARE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"


def is_simple(page: TiffPage) -> bool:
    """Whole strips of gray, RGB or YCbCr; anything else (tiles, planes, CMYK) is libtiff's business."""
    kind = (page.samples, page.photometric)
    known = (page.samples == 1 and page.photometric in _GRAY) or kind in ((3, _RGB), (3, _YCBCR))
    return page.compression == JPEG and known and not page.tiled and page.planes == 1 and set(page.bits) == {8}


def decode_strips(page: TiffPage, tables: bytes) -> Pixels:
    """(height, width) or (height, width, 3) RGB, before white and black are turned round. Raises DecodeError."""
    head = _START + (_COMPONENTS_ARE_RGB if page.photometric == _RGB else b"")
    head += tables.removeprefix(_START).removesuffix(_END)
    colours = "GRAY" if page.samples == 1 else "RGB"
    strips = [_decode_strip(head + p.removeprefix(_START), colours, page, i) for i, p in enumerate(page.pieces)]
    pixels = strips[0] if len(strips) == 1 else np.concatenate(strips)
    return pixels[:, :, 0] if page.samples == 1 else pixels


def _decode_strip(jpeg: bytes, colours: str, page: TiffPage, index: int) -> Pixels:
    """Rows of the strip; an encoder may have filled the last one up."""
    rows = page.rows(index)
    with decoding(say("the JPEG in the TIFF")):
        height, width, *_ = simplejpeg.decode_jpeg_header(jpeg)
    if width != page.width_px or not rows <= height <= max(page.piece_size[1], rows + 15):
        raise DecodeError(unreadable(say("the JPEG in the TIFF has other dimensions than the page")))
    return decode(jpeg, colours)[:rows]
