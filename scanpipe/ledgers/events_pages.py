"""The part of `events.py` about scans and pages: what each event changes in their state, and in the slots that they lie in.

scan_taken_in           file, stack, position, size, key, holder
scan_unpacked           pages: all of them are waiting now
scan_seen_again         file, stack, position
scan_taken_over         holder: the process that was at work on it is gone, this one goes on
page_placing            all columns of the page: its place is taken, the object is on its way
page_filed              the object is there
page_held               all columns of the page, reason, evidence
page_blank              all columns of the page
page_separator          all columns of the page, stack, name: it opens a stack of this name within the stack that it was fed in
page_discarded          by, why: a person says that it belongs nowhere; it is kept
page_retried            by: back to waiting
page_replaced           a person took another scan as the current version; this one is kept
page_to_rescan          a person asked for the paper to be scanned again
page_withdrawn          its stack was withdrawn; it is kept
page_turned             key, sha256, media_type, turn_deg, width_px, height_px: a new picture, the state stays
page_restored           state and all columns: as it was before a decision
page_also, page_not_also  test, candidate, question: it belongs to this slot as well, or no longer
slot_ordered            test, candidate, question, pages [[scan, page], …]; none: the order of filing
page_retired            its picture is erased; what the row said of a candidate is empty now
scan_retired            its original is erased
page_split              by, halves: each half is a scan of its own now; it is kept
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import changes
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared, inserting

Data = Mapping[str, Any]
PAGE_COLUMNS = frozenset(t.page.c.keys()) - {"scan", "page", "state", "at", "event"}


def _scan_taken_in(c: sa.Connection, e: Data, data: Data) -> None:
    names = ("file", "stack", "position", "size", "key", "holder")
    values = {n: data[n] for n in names} | {"scan": e["scan"], "at": e["at"], "seen": 1, "pages": None}
    _ADD_SCAN.run(c, values)


def _scan_unpacked(c: sa.Connection, e: Data, data: Data) -> None:
    _SET_PAGES.run(c, {"of": e["scan"], "pages": data["pages"]})
    common = {"scan": e["scan"], "state": "waiting", "at": e["at"], "event": e["id"]}
    _ADD_PAGE.run_each(c, [{**common, "page": n} for n in range(1, data["pages"] + 1)])


def _scan_seen_again(c: sa.Connection, e: Data, data: Data) -> None:
    _COUNT_SEEN.run(c, {"of": e["scan"]})


def _scan_taken_over(c: sa.Connection, e: Data, data: Data) -> None:
    _SET_HOLDER.run(c, {"of": e["scan"], "holder": data["holder"]})


def _scan_retired(c: sa.Connection, e: Data, data: Data) -> None:
    _RETIRE_SCAN.run(c, {"of": e["scan"]})


def _page_set(c: sa.Connection, e: Data, data: Data, state: str | None) -> dict[str, Any]:
    """The page takes this state (None: keeps its own) and the columns that the event carries; answers what was set."""
    values = {k: v for k, v in data.items() if k in PAGE_COLUMNS} | {"at": e["at"], "event": e["id"]}
    if state is not None:
        values["state"] = state
    _set_page(frozenset(values)).run(c, values | {"of_scan": e["scan"], "of_page": e["page"]})
    return values


def _page_decided(state: str) -> Callable[[sa.Connection, Data, Data], None]:
    """What the page was before may have lain in slots: they change."""
    return lambda c, e, data: _set_and_note(c, e, data, state)


def _set_and_note(c: sa.Connection, e: Data, data: Data, state: str | None) -> None:
    before = changes.page_before(c, e)
    after = {**before, **_page_set(c, e, data, state)}
    if before:
        changes.note_change(c, e, before, after)


def _page_placing(c: sa.Connection, e: Data, data: Data) -> None:
    """The machine places what waits: of such a page nothing lies anywhere; or what was held until its other side came."""
    if data.get("decided_by") is None and not data.get("paired"):
        _page_set(c, e, data, "placing")
    else:
        _set_and_note(c, e, data, "placing")


def _page_filed(c: sa.Connection, e: Data, data: Data) -> None:
    _page_set(c, e, data, "filed")
    changes.note_arrival(c, e)


def _page_held(c: sa.Connection, e: Data, data: Data) -> None:
    if data.get("paired"):
        _set_and_note(c, e, data, "held")
        return
    _page_set(c, e, data, "held")
    changes.note_held(c, e, data)


def _page_blank(c: sa.Connection, e: Data, data: Data) -> None:
    """An empty sheet of a slot is not waited for any more. One that waited for its other side was told of already."""
    if data.get("paired"):
        _set_and_note(c, e, data, "blank")
        return
    _page_set(c, e, data, "blank")
    if data.get("candidate"):
        changes.note_slot(c, e, "sheets_printed", data)


def _page_separator(c: sa.Connection, e: Data, data: Data) -> None:
    _page_set(c, e, data, "separator")
    row = {"scan": e["scan"], "page": e["page"], "serial": data["serial"], "event": e["id"]}
    c.execute(sa.insert(t.separator), row | {"stack": data["stack"], "name": data["name"]})


@cache
def _set_page(columns: frozenset[str]) -> Prepared:
    where = (t.page.c.scan == sa.bindparam("of_scan"), t.page.c.page == sa.bindparam("of_page"))
    return Prepared(sa.update(t.page).where(*where).values({name: sa.bindparam(name) for name in columns}))


def _page_turned(c: sa.Connection, e: Data, data: Data) -> None:
    _set_and_note(c, e, data, None)


def _page_restored(c: sa.Connection, e: Data, data: Data) -> None:
    _set_and_note(c, e, data, data["state"])


def _page_also(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.insert(t.also), {"scan": e["scan"], "page": e["page"], **_slot(data)})
    _note_further(c, e, data, "page_filed")


def _page_not_also(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.delete(t.also).filter_by(scan=e["scan"], page=e["page"], **_slot(data)))
    _note_further(c, e, data, "page_left")


def _note_further(c: sa.Connection, e: Data, data: Data, type: str) -> None:
    """A page lies in its further slots as long as it is filed."""
    page = changes.page_before(c, e)
    if page.get("state") == "filed":
        changes.note_slot(c, e, type, data, page)


def _slot_ordered(c: sa.Connection, e: Data, data: Data) -> None:
    slot = _slot(data)
    c.execute(sa.delete(t.place).filter_by(**slot))
    rows = [{**slot, "scan": scan, "page": page, "rank": n} for n, (scan, page) in enumerate(data["pages"], 1)]
    if rows:
        c.execute(sa.insert(t.place), rows)
    changes.note_slot(c, e, "slot_ordered", data)


def _slot(data: Data) -> dict[str, str]:
    return {name: data[name] for name in ("test", "candidate", "question")}


_OF_SCAN = sa.update(t.scan).where(t.scan.c.scan == sa.bindparam("of"))
_ADD_SCAN = inserting(t.scan)
_SET_PAGES = Prepared(_OF_SCAN.values(pages=sa.bindparam("pages")))
_COUNT_SEEN = Prepared(_OF_SCAN.values(seen=t.scan.c.seen + 1))
_SET_HOLDER = Prepared(_OF_SCAN.values(holder=sa.bindparam("holder")))
_RETIRE_SCAN = Prepared(_OF_SCAN.values(key="", file="", stack=""))
_ADD_PAGE = inserting(t.page, "scan", "page", "state", "at", "event")

PROJECTIONS: Mapping[str, Callable[[sa.Connection, Data, Data], None]] = {
    "scan_taken_in": _scan_taken_in,
    "scan_unpacked": _scan_unpacked,
    "scan_seen_again": _scan_seen_again,
    "scan_taken_over": _scan_taken_over,
    "page_placing": _page_placing,
    "page_filed": _page_filed,
    "page_held": _page_held,
    "page_blank": _page_blank,
    "page_separator": _page_separator,
    "page_discarded": _page_decided("discarded"),
    "page_retried": _page_decided("waiting"),
    "page_replaced": _page_decided("replaced"),
    "page_to_rescan": _page_decided("rescan"),
    "page_withdrawn": _page_decided("withdrawn"),
    "page_turned": _page_turned,
    "page_restored": _page_restored,
    "page_also": _page_also,
    "page_not_also": _page_not_also,
    "slot_ordered": _slot_ordered,
    "page_split": _page_decided("split"),
    "page_retired": _page_decided("retired"),
    "scan_retired": _scan_retired,
}
