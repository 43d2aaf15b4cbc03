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


def _turned(d: dict[str, Any]) -> str:
    return f", stood {d['turn_deg']}° and {d['skew_deg']}° from upright"


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
    "page_retried": lambda e, d: f"Page {e.page}: {d['by']} sent it on its journey again.",
}
