"""The bytes of a CSV file in, what it says of the sheets of a test out: counts, serials, attendance, each with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from scanpipe.definitions.csv_table import delimiter_of, listed, matches, named, rows, without_excel_mark
from scanpipe.definitions.problems import Problem, Spot, quoted
from scanpipe.definitions.text_file import decode
from scanpipe.faults import UsageFault

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "code": ("code", "kode", "sifferkode", "skissekode", "engangskode"),
        "room": ("room", "rom", "sal", "lokale", "eksamensrom"),
        "candidate": ("candidate", "number", "candidatenumber", "kandidatnr", "kandidatnummer", "kandidat"),
        "question": ("question", "oppgave", "oppgavenr", "oppgavenummer", "spørsmål"),
        "serial": ("serial", "serials", "arknr", "arknummer", "serienr", "serienummer"),
        "count": ("count", "sheets", "pages", "antall", "antallark", "ark", "sider"),
        "present": ("present", "attendance", "status", "oppmøte", "tilstede", "møtt"),
        "stack": ("stack", "bunke", "stabel"),
        "test": ("test", "prøve", "eksamen"),
    }
)
"""Names of columns, English and Norwegian; blanks, dots and capitals make no difference."""
_PRESENT = frozenset({"present", "yes", "y", "1", "x", "true", "ja", "j", "møtt", "til stede", "tilstede"})
_ABSENT = frozenset({"absent", "no", "n", "0", "false", "nei", "ikke møtt", "fravær", "fraværende", "borte"})
_MOST_SHOWN = 50
MOST_SHEETS = 9999
"""More sheets than anybody hands in, and than lie in a stack: a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what stands in its known columns, and the place for what is wrong with it."""

    cells: Mapping[str, str]
    spot: Spot
    header: Mapping[str, str]

    def text(self, column: str) -> str:
        return self.cells.get(column, "")

    def wrong(self, column: str, found: str, allowed: str) -> None:
        """Notes that something is wrong in this column."""
        self.spot.at(self.spot.line, named(self.header.get(column, column))).wrong(found, allowed)

    def count(self) -> int | None:
        """A whole number; None where there is none, which is noted unless the cell is empty."""
        text = self.text("count")
        if text and not (text.isascii() and text.isdigit() and int(text) <= MOST_SHEETS):
            self.wrong("count", quoted(text), f"a whole number from 0 to {MOST_SHEETS}")
            return None
        return int(text) if text else None

    def serials(self) -> tuple[str, ...]:
        """The serials of the row."""
        return serials_in(self.text("serial"))

    def present(self) -> bool | None:
        """Was the candidate there? None, and noted, where the cell does not say."""
        text = " ".join(self.text("present").casefold().split())
        if text not in _PRESENT | _ABSENT:
            self.wrong("present", quoted(text) if text else "nothing", "present or absent (til stede, fravær)")
            return None
        return text in _PRESENT


def serials_in(text: str) -> tuple[str, ...]:
    """Serials with blanks or commas between them; printed in groups of four, they may stand so, too."""
    words = text.replace(",", " ").replace(";", " ").split()
    if len(words) > 1 and all(len(w) == 4 for w in words) and len(words) % 2 == 0:
        words = [a + b for a, b in zip(words[::2], words[1::2], strict=True)]
    return tuple(dict.fromkeys(words))


def read_rows(data: bytes, spot: Spot, needed: Sequence[str], more: Sequence[str] = ()) -> list[Row]:
    """The rows of the file. `needed` are columns that must be there, `more` those that may. What is wrong is noted."""
    text = decode(data, spot)
    if text is None:
        return []
    wanted = {key: COLUMNS[key] for key in (*needed, *more)}
    skipped, body = without_excel_mark(text)
    read = rows(body, delimiter_of(body, wanted), spot, skipped)
    line, header = next(read, (1, []))
    places = _places(header, wanted, needed, spot.at(line, "first row"))
    found = list(_rows_below(read, header, places, spot)) if places.keys() >= set(needed) else []
    if not found and not spot.problems:
        spot.wrong("no row below the column names", "at least one row")
    return found


def fault(problems: Sequence[Problem]) -> UsageFault:
    """The fault that tells all problems, each on a line of its own."""
    lines = [str(p) for p in problems[:_MOST_SHOWN]]
    if len(problems) > _MOST_SHOWN:
        lines.append(f"… and {len(problems) - _MOST_SHOWN} more")
    return UsageFault("\n".join(lines), "Nothing was recorded. Mend these lines and try again.")


def _rows_below(
    read: Iterator[tuple[int, list[str]]], header: Sequence[str], places: Mapping[str, int], spot: Spot
) -> Iterator[Row]:
    names = {key: header[i] for key, i in places.items()}
    for line, row in read:
        if any(cell.strip() for cell in row[len(header) :]):
            spot.at(line, "").wrong(f"{len(row)} cells", f"{len(header)} cells, as in the first row")
            continue
        cells = {key: row[i].strip() for key, i in places.items() if i < len(row)}
        yield Row(cells, spot.at(line, ""), names)


def _places(
    header: Sequence[str], wanted: Mapping[str, tuple[str, ...]], needed: Sequence[str], spot: Spot
) -> dict[str, int]:
    """The index of each column by key. Notes those that are missing or there more than once."""
    places: dict[str, int] = {}
    for key, names in wanted.items():
        found = matches(header, names)
        if len(found) > 1:
            spot.wrong(" and ".join(quoted(header[i]) for i in found), f"one column for {key}")
        elif not found and key in needed:
            spot.wrong(listed(header), f"a column {' or '.join(names)}")
        if found:
            places[key] = found[0]
    return places
