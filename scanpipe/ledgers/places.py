"""Who has taken a place: the page that is filed under a serial, or on its way there, and how many pages a slot has."""

from __future__ import annotations

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared
from scanpipe.model import Claims, PageId, Slot, TestDefinition

_b = sa.bindparam
_p = t.page.c
_TAKES_PLACE = sa.or_(_p.state == "placing", _p.state == "filed")
_OTHER = sa.or_(_p.scan != _b("scan"), _p.page != _b("page"))
_IS_SHEET = sa.func.coalesce(_p.side, 1) == 1
"""The back of a sheet is no sheet of its own."""
_FIRST = Prepared(
    sa.select(_p.scan, _p.page)
    .where(_p.serial == _b("serial"), sa.func.coalesce(_p.side, 1) == _b("side"), _TAKES_PLACE, _OTHER)
    .order_by(_p.event)
    .limit(1)
)
_IN_SLOT = Prepared(
    sa.select(sa.func.count())
    .select_from(t.page)
    .where(_p.test == _b("test"), _p.candidate == _b("candidate"), _p.question == _b("question"))
    .where(_TAKES_PLACE, _OTHER, _IS_SHEET)
)
_ALSO_IN_SLOT = Prepared(
    sa.select(sa.func.count())
    .select_from(t.page)
    .join(t.also, sa.and_(t.also.c.scan == _p.scan, t.also.c.page == _p.page))
    .where(t.also.c.test == _b("test"), t.also.c.candidate == _b("candidate"), t.also.c.question == _b("question"))
    .where(_TAKES_PLACE, _OTHER, _IS_SHEET)
)


def slot_named(definition: TestDefinition, claims: Claims) -> Slot | None:
    """The slot that the claims name, as the definition spells it."""
    candidate, question = definition.candidate(claims.candidate or ""), definition.question(claims.question or "")
    return Slot(definition.id, candidate.number, question.id) if candidate and question else None


def first_under(c: sa.Connection, serial: str, side: int | None, page: PageId) -> PageId | None:
    """The page, other than `page`, that took the place of this side of this serial first."""
    row = _FIRST.first(c, {"serial": serial, "side": side or 1, "scan": page.scan, "page": page.index})
    return None if row is None else PageId(*row)


def in_slot(c: sa.Connection, slot: Slot, page: PageId) -> int:
    """How many pages other than `page` have a place in the slot, by themselves or by reference."""
    at = {
        "test": slot.test,
        "candidate": slot.candidate,
        "question": slot.question,
        "scan": page.scan,
        "page": page.index,
    }
    rows = [query.first(c, at) for query in (_IN_SLOT, _ALSO_IN_SLOT)]
    return sum(int(row[0]) for row in rows if row is not None)
