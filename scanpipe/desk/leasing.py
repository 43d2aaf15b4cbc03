"""What only one process does at a time, of however many share the ledger: another one goes on when that one is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from scanpipe.desk.parts import Parts

_NEVER = datetime.min.replace(tzinfo=UTC)


class Lease:
    """Holds for `lasts` and is renewed as soon as less than `at_least` is left, so that most looks cost no commit.

    `clock` answers the time in UTC.
    """

    def __init__(
        self, parts: Parts, name: str, lasts: timedelta, at_least: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._parts, self._name = parts, name
        self._lasts, self._at_least, self._clock = lasts, at_least, clock
        self._until = _NEVER

    def keep(self) -> bool:
        """Takes it, or keeps it; False where another process that lives has it. Raises LedgerFault."""
        now = self._clock()
        if self._until >= now + self._at_least:
            return True
        until, holder = now + self._lasts, self._parts.folders.holder
        with self._parts.ledger.read() as r:
            before = r.leases().holder(self._name)
        dead = before if before is not None and not self._parts.folders.alive(before) else None
        times = _text(now), _text(until)
        mine = self._parts.ledger.write(lambda tx: tx.leases().take(self._name, holder, *times, dead))
        self._until = until if mine else _NEVER
        return mine

    def end(self) -> None:
        """Leaves it to the next process. Raises LedgerFault."""
        if self._until > self._clock():
            holder, self._until = self._parts.folders.holder, _NEVER
            self._parts.ledger.write(lambda tx: tx.leases().end(self._name, holder))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
