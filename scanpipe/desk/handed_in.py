"""What pages have from the link that they were handed in by: the slot that they claim, their order, and that a newer submission
takes their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from scanpipe.desk.decisions import by_machine, give_way_to, told_slot
from scanpipe.desk.uploads import UploadedFile
from scanpipe.faults import Refused
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.links import NamedScan
from scanpipe.model import Claims, Named, PageId, PageRecord, Slot
from scanpipe.saying import say
from scanpipe.stages.deadline import Deadline


def named(tx: Transaction, page: PageId) -> Named | None:
    """The slot that a page was handed in for, where it came by a link."""
    found = tx.links().named(page.scan)
    return None if found is None else _named(found)


def _named(found: NamedScan) -> Named:
    claims, overdue = Claims(found.test, found.candidate, found.question), None
    at, deadline = datetime.fromisoformat(found.at), Deadline.of(found.closes, found.grace_minutes)
    if deadline.missed(at):
        told = {"at": _shown(at), "closes": _shown(deadline.closes), "grace": found.grace_minutes}
        detail = say("handed in %(at)s; the deadline was %(closes)s, and %(grace)s minutes of grace", **told)
        overdue = {"handed_in": found.at, "deadline": found.closes, "grace_minutes": found.grace_minutes}
        overdue |= {"detail": detail}
    return Named(claims, found.link, found.version, found.position, overdue)


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def put_in_their_order(tx: Transaction, slot: Slot) -> None:
    """After a page that was handed in took its place: those of the slot lie in the order that they were handed in in, unless a
    person gave them another. The order is said even where they came in it: which one's picture is put first is chance.
    """
    places, ranked = tx.links().positions(slot), tx.shaded().ranked(slot)
    if len(places) < 2 or ranked != sorted((p for p in ranked if p in places), key=places.__getitem__):
        return
    _order(tx, slot, sorted(places, key=places.__getitem__))


def reorder(tx: Transaction, slot: Slot) -> None:
    """After a submission was handed in: its order is the one that counts, in place of any that the slot had."""
    places, ranked = tx.links().positions(slot), tx.shaded().ranked(slot)
    order = sorted(places, key=places.__getitem__) + [page for page in ranked if page not in places]
    if ranked or len(order) > 1:
        _order(tx, slot, order)


def _order(tx: Transaction, slot: Slot, order: Sequence[PageId]) -> None:
    pages = [[p.scan, p.index] for p in order]
    tx.append("slot_ordered", **told_slot(slot), pages=pages)


def leaving(tx: Transaction, slot: Slot, but: PageId) -> int:
    """How many pages, beside one, are on their way into a slot and give way there at once: a newer submission is without them."""
    there = [p for p in tx.placing_of(slot.test, slot.candidate) if p.question == slot.question and p.id != but]
    return sum(1 for p in there if (found := tx.links().named(p.scan)) is not None and found.superseded)


def give_way(tx: Transaction, page: PageRecord) -> bool:
    """A page that has just settled gives way where a newer submission without it came while it was on its journey."""
    if '"upload"' not in (page.evidence or "") or not by_machine(page):
        return False
    found = tx.links().named(page.scan)
    if found is None:
        return False
    tx.links().hold(found.slot)  # whoever hands in meanwhile sees this page settled, or is seen here
    found = tx.links().named(page.scan)
    if found is None or not found.superseded:
        return False
    give_way_to(tx, [page], f"link {found.link}", found.current or 0)
    return True


def supersede(tx: Transaction, slot: Slot, by: str, version: int) -> None:
    """After version `version` was handed in: what lies there of earlier ones, and is not in it, gives way to it."""
    links = tx.links()
    pages = [p for p in links.pages_of(slot) if by_machine(p) and (n := links.named(p.scan)) and n.superseded]
    give_way_to(tx, pages, by, version)


def bring_back(tx: Transaction, slot: Slot, by: str, holder: str) -> list[str]:
    """Pages that had given way and are handed in anew are judged anew; answers their scans, which are this process's work."""
    links = tx.links()
    again = [p for p in links.pages_of(slot) if p.state == "replaced" and _by_link(p)]
    again = [p for p in again if (n := links.named(p.scan)) and not n.superseded]
    for page in again:
        tx.append("page_retried", scan=page.scan, page=page.page, by=by)
    scans = sorted({p.scan for p in again})
    for scan in scans:
        tx.append("scan_taken_over", scan=scan, holder=holder)
    return scans


def is_elsewhere(tx: Transaction, slot: Slot, sha256: str) -> bool:
    """Is a file with this digest known, but not by a link of this slot? The same bytes are one scan, which has one place."""
    known = tx.links().named(sha256)
    return known.slot != slot if known is not None else tx.scan(sha256) is not None


def check_new(tx: Transaction, slot: Slot, files: Sequence[UploadedFile]) -> None:
    """Raises Refused where some of the files were handed in before, for another place."""
    names = [file.name for file in files if is_elsewhere(tx, slot, file.sha256)]
    if names:
        raise Refused(
            say("handed in before, for another place: %(names)s", names=", ".join(names)),
            say("Take such a picture anew: the very same file counts once."),
        )


def _by_link(page: PageRecord) -> bool:
    return (page.decided_by or "").startswith("link ")
