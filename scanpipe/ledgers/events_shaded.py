"""The part of `events.py` about generic sheets and the codes that are shaded on them.

generic_sheets_printed  layout, test (or null), first and last serial, by
codes_given_out         test, made (or imported), codes [[code, candidate, question], …], by
test_retired            (also) its codes name nobody any more
codes_reserved          test, codes […]: those of a retired test, which no other test is given, by
codes_released          test, by: its codes, which were reserved, are free for others
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import tables as t

Data = Mapping[str, Any]


def _generic_sheets_printed(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.insert(t.generic_print), {name: data[name] for name in ("first", "last", "layout", "test")})


def _codes_given_out(c: sa.Connection, e: Data, data: Data) -> None:
    names = ("code", "candidate", "question")
    rows = [dict(zip(names, row, strict=True)) | {"test": data["test"]} for row in data["codes"]]
    if rows:
        reserved = t.coded.c.test == data["test"], t.coded.c.code == sa.bindparam("again")
        c.execute(sa.delete(t.coded).where(*reserved), [{"again": row["code"]} for row in rows])
        c.execute(sa.insert(t.coded), rows)


def _codes_reserved(c: sa.Connection, e: Data, data: Data) -> None:
    rows = [{"code": code, "test": data["test"], "candidate": "", "question": ""} for code in data["codes"]]
    c.execute(sa.insert(t.coded), rows)


def _codes_released(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.delete(t.coded).where(t.coded.c.test == data["test"], t.coded.c.candidate == ""))


def forget_test(c: sa.Connection, data: Data) -> None:
    """A test was retired."""
    own = sa.func.upper(t.coded.c.test) == data["test"].upper()
    c.execute(sa.delete(t.coded).where(own, t.coded.c.candidate != ""))


PROJECTIONS: Mapping[str, Callable[[sa.Connection, Data, Data], None]] = {
    "generic_sheets_printed": _generic_sheets_printed,
    "codes_given_out": _codes_given_out,
    "codes_reserved": _codes_reserved,
    "codes_released": _codes_released,
}
