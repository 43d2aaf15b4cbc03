"""How the installation stands, as notices ask for it every few seconds: each question by an index, or about what is new."""

from __future__ import annotations

import json

import sqlalchemy as sa

from scanpipe.ledgers import events_expected
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.spans import in_stack
from scanpipe.stages.completeness.books import LIVE

_p, _s, _e = t.page.c, t.scan.c, t.event.c
_ON_THE_WAY = ("waiting", "placing")
_UNDECIDED = (*_ON_THE_WAY, "held")
_OF_TESTS = ("definition_registered", "sheets_printed", "test_retired", *events_expected.PROJECTIONS)


class Standings:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def held(self) -> list[tuple[str | None, str, int, str]]:
        """Held pages: test as the page spells it, reason, how many, and since when the first."""
        query = sa.select(_p.test, _p.reason, sa.func.count(), sa.func.min(_p.at)).where(_p.state == "held")
        return [(row[0], row[1], row[2], row[3]) for row in self._c.execute(query.group_by(_p.test, _p.reason))]

    def on_the_way(self) -> tuple[int, str | None]:
        """How many pages are on their way, and files that were not opened yet; and since when the first."""
        pages = sa.select(sa.func.count(), sa.func.min(_p.at)).where(_p.state.in_(_ON_THE_WAY))
        files = sa.select(sa.func.count(), sa.func.min(_s.at)).where(_s.pages.is_(None))
        rows = [self._c.execute(query).one() for query in (pages, files)]
        return sum(row[0] for row in rows), min((row[1] for row in rows if row[1]), default=None)

    def last_event(self) -> int:
        return int(self._c.execute(sa.select(sa.func.max(_e.id))).scalar() or 0)

    def arrivals(self, after: int) -> list[tuple[str, str, str]]:
        """Stack, file and time of the scans that were taken in by events above `after`, in their order."""
        query = sa.select(_s.stack, _s.file, _e.at).join_from(t.event, t.scan, _e.scan == _s.scan)
        query = query.where(_e.type == "scan_taken_in", _e.id > after, _s.stack != "").order_by(_e.id)
        return [(row[0], row[1], row[2]) for row in self._c.execute(query)]

    def end_of(self, stack: str) -> tuple[int, bool, bool]:
        """Of a stack: how many files it has, whether each is of one page, and whether the last one is damaged."""
        query = sa.select(sa.func.count(), sa.func.min(_s.pages), sa.func.max(_s.pages)).where(_s.stack == stack)
        files, fewest, most = self._c.execute(query).one()
        last = sa.select(_s.scan).where(_s.stack == stack).order_by(_s.position.desc()).limit(1).scalar_subquery()
        damaged = sa.select(_p.reason).where(_p.scan == last, _p.state == "held", _p.reason == "unreadable_file")
        return files, fewest == most == 1, self._c.execute(damaged.limit(1)).first() is not None

    def sheets_in(self, stack: str) -> int:
        """How many pages of a stack stand for paper, as completeness counts them: without blank sides and backs."""
        query = sa.select(sa.func.count()).join_from(t.page, t.scan, _p.scan == _s.scan)
        query = query.where(in_stack(self._c, stack), sa.func.coalesce(_p.side, 1) == 1)
        query = query.where(_p.state.in_(LIVE), sa.func.coalesce(_p.reason, "") != "back_of")
        return int(self._c.execute(query).scalar() or 0)

    def touched(self, after: int) -> set[str] | None:
        """The tests, in capitals, that events above `after` may be about; None: any. A page that names no test is about those of
        the others in its stack.
        """
        later = sa.select(_e.scan).where(_e.id > after, _e.scan.is_not(None))
        pages = sa.select(sa.func.upper(_p.test)).distinct().where(_p.scan.in_(later), _p.test.is_not(None))
        unnamed = sa.select(_s.stack).join_from(t.page, t.scan, _p.scan == _s.scan)
        stacks = unnamed.where(_p.scan.in_(later), _p.test.is_(None), _s.stack != "")
        beside = sa.select(sa.func.upper(_p.test)).distinct().join_from(t.page, t.scan, _p.scan == _s.scan)
        beside = beside.where(_s.stack.in_(stacks), _p.test.is_not(None))
        found = {row[0] for query in (pages, beside) for row in self._c.execute(query)}
        told = sa.select(_e.data).where(_e.type.in_(_OF_TESTS), _e.id > after)
        named = {json.loads(row[0])["test"] for row in self._c.execute(told)}
        return None if None in named else found | {str(test).upper() for test in named}

    def undecided(self, test: str) -> bool:
        """Is a page of the test held or on its way? Then it is not complete, whatever else is so: found by an index, at once."""
        query = sa.select(_p.scan).where(sa.func.upper(_p.test) == test.upper(), _p.state.in_(_UNDECIDED)).limit(1)
        return self._c.execute(query).first() is not None
