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
    assert record is not None
    front = front_of(parts, tx, record, page)
    if front is None and not (is_second(tx, record, page) and is_duplex(parts, record.file)):
        return replace(verdict, evidence={**verdict.evidence, "unprinted": True})  # its front may be on its way
    test = front.test if front is not None and front.state in ("filed", "placing") else None
    return replace(verdict, reason=Reason.BACK_OF, claims=Claims(test))


def is_stray(page: PageRecord) -> bool:
    """Held for want of codes, and without print: it may be a back all the same."""
    return page.state == "held" and page.reason == Reason.NO_CODES and '"unprinted": true' in (page.evidence or "")


def front_of(parts: Parts, tx: Transaction, scan: ScanRecord, page: int) -> PageRecord | None:
    """The sheet of which a page without codes and print may be the back, by its place: the page before it, in a file of several
    pages or from a scanner of both sides. Into that a stack may be fed face down: then it is the page after it.
    """
    front = other_side(tx, scan, page)
    if front is None or front.serial is None:
        return None
    if not is_second(tx, scan, page):
        return front if front.side is None and is_duplex(parts, scan.file) else None
    return front if (scan.pages or 0) > 1 or is_duplex(parts, scan.file) else None


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
