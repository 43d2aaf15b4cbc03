"""All that lies in the slots of a test, and what of it was handed over, as a `Transaction` answers it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.slots import EMPTY
from scanpipe.model import PageRecord, Slot

_p = t.page.c
_LAST = 2**31 - 1


class Results:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def filed(self, test: str) -> Iterator[tuple[Slot, list[PageRecord]]]:
        """Every slot of a test in which pages lie, with its pages in the order that `Transaction.slot_pages` gives them."""
        own = _pages(t.page, t.page)
        refers = _pages(t.page.join(t.also, _same_page(t.also)), t.also)
        found = sa.union_all(own.where(_p.test == test), refers.where(t.also.c.test == test)).subquery()
        of, rank = (found.c.slot_candidate, found.c.slot_question), found.c.rank
        rows = self._c.execute(sa.select(found).order_by(*of, rank, found.c.event))
        for (candidate, question), group in groupby(rows, key=lambda row: (row.slot_candidate, row.slot_question)):
            yield Slot(test, candidate, question), [PageRecord(*row[: len(_p)]) for row in group]

    def printed(self, test: str) -> Counter[Slot]:
        """How many sheets were printed for each slot, without those that came empty."""
        c = t.sheet.c
        query = sa.select(c.candidate, c.question, sa.func.count()).where(c.test == test)
        query = query.where(c.candidate.is_not(None), c.question.is_not(None), ~EMPTY)
        rows = self._c.execute(query.group_by(c.candidate, c.question))
        return Counter({Slot(test, row[0], row[1]): row[2] for row in rows})

    def on_their_way(self, test: str) -> Counter[tuple[str, str]]:
        """How many pages that are not filed claim each candidate and question, both in capitals."""
        query = sa.select(_p.candidate, _p.question).where(_p.state.in_(("waiting", "placing", "held")))
        rows = self._c.execute(query.where(sa.func.upper(_p.test) == test.upper()))
        return Counter((row[0].upper(), row[1].upper()) for row in rows if row[0] and row[1])

    def handed_over(self, test: str) -> set[str]:
        """The digests of the lists of files that were exported."""
        query = sa.select(t.event.c.data).where(t.event.c.type == "results_exported")
        told = [json.loads(row[0]) for row in self._c.execute(query)]
        return {data["digest"] for data in told if data["test"] == test}


def _pages(source: sa.FromClause, slot: sa.Table) -> sa.Select[tuple[object, ...]]:
    """Filed pages, the slot that they are in (their own or a further one), and their rank there."""
    ranked = sa.and_(
        *(t.place.c[name] == slot.c[name] for name in ("test", "candidate", "question")), _same_page(t.place)
    )
    names = slot.c.candidate.label("slot_candidate"), slot.c.question.label("slot_question")
    rank = sa.func.coalesce(t.place.c.rank, _LAST).label("rank")
    return sa.select(t.page, *names, rank).select_from(source.outerjoin(t.place, ranked)).where(_p.state == "filed")


def _same_page(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.scan == _p.scan, table.c.page == _p.page)
