"""A page that a person turns: its picture is made anew, from the original."""

from __future__ import annotations

import hashlib

from scanpipe.desk.decisions import check_seen, make, page_or_fault
from scanpipe.desk.originals import page_to_work_on
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused, StoreFault
from scanpipe.ledgers import Transaction
from scanpipe.model import PageId, PageRecord
from scanpipe.saying import say
from scanpipe.stages.render import Rendition, render
from scanpipe.stages.unpack import Problem
from scanpipe.stores import Put


def turn(parts: Parts, page: PageId, by_deg: int, by: str, seen: int) -> PageRecord:
    """Turns the picture of a held page clockwise by 90, 180 or 270 degrees. Raises Refused, UnknownThing, StoreFault."""
    if by_deg not in (90, 180, 270):
        raise Refused(say("a page cannot be turned by %(by_deg)s degrees", by_deg=by_deg), say("By 90, 180 or 270."))
    with parts.ledger.read() as r:
        record = page_or_fault(r, page)
        scan = r.scan(page.scan)
    assert scan is not None
    _check(record)
    turn_deg = ((record.turn_deg or 0) - by_deg) % 360
    made = _rendered(parts, scan.key, record, turn_deg)
    sha256 = hashlib.sha256(made.body).hexdigest()
    key = f"held/{page.scan[:2]}/{page.scan}/{page.index}-{sha256[:12]}.{made.extension}"
    about = {"scan": page.scan, "page": str(page.index), "turn-deg": str(turn_deg)}
    if parts.store.put_new(key, made.body, sha256=sha256, media_type=made.media_type, metadata=about) is Put.TAKEN:
        raise StoreFault(f"{key} holds other bytes; nothing was overwritten", "Run `scanpipe verify`.")

    def decide(tx: Transaction) -> PageRecord:
        now = page_or_fault(tx, page)
        check_seen(tx, now, seen)
        _check(now)
        make(tx, "turn", by, [now])
        picture = {"key": key, "sha256": sha256, "media_type": made.media_type, "turn_deg": turn_deg}
        picture |= {"width_px": made.width_px, "height_px": made.height_px}
        tx.append("page_turned", scan=page.scan, page=page.index, **picture, by=by)
        return page_or_fault(tx, page)

    return parts.ledger.write(decide)


def _check(record: PageRecord) -> None:
    if record.state != "held" or record.key is None:
        raise Refused(
            say("page %(page)s is %(state)s, not held", page=record.id, state=record.state),
            say("Take the decision about it back first."),
        )


def _rendered(parts: Parts, key: str, record: PageRecord, turn_deg: int) -> Rendition:
    page, stands_deg = page_to_work_on(parts, key, record)
    if isinstance(page, Problem):
        raise Refused(say("the original cannot be opened"), say("Scan the sheet again."))
    back_deg = (turn_deg + stands_deg - (record.turn_deg or 0)) % 360
    return render(page, back_deg, record.skew_deg or 0.0, record.dpi, parts.errand.jpeg_quality)
