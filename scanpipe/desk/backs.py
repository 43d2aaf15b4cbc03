"""Where a page lies in what was fed: is it the second side of a sheet of paper, and which page is the first?"""

from __future__ import annotations

from dataclasses import replace

from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.model import Claims, Held, PageId, PageRecord, Reason, ScanRecord, Verdict
from scanpipe.ordering import path_key
from scanpipe.sight import Sight


def is_duplex(parts: Parts, file: str) -> bool:
    """Does this file come from a scanner that scans both sides?"""
    return any(source.duplex and source.has(file) for source in parts.sources)


def is_back(page: PageRecord) -> bool:
    """Writing on a back of which it is not known yet whose it is."""
    return page.state == "held" and page.reason == Reason.BACK_OF


def as_back(parts: Parts, tx: Transaction, scan: str, page: int, verdict: Verdict, sight: Sight) -> Verdict:
    """What has no code and no print, and lies where a scanner of both sides delivers backs, is held as one. In a file of several
    pages it may be one after any sheet.
    """
    if not isinstance(verdict, Held) or verdict.reason is not Reason.NO_CODES or sight.printed:
        return verdict
    record = tx.scan(scan)
    if record is None or not is_second(tx, record, page):
        return verdict
    front = other_side(tx, record, page)
    after_sheet = front is not None and front.serial is not None and (record.pages or 0) > 1
    if not after_sheet and not is_duplex(parts, record.file):
        return verdict
    test = front.test if front is not None and front.state in ("filed", "placing") else None
    return replace(verdict, reason=Reason.BACK_OF, claims=Claims(test))


def front_of(tx: Transaction, scan: ScanRecord, page: int) -> PageRecord | None:
    """The page of the same sheet of paper before this one, by its place alone."""
    return other_side(tx, scan, page) if is_second(tx, scan, page) else None


def is_second(tx: Transaction, scan: ScanRecord, page: int) -> bool:
    """In a file of several pages every second one; else every second one in the stack, since its separator."""
    if (scan.pages or 0) > 1:
        return page % 2 == 0
    rank = tx.spans().rank(scan.stack, (scan.position, page))
    return rank is not None and rank % 2 == 0


def other_side(tx: Transaction, scan: ScanRecord, page: int) -> PageRecord | None:
    """The page that shares its sheet of paper with this one, if every sheet gave two; None where that cannot be told: a file is
    missing, or names and positions do not run the same way.
    """
    step = -1 if is_second(tx, scan, page) else 1
    if (scan.pages or 0) > 1:
        return tx.page(PageId(scan.scan, page + step))
    if tx.spans().rank(scan.stack, (scan.position, page)) is None:
        return None
    before, after = tx.queue().neighbours(scan, page, 1)
    for record, beside in before if step < 0 else after:
        in_order = (path_key(beside.file) < path_key(scan.file)) == (step < 0)
        if beside.pages == 1 and beside.position == scan.position + step and in_order:
            return record
    return None
