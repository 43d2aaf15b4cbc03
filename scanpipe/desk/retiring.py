"""The end of a test's pictures, when the law says that they must go: asked for, confirmed later by a code, and certified.

All objects of the test go: pictures in slots, what was made of them, held and blank ones, originals, its definitions and lists of
printed sheets. The ledger stays whole, or it would prove nothing any more: its events still have candidate numbers, and the
definitions' names.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from scanpipe.desk.defining import find_test
from scanpipe.desk.parts import Parts
from scanpipe.desk.rendition_keys import renditions_of
from scanpipe.desk.shelving import SHELVED, shelve, shelved
from scanpipe.desk.webhooks import end_webhook
from scanpipe.faults import Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.model import PageId, PageRecord, ScanRecord
from scanpipe.saying import say

_GONE = dict.fromkeys(("candidate", "question", "serial", "key", "sha256", "evidence", "reason", "decided_by"))
_KEPT_STATES = ("filed", "held", "blank", "discarded", "replaced", "split", "rescan", "withdrawn", "separator")


@dataclass(frozen=True, slots=True)
class Doomed:
    """What would go with a test. `mixed` are scans that have pages of other tests, too, whose originals stay. `earlier` are the
    pictures that its pages had before a person moved or turned them, by page, each key with its digest.
    """

    test: str
    scans: tuple[ScanRecord, ...]
    pages: tuple[PageRecord, ...]
    mixed: tuple[ScanRecord, ...]
    record: dict[str, str]
    earlier: dict[PageId, dict[str, str]]
    made: dict[str, dict[str, str]]
    """What was made of pictures, by the picture's digest."""

    @property
    def objects(self) -> dict[str, str]:
        """Every object and its digest."""
        pictures = {p.key: p.sha256 for p in self.pages if p.key and p.sha256}
        before = {key: sha256 for had in self.earlier.values() for key, sha256 in had.items()}
        made = {key: sha256 for of in self.made.values() for key, sha256 in of.items()}
        return pictures | before | made | {s.key: s.scan for s in self.scans if s.key} | self.record

    def made_of(self, page: PageRecord) -> dict[str, str]:
        """What was made of any picture that this page had."""
        pictures = {page.sha256 or "", *self.earlier[page.id].values()}
        return {key: sha256 for picture in pictures for key, sha256 in self.made.get(picture, {}).items()}


def doomed(parts: Parts, test: str) -> Doomed:
    """Looks up what belongs to a test. Raises UnknownThing, Refused while pages of it are at work."""
    known = _known(parts, test)
    with parts.ledger.read() as r:
        of_test = list(r.pages_of_test(known))
        scans = {p.scan: r.scan(p.scan) for p in of_test}
        beside = {scan: r.pages(scan) for scan in scans}
        events = [e for e in r.events_of(*SHELVED) if json.loads(e.data)["test"] == known]
    if any(not page.settled for pages in beside.values() for page in pages):
        raise Refused(
            say("pages of %(known)s are being worked on", known=known), say("Let the watcher finish, then ask again.")
        )
    own = {page.id for page in of_test}
    whole = {scan for scan, pages in beside.items() if all(p.id in own or p.test is None for p in pages)}
    pages = [p for scan, all_ in beside.items() for p in all_ if p.id in own or (scan in whole and p.test is None)]
    kept = [record for record in scans.values() if record is not None]
    decided = [p for p in pages if p.state in _KEPT_STATES]
    earlier = _earlier(parts, decided)
    pictures = {p.sha256 or "" for p in decided} | {s for had in earlier.values() for s in had.values()}
    return Doomed(
        known,
        tuple(s for s in kept if s.scan in whole),
        tuple(decided),
        tuple(s for s in kept if s.scan not in whole),
        shelved(events),
        earlier,
        renditions_of(parts, pictures),
    )


def _known(parts: Parts, test: str) -> str:
    """The id of a test, also of one that is retired already: asked again, the certificate says that nothing is left."""
    try:
        return find_test(parts, test).id
    except UnknownThing:
        with parts.ledger.read() as r:
            gone = [json.loads(e.data)["test"] for e in r.events_of("test_retired")]
        for id in gone:
            if id.upper() == test.upper():
                return str(id)
        raise


def _earlier(parts: Parts, pages: list[PageRecord]) -> dict[PageId, dict[str, str]]:
    """Every picture that was ever put for these pages. An event that names no digest speaks of the bytes known then."""
    with parts.ledger.read() as r:
        histories = {scan: r.history(scan) for scan in {p.scan for p in pages}}
    found: dict[PageId, dict[str, str]] = {page.id: {} for page in pages}
    for scan, events in histories.items():
        known: dict[int, str] = {}
        for event in events:
            data = json.loads(event.data) if event.page is not None else {}
            page = event.page or 0
            known[page] = data.get("sha256") or known.get(page, "")
            if data.get("key") and PageId(scan, page) in found:
                found[PageId(scan, page)][data["key"]] = known[page]
    return found


def ask(parts: Parts, test: str, after: date, by: str) -> tuple[str, Doomed]:
    """Step one: puts on record that a test is to be retired after a day. Answers the code for step two. Erases nothing."""
    found = doomed(parts, test)
    code = f"{secrets.randbelow(10**8):08d}"
    parts.ledger.write(
        lambda tx: tx.append("retirement_asked", test=found.test, after=after.isoformat(), by=by, code=code)
    )
    return code, found


def confirm(parts: Parts, test: str, code: str, by: str, progress: Callable[[int], None]) -> dict[str, Any]:
    """Step two: erases, and answers the certificate. Broken off, it can be called again with the same code.

    Raises UnknownThing, Refused before the day that was named, StoreFault, LedgerFault.
    """
    found = doomed(parts, test)
    asked = _asked(parts, found.test, code)
    if date.today() <= date.fromisoformat(asked["after"]):
        raise Refused(
            say("%(test)s may go after %(after)s, not before", test=found.test, after=asked["after"]),
            say("Confirm it then, with the same code."),
        )
    erased = dict(found.objects)
    pages = {scan: [p for p in found.pages if p.scan == scan] for scan in {p.scan for p in found.pages}}
    for done, scan in enumerate(sorted(pages), 1):
        _erase(parts, {key: sha256 for p in pages[scan] for key, sha256 in found.made_of(p).items()})
        _erase(parts, {key: sha256 for p in pages[scan] for key, sha256 in found.earlier[p.id].items()})
        _erase(parts, {p.key: p.sha256 for p in pages[scan] if p.key and p.sha256})
        original = next((s for s in found.scans if s.scan == scan), None)
        _erase(parts, {original.key: original.scan} if original is not None and original.key else {})
        parts.ledger.write(_retired(scan, pages[scan], original is not None))
        _clear_aside(parts, scan)
        progress(done)
    _erase(parts, found.record)
    lines = "".join(f"{sha256}  {key}\n" for key, sha256 in sorted(erased.items()))
    about = {"test": found.test, "code": code, "asked_by": asked["by"], "by": by, "objects": len(erased)}
    about["digest"] = hashlib.sha256(lines.encode()).hexdigest()
    parts.ledger.write(lambda tx: _end(tx, about))
    shelve(parts)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return about | {"after": asked["after"], "at": at, "erased": [line for line in lines.splitlines() if line]}


def _end(tx: Transaction, about: dict[str, Any]) -> None:
    """Nothing is sent any more, and nothing left of it: it names candidates."""
    for webhook in tx.webhooks().of_test(about["test"]):
        end_webhook(tx, webhook, about["by"])
    codes = [coded.code for coded in tx.shaded().of_test(about["test"])]
    tx.append("test_retired", **about)
    if codes:  # an old sheet may have one on it: it must not name somebody else
        tx.append("codes_reserved", test=about["test"], codes=codes, by=about["by"])


def _asked(parts: Parts, test: str, code: str) -> dict[str, Any]:
    with parts.ledger.read() as r:
        events = [json.loads(e.data) for e in r.events_of("retirement_asked")]
    for data in events:
        if (data["test"], data["code"]) == (test, code):
            return dict(data)
    raise UnknownThing(
        say("nobody asked for %(test)s with the code %(code)s", test=test, code=code),
        say("Ask first: scanpipe retire TEST --after DATE."),
    )


def _erase(parts: Parts, objects: dict[str, str]) -> None:
    for key, sha256 in objects.items():
        parts.store.erase(key, sha256)


def _retired(scan: str, pages: list[PageRecord], whole: bool) -> Callable[[Transaction], None]:
    def record(tx: Transaction) -> None:
        for page in pages:
            tx.page(page.id)  # locked: its end is a change to its slots
            tx.append("page_retired", scan=scan, page=page.page, **_GONE)
        if whole:
            tx.append("scan_retired", scan=scan)

    return record


def _clear_aside(parts: Parts, scan: str) -> None:
    """Files that came again were set aside under the start of their digest."""
    for file in parts.folders.aside.glob(f"{scan[:12]}-*"):
        file.unlink()
