"""A file in, COMPLETE or not out: has its writer reached the end?

Judged by the structure alone, from a few kilobytes at the places that matter. Whether what is inside is a sound picture
is for `unpack` to say.
"""

from __future__ import annotations

import enum
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray


class Completeness(enum.Enum):
    COMPLETE = "complete"
    SO_FAR = "complete so far"
    """Whole as it stands, but of a kind (TIFF, PDF) to which more pages may be appended."""
    INCOMPLETE = "incomplete"
    CANNOT_TELL = "cannot tell"


_SHORT_TAIL_BYTES = 4096
_LONG_TAIL_BYTES = 66 * 1024
"""Room for 64 kB of zeros, the padding of writers that reserve space in blocks, and a picture's last bytes."""
_MOST_SEGMENTS = 10_000
_MOST_BOXES = 1_000
_MOST_SPENT_BYTES = 16 * 2**20
_DIRECTORY_COST_BYTES = 1024
_ENTRY_COST_BYTES = 64
"""Bounds on what a hostile file can make us read: half a second's worth. A TIFF of 1,000 pages stays far below."""

_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
"""Length 0, name, CRC: the same twelve bytes in every PNG."""


class _NotThere(Exception):
    """The structure points at bytes that have not been written yet."""


class _Strange(Exception):
    """The structure makes no sense, or more of it than anybody would write."""


def completeness(file: BinaryIO, size: int) -> Completeness:
    """Whether `file` of `size` bytes is structurally complete. Seeks in `file`; bounded time and memory for any bytes.

    An empty file, one cut inside its magic and one that starts with zeros (space reserved, nothing written) are
    INCOMPLETE, anything that is not JPEG, PNG, HEIC, TIFF or PDF is CANNOT_TELL. Raises only what reading raises (OSError).
    """
    view = _View(file, size)
    try:
        return _judge(view)
    except _NotThere:
        return Completeness.INCOMPLETE
    except _Strange:
        return Completeness.CANNOT_TELL


@dataclass(frozen=True, slots=True)
class _View:
    file: BinaryIO
    size: int

    def take(self, at: int, length: int) -> bytes:
        """Exactly `length` bytes from `at`. Raises _NotThere when the file ends before."""
        self.reach(at, length)
        self.file.seek(at)
        taken = self.file.read(length)
        if len(taken) < length:
            raise _NotThere
        return taken

    def reach(self, at: int, length: int) -> None:
        if at + length > self.size:
            raise _NotThere

    def tail(self, since: int, most_bytes: int) -> bytes:
        """The last bytes of the file, none from before `since`, without the zeros at its end."""
        start = max(since, self.size - most_bytes)
        return self.take(start, max(0, self.size - start)).rstrip(b"\0")


def _judge(view: _View) -> Completeness:
    head = view.take(0, min(view.size, 8))
    for magic, judge in _JUDGES.items():
        if head.startswith(magic):
            return judge(view)
    if head[4:8] == b"ftyp":
        return _judge_heic(view)
    begun = head.rstrip(b"\0")
    return Completeness.INCOMPLETE if any(m.startswith(begun) for m in _JUDGES) else Completeness.CANNOT_TELL


def _judge_end(view: _View, since: int, mark: bytes) -> Completeness:
    """COMPLETE when `mark` ends the file. With something else behind it, the picture is over but perhaps not the file."""
    if view.tail(since, _SHORT_TAIL_BYTES).endswith(mark):
        return Completeness.COMPLETE
    tail = view.tail(since, _LONG_TAIL_BYTES)
    if tail.endswith(mark):
        return Completeness.COMPLETE
    return Completeness.CANNOT_TELL if mark in tail else Completeness.INCOMPLETE


def _judge_png(view: _View) -> Completeness:
    return _judge_end(view, 8, _PNG_END)


# --- HEIC


def _judge_heic(view: _View) -> Completeness:
    """Box after box to the end of the file, the directory and the data among them; a video is built alike."""
    at, seen = 0, set[bytes]()
    for _ in range(_MOST_BOXES):
        if at == view.size and seen & {b"meta", b"moov"}:
            return Completeness.COMPLETE if b"mdat" in seen else Completeness.CANNOT_TELL
        length, kind = struct.unpack(">I4s", view.take(at, 8))
        if length == 1:
            length = struct.unpack(">Q", view.take(at + 8, 8))[0]
        if length < 8:  # 0: to the end of the file, wherever that will be
            raise _Strange
        seen.add(kind)
        at += length
        view.reach(at, 0)
    raise _Strange


# --- JPEG


def _judge_jpeg(view: _View) -> Completeness:
    return _judge_end(view, _find_scan(view), b"\xff\xd9")


def _find_scan(view: _View) -> int:
    """Where the first scan (SOS) starts. Walks the segments, so that the end of a thumbnail inside one does not count."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        lead, marker = view.take(at, 2)
        if lead != 0xFF:
            raise _Strange if lead else _NotThere
        if marker == 0xDA:
            return at + 2
        at += _segment_bytes(view, at, marker)
    raise _Strange


def _segment_bytes(view: _View, at: int, marker: int) -> int:
    if marker == 0xFF:  # fill byte
        return 1
    if marker == 0x01 or 0xD0 <= marker <= 0xD8:
        return 2
    length = int.from_bytes(view.take(at + 2, 2), "big")
    if length < 2 or marker in (0x00, 0xD9):
        raise _Strange
    return 2 + length


# --- TIFF

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {3: "u2", 4: "u4", 13: "u4", 16: "u8"}
_PLACES = {273: 279, 324: 325, 513: 514}
"""Tag with offsets → tag with lengths: of strips, of tiles, of an old-style JPEG."""
_PLACE_TAGS = frozenset(_PLACES) | frozenset(_PLACES.values())
_NOWHERE = np.zeros(0, np.uint64)


@dataclass(slots=True)
class _Tiff:
    """`order` is the byte order; `word` the struct code of an offset, `count` that of a directory's number of entries."""

    view: _View
    order: str
    word: str
    count: str
    spent_bytes: int = 0

    @property
    def word_bytes(self) -> int:
        return struct.calcsize(self.word)

    @property
    def entry_bytes(self) -> int:
        return 4 + 2 * self.word_bytes

    def number(self, code: str, data: bytes, at: int = 0) -> int:
        number: int = struct.unpack_from(self.order + code, data, at)[0]
        return number

    def spend(self, cost_bytes: int) -> None:
        self.spent_bytes += cost_bytes
        if self.spent_bytes > _MOST_SPENT_BYTES:
            raise _Strange


def _judge_tiff(view: _View) -> Completeness:
    head = view.take(0, 8)
    order = "<" if head[:1] == b"I" else ">"
    if 43 in head[2:4]:
        tiff = _Tiff(view, order, word="Q", count="Q")
        at = tiff.number("Q", view.take(8, 8))
    else:
        tiff = _Tiff(view, order, word="I", count="H")
        at = tiff.number("I", head, 4)
    if at == 0:  # patched in when the first page is done
        raise _NotThere
    _walk_directories(tiff, at)
    return Completeness.SO_FAR


def _walk_directories(tiff: _Tiff, at: int) -> None:
    while at:  # a chain that bites its tail ends when all is spent
        entries, at = _read_directory(tiff, at)
        _check_within(tiff.view.size, _read_places(tiff, entries))


def _read_directory(tiff: _Tiff, at: int) -> tuple[list[bytes], int]:
    """The directory's entries as they stand in the file, and where the next directory is (0: nowhere)."""
    count_bytes = struct.calcsize(tiff.count)
    entry_count = tiff.number(tiff.count, tiff.view.take(at, count_bytes))
    if entry_count == 0:
        raise _NotThere
    tiff.spend(_DIRECTORY_COST_BYTES + entry_count * _ENTRY_COST_BYTES)
    length = entry_count * tiff.entry_bytes
    body = tiff.view.take(at + count_bytes, length + tiff.word_bytes)
    entries = [body[i : i + tiff.entry_bytes] for i in range(0, length, tiff.entry_bytes)]
    return entries, tiff.number(tiff.word, body, length)


def _read_places(tiff: _Tiff, entries: list[bytes]) -> dict[int, NDArray[np.uint64]]:
    """The offsets and lengths by tag. Raises _NotThere when a value lies outside the file."""
    places: dict[int, NDArray[np.uint64]] = {}
    for entry in entries:
        tag, kind = struct.unpack_from(tiff.order + "HH", entry)
        raw_bytes = _TYPE_BYTES.get(kind, 0) * tiff.number(tiff.word, entry, 4)
        outside = raw_bytes > tiff.word_bytes
        start = tiff.number(tiff.word, entry, 4 + tiff.word_bytes) if outside else 0
        tiff.view.reach(start, raw_bytes)
        if kind in _INTEGERS and tag in _PLACE_TAGS:
            tiff.spend(raw_bytes)
            raw = tiff.view.take(start, raw_bytes) if outside else entry[4 + tiff.word_bytes :][:raw_bytes]
            places[tag] = np.frombuffer(raw, tiff.order + _INTEGERS[kind]).astype(np.uint64)
    return places


def _check_within(size: int, places: dict[int, NDArray[np.uint64]]) -> None:
    for offsets_tag, lengths_tag in _PLACES.items():
        offsets = places.get(offsets_tag, _NOWHERE)
        lengths = places.get(lengths_tag, _NOWHERE)
        # an offset of 0 stands for a strip that is still to be written
        if (offsets == 0).any() or (offsets > size).any():
            raise _NotThere
        if len(lengths) == len(offsets) and (lengths > size - offsets).any():
            raise _NotThere


# --- PDF

_POINTER = re.compile(rb"startxref\s+(\d{1,19})\s+%%EOF")
_POINTED_AT = re.compile(rb"\s*(xref\b|\d+\s+\d+\s+obj\b)")
_PDF_END_BYTES = 2048


def _judge_pdf(view: _View) -> Completeness:
    end = view.tail(0, _LONG_TAIL_BYTES)[-_PDF_END_BYTES:]
    if b"%%EOF" not in end:
        return Completeness.INCOMPLETE
    pointers = _POINTER.findall(end)
    at = int(pointers[-1]) if pointers else view.size
    if at == 0:  # closes the first part of a file made for slow lines; the rest is still to come
        return Completeness.INCOMPLETE
    if at >= view.size:
        return Completeness.CANNOT_TELL
    pointed_at = view.take(at, min(40, view.size - at))
    return Completeness.SO_FAR if _POINTED_AT.match(pointed_at) else Completeness.CANNOT_TELL


_JUDGES: dict[bytes, Callable[[_View], Completeness]] = {
    b"\xff\xd8\xff": _judge_jpeg,
    b"\x89PNG\r\n\x1a\n": _judge_png,
    b"II*\0": _judge_tiff,
    b"MM\0*": _judge_tiff,
    b"II+\0": _judge_tiff,
    b"MM\0+": _judge_tiff,
    b"%PDF-": _judge_pdf,
}
