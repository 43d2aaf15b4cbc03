"""How the installation stands, as notices ask for it every few seconds: each question by an index, or about what is new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from scanpipe.ledgers import tables as t

_p, _s, _e = t.page.c, t.scan.c, t.event.c
_ON_THE_WAY = ("waiting", "placing")
_OPEN = ("waiting", "placing", "held", "rescan")
_OF_TESTS = ("definition_registered", "sheets_printed", "test_retired")


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

    def touched(self, after: int) -> set[str]:
        """The tests, in capitals, of which events above `after` tell."""
        pages = sa.select(sa.func.upper(_p.test)).distinct().join_from(t.event, t.page, _p.scan == _e.scan)
        found = {row[0] for row in self._c.execute(pages.where(_e.id > after, _p.test.is_not(None)))}
        told = sa.select(_e.data).where(_e.type.in_(_OF_TESTS), _e.id > after)
        return found | {str(json.loads(row[0])["test"]).upper() for row in self._c.execute(told)}

    def completeness(self, tests: Iterable[str]) -> Iterator[tuple[str, int, int, int]]:
        """Of each test, as its definition spells it: sheets that were printed for somebody, how many of them were scanned, and
        how many of its pages are open: held, on their way, or to be scanned again and not there yet.
        """
        seen = sa.exists().where(_p.serial == t.sheet.c.serial, _p.state.not_in(("discarded", "withdrawn")))
        for test in tests:
            printed = sa.select(sa.func.count(), sa.func.sum(sa.case((seen, 1), else_=0)))
            printed = printed.where(t.sheet.c.test == test, t.sheet.c.candidate.is_not(None))
            expected, received = self._c.execute(printed).one()
            yield test, expected, int(received or 0), self._open(test)

    def _open(self, test: str) -> int:
        other = t.page.alias().c
        later = sa.or_(other.event > _p.event, other.state == "filed")
        came = sa.exists().where(other.serial == _p.serial, other.scan != _p.scan, later)
        query = sa.select(sa.func.count()).where(sa.func.upper(_p.test) == test.upper(), _p.state.in_(_OPEN))
        return int(self._c.execute(query.where(sa.or_(_p.state != "rescan", ~came))).scalar() or 0)
