"""A scan that shows two sheets, cut in two: each half is a scan of its own and takes the whole journey."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scanpipe.desk.decisions import check_seen, make, page_or_fault, restoring
from scanpipe.desk.originals import page_to_work_on
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused, StoreFault
from scanpipe.ledgers import Transaction
from scanpipe.model import PageId, PageRecord, ScanRecord
from scanpipe.saying import say
from scanpipe.stages.render import encode_jpeg, turned
from scanpipe.stages.split import Cut, halves
from scanpipe.stages.unpack import DecodeError, Problem
from scanpipe.stores import Put

_QUALITY = 95
"""The halves are scanned pages for all that follows: as little as possible is lost."""
_NAMES = {"beside": ("left half", "right half"), "above": ("upper half", "lower half")}


@dataclass(frozen=True, slots=True)
class _Half:
    scan: str
    size: int
    key: str
    file: str


def split(parts: Parts, page: PageId, cut: Cut, by: str, seen: int | None = None, share: float = 0.5) -> list[str]:
    """Cuts a held page in two, as it is seen upright; answers the scans of the halves, which are this process's work.

    The page itself is kept. Undone, it is held again and its halves are out of slots and queue. Raises UnknownThing, Refused,
    StoreFault.
    """
    if not 0.1 <= share <= 0.9:
        raise Refused(
            say("a page cannot be cut at %(share)s", share=share), say("Somewhere in the middle: 0.1 to 0.9.")
        )
    with parts.ledger.read() as r:
        record = page_or_fault(r, page)
        scan = r.scan(page.scan)
    assert scan is not None
    _check(record)
    bodies = _cut(parts, scan.key, record, cut, share)
    made = [_store(parts, body, name, scan) for body, name in zip(bodies, _NAMES[cut], strict=True)]

    def decide(tx: Transaction) -> None:
        now = page_or_fault(tx, page)
        check_seen(tx, now, seen)
        _check(now)
        before = [tx.page(PageId(half.scan, 1)) for half in made]
        if any(page is not None and page.state != "withdrawn" for page in before):
            raise Refused(
                say("this page was cut so before"), say("Look for its halves: they have the same file's name.")
            )
        pages = [replace(now, scan=half.scan, page=1) for half in made]
        gone = [("page_withdrawn", p.scan, p.page, {"decided_by": by, "why": "cut in two by mistake"}) for p in pages]
        make(tx, "split", by, [now, *pages], inverse=[restoring(now), *gone])
        tx.append("page_split", scan=page.scan, page=page.index, decided_by=by, halves=[half.scan for half in made])
        for half, known in zip(made, before, strict=True):
            _begin(tx, half, scan, parts.folders.holder, again=known is not None, by=by)

    parts.ledger.write(decide)
    return [half.scan for half in made]


def _begin(tx: Transaction, half: _Half, scan: ScanRecord, holder: str, again: bool, by: str) -> None:
    """The half is on record as this process's work; `again` where the same cut was made before, and taken back."""
    if again:
        tx.append("page_retried", scan=half.scan, page=1, by=by)
        tx.append("scan_taken_over", scan=half.scan, holder=holder)
        return
    where: dict[str, Any] = {"file": half.file, "stack": scan.stack, "position": scan.position}
    told: dict[str, Any] = {"size": half.size, "key": half.key, "holder": holder}
    tx.append("scan_taken_in", scan=half.scan, **where, **told)
    tx.append("scan_unpacked", scan=half.scan, pages=1)


def cut_of(word: str) -> Cut:
    """How the sheets lie, from a word. Raises Refused."""
    if word == "beside":
        return "beside"
    if word == "above":
        return "above"
    raise Refused(
        say("a page cannot be cut %(word)s", word=word),
        say("beside: the sheets lie beside each other; above: one above the other."),
    )


def _check(record: PageRecord) -> None:
    if record.state != "held" or record.key is None:
        raise Refused(
            say("page %(page)s is %(state)s, not held", page=record.id, state=record.state),
            say("Take the decision about it back first."),
        )


def _cut(parts: Parts, key: str, record: PageRecord, cut: Cut, share: float) -> list[bytes]:
    page, turn_deg = page_to_work_on(parts, key, record)
    if isinstance(page, Problem):
        raise Refused(say("the original cannot be opened"), say("Scan the sheets again, one by one."))
    try:
        upright = turned(page.planes(), turn_deg)
    except DecodeError:
        raise Refused(say("the original cannot be opened"), say("Scan the sheets again, one by one.")) from None
    parted = [tuple(np.ascontiguousarray(p) for p in half) for half in halves(upright, cut, share)]
    return [encode_jpeg(half, page.dpi, _QUALITY) for half in parted]


def _store(parts: Parts, body: bytes, name: str, scan: ScanRecord) -> _Half:
    """The half as an original of its own; without a decision it would be an object that nobody asks for."""
    digest = hashlib.sha256(body).hexdigest()
    key, file = f"originals/{digest[:2]}/{digest}.jpg", f"{scan.file} ({name})"
    about = {"file": file[-100:], "stack": scan.stack[:100], "position": str(scan.position)}
    if parts.store.put_new(key, body, sha256=digest, media_type="image/jpeg", metadata=about) is Put.TAKEN:
        raise StoreFault(f"{key} holds other bytes; nothing was overwritten", "Run `scanpipe verify`.")
    return _Half(digest, len(body), key, file)
