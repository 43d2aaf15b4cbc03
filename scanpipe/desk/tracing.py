"""The life of a scan in plain sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scanpipe.desk.parts import Parts
from scanpipe.faults import UnknownThing
from scanpipe.ledgers.chain import Event
from scanpipe.model import Reason, ScanRecord
from scanpipe.reasons import WORDING


def find_scan(parts: Parts, name: str) -> ScanRecord:
    """The scan whose digest starts with `name` (at least 6 characters; a page's name will do). Raises UnknownThing."""
    start = name.lower().split("-")[0]
    with parts.ledger.read() as r:
        scans = r.scans_like(start) if len(start) >= 6 else []
    if len(scans) == 1:
        return scans[0]
    if scans:
        raise UnknownThing(f"several scans start with {start}", "Give more of the digest.")
    raise UnknownThing(
        f"there is no scan {name}", "Give at least 6 characters of the digest that `ingest` or `queue` shows."
    )


def trace(parts: Parts, name: str) -> Iterator[tuple[str, str]]:
    """Pairs of time and sentence, from the day the scan came. Raises UnknownThing."""
    scan = find_scan(parts, name)
    with parts.ledger.read() as r:
        events = r.history(scan.scan)
    for event in events:
        yield event.at, sentence(event)


def sentence(event: Event) -> str:
    """What an event says, for a person."""
    data = json.loads(event.data)
    return _SENTENCES[event.type](event, data)


def _taken_in(e: Event, d: dict[str, Any]) -> str:
    return f"Taken in as {d['file']}, number {d['position']} of stack {d['stack']}; the original is kept as {d['key']}."


def _again(e: Event, d: dict[str, Any]) -> str:
    return (
        f"The same bytes came again, as {d['file']} (stack {d['stack']}, number {d['position']}); nothing was changed."
    )


def _placing(e: Event, d: dict[str, Any]) -> str:
    if d.get("decided_by"):
        although = ", although a code on it says otherwise" if d.get("contradict") else ""
        return f"Page {e.page}: {d['decided_by']} assigned it to {_slot(d)}{although}."
    return f"Page {e.page}: belongs to {_slot(d)}{_turned(d)}; read under revision {d['revision']} of the definition."


def _held(e: Event, d: dict[str, Any]) -> str:
    evidence = json.loads(d["evidence"])
    detail = evidence.get("conflict") or evidence.get("detail") or ""
    return f"Page {e.page}: held ({d['reason']}). {WORDING[Reason(d['reason'])].en} {detail}".rstrip()


def _decided(e: Event, d: dict[str, Any]) -> str:
    why = f": {d['why']}" if d["why"] else ""
    return f"{d['by']} decided ({d['kind'].replace('_', ' ')}){why}. It is decision {e.id}."


def _pack(d: dict[str, Any]) -> str:
    both = " and the other way round" if d["swap"] else ""
    return f"the sheets of candidate {d['printed_for']} to {d['handed_to']}{both}, test {d['test']}"


def _noticed(d: dict[str, Any]) -> str:
    """Test, stack or disk, and the figures."""
    told = [f"{name} {value}" for name, value in sorted(d["params"].items()) if value not in ("", d["subject"])]
    return "".join(f", {x}" for x in ([d["subject"]] if d["subject"] else []) + told)


def _role(d: dict[str, Any]) -> str:
    bound = [f"{what} {d[what]}" for what in ("tests", "rooms") if d.get(what)]
    return f"{d['role']}" + (f" for {', '.join(bound)}" if bound else "")


def _turned(d: dict[str, Any]) -> str:
    return f", stood {d['turn_deg']}° and {d['skew_deg']}° from upright"


def _told(d: dict[str, Any], what: str) -> str:
    of = [f"candidate {c}: {_how_many(n, serials)}" if c else _how_many(n, serials) for c, n, serials in d["entries"]]
    return f"Test {d['test']}, room {d['room'] or '–'}: {d['by']} recorded as {what}: {'; '.join(of)}."


def _how_many(count: int | None, serials: list[str]) -> str:
    if serials:
        return f"sheets {', '.join(serials)}"
    return "nothing any more" if count is None else f"{count} sheets"


def _difference(d: dict[str, Any]) -> str:
    return f"Test {d['test']}, difference {d['kind'].replace('_', ' ')} {d['subject']}"


def _slot(d: dict[str, Any]) -> str:
    return f"test {d['test']}, candidate {d['candidate']}, question {d['question']}"


_SENTENCES: Mapping[str, Callable[[Event, dict[str, Any]], str]] = {
    "scan_taken_in": _taken_in,
    "scan_unpacked": lambda e, d: f"Opened: {d['pages']} page{'s' if d['pages'] != 1 else ''}.",
    "scan_seen_again": _again,
    "scan_taken_over": lambda e, d: "The process that was at work on it was gone; another one took it over.",
    "page_placing": _placing,
    "page_filed": lambda e, d: f"Page {e.page}: filed, the picture is in its slot.",
    "page_held": _held,
    "page_blank": lambda e, d: f"Page {e.page}: blank; its picture is kept as {d['key']}.",
    "page_discarded": lambda e, d: f"Page {e.page}: {d['decided_by']} discarded it: {d['why']}. It is kept.",
    "page_retired": lambda e, d: f"Page {e.page}: retired; its picture is erased.",
    "scan_retired": lambda e, d: "Retired; the original is erased.",
    "page_replaced": lambda e, d: (
        f"Page {e.page}: {d['decided_by']} took another scan of the sheet instead. It is kept."
    ),
    "page_to_rescan": lambda e, d: (
        f"Page {e.page}: {d['decided_by']} asked for the paper to be scanned again: {d['why']}."
    ),
    "page_withdrawn": lambda e, d: f"Page {e.page}: {d['decided_by']} withdrew its stack: {d['why']}. It is kept.",
    "page_turned": lambda e, d: f"Page {e.page}: it has a new picture, turned by hand.",
    "page_restored": lambda e, d: f"Page {e.page}: it is {d['state']} again, as before.",
    "page_also": lambda e, d: f"Page {e.page}: belongs to {_slot(d)} as well.",
    "page_not_also": lambda e, d: f"Page {e.page}: belongs to {_slot(d)} no longer.",
    "decision_made": _decided,
    "decision_undone": lambda e, d: f"{d['by']} took decision {d['decision']} back.",
    "drawing_viewed": lambda e, d: f"Page {e.page}: {d['by']} looked at it.",
    "pictures_compared": lambda e, d: (
        f"Page {e.page}: it shows {'the same drawing as' if d['same'] else 'something else than'} the scan that is filed."
    ),
    "print_read": lambda e, d: (
        f"Page {e.page}: the print on it names {'sheet ' + d['serial'] if d['serial'] else 'no sheet for certain'}."
    ),
    "upload_handed_in": lambda e, d: f"{d['by']} handed in {len(d['files'])} files as stack {d['stack']}.",
    "slot_ordered": lambda e, d: (
        f"The pages of {_slot(d)} have a new order."
        if d["pages"]
        else f"The pages of {_slot(d)} lie in the order of filing."
    ),
    "definition_registered": lambda e, d: (
        f"Test {d['test']}: {d.get('by') or 'somebody'} registered revision {d['revision']} of its definition."
    ),
    "sheets_printed": lambda e, d: f"Test {d['test']}: {d['by']} printed {len(d['sheets'])} sheets.",
    "retirement_asked": lambda e, d: f"Test {d['test']}: {d['by']} asked to retire it after {d['after']}.",
    "test_retired": lambda e, d: f"Test {d['test']}: {d['by']} retired it.",
    "ledger_rebuilt": lambda e, d: f"{d['by']} had the ledger told again from the store's objects.",
    "key_made": lambda e, d: f"Signing key {d['id']} was made.",
    "user_added": lambda e, d: f"{d['by']} made the account {d['name']} ({d['role']}).",
    "token_added": lambda e, d: f"{d['by']} made the token {d['name']}.",
    "token_revoked": lambda e, d: f"{d['by']} revoked the token {d['name']}.",
    "webhook_added": lambda e, d: f"Test {d['test']}: {d['by']} has its changes sent to {d['url']} ({d['webhook']}).",
    "webhook_removed": lambda e, d: f"Test {d['test']}: {d['by']} removed the webhook {d['webhook']}.",
    "webhook_resent": lambda e, d: (
        f"{d['by']} had {len(d['changes'])} changes sent again to the webhook {d['webhook']}."
    ),
    "user_changed": lambda e, d: f"{d['by']} made {d['name']} {_role(d)}.",
    "password_set": lambda e, d: f"{d['by']} gave {d['name']} a new password.",
    "user_ended": lambda e, d: f"{d['by']} ended the account of {d['name']}.",
    "signed_in": lambda e, d: f"{d['name']} signed in.",
    "signed_out": lambda e, d: (
        f"{d['name']} was signed out: {d['why']}." if d.get("why") else f"{d['name']} signed out."
    ),
    "sign_in_failed": lambda e, d: (
        f"{d['name']} came from the identity provider, which gives no role."
        if d.get("why") == "no role"
        else f"{d['name']} came from the identity provider under the name of an account here."
        if d.get("why")
        else f"Somebody tried to sign in as {d['name']}."
    ),
    "pack_move_asked": lambda e, d: f"{d['by']} asked to move {_pack(d)}.",
    "pack_move_settled": lambda e, d: f"{d['by']} settled the move of a pack (event {d['pack']}): {d['state']}.",
    "grading_locked": lambda e, d: f"Test {d['test']}: {d['by']} locked its slots for grading.",
    "grading_unlocked": lambda e, d: f"Test {d['test']}: {d['by']} unlocked its slots.",
    "results_exported": lambda e, d: (
        f"Test {d['test']}: {d['by']} exported {d['pages']} pages in {d['files']} files; digest of the list: {d['digest']}."
    ),
    "page_split": lambda e, d: (
        f"Page {e.page}: {d['decided_by']} cut it in two, {' and '.join(h[:12] for h in d['halves'])}; it is kept."
    ),
    "notice_begun": lambda e, d: f"Noticed ({d['kind']}){_noticed(d)}; so since {d['since'][:16]}.",
    "notice_ended": lambda e, d: f"What was noticed (event {d['notice']}) is over.",
    "page_retried": lambda e, d: f"Page {e.page}: {d['by']} sent it on its journey again.",
    "sheets_handed_out": lambda e, d: _told(d, "handed out"),
    "sheets_collected": lambda e, d: _told(d, "collected"),
    "hand_in_declared": lambda e, d: (
        f"{d['by']} recorded for {_slot(d)}: {_how_many(d['count'], d['serials'])} declared."
    ),
    "attendance_noted": lambda e, d: (
        f"Test {d['test']}: {d['by']} recorded of {len(d['entries'])} candidates whether they were there."
    ),
    "stack_expected": lambda e, d: f"Stack {d['stack']}: {d['by']} recorded that it has {d['count']} pages.",
    "difference_closed": lambda e, d: f"{_difference(d)}: {d['by']} closed it: {d['why']}.",
    "difference_reopened": lambda e, d: f"{_difference(d)}: {d['by']} opened it again.",
    "report_signed": lambda e, d: f"Test {d['test']}: {d['name']} signed a report off; its digest is {d['digest']}.",
}
