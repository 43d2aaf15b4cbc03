"""One directory of a TIFF in, the same page as a TIFF of its own out.

The page is taken out of the file before a decoder sees it: every strip is known to lie within the file and to be there, nothing
but the fields that matter is passed on, and the last page of a long file costs no more than its first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from itertools import pairwise

from scanpipe.saying import say
from scanpipe.stages.unpack import ifd
from scanpipe.stages.unpack.ifd import DirectoryError, Fields, TiffData

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
SAMPLES, ROWS_PER_STRIP, PLANAR, TILE_WIDTH, TILE_HEIGHT = 277, 278, 284, 322, 323
PREDICTOR, JPEG_TABLES, SUBSAMPLING = 317, 347, 530
_STRIP_AT, _STRIP_BYTES, _TILE_AT, _TILE_BYTES = 273, 279, 324, 325
_T4_OPTIONS, _T6_OPTIONS, _COLOUR_MAP, _INK_SET, _EXTRA, _SAMPLE_FORMAT, _COEFFICIENTS = (
    292,
    293,
    320,
    332,
    338,
    339,
    529,
)
_SINGLE = (
    *(WIDTH, HEIGHT, COMPRESSION, SAMPLES, ROWS_PER_STRIP, PLANAR, TILE_WIDTH, TILE_HEIGHT),
    *(PREDICTOR, _T4_OPTIONS, _T6_OPTIONS, _INK_SET),
)
_SEVERAL = (BITS, SUBSAMPLING, _COLOUR_MAP, _EXTRA, _SAMPLE_FORMAT)
_BYTES = (JPEG_TABLES, _COEFFICIENTS)
NO_COMPRESSION, OLD_JPEG, JPEG = 1, 6, 7
WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1
_SHORT, _LONG = 3, 4
_REVERSED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))


@dataclass(frozen=True, slots=True)
class TiffPage:
    """A page as it is stored. `pieces` are its strips or tiles; `piece_size` is (width, height) of a full one."""

    width_px: int
    height_px: int
    bits: tuple[int, ...]
    samples: int
    compression: int
    photometric: int
    planes: int
    tiled: bool
    piece_size: tuple[int, int]
    pieces: tuple[bytes, ...] = ()

    @property
    def across(self) -> int:
        return -(-self.width_px // self.piece_size[0])

    @property
    def down(self) -> int:
        return -(-self.height_px // self.piece_size[1])

    def rows(self, index: int) -> int:
        """How many rows of pixels piece `index` has: the last strip may be shorter, tiles are all alike."""
        if self.tiled:
            return self.piece_size[1]
        first = index % self.down * self.piece_size[1]
        return min(self.piece_size[1], self.height_px - first)

    def piece_bytes(self, index: int) -> int:
        """How many bytes piece `index` has when it is not compressed."""
        samples = 1 if self.planes > 1 else self.samples
        return -(-self.piece_size[0] * samples * max(self.bits) // 8) * self.rows(index)


def describe(tiff: TiffData, fields: Fields) -> TiffPage:
    """The page without its pieces. Raises DirectoryError."""

    def value(tag: int, default: int) -> int:
        return ifd.integer(tiff, fields, tag, default)

    width, height, samples = value(WIDTH, 0), value(HEIGHT, 0), value(SAMPLES, 1)
    tiled = TILE_WIDTH in fields
    rows = min(value(ROWS_PER_STRIP, height), height)
    piece = (value(TILE_WIDTH, 0), value(TILE_HEIGHT, 0)) if tiled else (width, rows)
    bits = tiff.ints(fields[BITS]) if BITS in fields else (1,)
    if not (1 <= samples <= 16 and bits and max(bits) <= 64):
        raise DirectoryError(say("it says what cannot be about its pixels"))
    planes = samples if value(PLANAR, 1) == 2 else 1
    compression, photometric = value(COMPRESSION, NO_COMPRESSION), value(PHOTOMETRIC, WHITE_IS_ZERO)
    return TiffPage(width, height, bits, samples, compression, photometric, planes, tiled, piece)


def take_pieces(tiff: TiffData, fields: Fields, page: TiffPage) -> TiffPage:
    """The page with its pieces. Raises DirectoryError where one of them is not all there."""
    at_tag, bytes_tag = (_TILE_AT, _TILE_BYTES) if page.tiled else (_STRIP_AT, _STRIP_BYTES)
    if at_tag not in fields:
        raise DirectoryError(say("it does not say where the picture is"))
    if min(page.piece_size) < 1:
        raise DirectoryError(say("it says what cannot be about its strips or tiles"))
    count = page.across * page.down * page.planes
    starts = tiff.ints(fields[at_tag])[:count]
    sizes = tiff.ints(fields[bytes_tag])[:count] if bytes_tag in fields else ()
    if not any(sizes):
        sizes = _sizes_up_to_the_next(starts, len(tiff.data))
    if not len(starts) == len(sizes) == count or sum(sizes) > len(tiff.data):
        raise DirectoryError(say("it does not say where all of the picture is"))
    pieces = tuple(tiff.slice(start, size) for start, size in zip(starts, sizes, strict=True))
    if page.compression == NO_COMPRESSION and any(len(p) < page.piece_bytes(i) for i, p in enumerate(pieces)):
        raise DirectoryError(say("a part of the picture is missing"))
    if ifd.integer(tiff, fields, FILL_ORDER, 1) == 2 and page.compression != JPEG:
        pieces = tuple(p.translate(_REVERSED) for p in pieces)
    return replace(page, pieces=pieces)


def alone(tiff: TiffData, fields: Fields, page: TiffPage) -> bytes:
    """A classic TIFF of this page only, in the byte order of the whole. What is white at zero is called black at zero in it:
    turn its pixels round after decoding. Raises DirectoryError."""
    photometric = BLACK_IS_ZERO if page.photometric == WHITE_IS_ZERO else page.photometric
    entries = _entries(tiff, fields)
    entries[PHOTOMETRIC] = _numbers(tiff.order, (photometric,))
    starts, at = [], 8
    for piece in page.pieces:
        starts.append(at)
        at += len(piece)
    padding = b"\0" * (at % 2)
    at_tag, bytes_tag = (_TILE_AT, _TILE_BYTES) if page.tiled else (_STRIP_AT, _STRIP_BYTES)
    entries[at_tag] = _numbers(tiff.order, starts)
    entries[bytes_tag] = _numbers(tiff.order, [len(p) for p in page.pieces])
    head = {"<": b"II*\0", ">": b"MM\0*"}[tiff.order] + struct.pack(tiff.order + "I", at + len(padding))
    return b"".join((head, *page.pieces, padding, _directory(tiff.order, entries, at + len(padding))))


def _sizes_up_to_the_next(starts: tuple[int, ...], end: int) -> tuple[int, ...]:
    """Some old writers leave the sizes out: then a strip goes on to where the next one begins."""
    marks = sorted({*starts, end})
    following = dict(pairwise(marks))
    return tuple(following.get(start, start) - start for start in starts)


Entry = tuple[int, int, bytes]
"""TIFF type, number of values, their bytes."""


def _entries(tiff: TiffData, fields: Fields) -> dict[int, Entry]:
    """The fields that matter, numbers in the smallest type. Raises DirectoryError."""
    wanted = [(tag, 1) for tag in _SINGLE] + [(tag, None) for tag in _SEVERAL]
    found = {tag: tiff.ints(fields[tag])[:most] for tag, most in wanted if tag in fields}
    entries = {tag: _numbers(tiff.order, values) for tag, values in found.items() if values}
    for tag in _BYTES:
        if tag in fields:
            entries[tag] = fields[tag].type, fields[tag].count, tiff.raw(fields[tag])
    return entries


def _numbers(order: str, values: tuple[int, ...] | list[int]) -> Entry:
    if max(values) >= 2**32:
        raise DirectoryError(say("a field has the value %(value)s", value=max(values)))
    short = max(values) < 65536
    return _SHORT if short else _LONG, len(values), struct.pack(f"{order}{len(values)}{'H' if short else 'I'}", *values)


def _directory(order: str, entries: dict[int, Entry], at: int) -> bytes:
    """The directory, to lie at byte `at`, with the values that do not fit into it behind it."""
    far_at = at + 2 + 12 * len(entries) + 4
    rows, far = [struct.pack(order + "H", len(entries))], b""
    for tag in sorted(entries):
        kind, count, raw = entries[tag]
        value = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack(order + "I", far_at + len(far))
        rows.append(struct.pack(order + "HHI", tag, kind, count) + value)
        if len(raw) > 4:
            far += raw + b"\0" * (len(raw) % 2)
    return b"".join((*rows, bytes(4), far))
