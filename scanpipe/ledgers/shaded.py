"""The codes that candidates shade on generic sheets, and the pages in a slot that have a number of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared
from scanpipe.model import PageId, Slot
from scanpipe.stages.shaded import Coded

_c, _p = t.coded.c, t.page.c
_b = sa.bindparam
_COLUMNS = (_c.code, _c.test, _c.candidate, _c.question)
_GIVEN_OUT = Prepared(sa.select(*_COLUMNS).where(_c.code == _b("code")).order_by(_c.test))
_OF_SLOT = Prepared(
    sa.select(_p.scan, _p.page, _p.evidence)
    .where(_p.test == _b("test"), _p.candidate == _b("candidate"), _p.question == _b("question"))
    .where(sa.or_(_p.state == "placing", _p.state == "filed"))
    .order_by(_p.event)
)
_RANKS = Prepared(
    sa.select(t.place.c.scan, t.place.c.page)
    .join_from(t.place, t.page, sa.and_(t.place.c.scan == _p.scan, t.place.c.page == _p.page))
    .where(sa.or_(_p.state == "placing", _p.state == "filed"))
    .where(*(t.place.c[name] == _b(name) for name in ("test", "candidate", "question")))
    .order_by(t.place.c.rank)
)


class ShadedCodes:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def given_out(self, code: str) -> list[Coded]:
        """Every place that a code was given out for: at most one a test. A test that is retired has no places: `reserved`."""
        return [Coded(*row) for row in _GIVEN_OUT.all(self._c, {"code": code})]

    def of_test(self, test: str) -> list[Coded]:
        """The codes of a test, by candidate and question."""
        query = sa.select(*_COLUMNS).where(sa.func.upper(_c.test) == test.upper(), _c.candidate != "")
        return [Coded(*row) for row in self._c.execute(query.order_by(_c.candidate, _c.question, _c.code))]

    def all(self) -> list[Coded]:
        """The codes of all tests."""
        query = sa.select(*_COLUMNS).where(_c.candidate != "").order_by(_c.code, _c.test)
        return [Coded(*row) for row in self._c.execute(query)]

    def reserved(self) -> dict[str, list[str]]:
        """The codes of tests that are retired: each with those tests."""
        found: dict[str, list[str]] = {}
        query = sa.select(_c.code, _c.test).where(_c.candidate == "").order_by(_c.code, _c.test)
        for code, test in self._c.execute(query):
            found.setdefault(code, []).append(test)
        return found

    def numbered(self, slot: Slot, but: PageId | None = None) -> Iterator[tuple[PageId, int]]:
        """The pages in a slot, or on their way there, that have a number, in the order of filing; without one page."""
        at = {"test": slot.test, "candidate": slot.candidate, "question": slot.question}
        for scan, page, evidence in _OF_SLOT.all(self._c, at):
            number = json.loads(evidence or "{}").get("page_number")
            if number is not None and PageId(scan, page) != but:
                yield PageId(scan, page), int(number)

    def ranked(self, slot: Slot) -> list[PageId]:
        """The pages of a slot that were given an order and still lie somewhere, in it."""
        at = {"test": slot.test, "candidate": slot.candidate, "question": slot.question}
        return [PageId(*row) for row in _RANKS.all(self._c, at)]

    def printed(self, first: str) -> bool:
        """Were generic sheets printed from this serial on?"""
        return self._c.execute(sa.select(t.generic_print).filter_by(first=first)).first() is not None
