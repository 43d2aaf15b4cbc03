"""Pages in, the bytes of a file out, as scanners write them. The same pages give the same bytes.

    jpeg.py  gray and colour, EXIF turns     tiff.py  seven kinds of compression and depth
    png.py                                   pdf.py   each page one embedded image

`FORMATS` names every way; each takes pages (of one kind), dots per inch, and a JPEG quality that lossless ways ignore.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tools.scansim.raster import Image
from tools.scansim.writers.jpeg import jpeg, laid_for
from tools.scansim.writers.pdf import pdf_group4, pdf_jpeg
from tools.scansim.writers.png import png
from tools.scansim.writers.tiff import group4, tiff, tiff_16_bit, tiff_cmyk, tiff_group4, tiff_palette

__all__ = [
    "FORMATS",
    "Format",
    "group4",
    "jpeg",
    "laid_for",
    "pdf_group4",
    "pdf_jpeg",
    "png",
    "tiff",
    "tiff_16_bit",
    "tiff_cmyk",
    "tiff_group4",
    "tiff_palette",
]

Pages = Sequence[Image]


@dataclass(frozen=True, slots=True)
class Format:
    """`most_pages` is how many pages a file may have; `bitonal` formats keep black and white only."""

    extension: str
    write: Callable[[Pages, float, int], bytes]
    most_pages: int = 1
    bitonal: bool = False


_MANY = 1000


def _jpeg(pages: Pages, dpi: float, quality: int, orientation: int = 1) -> bytes:
    return jpeg(pages[0], dpi, quality, orientation)


FORMATS: Mapping[str, Format] = {
    "jpeg": Format("jpg", _jpeg),
    "jpeg_exif_3": Format("jpg", partial(_jpeg, orientation=3)),
    "jpeg_exif_6": Format("jpg", partial(_jpeg, orientation=6)),
    "jpeg_exif_8": Format("jpg", partial(_jpeg, orientation=8)),
    "png": Format("png", lambda pages, dpi, _: png(pages[0], dpi)),
    "tiff_group4": Format("tif", lambda pages, dpi, _: tiff_group4(pages, dpi), _MANY, bitonal=True),
    "tiff_lzw": Format("tif", lambda pages, dpi, _: tiff(pages, dpi, "tiff_lzw"), _MANY),
    "tiff_deflate": Format("tif", lambda pages, dpi, _: tiff(pages, dpi, "tiff_adobe_deflate"), _MANY),
    "tiff_raw": Format("tif", lambda pages, dpi, _: tiff(pages, dpi, "raw"), _MANY),
    "tiff_jpeg": Format("tif", lambda pages, dpi, quality: tiff(pages, dpi, "jpeg", quality), _MANY),
    "tiff_16_bit": Format("tif", lambda pages, dpi, _: tiff_16_bit(pages, dpi), _MANY),
    "tiff_cmyk": Format("tif", lambda pages, dpi, _: tiff_cmyk(pages, dpi), _MANY),
    "tiff_palette": Format("tif", lambda pages, dpi, _: tiff_palette(pages, dpi), _MANY),
    "pdf_jpeg": Format("pdf", pdf_jpeg, _MANY),
    "pdf_group4": Format("pdf", lambda pages, dpi, _: pdf_group4(pages, dpi), _MANY, bitonal=True),
}
