"""The dictionaries of the images in a PDF: what PDFium does not tell about an image (masks, reversed samples).

Streams never lie inside other streams, so every image's dictionary stands in the file in plain text, right before its data. An
image of an encrypted file is not found, nor one with a name spelled in an unusual way: then nothing is known about it.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_IMAGE = re.compile(rb"/Image(?=[\s/>])")
_DATA = re.compile(rb"stream(\r\n|\n|\r)")
_MASK = re.compile(rb"/SMask(?!InData\s+0)|/Mask\b|/ImageMask\s+true|#|/OC\b")
_DECODE = re.compile(rb"/Decode\s*(?:\[([^\]]*)\]|(\d+\s+\d+\s+R))")
_REACH = 4096
_SAMPLE = 32


class ImageDictionaries:
    """Looks through the file from the front, and only as far as it must."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._unseen = _IMAGE.finditer(data)
        self._seen: list[tuple[bytes, int]] = []

    def find(self, stream: NDArray[np.uint8]) -> bytes | None:
        """The dictionary of the image whose data are `stream`, or None."""
        for dictionary, start in self._seen:
            if self._is_at(start, stream):
                return dictionary
        for match in self._unseen:
            entry = self._entry(match.start())
            if entry is not None:
                self._seen.append(entry)
                if self._is_at(entry[1], stream):
                    return entry[0]
        return None

    def _entry(self, at: int) -> tuple[bytes, int] | None:
        """The dictionary around byte `at`, and where its data begin."""
        data = _DATA.search(self._data, at, at + _REACH)
        begin = self._data.rfind(b"obj", max(0, at - _REACH), at)
        if data is None or begin < 0:
            return None
        return self._data[begin : data.start()], data.end()

    def _is_at(self, start: int, stream: NDArray[np.uint8]) -> bool:
        middle = len(stream) // 2
        if self._data[start + middle : start + middle + _SAMPLE] != stream[middle : middle + _SAMPLE].tobytes():
            return False
        return memoryview(self._data)[start : start + len(stream)] == stream.data


def is_masked(dictionary: bytes) -> bool:
    """Part of the image may be see-through, or it may be switched off."""
    return bool(_MASK.search(dictionary))


def is_reversed(dictionary: bytes) -> bool:
    """The samples mean something else than they do by themselves."""
    match = _DECODE.search(dictionary)
    if match is None:
        return b"/ColorTransform" in dictionary
    numbers = (match[1] or b"").split()
    return [n.rstrip(b"0").rstrip(b".") or b"0" for n in numbers] != [b"0", b"1"] * (len(numbers) // 2) or not numbers
