"""Stacks within what was fed together: those that separators open, and files of several pages.

From a separator to the next one in the same job folder or file it goes by position, never by time: a separator that is read
late, or a file that comes out of order, puts every page where it belongs. A stack of this kind has a name of its own, and
whatever can be asked about a stack by its name can be asked about it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.told import ToldOfStacks
from scanpipe.model import PageId, PrintedSeparator, ScanRecord

_p, _s, _d, _sp = t.page.c, t.scan.c, t.separator.c, t.separator_print.c
_here = (_s.position, _p.page)
Place = tuple[int, int]
"""Position of the scan in what was fed together, and the page in it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of `stack` with a name of its own: from `first` to `end`, which is not in it (None: to the end of the stack)."""

    name: str
    stack: str
    first: Place
    end: Place | None

    def has(self, place: Place) -> bool:
        """Does this place lie in it?"""
        return self.first <= place and (self.end is None or place < self.end)


@dataclass(frozen=True, slots=True)
class Span(Stretch):
    """From the separator at `first` to the next one."""

    serial: str
    page: PageId
    event: int


class Spans:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def of(self, stack: str) -> list[Span]:
        """Those within what was fed together, in their order."""
        query = sa.select(_d.name, _d.serial, _d.scan, _d.page, _s.position, _d.event)
        query = query.join_from(t.separator, t.scan, _d.scan == _s.scan).where(_d.stack == stack)
        rows = self._c.execute(query.order_by(_s.position, _d.page, _d.scan)).all()
        places = [(row.position, row.page) for row in rows]
        ends = [*places[1:], None]
        return [
            Span(row.name, stack, first, end, row.serial, PageId(row.scan, row.page), row.event)
            for row, first, end in zip(rows, places, ends, strict=False)
        ]

    def one(self, name: str) -> Stretch | None:
        """The one of this name: what a separator opened, or a file."""
        stack = self._c.execute(sa.select(_d.stack).where(_d.name == name).limit(1)).scalar()
        if stack is not None:
            return next((span for span in self.of(stack) if span.name == name), None)
        return self.file(name)

    def files(self, stack: str) -> list[Stretch]:
        """The files of several pages, in their order: each a stack of its own, called by the stack's name and its own. One of a
        name that came before has a number behind it.
        """
        if self._c.execute(sa.select(_s.scan).where(_s.stack == stack, _s.pages > 1).limit(1)).first() is None:
            return []  # the usual stack: thousands of files of one page each
        query = sa.select(_s.file, _s.position, _s.pages).where(_s.stack == stack).order_by(_s.position, _s.scan)
        seen: Counter[str] = Counter()
        found = []
        for file, position, pages in self._c.execute(query):
            called = file.rpartition("/")[2]
            seen[called] += 1
            name = f"{stack} / {called}" + (f" ({seen[called]})" if seen[called] > 1 else "")
            if (pages or 0) > 1:
                found.append(Stretch(name, stack, (position, 1), (position + 1, 1)))
        return found

    def file(self, name: str) -> Stretch | None:
        """The file of several pages of this name."""
        stack, _, called = name.rpartition(" / ")
        return next((f for f in self.files(stack) if f.name == name), None) if stack and called else None

    def of_file(self, scan: ScanRecord) -> Stretch | None:
        """The stack that a file of several pages is."""
        place = (scan.position, 1)
        return next((f for f in self.files(scan.stack) if f.has(place)), None) if (scan.pages or 0) > 1 else None

    def holding(self, stack: str, place: Place) -> Span | None:
        """The one that a place lies in."""
        return next((span for span in self.of(stack) if span.has(place)), None)

    def rank(self, stack: str, place: Place) -> int | None:
        """The how many-th page this is since the last separator, which counts, or else in the stack.

        None: a file before it has not come, or was not opened yet.
        """
        span = self.holding(stack, place)
        first = span.first if span is not None else (1, 1)
        between = sa.and_(_s.stack == stack, _s.position >= first[0], _s.position < place[0])
        files = sa.select(sa.func.count(sa.distinct(_s.position)), sa.func.count(), sa.func.count(_s.pages))
        positions, scans, opened = self._c.execute(files.select_from(t.scan).where(between)).one()
        if positions != place[0] - first[0] or opened != scans:
            return None
        pages = sa.select(sa.func.count()).join_from(t.page, t.scan, _p.scan == _s.scan).where(_s.stack == stack)
        pages = pages.where(sa.tuple_(*_here) >= _literal(first), sa.tuple_(*_here) < _literal(place))
        return int(self._c.execute(pages).scalar() or 0) + 1

    def name_for(self, stack: str, serial: str) -> str:
        """What the stack is to be called that a separator opens, which has come just now."""
        query = sa.select(sa.func.count()).select_from(t.separator).where(_d.stack == stack, _d.serial == serial)
        before = int(self._c.execute(query).scalar() or 0)
        return f"{stack} / {serial}" + (f" ({before + 1})" if before else "")

    def printed(self, serial: str) -> PrintedSeparator | None:
        """What was printed on a separator."""
        row = self._c.execute(sa.select(t.separator_print).where(_sp.serial == serial)).first()
        return None if row is None else PrintedSeparator(*row)

    def all_printed(self) -> list[PrintedSeparator]:
        """Every separator that was printed, by serial."""
        return [PrintedSeparator(*row) for row in self._c.execute(sa.select(t.separator_print).order_by(_sp.serial))]

    def held_because(self, stack: str) -> dict[str, int]:
        """How many pages of a stack are held, by reason."""
        return self.told.held_because(in_stack(self._c, stack))

    @property
    def told(self) -> ToldOfStacks:
        """What notes say of stacks."""
        return ToldOfStacks(self._c)

    def first_names(self) -> dict[str, str]:
        """Of each separator that came, by serial, the name of the first stack that it opened."""
        rows = self._c.execute(sa.select(_d.serial, _d.name).order_by(_d.event))
        found: dict[str, str] = {}
        for serial, name in rows:
            found.setdefault(serial, name)
        return found


def in_stack(c: sa.Connection, name: str) -> sa.ColumnElement[bool]:
    """What is true of pages, joined with their scans, that lie in the stack of this name."""
    span = Spans(c).one(name)
    if span is None:
        return _s.stack == name
    inside = sa.and_(_s.stack == span.stack, sa.tuple_(*_here) >= _literal(span.first))
    return inside if span.end is None else sa.and_(inside, sa.tuple_(*_here) < _literal(span.end))


def scans_in_stack(c: sa.Connection, name: str) -> sa.ColumnElement[bool]:
    """What is true of scans that may have pages in the stack of this name."""
    span = Spans(c).one(name)
    if span is None:
        return _s.stack == name
    inside = sa.and_(_s.stack == span.stack, _s.position >= span.first[0])
    if span.end is None:
        return inside
    return sa.and_(inside, _s.position <= span.end[0] if span.end[1] > 1 else _s.position < span.end[0])


def _literal(place: Place) -> sa.Tuple:
    return sa.tuple_(sa.literal(place[0]), sa.literal(place[1]))
