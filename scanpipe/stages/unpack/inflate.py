"""Deflated data in, how much there is in them out: decoders that leave out what is missing do not tell."""

from __future__ import annotations

import zlib

from scanpipe.saying import say

_CHUNK_BYTES = 4_000_000


def inflated_size(data: bytes, most: int) -> int:
    """How many bytes come out, counting to `most` and a little more; nothing is kept.

    Raises zlib.error where the data or their checksum are wrong, ValueError where they end before their end.
    """
    inflating, rest, size = zlib.decompressobj(), data, 0
    while not inflating.eof and size <= most:
        chunk = inflating.decompress(rest, _CHUNK_BYTES)
        rest, size = inflating.unconsumed_tail, size + len(chunk)
        if not chunk and not rest:
            raise ValueError(say("its last part is missing"))
    return size
