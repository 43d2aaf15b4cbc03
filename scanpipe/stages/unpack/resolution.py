"""What a file says about its resolution, believed where it can be true."""

from __future__ import annotations

from scanpipe.stages.unpack import ifd

_LEAST, _MOST = 50.0, 2400.0
_SAME = 0.02


def believable_dpi(x_dpi: float, y_dpi: float) -> float | None:
    """Dots per inch, or None where the claim is out of range or the two axes differ by more than 2 %."""
    if not (_LEAST <= x_dpi <= _MOST and _LEAST <= y_dpi <= _MOST):
        return None
    if abs(x_dpi - y_dpi) > _SAME * max(x_dpi, y_dpi):
        return None
    return round((x_dpi + y_dpi) / 2, 2)


def from_exif(blob: bytes) -> tuple[int, float | None]:
    """Orientation (1 to 8) and dpi of an EXIF block; a damaged one says nothing."""
    try:
        tiff = ifd.read_header(blob)
        fields = tiff.fields(tiff.first)
        return ifd.orientation(tiff, fields), believable_dpi(*ifd.resolution(tiff, fields))
    except ifd.DirectoryError:
        return 1, None
