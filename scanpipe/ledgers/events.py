"""What each event changes in the state. The only code that writes the state tables, also when they are rebuilt.

definition_registered   test, revision, digest, body, by
sheets_printed          test, revision, sheets [[serial, candidate, question, number, of], …], by
scan_taken_in           file, stack, position, size, key, holder
scan_unpacked           pages: all of them are waiting now
scan_seen_again         file, stack, position
scan_taken_over         holder: the process that was at work on it is gone, this one goes on
page_placing            all columns of the page: its place is taken, the object is on its way
page_filed              the object is there
page_held               all columns of the page, reason, evidence
page_blank              all columns of the page
page_discarded          by, why: a person says that it belongs nowhere; it is kept
page_retried            by: back to waiting
page_replaced           a person took another scan as the current version; this one is kept
page_to_rescan          a person asked for the paper to be scanned again
page_withdrawn          its stack was withdrawn; it is kept
page_turned             key, sha256, media_type, turn_deg, width_px, height_px: a new picture, the state stays
page_restored           state and all columns: as it was before a decision
page_also, page_not_also  test, candidate, question: it belongs to this slot as well, or no longer
slot_ordered            test, candidate, question, pages [[scan, page], …]; none: the order of filing
decision_made           kind, by, why, pages [[scan, page], …], inverse [[event, scan, page, data], …]
decision_undone         decision, by: the inverse follows
retirement_asked        test, after, by, code: step one of two; nothing goes yet
page_retired            its picture is erased; what the row said of a candidate is empty now
scan_retired            its original is erased
test_retired            test, code, asked_by, by, objects, digest of the list of what was erased
ledger_rebuilt          by: what follows was told from the store's objects
key_made                id of a signing key (never its secret)
user_added              name, role, tests, rooms, by
user_changed            name, role, tests, rooms, by
password_set            name, by
user_ended              name, by
token_added             name, scopes, tests (never the token)
token_revoked           name
webhook_added           webhook, test, url (without its query), by
webhook_removed         webhook, test, by
webhook_resent          webhook, test, changes: their numbers, by
pack_move_asked         test, printed_for, handed_to, swap, by: one candidate wrote on the sheets of another
pack_move_settled       pack, state, by: moved (its decision follows) or dropped; asked again when it is undone
pictures_compared       sha256, other, same: the picture of a held page was laid over that of a filed one
print_read              sha256, serial: the print on a held page was read; serial is the sheet that it names, if one
grading_locked, grading_unlocked  test, by
page_split              by, halves: each half is a scan of its own now; it is kept
signed_in, signed_out, sign_in_failed  name; why, where the identity provider gave or took a role
upload_handed_in        by, stack, files [{name, size, stamp, sha256}, …]: they came through the browser
results_exported        test, revision, files, pages, only, digest of the list of files (manifest.json), by
drawing_viewed          by: a person was shown the picture of a page
notice_begun            kind, subject, since, severity, params: somebody should know; no candidate is in params
notice_ended            notice: it is over

What of this changes a slot is written into the table `change` as well: `changes.py`. What is expected, differences and reports:
`events_expected.py`, which is a part of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import changes, events_expected
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.chain import canonical
from scanpipe.ledgers.prepared import Prepared, inserting

Data = Mapping[str, Any]
PAGE_COLUMNS = frozenset(t.page.c.keys()) - {"scan", "page", "state", "at", "event"}


def project(c: sa.Connection, id: int, at: str, type: str, scan: str | None, page: int | None, data: Data) -> None:
    """Changes the state by one event. Raises KeyError for a type that is not in the table above."""
    _PROJECTIONS[type](c, {"id": id, "at": at, "scan": scan, "page": page}, data)
    if found := mentions(type, scan, data):
        c.execute(sa.insert(t.mentioned), [{"what": what, "value": value, "event": id} for what, value in found])


def mentions(type: str, scan: str | None, data: Data) -> set[tuple[str, str]]:
    """Whom and what an event names that cannot be told from its page: the rows of `mentioned`. Most events: nobody."""
    by = data.get("by") or data.get("decided_by")
    found = {("by", name) for name in (by, data.get("name")) if name}
    if scan is None or type in _OF_SLOTS:
        found |= {("test", str(data["test"]).upper())} if data.get("test") else set()
        found |= {("candidate", str(data[k]).upper()) for k in _CANDIDATES if data.get(k)}
    if type in _OF_ROOMS:
        found |= {("candidate", str(entry[0]).upper()) for entry in data["entries"] if entry[0]}
    if type == "notice_begun" and data["params"].get("test"):
        found.add(("test", str(data["params"]["test"]).upper()))
    if type == "decision_made":
        restored = [values for _, _, _, values in data["inverse"]]
        found |= {("test", str(v["test"]).upper()) for v in restored if v.get("test")}
        found |= {("candidate", str(v["candidate"]).upper()) for v in restored if v.get("candidate")}
    return {(what, value[:120]) for what, value in found}


_CANDIDATES = ("candidate", "printed_for", "handed_to")
_OF_SLOTS = ("page_also", "page_not_also")
_OF_ROOMS = ("sheets_handed_out", "sheets_collected", "attendance_noted")


def _definition_registered(c: sa.Connection, e: Data, data: Data) -> None:
    values = {name: data[name] for name in ("test", "revision", "digest", "body")}
    c.execute(sa.insert(t.definition), values | {"test_id": data["test"].upper(), "at": e["at"]})
    if data["revision"] > 1:
        changes.note_slot(c, e, "definition_revised", {"test": data["test"]})


def _sheets_printed(c: sa.Connection, e: Data, data: Data) -> None:
    names = ("serial", "candidate", "question", "number", "of")
    common = {"test": data["test"], "revision": data["revision"]}
    if data["sheets"]:
        c.execute(sa.insert(t.sheet), [dict(zip(names, s, strict=True)) | common for s in data["sheets"]])
    if any(s[3] > 1 for s in data["sheets"]) and _some_had_sheets(data["sheets"]):
        changes.note_slot(c, e, "sheets_printed", {"test": data["test"]})


def _some_had_sheets(sheets: list[list[Any]]) -> bool:
    """Were sheets printed before for one of these slots? They are numbered on within a slot."""
    first: dict[tuple[str, str], int] = {}
    for _, candidate, question, number, _ in sheets:
        slot = candidate, question
        first[slot] = min(number, first.get(slot, number))
    return max(first.values()) > 1


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
    """The machine places only what waits: of such a page nothing lies anywhere."""
    if data.get("decided_by") is None:
        _page_set(c, e, data, "placing")
    else:
        _set_and_note(c, e, data, "placing")


def _page_filed(c: sa.Connection, e: Data, data: Data) -> None:
    _page_set(c, e, data, "filed")
    changes.note_arrival(c, e)


def _page_held(c: sa.Connection, e: Data, data: Data) -> None:
    _page_set(c, e, data, "held")
    changes.note_held(c, e, data)


def _page_blank(c: sa.Connection, e: Data, data: Data) -> None:
    _page_set(c, e, data, "blank")


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


def _decision_made(c: sa.Connection, e: Data, data: Data) -> None:
    row = {"id": e["id"], "at": e["at"], "kind": data["kind"], "by": data["by"], "why": data["why"]}
    c.execute(sa.insert(t.decision), row | {"inverse": canonical(data["inverse"])})
    rows = [{"decision": e["id"], "scan": scan, "page": page} for scan, page in data["pages"]]
    if rows:
        c.execute(sa.insert(t.decided), rows)


def _decision_undone(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.update(t.decision).filter_by(id=data["decision"]).values(undone=e["id"]))


def _pack_move_asked(c: sa.Connection, e: Data, data: Data) -> None:
    row = {name: data[name] for name in ("test", "printed_for", "handed_to", "by")}
    c.execute(sa.insert(t.pack), row | {"id": e["id"], "at": e["at"], "swap": int(data["swap"]), "state": "asked"})


def _pack_move_settled(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.update(t.pack).filter_by(id=data["pack"]).values(state=data["state"]))


def _pictures_compared(c: sa.Connection, e: Data, data: Data) -> None:
    row = {"sha256": data["sha256"], "other": data["other"], "same": int(data["same"])}
    c.execute(sa.insert(t.compared), row)


def _print_read(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.insert(t.print_read), {"sha256": data["sha256"], "serial": data["serial"]})


def _grading_locked(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.insert(t.locked), {"test_id": data["test"].upper(), "at": e["at"], "by": data["by"]})
    changes.note_slot(c, e, "test_locked", {"test": data["test"]})


def _grading_unlocked(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.delete(t.locked).filter_by(test_id=data["test"].upper()))
    changes.note_slot(c, e, "test_unlocked", {"test": data["test"]})


def _notice_begun(c: sa.Connection, e: Data, data: Data) -> None:
    row = {name: data[name] for name in ("kind", "subject", "since", "severity")}
    c.execute(sa.insert(t.notice), row | {"id": e["id"], "at": e["at"], "params": canonical(data["params"])})


def _notice_ended(c: sa.Connection, e: Data, data: Data) -> None:
    c.execute(sa.update(t.notice).filter_by(id=data["notice"]).values(ended=e["at"]))


def _nothing(c: sa.Connection, e: Data, data: Data) -> None:
    """The event is the whole record."""


_OF_SCAN = sa.update(t.scan).where(t.scan.c.scan == sa.bindparam("of"))
_ADD_SCAN = inserting(t.scan)
_SET_PAGES = Prepared(_OF_SCAN.values(pages=sa.bindparam("pages")))
_COUNT_SEEN = Prepared(_OF_SCAN.values(seen=t.scan.c.seen + 1))
_SET_HOLDER = Prepared(_OF_SCAN.values(holder=sa.bindparam("holder")))
_RETIRE_SCAN = Prepared(_OF_SCAN.values(key="", file="", stack=""))
_ADD_PAGE = inserting(t.page, "scan", "page", "state", "at", "event")

_PROJECTIONS: Mapping[str, Callable[[sa.Connection, Data, Data], None]] = {
    "definition_registered": _definition_registered,
    "sheets_printed": _sheets_printed,
    "scan_taken_in": _scan_taken_in,
    "scan_unpacked": _scan_unpacked,
    "scan_seen_again": _scan_seen_again,
    "scan_taken_over": _scan_taken_over,
    "page_placing": _page_placing,
    "page_filed": _page_filed,
    "page_held": _page_held,
    "page_blank": _page_blank,
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
    "decision_made": _decision_made,
    "pack_move_asked": _pack_move_asked,
    "pack_move_settled": _pack_move_settled,
    "pictures_compared": _pictures_compared,
    "print_read": _print_read,
    "grading_locked": _grading_locked,
    "grading_unlocked": _grading_unlocked,
    "page_split": _page_decided("split"),
    "decision_undone": _decision_undone,
    "notice_begun": _notice_begun,
    "notice_ended": _notice_ended,
    "signed_in": _nothing,
    "signed_out": _nothing,
    "sign_in_failed": _nothing,
    "upload_handed_in": _nothing,
    "results_exported": _nothing,
    "drawing_viewed": _nothing,
    "retirement_asked": _nothing,
    "page_retired": _page_decided("retired"),
    "scan_retired": _scan_retired,
    "test_retired": _nothing,
    "ledger_rebuilt": _nothing,
    "key_made": _nothing,
    "user_added": _nothing,
    "user_changed": _nothing,
    "password_set": _nothing,
    "user_ended": _nothing,
    "token_added": _nothing,
    "token_revoked": _nothing,
    "webhook_added": _nothing,
    "webhook_removed": _nothing,
    "webhook_resent": _nothing,
    **events_expected.PROJECTIONS,
}

TYPES = frozenset(_PROJECTIONS)
"""Every type of event that there is."""
