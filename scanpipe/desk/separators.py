"""Printing separators: what stands on each is on record before it leaves the printer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scanpipe import codes
from scanpipe.desk.expecting import MOST_SHEETS, known_test
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.faults import UsageFault
from scanpipe.layout import Paper
from scanpipe.ledgers import Transaction
from scanpipe.model import PrintedSeparator
from scanpipe.sheets import draw_separators

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Opening:
    """What a separator is to say of the stack below it; empty and None where nobody knows yet."""

    room: str = ""
    source: str = ""
    count: int | None = None
    person: str = ""


def print_separators(
    parts: Parts, openings: list[Opening], out: Path, by: str, paper: Paper, test: str | None = None
) -> list[PrintedSeparator]:
    """Writes the PDF of these separators, one a page; `test` is whose sheets the stacks hold, where that is known.

    Raises UnknownThing, UsageFault, LedgerFault, StoreFault and as `sheets.draw_separators`.
    """
    for opening in openings:
        _check(opening)

    def record(tx: Transaction) -> list[PrintedSeparator]:
        of, first = known_test(tx, test).id if test else None, tx.last_serial() + 1
        made = [
            PrintedSeparator(f"{n:0{codes.SERIAL_DIGITS}d}", o.room, o.source, o.count, o.person, of)
            for n, o in enumerate(openings, first)
        ]
        rows = [[s.serial, s.room, s.source, s.count, s.person] for s in made]
        tx.append("separators_printed", separators=rows, test=of, by=by)
        return made

    made = parts.ledger.write(record)
    shelve(parts)
    draw_separators(made, parts.keyring.active, out, paper)
    return made


def _check(opening: Opening) -> None:
    if opening.count is not None and not 0 <= opening.count <= MOST_SHEETS:
        raise UsageFault(f"{opening.count} sheets", f"Give a number from 0 to {MOST_SHEETS}.")
    if any(len(text) > _LONGEST for text in (opening.room, opening.source, opening.person)):
        raise UsageFault("a text is too long for a separator", f"At most {_LONGEST} characters.")
