"""Sheets that are bound to somebody, and the pages of them, as a `Transaction` answers it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.model import PageRecord

_p = t.page.c


class Bindings:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def pages(self, serial: str) -> list[PageRecord]:
        """Every page of this serial, the oldest first."""
        query = sa.select(t.page).where(_p.serial == serial).order_by(_p.event)
        return [PageRecord(*row) for row in self._c.execute(query)]

    def waiting_for(self, reasons: Sequence[str]) -> list[PageRecord]:
        """Pages that are held for one of these reasons although their sheet is bound: that was while they were looked at."""
        query = sa.select(t.page).join(t.sheet, t.sheet.c.serial == _p.serial)
        query = query.where(_p.state == "held", _p.reason.in_(reasons), t.sheet.c.bound.is_not(None))
        return [PageRecord(*row) for row in self._c.execute(query.order_by(_p.event))]

    def printed_question(self, bound: int) -> str | None:
        """The question for which the sheet was printed that the event `bound` is about."""
        data = self._c.execute(sa.select(t.event.c.data).where(t.event.c.id == bound)).scalar_one()
        question: str | None = json.loads(data)["printed_question"]
        return question
