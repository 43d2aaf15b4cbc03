"""What persons decided, as a `Transaction` answers it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.model import PageId, Slot

Inverse = list[tuple[str, str | None, int | None, dict[str, Any]]]
"""Events that take a decision back: type, scan, page, data."""

_d, _of = t.decision.c, t.decided.c


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision of a person. `id` is its event; `undone` the event that took it back."""

    id: int
    at: str
    kind: str
    by: str
    why: str | None
    inverse: str
    undone: int | None

    @property
    def takes_back(self) -> Inverse:
        return [(type, scan, page, data) for type, scan, page, data in json.loads(self.inverse)]


class Decisions:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def one(self, id: int) -> DecisionRecord | None:
        row = self._c.execute(sa.select(t.decision).where(_d.id == id)).first()
        return None if row is None else DecisionRecord(*row)

    def latest_by(self, by: str) -> DecisionRecord | None:
        """The last decision of a person that stands."""
        query = sa.select(t.decision).where(_d.by == by, _d.undone.is_(None)).order_by(_d.id.desc()).limit(1)
        row = self._c.execute(query).first()
        return None if row is None else DecisionRecord(*row)

    def about(self, page: PageId) -> list[DecisionRecord]:
        """The decisions about a page, the newest first."""
        query = sa.select(t.decision).join(t.decided, _of.decision == _d.id)
        query = query.where(_of.scan == page.scan, _of.page == page.index).order_by(_d.id.desc())
        return [DecisionRecord(*row) for row in self._c.execute(query)]

    def pages(self, id: int) -> list[PageId]:
        query = sa.select(_of.scan, _of.page).where(_of.decision == id).order_by(_of.scan, _of.page)
        return [PageId(*row) for row in self._c.execute(query)]

    def recent(self, limit: int, kind: str | None = None) -> Iterator[DecisionRecord]:
        """The newest first."""
        query = sa.select(t.decision).order_by(_d.id.desc()).limit(limit)
        for row in self._c.execute(query if kind is None else query.where(_d.kind == kind)):
            yield DecisionRecord(*row)

    def also(self, page: PageId) -> list[Slot]:
        """The further slots of a page."""
        a = t.also.c
        query = sa.select(a.test, a.candidate, a.question).where(a.scan == page.scan, a.page == page.index)
        return [Slot(*row) for row in self._c.execute(query.order_by(a.test, a.candidate, a.question))]

    def also_in(self, test: str) -> list[Slot]:
        """The further slots in this test, once for each filed page that belongs to them."""
        a, p = t.also.c, t.page.c
        pages = t.also.join(t.page, sa.and_(a.scan == p.scan, a.page == p.page))
        query = sa.select(a.test, a.candidate, a.question).select_from(pages).where(a.test == test, p.state == "filed")
        return [Slot(*row) for row in self._c.execute(query)]

    def strayed(self) -> list[tuple[PageId, Slot]]:
        """Filed pages that belong to a further slot of another candidate: by no decision that there is."""
        a, p = t.also.c, t.page.c
        pages = t.also.join(t.page, sa.and_(a.scan == p.scan, a.page == p.page))
        query = sa.select(a.scan, a.page, a.test, a.candidate, a.question).select_from(pages)
        query = query.where(p.state == "filed", sa.or_(a.test != p.test, a.candidate != p.candidate))
        return [(PageId(*row[:2]), Slot(*row[2:])) for row in self._c.execute(query)]

    def order(self, slot: Slot) -> list[PageId]:
        """The order that a person gave to the pages of a slot."""
        c = t.place.c
        query = sa.select(c.scan, c.page).filter_by(test=slot.test, candidate=slot.candidate, question=slot.question)
        return [PageId(*row) for row in self._c.execute(query.order_by(c.rank))]

    def taken_from(self, slot: Slot) -> list[tuple[DecisionRecord, PageId]]:
        """Decisions that stand and took pages out of this slot, the newest first: what they would restore was filed there."""
        there = _d.inverse.contains(f'"key":"{slot.prefix}', autoescape=True)
        query = sa.select(t.decision).where(_d.undone.is_(None), there).order_by(_d.id.desc())
        found = []
        for row in self._c.execute(query):
            record = DecisionRecord(*row)
            for type, scan, page, data in record.takes_back:
                if type == "page_restored" and str(data["key"]).startswith(slot.prefix) and data["state"] == "filed":
                    found.append((record, PageId(scan or "", page or 0)))
        return found
