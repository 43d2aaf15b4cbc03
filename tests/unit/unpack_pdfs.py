"""PDFs for the tests of unpack: a scan, its variations, and a page that was drawn."""

import io
import zlib

import numpy as np
import pypdfium2 as pdfium
from PIL import Image
from reportlab.pdfgen import canvas

from tests.unit.unpack_files import (
    FILL,
    colourful,
    drawing,
    image_entries,
    pdf,
    saved,
)

GRAY_JPEG = saved(drawing(), "JPEG", quality=90)
COLOUR_JPEG = saved(colourful(), "JPEG", quality=90)
GRAY_ENTRIES = image_entries(drawing(), "/DCTDecode")
SCAN = pdf(("", FILL, {"Im0": (GRAY_ENTRIES, GRAY_JPEG)}))
BITONAL = drawing() > 128
PACKED = np.packbits(BITONAL, axis=1).tobytes()


def scan(jpeg: bytes = GRAY_JPEG, *, content: str = FILL, page_entries: str = "", image: str = GRAY_ENTRIES) -> bytes:
    return pdf((page_entries, content, {"Im0": (image, jpeg)}))


def flate(pixels: np.ndarray, entries: str) -> bytes:
    height, width = pixels.shape[:2]
    about = f"/Width {width} /Height {height} /Filter /FlateDecode {entries}"
    return pdf(("", FILL, {"Im0": (about, zlib.compress(pixels.tobytes()))}))


def bitonal(entries: str) -> bytes:
    about = f"/Width 200 /Height 280 /BitsPerComponent 1 /Filter /FlateDecode {entries}"
    return pdf(("", FILL, {"Im0": (about, zlib.compress(PACKED))}))


def decoded(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def as_viewers_show_it(data: bytes, width: int, height: int) -> np.ndarray:
    """The first page, painted by PDFium."""
    with pdfium.PdfDocument(data) as document:
        shown = document[0].render(scale=max(width / document[0].get_width(), height / document[0].get_height()))
        return np.asarray(shown.to_pil().convert("L").resize((width, height)))


def far_apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean difference, after smoothing what resampling changes."""
    small = [np.asarray(Image.fromarray(x).resize((50, 70), Image.Resampling.BOX), np.int16) for x in (a, b)]
    return float(np.abs(small[0] - small[1]).mean())


def drawn(**options: object) -> bytes:
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, pagesize=(595.28, 841.89), **options)
    sheet.rect(100, 700, 200, 100, fill=1)
    sheet.drawString(100, 600, "Oppgave 2a: Skissér løsningen")
    sheet.showPage()
    sheet.showPage()
    sheet.save()
    return buffer.getvalue()
