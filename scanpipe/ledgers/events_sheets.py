"""The part of the projections (`events.py`) that is about sheets of paper.

sheets_printed          test, revision, sheets [[serial, candidate, question, number, of], …], by; a pad's have no candidate;
                        sides (1 where it is not there)
separators_printed      separators [[serial, room, source, count, person], …], test (or null), by
sheet_bound             test, serial, candidate, question, printed_question, by: a sheet of a pad is this candidate's now
sheet_unbound           test, serial, candidate, question, by, why: candidate and question are as it was printed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import changes
from scanpipe.ledgers import tables as t

Data = Mapping[str, Any]


def _sheets_printed(c: sa.Connection, e: Data, data: Data) -> None:
    names = ("serial", "candidate", "question", "number", "of")
    common = {"test": data["test"], "revision": data["revision"], "sides": data.get("sides", 1)}
    if data["sheets"]:
        c.execute(sa.insert(t.sheet), [dict(zip(names, s, strict=True)) | common for s in data["sheets"]])
    if any(s[3] > 1 for s in data["sheets"]) and _some_had_sheets(data["sheets"]):
        changes.note_slot(c, e, "sheets_printed", {"test": data["test"]})


def _separators_printed(c: sa.Connection, e: Data, data: Data) -> None:
    names = ("serial", "room", "source", "count", "person")
    rows = [dict(zip(names, row, strict=True)) | {"test": data["test"]} for row in data["separators"]]
    if rows:
        c.execute(sa.insert(t.separator_print), rows)


def _sheet_bound(c: sa.Connection, e: Data, data: Data) -> None:
    values = {"candidate": data["candidate"], "question": data["question"], "bound": e["id"]}
    c.execute(sa.update(t.sheet).filter_by(serial=data["serial"]).values(values))
    changes.note_slot(c, e, "sheets_printed", data)


def _sheet_unbound(c: sa.Connection, e: Data, data: Data) -> None:
    before = c.execute(sa.select(t.sheet).filter_by(serial=data["serial"])).one()
    values = {"candidate": data["candidate"], "question": data["question"], "bound": None}
    c.execute(sa.update(t.sheet).filter_by(serial=data["serial"]).values(values))
    changes.note_slot(
        c, e, "sheets_printed", {"test": before.test, "candidate": before.candidate, "question": before.question}
    )


def _some_had_sheets(sheets: list[list[Any]]) -> bool:
    """Were sheets printed before for one of these slots? They are numbered on within a slot."""
    first: dict[tuple[str, str], int] = {}
    for _, candidate, question, number, _ in sheets:
        slot = candidate, question
        if candidate is not None:
            first[slot] = min(number, first.get(slot, number))
    return max(first.values(), default=1) > 1


PROJECTIONS: Mapping[str, Callable[[sa.Connection, Data, Data], None]] = {
    "sheets_printed": _sheets_printed,
    "separators_printed": _separators_printed,
    "sheet_bound": _sheet_bound,
    "sheet_unbound": _sheet_unbound,
}
