"""What an event changes in the slots, as rows of the table `change`: the feed. Part of the projections (`events.py`).

page_filed, page_left                  a page lies in the slot, or no longer
page_changed                           it lies there with another picture
page_on_its_way, page_not_on_its_way   a page that is held claims the slot, or no longer: nothing of it is told
slot_ordered                           the pages have another order
test_locked, test_unlocked, definition_revised, sheets_printed   may concern every slot of the test: it alone is named
sheets_printed with a slot             a sheet of a pad was bound to it, or is no longer; an empty sheet of it was counted

A row rests on nothing but its event and the row of its page, which the transaction has locked: so a replay gives the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared, inserting

Data = Mapping[str, Any]
_SLOT = ("test", "candidate", "question")
_KNOWN = ("state", *_SLOT, "serial", "sha256")
_p, _a = t.page.c, t.also.c


class _bytewise(FunctionElement[str]):
    """Text in one order in every database: that of its bytes, as SQLite has it anyway."""

    inherit_cache = True


@compiles(_bytewise)
def _plain(element: Any, compiler: Any, **told: Any) -> str:
    return str(compiler.process(element.clauses, **told))


@compiles(_bytewise, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **told: Any) -> str:
    return f'{compiler.process(element.clauses, **told)} COLLATE "C"'


_event = sa.cast(sa.bindparam("event"), sa.BigInteger)
_this_page = (_p.scan == sa.bindparam("of_scan"), _p.page == sa.bindparam("of_page"))
_picture = (_p.scan, _p.page, _p.serial, _p.sha256)
_further = sa.func.row_number().over(order_by=[_bytewise(_a[name]) for name in _SLOT])
_filed: sa.ColumnClause[str] = sa.literal_column("'page_filed'")
_in_its_own = sa.select(_event, sa.literal_column("0"), _filed, *(_p[n] for n in _SLOT), *_picture).where(
    *_this_page, _p.test.is_not(None)
)
_in_further = (
    sa.select(_event, _further, _filed, *(_a[n] for n in _SLOT), *_picture)
    .join_from(t.also, t.page, sa.and_(_a.scan == _p.scan, _a.page == _p.page))
    .where(*_this_page)
)
_ARRIVED = Prepared(sa.insert(t.change).from_select(list(t.change.c.keys()), _in_its_own.union_all(_in_further)))
_ADD = inserting(t.change)
_BEFORE = Prepared(sa.select(*(_p[name] for name in _KNOWN)).where(*_this_page).with_for_update())
_of_this_page = (_a.scan == sa.bindparam("of_scan"), _a.page == sa.bindparam("of_page"))
_ALSO = Prepared(sa.select(*(_a[name] for name in _SLOT)).where(*_of_this_page))


def page_before(c: sa.Connection, e: Data) -> dict[str, Any]:
    """What a page is before an event changes it, locked; empty when there is no such page."""
    row = _BEFORE.first(c, {"of_scan": e["scan"], "of_page": e["page"]})
    return {} if row is None else dict(zip(_KNOWN, row, strict=True))


def note_arrival(c: sa.Connection, e: Data) -> None:
    """The page of the event has been filed just now: in its slot, and in its further ones. The hot path: one statement."""
    _ARRIVED.run(c, {"event": e["id"], "of_scan": e["scan"], "of_page": e["page"]})


def note_held(c: sa.Connection, e: Data, data: Data) -> None:
    """A page of which nothing was known is held: it is on its way to a slot if its claims name one."""
    if all(data.get(name) for name in _SLOT):
        _add(c, e, [("page_on_its_way", data)], {})


def note_change(c: sa.Connection, e: Data, before: Data, after: Data) -> None:
    """A decision, or its being taken back, made this of a page: it leaves slots, and arrives in some."""
    was, now = _standing(before), _standing(after)
    if was == now:
        return
    if was and now and was[:2] == now[:2] == ("filed", now[1]):
        _add(c, e, [("page_changed", slot) for slot in _slots(c, e, after)], after)
        return
    left = [(_ENDS[was[0]], slot) for slot in _slots(c, e, before)] if was else []
    _add(c, e, left, before if was and was[0] == "filed" else {})
    come = [(_BEGINNINGS[now[0]], slot) for slot in _slots(c, e, after)] if now else []
    _add(c, e, come, after if now and now[0] == "filed" else {}, len(left))


def note_slot(c: sa.Connection, e: Data, type: str, slot: Data, page: Data | None = None) -> None:
    """One slot of the test has changed, or with neither candidate nor question in `slot` all of them may have."""
    _add(c, e, [(type, slot)], page or {})


_BEGINNINGS = {"filed": "page_filed", "held": "page_on_its_way"}
_ENDS = {"filed": "page_left", "held": "page_not_on_its_way"}


def _standing(page: Data) -> tuple[str, tuple[Any, ...], tuple[Any, ...]] | None:
    """How the page stands to a slot; None: to none."""
    slot = tuple(page.get(name) for name in _SLOT)
    if page.get("state") not in _ENDS or not all(slot):
        return None
    return page["state"], slot, (page["serial"], page["sha256"]) if page["state"] == "filed" else ()


def _slots(c: sa.Connection, e: Data, page: Data) -> list[Data]:
    """Its own slot and, if it is filed, its further ones."""
    if page["state"] != "filed":
        return [page]
    further = sorted(_ALSO.all(c, {"of_scan": e["scan"], "of_page": e["page"]}))
    return [page, *(dict(zip(_SLOT, row, strict=True)) for row in further)]


def _add(c: sa.Connection, e: Data, rows: Sequence[tuple[str, Data]], page: Data, first: int = 0) -> None:
    picture = {"scan": e["scan"], "page": e["page"], "serial": page.get("serial"), "sha256": page.get("sha256")}
    for n, (type, slot) in enumerate(rows, first):
        _ADD.run(c, {"event": e["id"], "n": n, "type": type, **{k: slot.get(k) for k in _SLOT}, **picture})
