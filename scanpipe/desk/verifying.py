"""The proof of promises 2 and 3: nothing is missing, nothing was changed, every object in a slot is explained."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scanpipe.desk.decisions import kept_beside
from scanpipe.desk.folders import files_below
from scanpipe.desk.parts import Parts
from scanpipe.desk.rendition_keys import FOLDER, picture_of
from scanpipe.desk.shelving import SHELVED, shelved
from scanpipe.ledgers.chain import GENESIS, first_break
from scanpipe.model import PageRecord, ScanRecord

_WITH_PICTURE = ("filed", "held", "blank", "discarded", "replaced", "split", "rescan", "withdrawn", "separator")
STATES = (*_WITH_PICTURE, "retired", "waiting", "placing")


@dataclass(slots=True)
class Finding:
    """What `verify` found. It holds when there is no problem."""

    scans: int = 0
    pages: int = 0
    states: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    events: int = 0
    head: str = GENESIS
    in_inbox: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.problems


def verify(parts: Parts, progress: Callable[[str, int, int], None] | None = None) -> Finding:
    """Checks the ledger in itself, then every object that it names, then every object that is there.

    `progress` hears (what, done, of how many). Raises StoreFault and LedgerFault where looking itself fails.
    """
    finding = Finding()
    _check_chain(parts, finding)
    finding.problems += parts.ledger.difference()
    with parts.ledger.read() as r:
        scans, pages = list(r.scans()), list(r.pages_in(*STATES))
        finding.problems += [f"page {p} lies in {s} as well, another candidate's" for p, s in r.decisions().strayed()]
        record = shelved(list(r.events_of(*SHELVED)))
    _check_counts(parts, finding, scans, pages)
    objects = _expected(scans, pages) | record
    _check_objects(parts, finding, objects, progress or (lambda *_: None))
    _check_unexplained(parts, finding, objects)
    _check_renditions(parts, finding)
    finding.in_inbox = sum(1 for _ in files_below(parts.folders.inbox))
    return finding


def _check_chain(parts: Parts, finding: Finding) -> None:
    broken = first_break(_counted(parts, finding))
    if broken is not None:
        finding.problems.append(f"the ledger's hash chain is broken at event {broken}")


def _counted(parts: Parts, finding: Finding) -> Iterator:  # type: ignore[type-arg]
    for event in parts.ledger.events():
        finding.events, finding.head = finding.events + 1, event.hash
        yield event


def _check_counts(parts: Parts, finding: Finding, scans: list[ScanRecord], pages: list[PageRecord]) -> None:
    """Every page of every scan in exactly one state, and nothing left lying by a process that is dead."""
    finding.scans, finding.pages = len(scans), len(pages)
    finding.states = dict(Counter(p.state for p in pages))
    of = Counter(p.scan for p in pages)
    for scan in scans:
        if scan.pages is not None and of[scan.scan] != scan.pages:
            finding.problems.append(f"scan {scan.scan[:12]} has {scan.pages} pages, but {of[scan.scan]} are on record")
    waiting = {p.scan for p in pages if not p.settled} | {s.scan for s in scans if s.pages is None}
    for scan in scans:
        if scan.scan in waiting and not parts.folders.alive(scan.holder):
            finding.problems.append(
                f"scan {scan.scan[:12]} ({scan.file}) is not worked off, and nobody is at work on it"
            )
    own = [p for p in pages if p.state == "filed" and p.serial and not kept_beside(p)]
    sides = Counter((p.serial, p.side or 1) for p in own)
    finding.problems += [f"serial {s}, side {side}, is filed {n} times" for (s, side), n in sides.items() if n > 1]
    for folder in parts.folders.claimed.iterdir():
        if not parts.folders.alive(folder.name):
            left = files_below(folder)
            finding.problems += [f"{p} was taken out of the inbox and is not on record" for p in left]


def _expected(scans: list[ScanRecord], pages: list[PageRecord]) -> dict[str, str]:
    """Every object that the ledger names, and its digest."""
    objects = {s.key: s.scan for s in scans if s.key}
    for p in pages:
        if p.state in _WITH_PICTURE and p.key and p.sha256:
            objects[p.key] = p.sha256
    return objects


def _check_objects(
    parts: Parts, finding: Finding, objects: dict[str, str], progress: Callable[[str, int, int], None]
) -> None:
    for done, (key, sha256) in enumerate(objects.items()):
        progress("objects", done, len(objects))
        found = parts.store.digest(key)
        if found is None:
            finding.problems.append(f"object {key} is missing")
        elif found != sha256:
            finding.problems.append(
                f"object {key} was changed: its digest is {found[:12]}…, on record is {sha256[:12]}…"
            )
        else:
            finding.objects += 1


def _check_unexplained(parts: Parts, finding: Finding, objects: dict[str, str]) -> None:
    """In the slots there may be nothing that the ledger does not know; a page on its way (`placing`) is known."""
    with parts.ledger.read() as r:
        on_the_way = {p.key for p in r.pages_in("placing")}
    for key in parts.store.keys("tests/"):
        if key not in objects and key not in on_the_way and not _was_placed(parts, key):
            finding.problems.append(f"object {key} lies in a slot, and the ledger does not know it")


def _check_renditions(parts: Parts, finding: Finding) -> None:
    """What was made of pictures is what it was when it was made, and of a picture that lies, or lay, in a slot."""
    with parts.ledger.read() as r:
        known = r.slots().pictures()
    for key in parts.store.keys(FOLDER):
        info = parts.store.stat(key)
        if picture_of(key) not in known:
            finding.problems.append(f"object {key} was made of a picture that the ledger does not know")
        elif info is not None and parts.store.digest(key) != info.sha256:
            finding.problems.append(f"object {key} was changed: its digest is not the one on its label")
        else:
            finding.objects += 1


def _was_placed(parts: Parts, key: str) -> bool:
    """Is it on record that a picture was to be put there, before another picture of the same page was? Two machines that were
    given the same page may draw it differently.
    """
    info = parts.store.stat(key)
    with parts.ledger.read() as r:
        history = r.history(info.metadata.get("scan", "")) if info else []
    return any(e.type == "page_placing" and json.loads(e.data)["key"] == key for e in history)
