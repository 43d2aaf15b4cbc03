"""Printing generic sheets: their serials are on record before a sheet leaves the printer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scanpipe import codes
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.faults import ConfigFault
from scanpipe.layout import Paper
from scanpipe.ledgers import Transaction
from scanpipe.model import TestDefinition
from scanpipe.shaded_layout import OWN, ShadedLayout
from scanpipe.sheets import Area, draw_generic


def print_generic(
    parts: Parts,
    count: int,
    out: Path,
    by: str,
    paper: Paper,
    test: TestDefinition | None = None,
    area: Area = "plain",
    progress: Callable[[int], None] | None = None,
) -> list[str]:
    """Writes the PDF of so many generic sheets; `test`: they count for it alone, and are a rehearsal's if it is. Answers serials.

    Raises as `sheets.draw_generic`, LedgerFault, StoreFault.
    """
    layout = own_layout(parts)

    def record(tx: Transaction) -> list[str]:
        first = tx.last_serial() + 1
        serials = [f"{n:0{codes.SERIAL_DIGITS}d}" for n in range(first, first + count)]
        run = (serials[0], serials[-1])
        tx.append(
            "generic_sheets_printed", layout=layout.id, test=test.id if test else None, first=run[0], last=run[1], by=by
        )
        return serials

    serials = parts.ledger.write(record)
    shelve(parts)
    draw_generic(serials, layout, parts.keyring.active, out, paper, test, area, progress)
    return serials


def own_layout(parts: Parts) -> ShadedLayout:
    """The layout that is printed here."""
    for layout in parts.errand.layouts:
        if layout.id == OWN:
            return layout
    raise ConfigFault(f"the layout {OWN} is missing", "Install scanpipe again.")
