"""PDF: a scan in it is taken out as it is; only a page that is none is painted. By PDFium, one thread at a time.

A page that is one image gives that image: a JPEG stays a JPEG, byte for byte. Everything else is decoded when the page is loaded,
so that a page never needs its document again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from ctypes import c_char
from functools import partial
from mmap import mmap

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from scanpipe.saying import say
from scanpipe.stages.unpack import pdf_objects as objects
from scanpipe.stages.unpack.jpeg import JpegSource, checked_header, is_whole
from scanpipe.stages.unpack.page import DecodeError, Page, Pixels, decoding, page_of
from scanpipe.stages.unpack.pdf_dictionary import ImageDictionaries, component_bits, is_masked, is_reversed
from scanpipe.stages.unpack.pdf_render import checked_bitmap, image_size, is_jpeg, render
from scanpipe.stages.unpack.pdf_scan import Scan, find_scan, is_bare
from scanpipe.stages.unpack.problem import (
    Limits,
    Problem,
    page_count_problem,
    size_problem,
    unreadable,
    unsupported,
)
from scanpipe.stages.unpack.raster import RasterSource
from scanpipe.stages.unpack.resolution import believable_dpi

_TAIL_BYTES, _END_WITHIN = 65_536, 1_024
_LINEARIZED = re.compile(rb"/Linearized.{0,200}?/L\s+(\d+)", re.DOTALL)
_LOCKED = say("the PDF is protected by a password; save it without one")
_OPEN_PROBLEMS = {
    raw.FPDF_ERR_PASSWORD: unsupported(_LOCKED),
    raw.FPDF_ERR_SECURITY: unsupported(
        say("the PDF is encrypted in a way that is not supported; save it without encryption")
    ),
}
_SPACES_OF_JPEG = {
    1: (raw.FPDF_COLORSPACE_DEVICEGRAY, raw.FPDF_COLORSPACE_CALGRAY, raw.FPDF_COLORSPACE_ICCBASED),
    3: (raw.FPDF_COLORSPACE_DEVICERGB, raw.FPDF_COLORSPACE_CALRGB, raw.FPDF_COLORSPACE_ICCBASED),
}
_INDEXED_BITS = 8


def open_pdf(
    data: bytes | mmap, limits: Limits
) -> tuple[int, Callable[[int], Page | Problem], Callable[[], None]] | Problem:
    """How many pages, what loads one (from 1), and what closes the document. A mapped file must be a private copy."""
    if not _has_end(data):
        return unreadable(say("the PDF ends in the middle: its last part is missing"))
    try:
        document = pdfium.PdfDocument(data if isinstance(data, bytes) else (c_char * len(data)).from_buffer(data))
    except pdfium.PdfiumError as e:
        return _OPEN_PROBLEMS.get(e.err_code) or unreadable(say("the PDF is damaged: its list of pages cannot be read"))
    problem = page_count_problem(len(document), limits.max_pages)
    if problem is not None:
        document.close()
        return problem
    return len(document), partial(_load_page, document, ImageDictionaries(data), limits), document.close


def _has_end(data: bytes | mmap) -> bool:
    """PDFium mends a PDF that was cut off, and leaves out what is missing without a word."""
    if b"%%EOF" not in data[-_TAIL_BYTES:].rstrip(b"\0\r\n\t ")[-_END_WITHIN:]:
        return False
    claimed = _LINEARIZED.search(data[:_END_WITHIN])
    return claimed is None or int(claimed[1]) <= len(data)


def _load_page(
    document: pdfium.PdfDocument, dictionaries: ImageDictionaries, limits: Limits, index: int
) -> Page | Problem:
    try:
        with decoding(say("the page in the PDF")), closing(document[index - 1]) as page:
            return _page(page, dictionaries, limits)
    except DecodeError as e:
        return e.problem


def _page(page: pdfium.PdfPage, dictionaries: ImageDictionaries, limits: Limits) -> Page | Problem:
    """Raises DecodeError and RuntimeError."""
    if is_bare(page) and dictionaries.are_there_any():
        return unreadable(
            say("nothing stands on the page, though there are pictures in the PDF: it is probably damaged")
        )
    scan = find_scan(page)
    dictionary = None if scan is None else dictionaries.find(objects.stream_of(scan.image))
    if scan is None or dictionary is None or is_masked(dictionary):
        return _rendered(page, limits)
    jpeg = None if is_reversed(dictionary) else _plain_jpeg(page, scan, limits)
    return jpeg or _decoded(page, scan, dictionary, limits)


def _rendered(page: pdfium.PdfPage, limits: Limits) -> Page:
    """Raises DecodeError."""
    pixels, dpi = render(page, limits)
    return page_of(_size(pixels), _ready(pixels), format="pdf", dpi=believable_dpi(dpi, dpi))


def _plain_jpeg(page: pdfium.PdfPage, scan: Scan, limits: Limits) -> Page | Problem | None:
    """The scan, where it is a JPEG that means the same outside the PDF as in it."""
    if not is_jpeg(scan.image):
        return None
    data = objects.unwrapped_stream_of(scan.image)
    header = checked_header(data, limits)
    if isinstance(header, Problem):
        return header
    if objects.colour_space(page, scan.image)[0] not in _SPACES_OF_JPEG.get(header.components, ()):
        return None
    own = (data, "image/jpeg") if scan.stored_as == 1 and header.plain and is_whole(data) else None
    size = header.width_px, header.height_px
    return page_of(size, JpegSource(data, header), format="pdf", dpi=scan.dpi, own=own, stored_as=scan.stored_as)


def _decoded(page: pdfium.PdfPage, scan: Scan, dictionary: bytes, limits: Limits) -> Page | Problem:
    """The scan by PDFium, in its own resolution. Raises DecodeError."""
    problem = size_problem(*image_size(scan.image), limits.max_pixels)
    if problem is not None:
        return problem
    pixels = checked_bitmap(page, scan.image, component_bits(dictionary))
    if objects.colour_space(page, scan.image)[1] <= _INDEXED_BITS:
        pixels = _gray_if_gray(pixels)
    return page_of(_size(pixels), _ready(pixels), format="pdf", dpi=scan.dpi, stored_as=scan.stored_as)


def _gray_if_gray(pixels: Pixels) -> Pixels:
    """PDFium gives colours for bitonal and gray images whose samples are reversed or looked up in a table."""
    if pixels.ndim == 2:
        return pixels
    first = np.ascontiguousarray(pixels[:, :, 0])
    same = all(np.array_equal(first, pixels[:, :, i]) for i in (1, 2))
    return first if same else pixels


def _ready(pixels: Pixels) -> RasterSource:
    return RasterSource(lambda: pixels)


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]
