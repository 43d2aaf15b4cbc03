"""All pages of a slot, or of a candidate, as one PDF: each as the scanner sent it, turned straight by the PDF and not by us."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scanpipe.desk.originals import page_of_many
from scanpipe.desk.parts import Parts
from scanpipe.desk.phones import is_rectified
from scanpipe.desk.slots import SlotView, Wanted, list_slots
from scanpipe.faults import StoreFault
from scanpipe.model import PageId, PageRecord, ScanRecord
from scanpipe.stages.pdf import Sheet, pdf, sheet_of_pixels
from scanpipe.stages.unpack import Problem
from scanpipe.stages.unpack.jpeg import JpegSource, checked_header, is_whole

_MOST_QUESTIONS = 500


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF that is made while it is sent. `tag` is another one when anything in it is."""

    name: str
    tag: str
    pieces: Iterator[bytes]


def slot_pdf(parts: Parts, view: SlotView) -> Document:
    """One page for each that lies in the slot, in their order. Raises StoreFault, UnknownThing while it is read."""
    slot = view.slot
    return _document(parts, f"{slot.test} {slot.candidate} {slot.question}", view.pages)


def candidate_pdf(parts: Parts, test: str, candidate: str) -> Document | None:
    """All that a candidate has handed in, in the order of the questions; None: nothing. Raises UnknownThing."""
    views = list_slots(parts, test, Wanted(candidate=candidate), None, _MOST_QUESTIONS).slots
    once: dict[PageId, PageRecord] = {}
    for view in views:
        for page in view.pages:
            once.setdefault(page.id, page)  # one that belongs to several questions
    if not once:
        return None
    slot = views[0].slot
    return _document(parts, f"{slot.test} {slot.candidate}", list(once.values()))


def _document(parts: Parts, title: str, pages: Sequence[PageRecord]) -> Document:
    told = "\n".join(f"{p.scan} {p.page} {p.sha256} {p.turn_deg} {p.skew_deg} {p.dpi}" for p in pages)
    tag = hashlib.sha256(f"2\n{title}\n{told}".encode()).hexdigest()
    return Document(title, tag, pdf((_sheet(parts, page) for page in pages), title))


def _sheet(parts: Parts, page: PageRecord) -> Sheet:
    with parts.ledger.read() as r:
        scan = r.scan(page.scan)
    own = _own_jpeg(parts, page, scan) if scan is not None else None
    if own is not None:
        return own
    body = parts.store.read(page.key or "")
    sheet = _jpeg(parts, body, page.dpi) if page.media_type == "image/jpeg" else sheet_of_pixels(body, page.dpi)
    if sheet is None:
        raise StoreFault(f"{page.key} is no picture", "Run `scanpipe verify`.")
    return sheet


def _own_jpeg(parts: Parts, page: PageRecord, scan: ScanRecord) -> Sheet | None:
    """The scanner's bytes, where the page came as a JPEG that every viewer shows: as a file, or in a PDF. Not of a page that was
    taken out of a picture.
    """
    if is_rectified(page):
        return None
    if scan.key.endswith(".jpg") and scan.pages == 1:
        sheet = _jpeg(parts, parts.store.read(scan.key), page.dpi)
    else:
        sheet = _jpeg_in_pdf(parts, page, scan.key) if scan.key.endswith(".pdf") else None
    return sheet and replace(sheet, turn_deg=page.turn_deg or 0, skew_deg=page.skew_deg or 0.0)


def _jpeg_in_pdf(parts: Parts, page: PageRecord, key: str) -> Sheet | None:
    """How it lies is said by the PDF; what the JPEG says of that itself counts for nothing in there."""
    found = page_of_many(parts, key, page.page)
    if isinstance(found, Problem) or not isinstance(found.source, JpegSource):
        return None
    sheet = _jpeg(parts, found.source.data, page.dpi)
    return sheet and replace(sheet, stored_as=found.stored_as)


def _jpeg(parts: Parts, body: bytes, dpi: float | None) -> Sheet | None:
    header = checked_header(body, parts.errand.limits)
    if isinstance(header, Problem) or not replace(header, orientation=1).plain or not is_whole(body):
        return None
    size = header.width_px, header.height_px
    return Sheet(body, "DCTDecode", header.components, *size, header.orientation, dpi=dpi)
