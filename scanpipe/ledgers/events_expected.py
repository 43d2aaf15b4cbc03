"""The part of `events.py` about what is expected: what each event changes in the tables that say so.

sheets_handed_out, sheets_collected  test, room, entries [[candidate, count, [serial, …]], …], by: of each candidate the last
                        stands; candidate "" is the room as a whole; neither count nor serials: nothing is said any more
hand_in_declared        test, candidate, question, count, serials, by: the last stands; neither: nothing is said any more
attendance_noted        test, entries [[candidate, present], …], by
stack_expected          stack, test, count, by: how many pages it must have; null: nobody knows any more
difference_closed       test, kind, subject, by, why, expected, received: it is settled as long as its figures are these
difference_reopened     test, kind, subject, by
report_signed           test, name of who vouches for it, by, digest of the report's file, head {link, event, hash} of the chain
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared, inserting

Data = Mapping[str, Any]


def _counted(what: str) -> Callable[[sa.Connection, Data, Data], None]:
    """Handed out or collected: each entry takes the place of the one before."""

    def change(c: sa.Connection, e: Data, data: Data) -> None:
        place = {"test": data["test"], "what": what, "room": data["room"]}
        rows = [
            place | {"candidate": candidate} | _said(e, data, count, serials)
            for candidate, count, serials in data["entries"]
        ]
        _replace(c, t.counted, rows, ("test", "what", "room", "candidate"))

    return change


def _hand_in_declared(c: sa.Connection, e: Data, data: Data) -> None:
    slot = {name: data[name] for name in ("test", "candidate", "question")}
    row = slot | _said(e, data, data["count"], data["serials"])
    _replace(c, t.declared, [row], tuple(slot))


def _attendance_noted(c: sa.Connection, e: Data, data: Data) -> None:
    common = {"test": data["test"], "by": data["by"], "at": e["at"], "event": e["id"]}
    rows = [common | {"candidate": candidate, "present": int(present)} for candidate, present in data["entries"]]
    _replace(c, t.attendance, rows, ("test", "candidate"))


def _stack_expected(c: sa.Connection, e: Data, data: Data) -> None:
    row = {name: data[name] for name in ("stack", "test", "count", "by")} | {"at": e["at"], "event": e["id"]}
    _replace(c, t.stack_count, [row], ("stack",))


def _difference_closed(c: sa.Connection, e: Data, data: Data) -> None:
    names = ("test", "kind", "subject", "by", "why", "expected", "received")
    row = {name: data[name] for name in names} | {"at": e["at"], "event": e["id"]}
    _replace(c, t.closed, [row], ("test", "kind", "subject"))


def _difference_reopened(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.delete(t.closed).filter_by(**{name: data[name] for name in ("test", "kind", "subject")}))


def _said(e: Data, data: Data, count: int | None, serials: list[str]) -> dict[str, Any]:
    about = {"by": data["by"], "at": e["at"], "event": e["id"]}
    return {"count": count, "serials": json.dumps(serials), **about}


def _replace(c: sa.Connection, table: sa.Table, rows: list[dict[str, Any]], key: tuple[str, ...]) -> None:
    """Each row takes the place of that with the same key; one that says nothing leaves none."""
    delete, insert = _deleting(table, key), _inserting(table)
    for row in rows:
        delete.run(c, {name: row[name] for name in key})
        if row.get("count", 0) is not None or row.get("serials", "[]") != "[]":
            insert.run(c, row)


@cache
def _deleting(table: sa.Table, key: tuple[str, ...]) -> Prepared:
    return Prepared(sa.delete(table).where(*(table.c[name] == sa.bindparam(name) for name in key)))


@cache
def _inserting(table: sa.Table) -> Prepared:
    return inserting(table)


def _nothing(c: sa.Connection, e: Data, data: Data) -> None:
    """The event is the whole record."""


PROJECTIONS: Mapping[str, Callable[[sa.Connection, Data, Data], None]] = {
    "sheets_handed_out": _counted("handed_out"),
    "sheets_collected": _counted("collected"),
    "hand_in_declared": _hand_in_declared,
    "attendance_noted": _attendance_noted,
    "stack_expected": _stack_expected,
    "difference_closed": _difference_closed,
    "difference_reopened": _difference_reopened,
    "report_signed": _nothing,
}
