"""The bytes of a CSV file in, candidates out: any of the usual delimiters, encodings and column names."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

from scanpipe.definitions.candidates import Placed, candidate
from scanpipe.definitions.csv_table import DELIMITERS, delimiter_of, listed, matches, named, rows, without_excel_mark
from scanpipe.definitions.problems import Spot, quoted
from scanpipe.definitions.text_file import decode
from scanpipe.definitions.vocabulary import CANDIDATE_KEYS
from scanpipe.saying import joined, say

_OR = say(" or ")
_LOOKED_AT = 50
"""Rows that tell the delimiter where there is no header: the last cells of a row may be left out."""
USUAL_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "number": (
            "number",
            "candidate",
            "candidatenumber",
            "kandidatnr",
            "kandidatnummer",
            "kandidat",
            "kandnr",
            "kandidatid",
            "kandidatløpenr",
            "kandidatlopenr",
            "kandidatløpenummer",
        ),
        "name": ("name", "navn", "namn", "fullname", "fulltnavn", "kandidatnavn"),
        "room": ("room", "rom", "sal", "lokale", "eksamensrom"),
        "first_name": ("firstname", "givenname", "fornavn"),
        "last_name": ("lastname", "surname", "familyname", "etternavn"),
        "seat": ("seat", "seatnumber", "plass", "plassnr", "plassnummer", "sitteplass", "sete"),
        "extra_time_min": (
            "extratimemin",
            "extratime",
            "extratimeminutes",
            "extraminutes",
            "ekstratid",
            "ekstratidmin",
            "ekstratidminutter",
            "ekstratidiminutter",
            "ekstraeksamenstidmin",
            "ekstraeksamenstidminutter",
        ),
        "extra_time_h": (
            "extratimeh",
            "extratimehours",
            "ekstratidtimer",
            "ekstraeksamenstid",
            "ekstraeksamenstidtimer",
        ),
    }
)
"""Names of columns that are known without being told; blanks, dots and capitals make no difference."""


def read_candidates(
    data: bytes, spot: Spot, columns: Mapping[str, str] | None, has_header: bool = True
) -> list[Placed]:
    """The candidates in the order of the file. `columns` says which column holds what; None: the usual names.

    Columns that `columns` does not name are not read, except the number's, which has a usual name, too. Without a header
    `columns` has their places, from 1. Everything wrong is noted at its line of the CSV.
    """
    text = decode(data, spot)
    if text is None:
        return []
    skipped, body = without_excel_mark(text)
    if not has_header:
        return _by_place(body, skipped, columns or {}, spot)
    wanted = _wanted(columns)
    read = rows(body, delimiter_of(body, wanted), spot, skipped)
    line, header = next(read, (1, []))
    places = _places(header, wanted, spot.at(line, say("first row")), required=columns or ())
    if "number" not in places:
        return []
    return _at_least_one(read, header, places, spot, say("no row below the column names"))


def _by_place(text: str, skipped: int, columns: Mapping[str, str], spot: Spot) -> list[Placed]:
    """The candidates of a file without a header."""
    strange = [name for name in columns.values() if not re.fullmatch("[1-9][0-9]{0,2}", name)]
    if strange or "number" not in columns:
        found = quoted(strange[0]) if strange else say("nothing for number")
        spot.wrong(
            found, say("the place of the column, a number from 1"), say("There is no row of names: header is false.")
        )
        return []
    places = {key: int(place) - 1 for key, place in columns.items()}
    delimiter = max(DELIMITERS, key=lambda d: sum(len(row) for _, row in _first_rows(text, d)))
    widest = max(max(places.values()) + 1, *(len(row) for _, row in _first_rows(text, delimiter)), 1)
    names = [str(place) for place in range(1, widest + 1)]
    for line, row in islice(_first_rows(text, delimiter), 1):
        if matches(row, USUAL_COLUMNS["number"]):
            spot.at(line + skipped, "").wrong(
                say("names of columns"), say("a candidate"), say("Say that there is a header.")
            )
            return []
    return _at_least_one(rows(text, delimiter, spot, skipped), names, places, spot, say("no row"))


def _first_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    return islice(rows(text, delimiter, Spot("", []), 0), _LOOKED_AT)


def _at_least_one(
    read: Iterator[tuple[int, list[str]]], header: Sequence[str], places: Mapping[str, int], spot: Spot, none: str
) -> list[Placed]:
    problems_before = len(spot.problems)
    placed = _candidates(read, header, places, spot)
    if not placed and len(spot.problems) == problems_before:
        spot.wrong(none, say("at least one candidate"))
    return placed


def _candidates(
    rows: Iterator[tuple[int, list[str]]], header: Sequence[str], places: Mapping[str, int], spot: Spot
) -> list[Placed]:
    placed: list[Placed] = []
    for line, row in rows:
        if any(cell.strip() for cell in row[len(header) :]):
            allowed = say("%(n)s cells, as in the first row", n=len(header))
            spot.at(line, "").wrong(
                say("%(n)s cells", n=len(row)), allowed, say("Put quotes around a cell that has a delimiter in it.")
            )
            continue
        filled = {k: (row[i], spot.at(line, named(header[i]))) for k, i in places.items() if _filled(row, i)}
        if "number" not in filled:
            spot.at(line, named(header[places["number"]])).wrong(say("nothing"), CANDIDATE_KEYS["number"])
        one = candidate(filled)
        if one is not None:
            placed.append(one)
    return placed


def _filled(row: Sequence[str], index: int) -> bool:
    return index < len(row) and bool(row[index].strip())


def _wanted(columns: Mapping[str, str] | None) -> dict[str, tuple[str, ...]]:
    if columns is None:
        return dict(USUAL_COLUMNS)
    return {"number": USUAL_COLUMNS["number"], **{key: (name,) for key, name in columns.items()}}


def _places(
    header: Sequence[str], wanted: Mapping[str, tuple[str, ...]], spot: Spot, required: Container[str]
) -> dict[str, int]:
    """The index of each column by key. Notes columns that are missing or there more than once."""
    places: dict[str, int] = {}
    for key, names in wanted.items():
        found = matches(header, names)
        if len(found) > 1:
            both = joined((quoted(header[i]) for i in found), say(" and "))
            spot.wrong(
                say("the columns %(names)s", names=both),
                say("one column for %(key)s", key=key),
                say("Say which under columns."),
            )
        elif not found and (key in required or key == "number"):
            spot.wrong(
                listed(header),
                say("a column %(names)s for %(key)s", names=joined(names, _OR), key=key),
                say("Name it under columns."),
            )
        if found:
            places[key] = found[0]
    return places
