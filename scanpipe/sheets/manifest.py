"""Sheets in, a CSV out that says what stands on each page of their PDF."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from scanpipe.model import Sheet, TestDefinition
from scanpipe.sheets.document import sides_of
from scanpipe.sheets.writing import whole_file

COLUMNS = ("page", "serial", "test", "candidate", "question", "number", "of", "room", "seat", "side")


def write_manifest(sheets: Iterable[Sheet], definition: TestDefinition, out: Path) -> None:
    """Writes one row a page (UTF-8), `page` counting from 1 in the order given; room and seat are the candidate's, `side` is 1
    or 2 of a sheet that is printed on both.

    Raises faults.FolderFault when the file cannot be written.
    """
    with whole_file(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        pages = ((sheet, side) for sheet in sheets for side in sides_of(sheet))
        for page, (sheet, side) in enumerate(pages, start=1):
            rows.writerow((*_row(page, sheet, definition), side))


def _row(page: int, sheet: Sheet, definition: TestDefinition) -> tuple[object, ...]:
    candidate = definition.candidate(sheet.candidate) if sheet.candidate else None
    place = (candidate.room, candidate.seat) if candidate else (None, None)
    return (page, sheet.serial, sheet.test, sheet.candidate, sheet.question, sheet.number, sheet.of, *place)
