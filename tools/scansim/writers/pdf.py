"""Pages in, a PDF out as scanners make it: every page one embedded image that fills it, and no date, so that it is repeatable."""

from __future__ import annotations

from collections.abc import Sequence

from tools.scansim.raster import Image, is_colour
from tools.scansim.writers.jpeg import jpeg
from tools.scansim.writers.tiff import group4

_FIRST_PAGE_OBJECT = 3
_OBJECTS_A_PAGE = 3
_HAIR_PT = 0.001
"""Pages are smaller by so much than their pixels: renderers that round up would add a row and a column otherwise."""


def pdf_jpeg(pages: Sequence[Image], dpi: float, quality: int = 80) -> bytes:
    """Each page an embedded JPEG, gray or RGB, as large as it is at `dpi`."""
    return _document([_jpeg_image(p, dpi, quality) for p in pages], _sizes_pt(pages, dpi))


def pdf_group4(pages: Sequence[Image], dpi: float) -> bytes:
    """Each page an embedded bitonal image, CCITT group 4, as large as it is at `dpi`."""
    return _document([_group4_image(p) for p in pages], _sizes_pt(pages, dpi))


def _sizes_pt(pages: Sequence[Image], dpi: float) -> list[tuple[float, float]]:
    return [(p.shape[1] / dpi * 72 - _HAIR_PT, p.shape[0] / dpi * 72 - _HAIR_PT) for p in pages]


def _jpeg_image(page: Image, dpi: float, quality: int) -> bytes:
    space = "/DeviceRGB" if is_colour(page) else "/DeviceGray"
    return _image(page, jpeg(page, dpi, quality), f"/ColorSpace {space} /BitsPerComponent 8 /Filter /DCTDecode")


def _group4_image(page: Image) -> bytes:
    h, w = page.shape[:2]
    how = f"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns {w} /Rows {h} /BlackIs1 true >>"
    return _image(page, group4(page), f"/ColorSpace /DeviceGray /BitsPerComponent 1 {how}")


def _image(page: Image, body: bytes, entries: str) -> bytes:
    h, w = page.shape[:2]
    return _stream(body, f"/Type /XObject /Subtype /Image /Width {w} /Height {h} {entries}")


def _document(images: Sequence[bytes], sizes_pt: Sequence[tuple[float, float]]) -> bytes:
    """The catalogue, the tree of pages, and for each page: itself, what it paints, its image."""
    first = [_FIRST_PAGE_OBJECT + _OBJECTS_A_PAGE * n for n in range(len(images))]
    kids = " ".join(f"{n} 0 R" for n in first)
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(images)} >>".encode()]
    for n, image, (w, h) in zip(first, images, sizes_pt, strict=True):
        resources = f"<< /XObject << /Scan {n + 2} 0 R >> >>"
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {w:.4f} {h:.4f}]"
            f" /Resources {resources} /Contents {n + 1} 0 R >>"
        )
        objects += [page.encode(), _stream(f"q {w:.4f} 0 0 {h:.4f} 0 0 cm /Scan Do Q".encode(), ""), image]
    return _file(objects)


def _stream(body: bytes, entries: str) -> bytes:
    return f"<< {entries} /Length {len(body)} >>\nstream\n".encode() + body + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
