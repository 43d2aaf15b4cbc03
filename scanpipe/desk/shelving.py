"""What the store carries beside scans and pages, so that a lost ledger can be made anew: definitions, the printed sheets,
whose they became, the codes that are shaded, links and what was handed in by them, and which tests are being graded.

Each is the event of the ledger as it stands there, under `record/`. A put that was cut off is made up for by the next one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

from scanpipe.desk.parts import Parts
from scanpipe.faults import StoreFault
from scanpipe.ledgers.chain import Event
from scanpipe.ledgers.links import Submission
from scanpipe.stores import Put

RECORD = "record/"
DEFINITIONS, SHEETS, BINDINGS = f"{RECORD}definitions/", f"{RECORD}sheets/", f"{RECORD}bindings/"
GENERIC, CODES, LOCKS = f"{RECORD}generic/", f"{RECORD}codes/", f"{RECORD}locks/"
RESERVED = f"{RECORD}reserved/"
LINKS, SUBMISSIONS = f"{RECORD}links/", f"{RECORD}submissions/"
SEPARATORS = f"{RECORD}separators/"
SHELVED = (
    "definition_registered",
    "sheets_printed",
    "sheet_bound",
    "sheet_unbound",
    "generic_sheets_printed",
    "codes_given_out",
    "codes_reserved",
    "links_given_out",
    "link_ended",
    "submission_handed_in",
    "separators_printed",
    "grading_locked",
    "grading_unlocked",
    "test_retired",
)
"""The events that tell what must be there."""


def shelve(parts: Parts) -> None:
    """Puts into the store what is not there yet. Raises LedgerFault, StoreFault."""
    with parts.ledger.read() as r:
        events = list(r.events_of(*SHELVED))
    there = set(parts.store.keys(RECORD))
    for event, key in _keyed(events):
        if key not in there:
            _put(parts, key, event.data.encode(), event.at)


def shelve_submission(parts: Parts, submission: Submission) -> None:
    """Puts the record of one submission into the store: there may be thousands in an hour. Raises LedgerFault, StoreFault."""
    with parts.ledger.read() as r:
        data = r.links().told(submission.id)
    key = _of_submission(submission.test, submission.link, submission.version)
    _put(parts, key, data.encode(), submission.at)


def _put(parts: Parts, key: str, body: bytes, at: str) -> None:
    sha256 = hashlib.sha256(body).hexdigest()
    put = parts.store.put_new(key, body, sha256=sha256, media_type="application/json", metadata={"at": at})
    if put is Put.TAKEN:
        raise StoreFault(f"{key} holds something else than the ledger", "Run `scanpipe verify`.")


def _of_submission(test: str, link: str, version: int) -> str:
    return f"{SUBMISSIONS}{test}/{link}-{version:04d}.json"


def shelved(events: list[Event]) -> dict[str, str]:
    """The object that there must be for each of these events (all of `SHELVED`), and its digest."""
    return {key: hashlib.sha256(event.data.encode()).hexdigest() for event, key in _keyed(events)}


def _keyed(events: list[Event]) -> Iterator[tuple[Event, str]]:
    """Those of tests that are retired are gone, but for their codes, which name nobody."""
    told = [(event, json.loads(event.data)) for event in events]
    retired = {data["test"]: n for n, (event, data) in enumerate(told) if event.type == "test_retired"}
    changed: Counter[tuple[str, str]] = Counter()
    for n, (event, data) in enumerate(told):
        if event.type == "codes_reserved":
            digest = hashlib.sha256(event.data.encode()).hexdigest()
            yield event, f"{RESERVED}{data['test']}/{digest[:16]}.json"
        if event.type == "codes_reserved" or n <= retired.get(data["test"], -1):
            continue
        if event.type == "generic_sheets_printed":
            yield event, f"{GENERIC}{data['first']}.json"
        elif event.type == "separators_printed":
            yield event, f"{SEPARATORS}{data['separators'][0][0]}.json"
        elif event.type == "codes_given_out":
            yield event, f"{CODES}{data['test']}/{data['codes'][0][0]}.json"
        elif event.type == "links_given_out":
            yield event, f"{LINKS}{data['test']}/{data['links'][0][0]}.json"
        elif event.type == "link_ended":
            yield event, f"{LINKS}{data['test']}/{data['link']}-ended.json"
        elif event.type == "submission_handed_in":
            yield event, _of_submission(data["test"], data["link"], data["version"])
        elif event.type == "definition_registered":
            yield event, f"{DEFINITIONS}{data['test']}/{data['revision']:06d}.json"
        elif event.type in ("sheet_bound", "sheet_unbound"):
            changed["sheet", data["serial"]] += 1
            yield event, f"{BINDINGS}{data['test']}/{data['serial']}-{changed['sheet', data['serial']]:04d}.json"
        elif event.type in ("grading_locked", "grading_unlocked"):
            changed["test", data["test"]] += 1
            yield event, f"{LOCKS}{data['test']}/{changed['test', data['test']]:04d}-{event.type}.json"
        elif data["sheets"]:
            yield event, f"{SHEETS}{data['test']}/{data['sheets'][0][0]}.json"
