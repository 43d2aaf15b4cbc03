"""Questions about what is held: the list, its groups, and the neighbours in the stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.spans import in_stack, scans_in_stack
from scanpipe.model import PageId, PageRecord, ScanRecord

_p, _s = t.page.c, t.scan.c
_SCAN_COLUMNS = len(t.scan.c)
_both = sa.select(t.scan, t.page).join_from(t.page, t.scan, _p.scan == _s.scan)

Row = tuple[PageRecord, ScanRecord]


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the queue a person wants to see; empty: all. `text` is sought in candidate, question, serial and file.

    `since` and `before` bound the moment that a page was held, in UTC as the ledger writes it: they are the ends of `day`.
    """

    reason: str = ""
    test: str = ""
    stack: str = ""
    text: str = ""
    day: str = ""
    since: str = ""
    before: str = ""

    @property
    def empty(self) -> bool:
        return self == Filter()


@dataclass(frozen=True, slots=True)
class Entry:
    """A held page in short: `group` is its reason and test, `text` what can be searched for, in folded case, one line each."""

    event: int
    at: str
    group: tuple[str, str | None]
    stack: str
    text: str


class Queue:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def held(self, wanted: Filter, limit: int, after: int = 0) -> list[Row]:
        """Held pages whose last event is above `after`, those held longest first."""
        query = self._filtered(_both, wanted).where(_p.event > after).order_by(_p.event).limit(limit)
        return [_row(row) for row in self._c.execute(query)]

    def held_before(self, wanted: Filter, event: int) -> Row | None:
        """The held page in front of that of this event."""
        query = self._filtered(_both, wanted).where(_p.event < event).order_by(_p.event.desc()).limit(1)
        row = self._c.execute(query).first()
        return None if row is None else _row(row)

    def count(self, wanted: Filter) -> int:
        """How many held pages the filter lets through."""
        query = self._from(sa.select(sa.func.count()), wanted)
        return int(self._c.execute(self._filtered(query, wanted)).scalar() or 0)

    def state(self) -> tuple[int, int]:
        """Another one whenever other pages are held: an event is new with every change of a page."""
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(_p.event), 0)).where(_p.state == "held")
        count, total = self._c.execute(query).one()
        return int(count), int(total)

    def events_in(self, stack: str) -> set[int]:
        """The last event of each held page of a stack."""
        query = sa.select(_p.event).join_from(t.page, t.scan, _p.scan == _s.scan)
        return set(self._c.execute(query.where(_p.state == "held", in_stack(self._c, stack))).scalars())

    def events(self) -> list[int]:
        """The last event of each held page, in their order."""
        return list(self._c.execute(sa.select(_p.event).where(_p.state == "held").order_by(_p.event)).scalars())

    def entries(self, events: Sequence[int]) -> list[Entry]:
        """What can be searched for of the held pages with these events."""
        sought = (_p.candidate, _p.question, _p.serial, _s.file, _p.scan)
        query = sa.select(_p.event, _p.at, _s.stack, _p.reason, _p.test, *sought)
        query = query.join_from(t.page, t.scan, _p.scan == _s.scan).where(_p.state == "held", _p.event.in_(events))
        found = self._c.execute(query)
        return [Entry(r[0], r[1], (r[3], r[4]), r[2], "\n".join(v for v in r[5:] if v).casefold()) for r in found]

    def rows(self, events: Sequence[int]) -> list[Row]:
        """The held pages with these events, in their order."""
        query = _both.where(_p.state == "held", _p.event.in_(events)).order_by(_p.event)
        return [_row(row) for row in self._c.execute(query)]

    def oldest(self) -> str | None:
        """Since when the page waits that was held first."""
        query = sa.select(_p.at).where(_p.state == "held").order_by(_p.event).limit(1)
        return self._c.execute(query).scalar()

    def newest_held(self) -> int:
        """The last event of the page that was held last."""
        return int(self._c.execute(sa.select(sa.func.max(_p.event)).where(_p.state == "held")).scalar() or 0)

    def neighbours(self, scan: ScanRecord, page: int, each: int) -> tuple[list[Row], list[Row]]:
        """The pages before (the nearest last) and after one in its stack, `each` at most."""
        place = sa.tuple_(_s.position, _p.page)
        here = sa.tuple_(sa.literal(scan.position), sa.literal(page))
        of_stack = _both.where(_s.stack == scan.stack)
        before = of_stack.where(place < here).order_by(_s.position.desc(), _p.page.desc()).limit(each)
        after = of_stack.where(place > here).order_by(_s.position, _p.page).limit(each)
        return [_row(r) for r in self._c.execute(before)][::-1], [_row(r) for r in self._c.execute(after)]

    def stack(self, name: str) -> list[Row]:
        """The pages of a stack, in their order."""
        query = _both.where(in_stack(self._c, name)).order_by(_s.position, _p.page)
        return [_row(r) for r in self._c.execute(query)]

    def unopened(self, stack: str) -> int:
        """How many files of a stack nobody has opened yet."""
        query = sa.select(sa.func.count()).select_from(t.scan).where(scans_in_stack(self._c, stack), _s.pages.is_(None))
        return int(self._c.execute(query).scalar() or 0)

    def in_state(self, state: str, limit: int = 500) -> list[Row]:
        query = _both.where(_p.state == state).order_by(_p.event).limit(limit)
        return [_row(r) for r in self._c.execute(query)]

    def to_rescan(self) -> list[Row]:
        """Papers to find and feed again: no later scan has their serial, and none is filed under it."""
        other = t.page.alias()
        kept = other.c.state.not_in(("discarded", "withdrawn", "replaced", "retired"))
        there = sa.or_(sa.and_(other.c.event > _p.event, kept), other.c.state == "filed")
        same = sa.and_(other.c.serial == _p.serial, sa.func.coalesce(other.c.side, 1) == sa.func.coalesce(_p.side, 1))
        came = sa.exists().where(same, there, other.c.scan != _p.scan)
        query = _both.where(_p.state == "rescan", ~came).order_by(_s.stack, _s.position, _p.page)
        return [_row(r) for r in self._c.execute(query)]

    def same_serial(self, serial: str, side: int | None, but: PageId) -> list[Row]:
        """The other pages of this side of this serial, the oldest first."""
        other = sa.or_(_p.scan != but.scan, _p.page != but.index)
        query = _both.where(_p.serial == serial, sa.func.coalesce(_p.side, 1) == (side or 1), other).order_by(_p.event)
        return [_row(r) for r in self._c.execute(query)]

    def _from(self, query: sa.Select, wanted: Filter) -> sa.Select:  # type: ignore[type-arg]
        """Pages, with their scans where the filter asks for those."""
        with_scans = wanted.stack or wanted.text
        return query.select_from(t.page.join(t.scan, _p.scan == _s.scan) if with_scans else t.page)

    def _filtered(self, query: sa.Select, wanted: Filter) -> sa.Select:  # type: ignore[type-arg]
        query = query.where(_p.state == "held")
        if wanted.reason:
            query = query.where(_p.reason == wanted.reason)
        if wanted.test:
            query = query.where(sa.func.upper(_p.test) == wanted.test.upper())
        if wanted.stack:
            query = query.where(in_stack(self._c, wanted.stack))
        if wanted.since:
            query = query.where(_p.at >= wanted.since)
        if wanted.before:
            query = query.where(_p.at < wanted.before)
        if wanted.text:
            columns = (_p.candidate, _p.question, _p.serial, _s.file, _p.scan)
            query = query.where(sa.or_(*(c.icontains(wanted.text, autoescape=True) for c in columns)))
        return query


def _row(row: sa.Row) -> Row:  # type: ignore[type-arg]
    return PageRecord(*row[_SCAN_COLUMNS:]), ScanRecord(*row[:_SCAN_COLUMNS])
