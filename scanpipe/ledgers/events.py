"""What each event changes in the state. The only code that writes the state tables, also when they are rebuilt.

definition_registered   test, revision, digest, body, by
labels_printed          test, count, by
decision_made           kind, by, why, pages [[scan, page], …], inverse [[event, scan, page, data], …]
decision_undone         decision, by: the inverse follows
retirement_asked        test, after, by, code: step one of two; nothing goes yet
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
signed_in, signed_out, sign_in_failed  name; why, where the identity provider gave or took a role
upload_handed_in        by, stack, files [{name, size, stamp, sha256}, …]: they came through the browser
results_exported        test, revision, files, pages, only, digest of the list of files (manifest.json), by
drawing_viewed          by: a person was shown the picture of a page
notice_begun            kind, subject, since, severity, params: somebody should know; no candidate is in params
notice_ended            notice: it is over

What of this changes a slot is written into the table `change` as well: `changes.py`. Scans and pages:
`events_pages.py`; sheets: `events_sheets.py`; what is expected, differences and reports: `events_expected.py`; generic sheets and
their codes: `events_shaded.py`; links of candidates at home: `events_links.py`. All are parts of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import changes, events_expected, events_links, events_pages, events_shaded, events_sheets
from scanpipe.ledgers import tables as t
from scanpipe.ledgers.chain import canonical

Data = Mapping[str, Any]


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
        found |= {("question", str(data["question"]).upper())} if data.get("question") else set()
    if type in _OF_ROOMS:
        found |= {("candidate", str(entry[0]).upper()) for entry in data["entries"] if entry[0]}
    if type == "notice_begun" and data["params"].get("test"):
        found.add(("test", str(data["params"]["test"]).upper()))
    if type == "decision_made":
        restored = [values for _, _, _, values in data["inverse"]]
        found |= {("test", str(v["test"]).upper()) for v in restored if v.get("test")}
        found |= {(what, str(v[what]).upper()) for v in restored for what in ("candidate", "question") if v.get(what)}
    return {(what, value[:120]) for what, value in found}


_CANDIDATES = ("candidate", "printed_for", "handed_to")
_OF_SLOTS = ("page_also", "page_not_also")
_OF_ROOMS = ("sheets_handed_out", "sheets_collected", "attendance_noted")


def _definition_registered(c: sa.Connection, e: Data, data: Data) -> None:
    values = {name: data[name] for name in ("test", "revision", "digest", "body")}
    c.execute(sa.insert(t.definition), values | {"test_id": data["test"].upper(), "at": e["at"]})
    if data["revision"] > 1:
        changes.note_slot(c, e, "definition_revised", {"test": data["test"]})


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


def _test_retired(c: sa.Connection, e: Data, data: Data) -> None:
    """No page is filed in it any more, unless it is registered anew."""
    c.execute(sa.delete(t.definition).where(t.definition.c.test_id == data["test"].upper()))
    events_shaded.forget_test(c, data)
    events_links.forget_test(c, data)


def _nothing(c: sa.Connection, e: Data, data: Data) -> None:
    """The event is the whole record."""


_PROJECTIONS: Mapping[str, Callable[[sa.Connection, Data, Data], None]] = {
    "definition_registered": _definition_registered,
    "decision_made": _decision_made,
    "pack_move_asked": _pack_move_asked,
    "pack_move_settled": _pack_move_settled,
    "pictures_compared": _pictures_compared,
    "print_read": _print_read,
    "grading_locked": _grading_locked,
    "grading_unlocked": _grading_unlocked,
    "decision_undone": _decision_undone,
    "notice_begun": _notice_begun,
    "notice_ended": _notice_ended,
    "labels_printed": _nothing,
    "signed_in": _nothing,
    "signed_out": _nothing,
    "sign_in_failed": _nothing,
    "upload_handed_in": _nothing,
    "results_exported": _nothing,
    "drawing_viewed": _nothing,
    "retirement_asked": _nothing,
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
    **events_pages.PROJECTIONS,
    **events_sheets.PROJECTIONS,
    **events_expected.PROJECTIONS,
    **events_shaded.PROJECTIONS,
    **events_links.PROJECTIONS,
    "test_retired": _test_retired,
}

TYPES = frozenset(_PROJECTIONS)
"""Every type of event that there is."""
