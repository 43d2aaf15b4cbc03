"""Statements of the hot path: built and compiled by SQLAlchemy once, then handed to the driver as they are.

SQLAlchemy's own way through its cache costs four times what SQLite does for such a statement. There is nothing to convert on
the way: all columns are text, whole numbers, floats or null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

Values = Mapping[str, Any]


class Prepared:
    """Runs inside the transaction of a `sa.Connection` that was begun. Raises `exc.DBAPIError` as that does.

    Not for `in_`, whose text depends on its values.
    """

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, list[str] | None, Values]] = {}

    def first(self, c: sa.Connection, values: Values | None = None) -> tuple[Any, ...] | None:
        """The first row."""
        row: tuple[Any, ...] | None = self._run(c, values or {}).fetchone()
        return row

    def all(self, c: sa.Connection, values: Values | None = None) -> list[tuple[Any, ...]]:
        """Every row."""
        rows: list[tuple[Any, ...]] = self._run(c, values or {}).fetchall()
        return rows

    def run(self, c: sa.Connection, values: Values) -> None:
        """For a statement that answers nothing."""
        self._run(c, values).close()

    def run_each(self, c: sa.Connection, rows: Sequence[Values]) -> None:
        """Once for each of these."""
        for values in rows:
            self.run(c, values)

    def _run(self, c: sa.Connection, values: Values) -> Any:
        dialect = c.dialect
        text, order, constants = self._compiled.get(dialect.name) or self._compile(dialect)
        told = {**constants, **values}
        cursor = c.connection.cursor()
        try:
            cursor.execute(text, told if order is None else [told[name] for name in order])
        except dialect.loaded_dbapi.Error as e:
            raise exc.DBAPIError.instance(text, None, e, dialect.loaded_dbapi.Error, dialect=dialect) from e
        return cursor

    def _compile(self, dialect: sa.Dialect) -> tuple[str, list[str] | None, Values]:
        compiled: Any = self._statement.compile(dialect=dialect)
        order = list(compiled.positiontup) if compiled.positional else None
        asked = {b.key: None for b in compiled.binds.values() if b.required}
        constants = {name: v for name, v in compiled.construct_params(asked).items() if name not in asked}
        self._compiled[dialect.name] = str(compiled), order, constants
        return self._compiled[dialect.name]


def inserting(table: sa.Table, *columns: str) -> Prepared:
    """An insert of these columns, all where none are named."""
    names = columns or tuple(table.c.keys())
    return Prepared(sa.insert(table).values({name: sa.bindparam(name) for name in names}))
