"""What one process at a time does, and which one, as a `Transaction` answers it: beside the record."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from scanpipe.ledgers import tables as t

_l = t.lease.c


class Leases:
    """Part of a `Transaction`. Times are UTC in ISO 8601 with milliseconds, so that they compare as texts."""

    def __init__(self, connection: sa.Connection, lock: Callable[[str], None]) -> None:
        self._c = connection
        self._lock = lock

    def holder(self, name: str) -> str | None:
        """The process that has it, or had it last."""
        return self._c.execute(sa.select(_l.holder).where(_l.name == name)).scalar()

    def take(self, name: str, holder: str, now: str, until: str, dead: str | None = None) -> bool:
        """Takes it or keeps it until then; False as long as another process has it that is not `dead`."""
        self._lock(f"lease {name}")
        row = self._c.execute(sa.select(_l.holder, _l.until).where(_l.name == name)).first()
        if row is not None and row.holder not in (holder, dead) and row.until > now:
            return False
        self._c.execute(sa.delete(t.lease).where(_l.name == name))
        self._c.execute(sa.insert(t.lease), {"name": name, "holder": holder, "until": until})
        return True

    def end(self, name: str, holder: str) -> None:
        """The next process need not wait for the end of its time."""
        self._c.execute(sa.delete(t.lease).where(_l.name == name, _l.holder == holder))
