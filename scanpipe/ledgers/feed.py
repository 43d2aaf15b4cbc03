"""The changes to slots as a feed: numbered along the chain, so that nothing appears later with a smaller number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from scanpipe.ledgers import tables as t

PER_EVENT = 256
"""A number is the event's link times this, plus the change's place in the event."""
_FAR_BEHIND = 1000
_e, _c = t.event.c, t.change.c
_linked = sa.select(_e.link, _c.n, _e.at, _e.type, _c.type, _c.test, _c.candidate, _c.question, _c.serial, _c.sha256)
_linked = _linked.select_from(t.event.join(t.change, _c.event == _e.id))


@dataclass(frozen=True, slots=True)
class Change:
    """A change to a slot (`changes.py` lists the types), or to all of a test where `candidate` is None. `because` is the type of
    the event that made it.
    """

    id: int
    at: str
    because: str
    type: str
    test: str
    candidate: str | None
    question: str | None
    serial: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the feed. What is above `next` follows when `more`; `head` is how far the chain went when one looked."""

    changes: tuple[Change, ...]
    next: int
    more: bool
    head: int


class Feed:
    """Part of a `Transaction` that looks things up."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def after(self, number: int, limit: int, tests: Collection[str] | None = None) -> Stretch:
        """At most `limit` changes with a number above this one, of these tests (ids in capitals; None: of all)."""
        head = self.head()
        link, n = divmod(number, PER_EVENT)
        query = _linked.where(sa.or_(_e.link > link, sa.and_(_e.link == link, _c.n > n)), _e.link >= link)
        if tests is not None:
            query = query.where(sa.func.upper(_c.test).in_(tests))
        rows = self._c.execute(query.order_by(_e.link, _c.n).limit(limit)).all()
        found = tuple(Change(link * PER_EVENT + n, *told) for link, n, *told in rows)
        last = found[-1].id if found else number
        if len(found) == limit:
            return Stretch(found, last, True, head)
        return Stretch(found, max(last, self._latest(), (head - _FAR_BEHIND) * PER_EVENT), False, head)

    def head(self) -> int:
        """The link at the end of the chain: all with a smaller one is there to be seen."""
        return int(self._c.execute(sa.select(sa.func.max(_e.link))).scalar() or 0)

    def _latest(self) -> int:
        """The number of a change of late, whatever its test."""
        query = sa.select(_e.link, _c.n).select_from(t.change.join(t.event, _c.event == _e.id))
        row = self._c.execute(query.where(_e.link.is_not(None)).order_by(_c.event.desc(), _c.n.desc()).limit(1)).first()
        return 0 if row is None else int(row[0]) * PER_EVENT + int(row[1])
