"""Bytes of a text file in, text out. The question it answers: in which encoding was this saved?"""

from __future__ import annotations

import codecs

from scanpipe.definitions.problems import Spot
from scanpipe.saying import say

LARGEST_BYTES = 10_000_000

_MARKED = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_ALLOWED = say("text in UTF-8 or Windows-1252 (Latin-1)")


def decode(data: bytes, spot: Spot) -> str | None:
    """The text: UTF-8 with or without BOM, UTF-16 with BOM, else Windows-1252, of which Latin-1's letters are a part.

    None, and noted at `spot`, when it is none of these, or larger than `LARGEST_BYTES`.
    """
    if len(data) > LARGEST_BYTES:
        spot.wrong(say("a larger file"), say("a file of at most %(most)s MB", most=LARGEST_BYTES // 1_000_000))
        return None
    marked = next((codec for bom, codec in _MARKED if data.startswith(bom)), None)
    try:
        return data.decode(marked or "UTF-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    if marked:
        spot.at(line, "").wrong(
            say("bytes that are not %(name)s", name=marked), _ALLOWED, say("Save the file again as UTF-8.")
        )
        return None
    return _decode_western(data, spot.at(line, ""))


def _decode_western(data: bytes, spot: Spot) -> str | None:
    if any(not line.isascii() and _is_utf8(line) for line in data.splitlines()):
        hint = say("Two files may have been put together: save it again as UTF-8.")
        spot.wrong(say("bytes that are not UTF-8, though other lines are"), _ALLOWED, hint)
        return None
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        spot.at(line, "").wrong(say("bytes that are no letters"), _ALLOWED, say("Save the file again as UTF-8."))
        return None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
