"""What a candidate hands in by a link: files that gather in a draft, are put in order, and handed in as a version of the slot.

A draft is a batch of uploads (`uploads.py`) in a folder of its own; its id is the link's and how many drafts it had before. All
windows that a candidate has open show the same one. Handing in puts on record which files are for which slot (that is the claim
which the judge hears, `pipeline.judge`), then moves them into the inbox: from there they go their way like any scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from scanpipe.desk.handed_in import bring_back, check_new, is_elsewhere, reorder, supersede
from scanpipe.desk.links import deadline_of
from scanpipe.desk.parts import Parts
from scanpipe.desk.phones import BY_LINK
from scanpipe.desk.shelving import shelve, shelve_submission
from scanpipe.desk.straightening import Straightener
from scanpipe.desk.uploads import Batch, UploadedFile, Uploads
from scanpipe.faults import Fault, FolderUnavailable, Overtaken, Refused, StoreFault, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.links import Link, Submission
from scanpipe.model import PageRecord
from scanpipe.saying import say
from scanpipe.stages.deadline import Standing

ENDINGS = (".jpg", ".jpeg", ".png", ".heic", ".heif", ".pdf")
_LINK_DIGITS, _NUMBER_DIGITS = 24, 8


@dataclass(frozen=True, slots=True)
class Desk:
    """What handing in works with. `resume` works scans off that are judged anew; `left` are drafts on record that could
    not be moved into the inbox.
    """

    parts: Parts
    uploads: Uploads
    straightener: Straightener
    resume: Callable[[list[str]], None]
    left: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A version that was handed in, and what became of the pages of each of its files, by its digest."""

    submission: Submission
    counts: bool
    """It is the version that counts."""
    pages: dict[str, list[PageRecord]] = field(default_factory=dict)


def draft(desk: Desk, link: Link) -> Batch:
    """What is being put together; a new one begins with what was handed in last. Raises FolderUnavailable."""
    with desk.parts.ledger.read() as r:
        number = len(r.links().by_link(link.id)) + 1
        counting = _counting(r.links().submissions(link.slot))
    id = draft_id(link, number)
    with suppress(UnknownThing):
        return desk.uploads.batch(id)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    files = counting.files if counting is not None else ()
    kept = tuple(UploadedFile(f.name, f.size, "", f.sha256, kept=True) for f in files)
    begun = desk.uploads.begin_as(Batch(id, link.who, now, f"{BY_LINK} {link.id} {number}", kept))
    with suppress(UnknownThing):
        desk.straightener.take_along(desk.uploads.batch(draft_id(link, number - 1)), begun)
    return begun


def draft_id(link: Link, number: int) -> str:
    """`number` counts the drafts of a link from 1."""
    return f"{link.id}{number:0{_NUMBER_DIGITS}x}"


def number_of(batch: Batch) -> int:
    return int(batch.id[_LINK_DIGITS:], 16)


def looked_at(desk: Desk, link: Link, number: int) -> Batch:
    """The draft that somebody looked at, whose files have their numbers there. Raises Overtaken where it was handed in since."""
    batch = draft(desk, link)
    if number_of(batch) != number:
        raise Overtaken(
            say("this was handed in meanwhile, from another window or phone"),
            say("Here it is as it is now; nothing of yours was done."),
        )
    return batch


def add(desk: Desk, link: Link, file: UploadedFile) -> tuple[Batch, int]:
    """Announces a file; answers the draft that it is in, and its number there. Raises Refused.

    With its digest, if that is known, it is refused at once where it was handed in for another place.
    """
    _check_open(link)
    if file.sha256:
        with desk.parts.ledger.read() as r:
            check_new(r, link.slot, [file])
    batch = draft(desk, link)
    if not file.name.lower().endswith(ENDINGS):
        raise Refused(
            say("%(name)s: such files are not taken", name=file.name), say("Send %(what)s.", what=", ".join(ENDINGS))
        )
    there = [batch.files[n] for n in batch.ordered]
    known = any((f.name, f.size, f.stamp) == (file.name, file.size, file.stamp) for f in there)
    if len(there) >= link.most_pages and not known:
        raise Refused(say("more than %(n)s files", n=link.most_pages), say("Remove one first."))
    if sum(f.size for f in there) + file.size > link.most_bytes and not known:
        raise Refused(
            say("together more than %(mb)s MB", mb=link.most_bytes // 10**6), say("Remove one, or send a smaller one.")
        )
    n = desk.uploads.add(batch.id, replace(file, kept=False))
    return desk.uploads.batch(batch.id), n


def move(desk: Desk, link: Link, number: int, n: int, by: int) -> None:
    """Moves a file of draft `number` up (-1) or down (1). Raises Overtaken."""
    batch = looked_at(desk, link, number)
    order = batch.ordered
    if n in order and 0 <= order.index(n) + by < len(order):
        at = order.index(n)
        order.insert(at + by, order.pop(at))
        desk.uploads.put_in_order(batch.id, order)


def remove(desk: Desk, link: Link, number: int, n: int) -> None:
    """Takes a file out of draft `number`. Raises Overtaken, UnknownThing."""
    batch = looked_at(desk, link, number)
    desk.uploads.remove(batch.id, n)
    desk.straightener.forget(batch.id, n)


def pages_of(desk: Desk, batch: Batch) -> int:
    """How many pages the files of a draft have, as far as that is known: at least one each."""
    shown = [desk.straightener.shown(batch, n) for n in batch.ordered if desk.uploads.is_whole(batch, n)]
    return sum(max(1, one.pages) if one is not None else 1 for one in shown)


def hand_in(desk: Desk, link: Link, number: int, shown: Sequence[int]) -> Submission:
    """Hands in draft `number` of the link: the files that somebody saw in it, in this order, and no others.

    The same again is answered as it was. Raises Overtaken (other files are in it), Refused, UnknownThing, FolderUnavailable,
    LedgerFault.
    """
    id = draft_id(link, number)
    if _recorded(desk, link, number) is None:
        _check_open(link)
        batch = desk.uploads.batch(id)
        if batch.ordered != shown and sorted(batch.ordered) == sorted(shown):
            batch = desk.uploads.put_in_order(id, shown)
        _check_shown(batch, shown)
        pages = pages_of(desk, batch)
        if pages > link.most_pages:
            raise Refused(
                say("%(n)s pages; %(most)s may be handed in", n=pages, most=link.most_pages), say("Remove some first.")
            )
    return _finish(desk, link, number, shown)


def _check_shown(batch: Batch, shown: Sequence[int]) -> None:
    if batch.ordered == list(shown):
        return
    message = say("the pages were changed meanwhile, from another window or phone")
    if batch.handed_in:
        message = say("other pages were handed in meanwhile, from another window or phone")
    raise Overtaken(message, say("Here they are as they are now: look at them, and hand in again."))


def _finish(desk: Desk, link: Link, number: int, shown: Sequence[int]) -> Submission:
    again: list[str] = []
    id = draft_id(link, number)

    def record(tx: Transaction, batch: Batch) -> None:
        _check_shown(replace(batch, handed_in=""), shown)  # nobody else changes it any more
        again.extend(_record(desk, tx, link, number, batch))

    try:
        batch = desk.uploads.hand_in(desk.parts, id, record)
        desk.left.discard(id)
    except FolderUnavailable:
        if not _recorded(desk, link, number):
            raise
        batch = desk.uploads.batch(id)
        desk.left.add(id)  # it counts, and its bytes are safe: `try_again`
    _check_shown(batch, shown)
    submission = _recorded(desk, link, number)
    assert submission is not None
    with suppress(StoreFault):  # the next start makes up for it
        shelve_submission(desk.parts, submission)
    desk.resume(again)
    return submission


def _recorded(desk: Desk, link: Link, number: int) -> Submission | None:
    """What was handed in as draft `number` of a link, as the ledger has it."""
    with desk.parts.ledger.read() as r:
        return next(iter(r.links().by_link(link.id)[number - 1 : number]), None)


def _record(desk: Desk, tx: Transaction, link: Link, number: int, batch: Batch) -> list[str]:
    """Puts a submission on record; answers scans that are to be worked off again. Raises Refused."""
    links, slot = tx.links(), link.slot
    files = [batch.files[n] for n in batch.ordered]
    links.hold(slot, [f.sha256 for f in files])
    if len(links.by_link(link.id)) >= number:
        return []  # the process died before it could say so
    known = links.one(link.id)
    if known is None or known.ended is not None:
        raise Refused(say("this link opens nothing any more"), say("Ask the exam office."))
    check_new(tx, slot, files)
    now = datetime.now(UTC)
    late = deadline_of(link).missed(now) or tx.locked(link.test)
    version = max((s.version for s in links.submissions(slot)), default=0) + 1
    told: dict[str, Any] = {
        "test": link.test,
        "candidate": link.candidate,
        "question": link.question,
        "stack": batch.job,
    }
    told |= {"files": [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in files]}
    told |= {"handed_in": now.isoformat(timespec="milliseconds")}
    tx.append("submission_handed_in", link=link.id, version=version, late=late, by=link.who, **told)
    if not late:
        supersede(tx, slot, link.who, version)
    again = bring_back(tx, slot, link.who, desk.parts.folders.holder)
    if not late:
        reorder(tx, slot)
    return again


def handed_in_elsewhere(desk: Desk, link: Link, batch: Batch) -> set[int]:
    """The files of a draft that were handed in before, for another place, as far as they were looked at."""
    shown = {n: desk.straightener.shown(batch, n) for n in batch.ordered if desk.uploads.is_whole(batch, n)}
    with desk.parts.ledger.read() as r:
        return {n for n, one in shown.items() if one is not None and is_elsewhere(r, link.slot, one.sha256)}


def receipts(desk: Desk, link: Link) -> list[Receipt]:
    """What was handed in by this link, the newest first."""
    with desk.parts.ledger.read() as r:
        counting = _counting(r.links().submissions(link.slot))
        own = r.links().by_link(link.id)
        return [
            Receipt(s, counting is not None and s.id == counting.id, {f.sha256: r.pages(f.sha256) for f in s.files})
            for s in reversed(own)
        ]


def finish_left(desk: Desk) -> int:
    """Finishes what was put on record and not moved into the inbox, because a process died. Answers how many."""
    desk.uploads.sweep()
    done = sum(_finished(desk, batch) for batch in _left(desk.uploads))
    with suppress(StoreFault):
        shelve(desk.parts)
    return done


def try_again(desk: Desk) -> None:
    """Moves what the inbox did not take before."""
    for id in list(desk.left):
        _finished(desk, desk.uploads.batch(id))


def _left(uploads: Uploads) -> Iterator[Batch]:
    for batch in uploads.batches(None):
        if uploads.path(batch.id, 0).parent.exists():
            yield batch


def _finished(desk: Desk, batch: Batch) -> bool:
    with desk.parts.ledger.read() as r:
        link = r.links().one(batch.id[:_LINK_DIGITS])
    number = number_of(batch)
    if link is None or _recorded(desk, link, number) is None:
        return False
    with suppress(Fault):
        _finish(desk, link, number, batch.ordered)
        return batch.id not in desk.left
    return False


def _check_open(link: Link) -> None:
    if deadline_of(link).standing(datetime.now(UTC)) is Standing.SHUT:
        raise Refused(say("the deadline is long over"), say("Ask the exam office."))


def _counting(submissions: list[Submission]) -> Submission | None:
    return next((s for s in reversed(submissions) if not s.late), None)
