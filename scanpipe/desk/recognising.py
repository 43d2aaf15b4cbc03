"""Held pages without a code that says which sheet they are: the print beside the dead codes may still say it."""

from __future__ import annotations

import numpy as np

from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.model import PageRecord, Sheet
from scanpipe.ocr import TextReader
from scanpipe.stages.printed_text import printed_bands, sheet_in
from scanpipe.stages.same_drawing import gray_picture

_AT_ONCE = 20


def recognise(parts: Parts, read_text: TextReader, limit: int = _AT_ONCE) -> int:
    """Reads the print on held pages whose serial is not known, puts on record what it names; answers how many pages.

    Raises LedgerFault, StoreFault.
    """
    with parts.ledger.read() as r:
        pages = r.prints().unread(limit)
    for page in pages:
        _note(parts, page, _sheet_on(parts, read_text, page))
    return len(pages)


def _sheet_on(parts: Parts, read_text: TextReader, page: PageRecord) -> Sheet | None:
    """A page without codes may stand on its head: nothing else says how it is turned."""
    gray = gray_picture(parts.store.read(page.key or ""))
    if gray is None:
        return None
    for picture in (gray, np.rot90(gray, 2)):
        with parts.ledger.read() as r:
            found = sheet_in(read_text(printed_bands(picture)), r.printed)
        if found is not None:
            return found
    return None


def _note(parts: Parts, page: PageRecord, sheet: Sheet | None) -> None:
    def note(tx: Transaction) -> None:
        tx.page(page.id)  # locked: another process may read the same one
        if not tx.prints().known(page.sha256 or ""):
            serial = None if sheet is None else sheet.serial
            tx.append("print_read", scan=page.scan, page=page.page, sha256=page.sha256, serial=serial)

    parts.ledger.write(note)
