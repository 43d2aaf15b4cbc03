"""What a file says about its resolution, believed where it can be true; and what else EXIF tells."""

from __future__ import annotations

from dataclasses import dataclass

from scanpipe.stages.unpack import ifd

_EXIF_DIRECTORY = 34665
_EXPOSURE_TIME, _APERTURE, _FOCAL_LENGTH = 33434, 33437, 37386
_LEAST, _MOST = 50.0, 2400.0
_SAME = 0.02


def believable_dpi(x_dpi: float, y_dpi: float) -> float | None:
    """Dots per inch, or None where the claim is out of range or the two axes differ by more than 2 %."""
    if not (_LEAST <= x_dpi <= _MOST and _LEAST <= y_dpi <= _MOST):
        return None
    if abs(x_dpi - y_dpi) > _SAME * max(x_dpi, y_dpi):
        return None
    return round((x_dpi + y_dpi) / 2, 2)


@dataclass(frozen=True, slots=True)
class Exif:
    """`orientation` is 1 to 8. `camera`: it was exposed through a lens, which no scanner says of its scans."""

    orientation: int = 1
    dpi: float | None = None
    camera: bool = False


def from_exif(blob: bytes) -> Exif:
    """What an EXIF block says; a damaged one says nothing."""
    try:
        tiff = ifd.read_header(blob)
        fields = tiff.fields(tiff.first)
        dpi = believable_dpi(*ifd.resolution(tiff, fields))
        return Exif(ifd.orientation(tiff, fields), dpi, _is_exposed(tiff, fields))
    except ifd.DirectoryError:
        return Exif()


def _is_exposed(tiff: ifd.TiffData, fields: ifd.Fields) -> bool:
    try:
        more = tiff.fields(ifd.integer(tiff, fields, _EXIF_DIRECTORY, 0)) if _EXIF_DIRECTORY in fields else {}
        return _EXPOSURE_TIME in more and (_APERTURE in more or _FOCAL_LENGTH in more)
    except ifd.DirectoryError:
        return False
