"""Stacks that were fed twice: scans that show the same drawing as the filed one are recognised, and settled in one act."""

from __future__ import annotations

from collections.abc import Sequence

from scanpipe.desk.deciding import decidable
from scanpipe.desk.decisions import make
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused
from scanpipe.ledgers import Transaction
from scanpipe.model import PageId, PageRecord
from scanpipe.saying import say
from scanpipe.stages.same_drawing import gray_picture, same_drawing

_AT_ONCE = 20
WHY = say("shows the same drawing as the scan that is filed")


def compare(parts: Parts, limit: int = _AT_ONCE) -> int:
    """Compares held second scans with the filed ones, puts on record which show the same; answers how many. Raises LedgerFault,
    StoreFault.
    """
    with parts.ledger.read() as r:
        pairs = r.copies().uncompared(limit)
    for page, first in pairs:
        _note(parts, page, first, _same(parts, page, first))
    return len(pairs)


def settle_copies(parts: Parts, pages: Sequence[PageId], by: str) -> None:
    """Sets aside, in one act, scans that show the same drawing as the filed one; they are kept. Raises UnknownThing, Refused."""

    def decide(tx: Transaction) -> None:
        records = [decidable(tx, page, None, "held") for page in pages]
        for record in records:
            if not tx.copies().same(record.id):
                raise Refused(
                    say("page %(page)s is not known to show the drawing of a filed one", page=record.id),
                    say("Look at both scans."),
                )
        make(tx, "same_drawing", by, records)
        for record in records:
            tx.append("page_discarded", scan=record.scan, page=record.page, decided_by=by, why=WHY)

    parts.ledger.write(decide)


def _same(parts: Parts, page: PageRecord, first: PageRecord) -> bool:
    """A resolution that is not known leaves a doubt, and so does what is no picture."""
    if page.key is None or first.key is None or not page.dpi or not first.dpi:
        return False
    pictures = [gray_picture(parts.store.read(key)) for key in (page.key, first.key)]
    if pictures[0] is None or pictures[1] is None:
        return False
    return same_drawing(pictures[0], pictures[1], page.dpi, first.dpi)


def _note(parts: Parts, page: PageRecord, first: PageRecord, same: bool) -> None:
    about = {"sha256": page.sha256 or "", "other": first.sha256 or ""}

    def note(tx: Transaction) -> None:
        tx.page(page.id)  # locked: another process may compare the same two
        if not tx.copies().known(**about):
            tx.append("pictures_compared", scan=page.scan, page=page.page, **about, same=same)

    parts.ledger.write(note)
