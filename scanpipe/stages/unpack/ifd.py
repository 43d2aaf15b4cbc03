"""TIFF directories (also those inside EXIF): where the fields lie, every read bounded by the data."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from scanpipe.saying import say

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 274, 282, 283, 296

_MAX_VALUES = 1_000_000
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_RATIONAL = 5


class DirectoryError(ValueError):
    """The directory points outside the data, or says what cannot be."""


@dataclass(frozen=True, slots=True)
class Field:
    """`count` values of TIFF type `type`, at byte `at` of the data."""

    type: int
    count: int
    at: int


Fields = dict[int, Field]


@dataclass(frozen=True, slots=True)
class TiffData:
    """Bytes that begin with a TIFF header. `order` is "<" or ">" as in `struct`; `first` is where the first directory lies."""

    data: bytes
    order: str
    big: bool
    first: int

    def fields(self, offset: int) -> Fields:
        """The fields of the directory at `offset`, by tag. Raises DirectoryError."""
        count, start = self._entries(offset)
        return dict(self._field(start + i * self._entry_bytes) for i in range(count))

    def next_offset(self, offset: int) -> int:
        """Where the directory after the one at `offset` lies; 0 after the last. Raises DirectoryError."""
        count, start = self._entries(offset)
        return self._number(start + count * self._entry_bytes, 8 if self.big else 4)

    def first_tag(self, offset: int) -> int:
        """The tag of the first field of the directory at `offset`; tags stand in rising order."""
        count, start = self._entries(offset)
        return self._number(start, 2) if count else 0

    def ints(self, field: Field) -> tuple[int, ...]:
        """The values of an integer field. Raises DirectoryError."""
        letter = _INTEGERS.get(field.type)
        if letter is None:
            raise DirectoryError(say("a field has type %(type)s where a whole number belongs", type=field.type))
        return struct.unpack(f"{self.order}{field.count}{letter}", self.raw(field))

    def rational(self, field: Field) -> float:
        """The first value of a rational field; 0 where its denominator is."""
        if field.type != _RATIONAL or field.count < 1:
            return 0.0
        over, under = struct.unpack(self.order + "II", self.raw(Field(_RATIONAL, 1, field.at)))
        return over / under if under else 0.0

    def raw(self, field: Field) -> bytes:
        """The bytes of a field. Raises DirectoryError."""
        if field.count > _MAX_VALUES:
            raise DirectoryError(say("a field has %(n)s values", n=field.count))
        return self.slice(field.at, field.count * _TYPE_BYTES.get(field.type, 1))

    def slice(self, start: int, size: int) -> bytes:
        """`size` bytes from `start`, all of them. Raises DirectoryError."""
        if start + size > len(self.data):
            raise DirectoryError(say("it points beyond the end of the file"))
        return self.data[start : start + size]

    @property
    def _entry_bytes(self) -> int:
        return 20 if self.big else 12

    def _entries(self, offset: int) -> tuple[int, int]:
        """How many entries the directory at `offset` has, and where the first lies."""
        size = 8 if self.big else 2
        count = self._number(offset, size)
        if offset + size + count * self._entry_bytes > len(self.data):
            raise DirectoryError(say("its list of fields goes beyond the end of the file"))
        return count, offset + size

    def _field(self, at: int) -> tuple[int, Field]:
        size = 8 if self.big else 4
        tag, kind = self._number(at, 2), self._number(at + 2, 2)
        count = self._number(at + 4, size)
        inline = count * _TYPE_BYTES.get(kind, 1) <= size
        value_at = at + 4 + size
        return tag, Field(kind, count, value_at if inline else self._number(value_at, size))

    def _number(self, at: int, size: int) -> int:
        return int.from_bytes(self.slice(at, size), "little" if self.order == "<" else "big")


def read_header(data: bytes) -> TiffData:
    """The header of a classic or big TIFF. Raises DirectoryError."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    magic = struct.unpack_from(order + "H", data, 2)[0] if order and len(data) >= 16 else 0
    if order is None or magic not in (42, 43):
        raise DirectoryError(say("its header is cut off"))
    if magic == 42:
        return TiffData(data, order, False, struct.unpack_from(order + "I", data, 4)[0])
    return TiffData(data, order, True, struct.unpack_from(order + "Q", data, 8)[0])


def resolution(tiff: TiffData, fields: Fields) -> tuple[float, float]:
    """Horizontal and vertical resolution in dots per inch; 0 where the directory does not say. Raises DirectoryError."""
    unit = integer(tiff, fields, RESOLUTION_UNIT, 2)
    per_inch = {2: 1.0, 3: 2.54}.get(unit, 0.0)
    x, y = (tiff.rational(fields[tag]) if tag in fields else 0.0 for tag in (X_RESOLUTION, Y_RESOLUTION))
    return x * per_inch, y * per_inch


def orientation(tiff: TiffData, fields: Fields) -> int:
    """1 to 8; 1 where the directory does not say. Raises DirectoryError."""
    value = integer(tiff, fields, ORIENTATION, 1)
    return value if 1 <= value <= 8 else 1


def integer(tiff: TiffData, fields: Fields, tag: int, default: int) -> int:
    """The first value of an integer field, or `default` where there is none. Raises DirectoryError."""
    field = fields.get(tag)
    return default if field is None or field.count < 1 else tiff.ints(field)[0]
