"""The text of a CSV file in, rows out: any of the usual delimiters, what Excel writes, and columns by their names."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from scanpipe.definitions.problems import Spot, quoted
from scanpipe.definitions.wording import tidy
from scanpipe.saying import say

DELIMITERS = ",;\t"


def delimiter_of(text: str, wanted: Mapping[str, tuple[str, ...]]) -> str:
    """The delimiter with which the first row has most of the wanted columns."""
    return max(DELIMITERS, key=lambda d: _fit(text, d, wanted))


def matches(header: Sequence[str], names: tuple[str, ...]) -> list[int]:
    """The indexes of the columns with one of these names; a single name first to the letter."""
    exact = [i for i, name in enumerate(header) if (tidy(name),) == names]
    plain = [_plain(name) for name in names]
    return exact or [i for i, name in enumerate(header) if _plain(name) in plain]


def _plain(header: str) -> str:
    """The name of a column by its letters and digits alone: `Kandidat-nr.` is `kandidatnr`."""
    clean = tidy(header).casefold()
    return "".join(c for c in clean if c.isalnum()) or clean


def _fit(text: str, delimiter: str, wanted: Mapping[str, tuple[str, ...]]) -> tuple[int, int]:
    """How well the first row reads with this delimiter: columns that are known, then columns."""
    _, header = next(rows(text, delimiter, Spot("", []), 0), (1, []))
    return sum(bool(matches(header, names)) for names in wanted.values()), len(header)


def without_excel_mark(text: str) -> tuple[int, str]:
    """Lines skipped, and the text without the line `sep=;` that Excel writes and reads."""
    first, newline, rest = text.partition("\n")
    is_mark = newline and re.fullmatch(r"sep=[,;\t]\r?", first, re.IGNORECASE)
    return (1, rest) if is_mark else (0, text)


def rows(text: str, delimiter: str, spot: Spot, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """The rows that have something in them, each with its first line; ends, and notes it, where quoting is broken."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + skipped + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            hint = say("A quote that is opened must be closed, and one inside a cell is written twice.")
            spot.at(line, "").wrong(
                say("a row that cannot be read (%(error)s)", error=str(error)),
                say("cells with a delimiter between them"),
                hint,
            )
            return
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield line, row


def named(header: str) -> str:
    return say("column %(name)s", name=quoted(tidy(header)))


def listed(header: Sequence[str]) -> str:
    names = [quoted(tidy(name)) for name in header if name.strip()]
    return say("the columns %(names)s", names=", ".join(names)) if names else say("no column names")
