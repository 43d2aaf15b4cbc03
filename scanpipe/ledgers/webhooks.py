"""Receivers of changes and what is sent to them, as a `Transaction` answers it: beside the record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from scanpipe.ledgers import tables as t

_w, _d = t.webhook.c, t.delivery.c
_before = t.delivery.alias()
_earlier = sa.exists().where(
    _before.c.webhook == _d.webhook,
    _before.c.place == _d.place,
    _before.c.state == "waiting",
    _before.c.change < _d.change,
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Columns as of `tables.webhook`; times are UTC in ISO 8601 with milliseconds, so that they compare as texts."""

    id: str
    test: str
    url: str
    key: str
    made: str
    by: str
    cursor: int
    failures: int = 0
    rests_until: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A change on its way to a webhook; `state` is waiting, delivered or dead, `at` when it was tried last."""

    webhook: str
    change: int
    place: str
    state: str
    made: str
    due: str
    tries: int = 0
    at: str | None = None
    status: int | None = None
    problem: str | None = None


class Webhooks:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection, lock: Callable[[str], None]) -> None:
        self._c = connection
        self._lock = lock

    def add(self, webhook: Webhook) -> None:
        self._c.execute(sa.insert(t.webhook), asdict(webhook))

    def remove(self, id: str) -> None:
        """It goes with all that was to be sent to it."""
        self._c.execute(sa.delete(t.delivery).where(_d.webhook == id))
        self._c.execute(sa.delete(t.webhook).where(_w.id == id))

    def one(self, id: str) -> Webhook | None:
        row = self._c.execute(sa.select(t.webhook).where(_w.id == id)).first()
        return None if row is None else Webhook(*row)

    def all(self) -> list[Webhook]:
        return [Webhook(*row) for row in self._c.execute(sa.select(t.webhook).order_by(_w.test, _w.made, _w.id))]

    def of_test(self, test: str) -> list[Webhook]:
        """`test` as its definition spells it."""
        self._lock(f"webhooks {test}")
        return [webhook for webhook in self.all() if webhook.test == test]

    def note(self, webhook: Webhook, new: Sequence[Delivery], cursor: int) -> None:
        """Notes what is to be sent, unless another process was faster."""
        moved = sa.update(t.webhook).where(_w.id == webhook.id, _w.cursor == webhook.cursor).values(cursor=cursor)
        if self._c.execute(moved).rowcount and new:
            self._c.execute(sa.insert(t.delivery), [asdict(delivery) for delivery in new])

    def due(self, webhook: str, now: str, limit: int) -> list[Delivery]:
        """What may be sent now: of each place the first that waits, if its time has come."""
        query = sa.select(t.delivery).where(_d.webhook == webhook, _d.state == "waiting", _d.due <= now, ~_earlier)
        return [Delivery(*row) for row in self._c.execute(query.order_by(_d.due, _d.change).limit(limit))]

    def tried(self, delivery: Delivery) -> None:
        """What came of a try. One that somebody settled or removed meanwhile stays as it is."""
        columns = {k: v for k, v in asdict(delivery).items() if k not in ("webhook", "change", "place")}
        where = (_d.webhook == delivery.webhook, _d.change == delivery.change, _d.state == "waiting")
        self._c.execute(sa.update(t.delivery).where(*where).values(columns))

    def rest(self, webhook: str, failures: int, until: str | None) -> None:
        self._c.execute(sa.update(t.webhook).where(_w.id == webhook).values(failures=failures, rests_until=until))

    def counts(self, webhook: str) -> dict[str, int]:
        """How many deliveries are in each state."""
        query = sa.select(_d.state, sa.func.count()).where(_d.webhook == webhook).group_by(_d.state)
        return {row[0]: row[1] for row in self._c.execute(query)}

    def deliveries(self, webhook: str, state: str | None, limit: int) -> list[Delivery]:
        """The newest first."""
        query = sa.select(t.delivery).where(_d.webhook == webhook)
        query = query if state is None else query.where(_d.state == state)
        return [Delivery(*row) for row in self._c.execute(query.order_by(_d.change.desc()).limit(limit))]

    def revive(self, webhook: str, changes: Collection[int] | None, now: str) -> list[int]:
        """Sends these anew, or all that are dead; answers which."""
        where = [_d.webhook == webhook, _d.state == "dead" if changes is None else _d.change.in_(changes)]
        found = sorted(row[0] for row in self._c.execute(sa.select(_d.change).where(*where)))
        new = {"state": "waiting", "made": now, "due": now, "tries": 0}
        self._c.execute(sa.update(t.delivery).where(*where).values(new))
        self.rest(webhook, 0, None)
        return found

    def forget(self, before: str) -> None:
        """What was delivered before that time."""
        self._c.execute(sa.delete(t.delivery).where(_d.state == "delivered", _d.at < before))
