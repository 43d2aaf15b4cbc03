"""TIFF, classic and big, of one page or many: the chain of directories walked by hand, the pixels by libtiff."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import cv2
from PIL import Image

from scanpipe.saying import say, words_of
from scanpipe.stages.unpack import ifd, tiff_page
from scanpipe.stages.unpack.ifd import DirectoryError, Fields, TiffData
from scanpipe.stages.unpack.inflate import inflated_size
from scanpipe.stages.unpack.jpeg import open_jpeg
from scanpipe.stages.unpack.page import DecodeError, Page, Pixels, decoding, page_of
from scanpipe.stages.unpack.problem import Limits, Problem, page_count_problem, size_problem, unreadable, unsupported
from scanpipe.stages.unpack.raster import RasterSource, pixels_of
from scanpipe.stages.unpack.resolution import believable_dpi
from scanpipe.stages.unpack.tiff_jpeg import decode_strips, is_simple
from scanpipe.stages.unpack.tiff_page import OLD_JPEG, WHITE_IS_ZERO, TiffPage

_SUBFILE_TYPE, _REDUCED = 254, 1
_JPEG_AT, _JPEG_BYTES = 513, 514
_DEFLATE = (8, 32946)
_YCBCR = 6


def open_tiff(data: bytes, limits: Limits) -> tuple[int, Callable[[int], Page | Problem]] | Problem:
    """How many pages, and what loads one (from 1)."""
    try:
        tiff = ifd.read_header(data)
        offsets = _page_offsets(tiff, limits.max_pages)
    except DirectoryError as e:
        return unreadable(say("the TIFF is damaged or its last part is missing: %(error)s", error=words_of(e)))
    problem = page_count_problem(len(offsets), limits.max_pages)
    return problem or (len(offsets), lambda index: _load_page(tiff, offsets[index - 1], limits))


def _page_offsets(tiff: TiffData, max_pages: int) -> list[int]:
    """Where the directories of the pages lie, one more than allowed at most. Raises DirectoryError."""
    offsets: list[int] = []
    seen: set[int] = set()
    offset = tiff.first
    while offset and len(seen) <= max_pages:
        if offset in seen:
            raise DirectoryError(say("its list of pages runs in a circle"))
        seen.add(offset)
        if not (offsets and _is_thumbnail(tiff, offset, offsets[-1])):
            offsets.append(offset)
        offset = tiff.next_offset(offset)
    return offsets


def _is_thumbnail(tiff: TiffData, offset: int, page_offset: int) -> bool:
    """Says that it is a reduced copy, and is at most half as large as the page before it: to be on the safe side."""
    if tiff.first_tag(offset) != _SUBFILE_TYPE:
        return False
    fields = tiff.fields(offset)
    if not ifd.integer(tiff, fields, _SUBFILE_TYPE, 0) & _REDUCED:
        return False
    small, page = tiff_page.describe(tiff, fields), tiff_page.describe(tiff, tiff.fields(page_offset))
    return 2 * small.width_px <= page.width_px and 2 * small.height_px <= page.height_px


def _load_page(tiff: TiffData, offset: int, limits: Limits) -> Page | Problem:
    try:
        fields = tiff.fields(offset)
        page = tiff_page.describe(tiff, fields)
        problem = size_problem(page.width_px, page.height_px, limits.max_pixels) or _piece_problem(page, limits)
        if problem is not None:
            return problem
        if page.compression == OLD_JPEG:
            return _old_jpeg(tiff, fields, limits)
        page = tiff_page.take_pieces(tiff, fields, page)
        source = _source(tiff, fields, page)
        dpi = believable_dpi(*ifd.resolution(tiff, fields))
        stored_as = ifd.orientation(tiff, fields)
    except DirectoryError as e:
        return unreadable(say("the TIFF page is damaged or a part of it is missing: %(error)s", error=words_of(e)))
    if isinstance(source, Problem):
        return source
    return page_of((page.width_px, page.height_px), source, format="tiff", dpi=dpi, stored_as=stored_as)


def _piece_problem(page: TiffPage, limits: Limits) -> Problem | None:
    """Tiles go over the edge of the picture; that must stay within reason."""
    width, height = page.piece_size
    return size_problem(width, height, limits.max_pixels)


def _source(tiff: TiffData, fields: Fields, page: TiffPage) -> RasterSource | Problem:
    """Raises DirectoryError."""
    if is_simple(page):
        tables = tiff.raw(fields[tiff_page.JPEG_TABLES]) if tiff_page.JPEG_TABLES in fields else b""
        return RasterSource(partial(_as_shown, page, lambda: decode_strips(page, tables)))
    if _pillow_gets_wrong(tiff, fields, page):
        return _unsupported_kind(page)
    data = tiff_page.alone(tiff, fields, page)
    try:
        with decoding(say("the TIFF")), Image.open(io.BytesIO(data), formats=["TIFF"]):
            pass
    except DecodeError:
        return _unsupported_kind(page)
    return RasterSource(partial(_as_shown, page, lambda: _decode(data, page)))


def _pillow_gets_wrong(tiff: TiffData, fields: Fields, page: TiffPage) -> bool:
    """Kinds that it decodes to something else without a word: 16 bits in planes, YCbCr with subsampling but without JPEG."""
    if page.planes > 1 and max(page.bits) > 8:
        return True
    if page.photometric != _YCBCR or page.compression == tiff_page.JPEG:
        return False
    subsampling = fields.get(tiff_page.SUBSAMPLING)
    return subsampling is None or tiff.ints(subsampling) != (1, 1)


def _unsupported_kind(page: TiffPage) -> Problem:
    bits = ", ".join(str(b) for b in page.bits)
    kind = f"bits {bits}, photometric {page.photometric}, compression {page.compression}, planes {page.planes}"
    return unsupported(
        say("the TIFF has pixels of a kind that is not supported (%(kind)s); save it as PDF or PNG", kind=kind)
    )


def _as_shown(page: TiffPage, decode: Callable[[], Pixels]) -> Pixels:
    pixels = decode()
    return cv2.bitwise_not(pixels) if page.photometric == WHITE_IS_ZERO else pixels  # type: ignore[return-value]


def _decode(data: bytes, page: TiffPage) -> Pixels:
    with decoding(say("the TIFF")):
        if page.compression in _DEFLATE:
            _check_deflate(page)
        with Image.open(io.BytesIO(data), formats=["TIFF"]) as image:
            image.load()
            return pixels_of(image)


def _check_deflate(page: TiffPage) -> None:
    """libtiff stops before the checksum. Raises zlib.error or ValueError where a strip is damaged."""
    for i, piece in enumerate(page.pieces):
        if inflated_size(piece, page.piece_bytes(i)) < page.piece_bytes(i):
            raise ValueError(say("a part of the picture is missing"))


def _old_jpeg(tiff: TiffData, fields: Fields, limits: Limits) -> Page | Problem:
    """JPEG as TIFF 6.0 had it first: taken where the whole stream is one piece. Raises DirectoryError."""
    if _JPEG_AT not in fields:
        return unsupported(
            say("the TIFF has JPEG of the old kind, cut into pieces, which is not supported; save it as PDF")
        )
    start = ifd.integer(tiff, fields, _JPEG_AT, 0)
    size = ifd.integer(tiff, fields, _JPEG_BYTES, 0) or len(tiff.data) - start
    page = open_jpeg(tiff.slice(start, size), limits)
    if isinstance(page, Problem):
        return page
    dpi = believable_dpi(*ifd.resolution(tiff, fields))
    stored_as = ifd.orientation(tiff, fields)
    size_px = page.width_px, page.height_px
    return page_of(size_px, page.source, format="tiff", dpi=dpi or page.dpi, stored_as=stored_as)
