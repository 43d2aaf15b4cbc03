"""Figures for the overview and the receipts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.log import Log
from scanpipe.ledgers.spans import Spans, in_stack, scans_in_stack
from scanpipe.ledgers.standings import Standings
from scanpipe.model import PrintedSeparator

_p, _s = t.page.c, t.scan.c
_MINUTE = 16
"""Characters of a time in ISO 8601 down to its minute."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stack: how many files and pages arrived, how many are in each state, and when the last came."""

    stack: str
    files: int
    last: str
    states: Mapping[str, int] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Opened:
    """A stack that a separator opened: what came, what was printed on the separator, and how many sheets of paper came."""

    receipt: Receipt
    printed: PrintedSeparator | None
    sheets: int

    @property
    def differs(self) -> bool:
        """Have fewer or more sheets come than were counted?"""
        return bool(self.printed and self.printed.count is not None and self.printed.count != self.sheets)


class Figures:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def stack_size(self, stack: str) -> int:
        """How many scans of this stack there are."""
        query = sa.select(sa.func.count()).select_from(t.scan).where(t.scan.c.stack == stack)
        return int(self._c.execute(query).scalar() or 0)

    def of_tests(self) -> dict[str, Counter[str]]:
        """For each test how many pages are in each state; "" for pages of which no test is known."""
        query = sa.select(sa.func.upper(_p.test), _p.state, sa.func.count()).group_by(sa.func.upper(_p.test), _p.state)
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for test, state, n in self._c.execute(query):
            found[test or ""][state] += n
        return found

    def printed(self) -> dict[str, tuple[int, int]]:
        """For each test how many sheets were printed for somebody, and of how many no scan was seen."""
        seen = sa.exists().where(_p.serial == t.sheet.c.serial)
        unseen = sa.func.sum(sa.case((seen, 0), else_=1))
        query = sa.select(sa.func.upper(t.sheet.c.test), sa.func.count(), unseen)
        query = query.where(t.sheet.c.candidate.is_not(None))
        rows = self._c.execute(query.group_by(sa.func.upper(t.sheet.c.test)))
        return {row[0]: (row[1], int(row[2] or 0)) for row in rows}

    def duplicates(self) -> dict[str, int]:
        """For each test how many scans came of sheets that another scan had shown before."""
        sheet = _p.serial + sa.case((_p.side == 2, "/2"), else_="")
        again = sa.func.count() - sa.func.count(sa.distinct(sheet))
        query = sa.select(sa.func.upper(_p.test), again).where(_p.serial.is_not(None)).group_by(sa.func.upper(_p.test))
        return {row[0] or "": row[1] for row in self._c.execute(query)}

    def inflow(self, since: str) -> list[tuple[str, int]]:
        """Scans that came in each minute since then, where any came."""
        minute = sa.func.substr(_s.at, 1, _MINUTE)
        query = sa.select(minute, sa.func.count()).where(_s.at >= since).group_by(minute).order_by(minute)
        return [(row[0], row[1]) for row in self._c.execute(query)]

    def receipts(self, limit: int, skip: int = 0, but: str = "") -> list[Receipt]:
        """The stacks that came last, the newest first, without those whose names begin with `but`."""
        last = sa.func.max(_s.at)
        query = sa.select(_s.stack, sa.func.count(), last).where(_s.stack != "").group_by(_s.stack)
        if but:
            query = query.where(~_s.stack.startswith(f"{but} ", autoescape=True))
        rows = self._c.execute(query.order_by(last.desc(), _s.stack).limit(limit).offset(skip))
        return [Receipt(row[0], row[1], row[2], self._states(row[0])) for row in rows]

    def last_came(self, stack: str) -> str | None:
        """When the last file of a stack came."""
        return self._c.execute(sa.select(sa.func.max(_s.at)).where(_s.stack == stack)).scalar()

    def receipt(self, stack: str) -> Receipt | None:
        query = sa.select(sa.func.count(), sa.func.max(_s.at)).where(scans_in_stack(self._c, stack))
        row = self._c.execute(query).first()
        return Receipt(stack, row[0], row[1], self._states(stack)) if row is not None and row[0] else None

    def opened(self, stack: str) -> list[Opened]:
        """The stacks that separators opened within one, in their order."""
        spans, standings = Spans(self._c), Standings(self._c)
        found = [
            (self.receipt(span.name), spans.printed(span.serial), standings.sheets_in(span.name))
            for span in spans.of(stack)
        ]
        return [Opened(receipt, printed, sheets) for receipt, printed, sheets in found if receipt is not None]

    def files(self, stack: str) -> list[Receipt]:
        """The files of several pages of a stack, each a stack of its own; none where there is nothing beside the one file."""
        found = Spans(self._c).files(stack) if self.stack_size(stack) > 1 else []
        query = sa.select(_s.position, _s.at, _p.state, sa.func.count()).join_from(t.page, t.scan, _p.scan == _s.scan)
        query = query.where(_s.stack == stack).group_by(_s.position, _s.at, _p.state)
        states: dict[int, dict[str, int]] = defaultdict(dict)
        last: dict[int, str] = defaultdict(str)
        for position, at, state, n in self._c.execute(query) if found else []:
            states[position][state] = states[position].get(state, 0) + n
            last[position] = max(last[position], at)
        return [Receipt(f.name, 1, last[f.first[0]], states[f.first[0]]) for f in found if f.first[0] in states]

    @property
    def log(self) -> Log:
        """The events, searched."""
        return Log(self._c)

    def _states(self, stack: str) -> dict[str, int]:
        query = sa.select(_p.state, sa.func.count()).join_from(t.page, t.scan, _p.scan == _s.scan)
        return {row[0]: row[1] for row in self._c.execute(query.where(in_stack(self._c, stack)).group_by(_p.state))}
