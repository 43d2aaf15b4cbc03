"""What programs sent, as a `Transaction` answers it: beside the record, which has each of it as an event. Kept for a month."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from scanpipe.ledgers import tables as t

KEPT_DAYS = 30
_r = t.received.c


@dataclass(frozen=True, slots=True)
class ReceivedScan:
    """`id` is its upload, `key` what its sender calls the request, so that it counts once; None: nothing.
    `handed_in` is None until it lies in the inbox.
    """

    id: str
    by: str
    key: str | None
    scan: str
    size: int
    at: str
    handed_in: str | None = None


class Received:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection, lock: Callable[[str], None]) -> None:
        self._c = connection
        self._lock = lock

    def claim(self, new: ReceivedScan) -> ReceivedScan:
        """Notes it, unless its sender used this key before: then what was noted under it."""
        if new.key is not None:
            self._lock(f"idempotency {new.by} {new.key}")
            row = self._c.execute(sa.select(t.received).where(_r.by == new.by, _r.key == new.key)).first()
            if row is not None:
                return ReceivedScan(*row)
        self._forget()
        self._c.execute(sa.insert(t.received), asdict(new))
        return new

    def mark(self, id: str, at: str) -> None:
        """It lies in the inbox."""
        self._c.execute(sa.update(t.received).where(_r.id == id).values(handed_in=at))

    def of_scan(self, scan: str) -> list[ReceivedScan]:
        """Whoever sent these bytes, the first one first."""
        query = sa.select(t.received).where(_r.scan == scan).order_by(_r.at, _r.id)
        return [ReceivedScan(*row) for row in self._c.execute(query)]

    def _forget(self) -> None:
        since = (datetime.now(UTC) - timedelta(days=KEPT_DAYS)).isoformat(timespec="seconds")
        self._c.execute(sa.delete(t.received).where(_r.at < since))
