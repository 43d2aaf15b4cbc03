"""Packs of sheets that were handed to another candidate, and tests that are locked, as a `Transaction` answers it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared

_p = t.pack.c
_MOVED = Prepared(
    sa.select(_p.printed_for, _p.handed_to, _p.swap).where(_p.state == "moved", _p.test == sa.bindparam("test"))
)
_LOCKED = Prepared(sa.select(t.locked.c.test_id).where(t.locked.c.test_id == sa.bindparam("test")))


@dataclass(frozen=True, slots=True)
class Pack:
    """`id` is the event in which somebody asked for the move; `state` is asked, moved or dropped."""

    id: int
    at: str
    test: str
    printed_for: str
    handed_to: str
    swap: int
    by: str
    state: str


class Packs:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def one(self, id: int) -> Pack | None:
        row = self._c.execute(sa.select(t.pack).where(_p.id == id)).first()
        return None if row is None else Pack(*row)

    def in_state(self, state: str) -> list[Pack]:
        query = sa.select(t.pack).where(_p.state == state).order_by(_p.id)
        return [Pack(*row) for row in self._c.execute(query)]

    def handed_to(self, test: str, candidate: str) -> str | None:
        """Who wrote on the sheets that were printed for this candidate, where it was somebody else."""
        for printed_for, handed_to, swap in _MOVED.all(self._c, {"test": test}):
            if printed_for == candidate:
                return str(handed_to)
            if swap and handed_to == candidate:
                return str(printed_for)
        return None

    def locked(self, test: str) -> bool:
        """Did grading of the test begin?"""
        return _LOCKED.first(self._c, {"test": test.upper()}) is not None
