"""What goes over the socket between the engine and a worker: frames of a header and a pickled body."""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from typing import NamedTuple

OUT_OF_MEMORY = 96
"""The exit code of a worker that ran into its limit of memory: there may be none left to say more."""

HEADER = struct.Struct("<QBQ")


class Kind(enum.IntEnum):
    """What a frame is. The first two go to the worker, the others come from it."""

    START = 0
    TASK = 1
    READY = 2
    RESULT = 3
    RAISED = 4
    UNSENDABLE = 5


class Frame(NamedTuple):
    """`number` is that of the task, 0 for START, READY and for what was raised before READY."""

    number: int
    kind: int
    body: bytes


def packed(number: int, kind: Kind, body: bytes) -> bytes:
    """The frame as bytes."""
    return HEADER.pack(number, kind, len(body)) + body


class Inflow:
    """Puts frames together from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, piece: bytes) -> Iterator[Frame]:
        """The frames that are complete with this piece."""
        self._bytes += piece
        while len(self._bytes) >= HEADER.size:
            number, kind, size = HEADER.unpack_from(self._bytes)
            end = HEADER.size + size
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[HEADER.size : end])
            del self._bytes[:end]
            yield Frame(number, kind, body)
