"""The dictionaries of the images in a PDF: what PDFium does not tell about an image (masks, reversed samples).

Streams never lie inside other streams, so every image's dictionary stands in the file in plain text, right before its data. An
image of an encrypted file is not found, nor one with a name spelled in an unusual way: then nothing is known about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap

_IMAGE = re.compile(rb"/Image(?=[\s/>])")
_PICTURE = re.compile(rb"/Subtype\s*/Image(?=[\s/>])|/(?:DCT|CCITTFax|JBIG2|JPX)Decode")
_DATA = re.compile(rb"stream(\r\n|\n|\r)")
_DATA_END = re.compile(rb"[\r\n]{0,2}endstream")
_LENGTH = re.compile(rb"/Length\s+(\d{1,12})(?!\s+\d+\s+R)(?!\d)")
_MASK = re.compile(rb"/SMask(?!InData\s+0)|/Mask\b|/ImageMask\s+true|#|/OC\b")
_DECODE = re.compile(rb"/Decode\s*(?:\[([^\]]*)\]|(\d+\s+\d+\s+R))")
_BITS = re.compile(rb"/BitsPerComponent\s+(16|[1248])\b")
_REACH, _A_LITTLE = 4096, 512


@dataclass(frozen=True, slots=True)
class _Entry:
    dictionary: bytes
    start: int
    """Where the data of the image begin."""


class ImageDictionaries:
    """Looks through the file from the front, only as far as it must, and steps over the data of images."""

    def __init__(self, data: bytes | mmap) -> None:
        self._data = data
        self._seen: list[_Entry] = []
        self._unseen = self._entries()

    def find(self, stream: bytes) -> bytes | None:
        """The dictionary of the image whose data are `stream`, or None."""
        for entry in self._seen:
            if self._begins(entry, stream):
                return entry.dictionary
        for entry in self._unseen:
            self._seen.append(entry)
            if self._begins(entry, stream):
                return entry.dictionary
        return None

    def _begins(self, entry: _Entry, stream: bytes) -> bool:
        """Most pictures differ early: comparing a little first spares copying all of them."""
        lengths = min(_A_LITTLE, len(stream)), len(stream)
        return all(self._data[entry.start : entry.start + n] == stream[:n] for n in lengths)

    def are_there_any(self) -> bool:
        """The file has pictures, as far as one can see from outside."""
        return _PICTURE.search(self._data) is not None

    def _entries(self) -> Iterator[_Entry]:
        at = 0
        while match := _IMAGE.search(self._data, at):
            at = match.end()
            data = _DATA.search(self._data, at, at + _REACH)
            begin = self._data.rfind(b"obj", max(0, at - _REACH), at)
            if data is not None and begin >= 0:
                entry = _Entry(self._data[begin : data.start()], data.end())
                yield entry
                at = self._end_of(entry)

    def _end_of(self, entry: _Entry) -> int:
        """Where the data of the image end, if its dictionary says so and is right; else where they begin."""
        length = _LENGTH.search(entry.dictionary)
        end = entry.start + int(length[1]) if length else entry.start
        return end if _DATA_END.match(self._data, end) else entry.start


def is_masked(dictionary: bytes) -> bool:
    """Part of the image may be see-through, or it may be switched off."""
    return bool(_MASK.search(dictionary))


def is_reversed(dictionary: bytes) -> bool:
    """The samples mean something else in the PDF than they do by themselves."""
    match = _DECODE.search(dictionary)
    straight = match is None or _is_straight((match[1] or b"").split())
    return not straight or b"/ColorTransform" in dictionary


def _is_straight(decode: list[bytes]) -> bool:
    """0 1 for every component, however it is spelled."""
    plain = [n.rstrip(b"0").rstrip(b".") or b"0" for n in decode]
    return bool(plain) and plain == [b"0", b"1"] * (len(plain) // 2)


def component_bits(dictionary: bytes) -> int:
    """How many bits a sample has; 1 where the dictionary does not say."""
    match = _BITS.search(dictionary)
    return int(match[1]) if match else 1
