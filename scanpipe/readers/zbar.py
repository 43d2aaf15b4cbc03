"""ZBar through pyzbar: slower, and much stronger than zxing-cpp where a pen went through a code at 300 dpi.

Only asked for QR and Code 128: its other linear readers see codes in hatching. Three of its habits are guarded against here:
it raises on a structured-append symbol anywhere on the picture, answers empty strings for empty code frames, and writes
a line to standard error when it meets a broken symbol.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pyzbar import pyzbar

from scanpipe.model import Code, Corners, Point
from scanpipe.readers import Gray

_SYMBOLS = {"qr": pyzbar.ZBarSymbol.QRCODE, "code128": pyzbar.ZBarSymbol.CODE128}
_NAMES = {"QRCODE": "qr", "CODE128": "code128"}
_TOP_LEFT = {"UP": (-1, -1), "RIGHT": (1, -1), "DOWN": (1, 1), "LEFT": (-1, 1)}


def look(gray: Gray, symbologies: frozenset[str]) -> list[Code]:
    """ZBar has one way of reading; see `search`."""
    return search(gray, symbologies)


def search(gray: Gray, symbologies: frozenset[str]) -> list[Code]:
    """Reads QR and Code 128 at every angle. A picture on which ZBar fails answers with no codes."""
    symbols = [_SYMBOLS[s] for s in sorted(symbologies) if s in _SYMBOLS]
    if not symbols or min(gray.shape) < 3:
        return []
    try:
        found = pyzbar.decode(np.ascontiguousarray(gray), symbols=symbols)
    except ValueError:  # structured append: "… is not a valid ZBarOrientation"
        return []
    return [_code(f) for f in found if f.data]


def _code(found: Any) -> Code:
    return Code(found.data.decode("utf-8", "replace"), _NAMES[found.type], _corners(found), "zbar")


def _corners(found: Any) -> Corners:
    """pyzbar sorts the polygon as a hull, counter-clockwise; the orientation (to a quarter turn) says where its top is."""
    if len(found.polygon) != 4:
        x, y, w, h = (float(v) for v in found.rect)
        return ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
    clockwise: list[Point] = [(float(p.x), float(p.y)) for p in reversed(found.polygon)]
    towards = _TOP_LEFT[found.orientation]
    first = max(range(4), key=lambda i: clockwise[i][0] * towards[0] + clockwise[i][1] * towards[1])
    a, b, c, d = clockwise[first:] + clockwise[:first]
    return (a, b, c, d)
