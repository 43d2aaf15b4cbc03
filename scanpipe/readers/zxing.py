"""zxing-cpp: fast, strong at low resolution, reads all symbologies."""

from __future__ import annotations

from typing import Any

import zxingcpp

from scanpipe.model import Code, Corners
from scanpipe.readers import Gray

_FORMATS = {
    "qr": zxingcpp.BarcodeFormat.QRCode,
    "datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
    "code128": zxingcpp.BarcodeFormat.Code128,
    "code39": zxingcpp.BarcodeFormat.Code39,
    "ean13": zxingcpp.BarcodeFormat.EAN13,
    "itf": zxingcpp.BarcodeFormat.ITF,
    "pdf417": zxingcpp.BarcodeFormat.PDF417,
    "aztec": zxingcpp.BarcodeFormat.Aztec,
}
_NAMES = {str(v): k for k, v in _FORMATS.items()}


def look(gray: Gray, symbologies: frozenset[str]) -> list[Code]:
    """One pass, as the picture is. Finds QR codes at every angle; linear codes only when they lie or nearly lie."""
    return _read(gray, symbologies, try_rotate=False, try_invert=False, try_downscale=False)


def search(gray: Gray, symbologies: frozenset[str]) -> list[Code]:
    """Also turned, inverted and at smaller scales: some ten times the work of `look`."""
    return _read(gray, symbologies)


def _read(gray: Gray, symbologies: frozenset[str], **tries: Any) -> list[Code]:
    formats: Any = [_FORMATS[s] for s in sorted(symbologies) if s in _FORMATS]
    if not formats or min(gray.shape) < 3:
        return []
    # Plain text: the usual one spells control characters out (<SOH>). The bytes alone do not say which alphabet they are in.
    found = zxingcpp.read_barcodes(gray, formats=formats, text_mode=zxingcpp.TextMode.Plain, **tries)
    return [_code(b) for b in found]


def _code(barcode: Any) -> Code:
    p = barcode.position
    # zxing-cpp counts from the edge of the first pixel; here the middle of a pixel is a whole number.
    corners: Corners = tuple(  # type: ignore[assignment]
        (c.x - 0.5, c.y - 0.5) for c in (p.top_left, p.top_right, p.bottom_right, p.bottom_left)
    )
    return Code(barcode.text, _NAMES.get(str(barcode.format), str(barcode.format).lower()), corners, "zxing")
