"""What is expected of a test and what was received, as a `Transaction` answers it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared
from scanpipe.model import PageId
from scanpipe.stages.completeness import Arrival, Counted, Declared

_p, _s, _sheet = t.page.c, t.scan.c, t.sheet.c
_b = sa.bindparam


@dataclass(frozen=True, slots=True)
class Closed:
    """A difference that a person closed, with the figures that it had then."""

    kind: str
    subject: str
    why: str
    expected: int | None
    received: int | None
    by: str
    at: str
    event: int


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """A decision of a person; `undone` is the event that took it back."""

    id: int
    at: str
    kind: str
    by: str
    why: str | None
    undone: int | None


_OF_PAGE = (_p.scan, _p.page, _p.state, _p.test, _p.candidate, _p.question, _p.serial, _p.reason)
_ARRIVAL = (*_OF_PAGE, _s.stack, _s.position, _p.side)
_ARRIVALS = sa.select(*_ARRIVAL).join_from(t.page, t.scan, _p.scan == _s.scan)
_OF_CANDIDATE = Prepared(
    sa.select(_p.question, _p.serial, _p.scan, _p.page)
    .where(sa.or_(_p.test == _b("test"), _p.test == _b("test_in_capitals")))
    .where(sa.or_(_p.candidate == _b("candidate"), _p.candidate == _b("candidate_in_capitals")))
    .where(sa.or_(*(_p.state == state for state in ("waiting", "placing", "filed", "held", "rescan"))))
    .order_by(_p.question, _p.event)
)


class Expected:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def counted(self, test: str) -> list[Counted]:
        c = t.counted.c
        query = sa.select(c.what, c.room, c.candidate, c.count, c.serials, c.by, c.at, c.event)
        rows = self._c.execute(query.where(c.test == test).order_by(c.what, c.room, c.candidate))
        return [Counted(*row[:4], tuple(json.loads(row[4])), *row[5:]) for row in rows]

    def declared(self, test: str) -> list[Declared]:
        c = t.declared.c
        query = sa.select(c.candidate, c.question, c.count, c.serials, c.by, c.at, c.event)
        rows = self._c.execute(query.where(c.test == test).order_by(c.candidate, c.question))
        return [Declared(*row[:3], tuple(json.loads(row[3])), *row[4:]) for row in rows]

    def declared_for(self, test: str, candidate: str, question: str) -> Declared | None:
        """What a candidate declared for a question."""
        c = t.declared.c
        query = sa.select(c.candidate, c.question, c.count, c.serials, c.by, c.at, c.event)
        row = self._c.execute(query.where(c.test == test, c.candidate == candidate, c.question == question)).first()
        return None if row is None else Declared(*row[:3], tuple(json.loads(row[3])), *row[4:])

    def attendance(self, test: str) -> dict[str, bool]:
        """Who is said to have been there, and who not, by candidate."""
        c = t.attendance.c
        rows = self._c.execute(sa.select(c.candidate, c.present).where(c.test == test).order_by(c.candidate))
        return {row[0]: bool(row[1]) for row in rows}

    def stack_counts(self) -> list[tuple[str, str | None, int]]:
        """Each stack of which somebody said how many pages it must have: its name, the test where one was named, the pages."""
        c = t.stack_count.c
        return [
            (row[0], row[1], row[2]) for row in self._c.execute(sa.select(c.stack, c.test, c.count).order_by(c.stack))
        ]

    def closed(self, test: str) -> list[Closed]:
        c = t.closed.c
        query = sa.select(c.kind, c.subject, c.why, c.expected, c.received, c.by, c.at, c.event)
        return [
            Closed(*row) for row in self._c.execute(query.where(c.test == test).order_by(c.event, c.kind, c.subject))
        ]

    def arrivals(self, test: str) -> list[Arrival]:
        """The pages that name a test, those with a serial that was printed for it, and all others of the stacks they came in."""
        of_test = sa.func.upper(_p.test) == test.upper()
        printed = _p.serial.in_(sa.select(_sheet.serial).where(_sheet.test == test))
        own = sa.select(_s.stack).join_from(t.page, t.scan, _p.scan == _s.scan).where(of_test)
        promised = sa.select(t.stack_count.c.stack).where(t.stack_count.c.test == test)
        query = _ARRIVALS.where(sa.or_(of_test, printed, _s.stack.in_(own), _s.stack.in_(promised)))
        rows = self._c.execute(query.order_by(_s.stack, _s.position, _p.scan, _p.page))
        return [Arrival(*tuple(row)) for row in rows]

    def decisions(self) -> list[tuple[DecisionTold, list[PageId]]]:
        """What persons decided, each with its pages, in order."""
        d = t.decision.c
        pages: dict[int, list[PageId]] = {}
        for row in self._c.execute(sa.select(t.decided)):
            pages.setdefault(row[0], []).append(PageId(row[1], row[2]))
        query = sa.select(d.id, d.at, d.kind, d.by, d.why, d.undone).order_by(d.id)
        return [(DecisionTold(*row), sorted(pages.get(row[0], []))) for row in self._c.execute(query)]

    def locked_by(self, test: str) -> tuple[str, str] | None:
        """By whom and when a test was locked for grading."""
        query = sa.select(t.locked.c.by, t.locked.c.at).where(t.locked.c.test_id == test.upper())
        row = self._c.execute(query).first()
        return None if row is None else (row[0], row[1])

    def received_of(self, test: str, candidate: str) -> list[tuple[str | None, str | None, str, int]]:
        """The pages of a candidate that came and were not set aside: question, serial, scan, page."""
        said = {"test": test, "candidate": candidate}
        said |= {"test_in_capitals": test.upper(), "candidate_in_capitals": candidate.upper()}
        rows = _OF_CANDIDATE.all(self._c, said)
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def last_event(self) -> int:
        """The number of the last event of all: nothing can have changed as long as it is the same."""
        return int(self._c.execute(sa.select(sa.func.max(t.event.c.id))).scalar() or 0)
