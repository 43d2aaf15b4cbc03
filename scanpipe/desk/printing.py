"""Printing sheets: serials are given out and put on record before a sheet leaves the printer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from scanpipe import codes
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.ledgers import Transaction
from scanpipe.model import Sheet, TestDefinition
from scanpipe.sheets import PlannedSheet


def already_printed(parts: Parts, test: str) -> Mapping[tuple[str, str], int]:
    """How many sheets were printed before for each (candidate, question)."""
    with parts.ledger.read() as r:
        return Counter((s.candidate, s.question) for s in r.sheets(test))


def give_serials(parts: Parts, definition: TestDefinition, planned: list[PlannedSheet], by: str) -> list[Sheet]:
    """Gives every planned sheet a serial of its own and records them all. Raises LedgerFault, StoreFault."""

    def record(tx: Transaction) -> list[Sheet]:
        first = tx.last_serial() + 1
        sheets = [
            Sheet(f"{n:0{codes.SERIAL_DIGITS}d}", p.test, p.candidate, p.question, p.number, p.of, definition.revision)
            for n, p in enumerate(planned, first)
        ]
        rows = [[s.serial, s.candidate, s.question, s.number, s.of] for s in sheets]
        tx.append("sheets_printed", test=definition.id, revision=definition.revision, sheets=rows, by=by)
        return sheets

    sheets = parts.ledger.write(record)
    shelve(parts)
    return sheets
