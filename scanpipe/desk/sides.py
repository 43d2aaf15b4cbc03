"""Both sides of a sheet of paper, once both are on record: filed together, or held together.

It is asked after a file was worked off, by whoever did that; the page that was on record last sees the other one. Everything that
is decided of two pages is one transaction, and can be asked again: a process that is killed leaves pages that are held as they
were, or placed, with the picture on its way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from scanpipe.desk.backs import front_of, is_back, is_duplex, is_stray, other_side
from scanpipe.desk.deciding import finish_decision, was_held
from scanpipe.desk.decisions import of_rehearsal, told_slot
from scanpipe.desk.numbering import add_marked
from scanpipe.desk.parts import Parts
from scanpipe.desk.recording import evidence_json, key_in_slot
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.events_pages import PAGE_COLUMNS
from scanpipe.ledgers.queue import Row
from scanpipe.model import Claims, Filed, Held, PageId, PageRecord, Reason, ScanRecord
from scanpipe.stages.marked import not_possible
from scanpipe.stages.sides import Side, backs_are_certain, compare_sides, pairs_are_whole, waits
from scanpipe.stages.validate import closed_question, validate

_AT_ONCE = 40
"""So many pages are decided of in one transaction."""


def settle_sides(parts: Parts, scan: ScanRecord, pages: Sequence[PageRecord]) -> bool:
    """Decides what can be decided of these pages of a scan; True if anything may have been. Raises LedgerFault, StoreFault."""
    waiting = [p for p in pages if waits(p) or was_held(p)]
    backs = [p for p in pages if is_back(p)]
    strays = [p for p in pages if is_stray(p)]
    if not waiting and not backs and not strays:
        return False
    with parts.ledger.read() as r:
        scan = r.scan(scan.scan) or scan  # who took it in did not know yet how many pages it has
    for page in strays:
        parts.ledger.write(lambda tx, page=page: recognise(tx, page.id, front_of(parts, tx, scan, page.page)))  # type: ignore[misc]
    placed: list[PageRecord] = [p for p in waiting if was_held(p)]
    if len(pages) > 1:
        placed += _settled(parts, [(page, scan) for page in pages])
    if backs and len(pages) > 1 and is_duplex(parts, scan.file):
        placed += parts.ledger.write(lambda tx: file_backs(tx, [(page, scan) for page in tx.pages(scan.scan)]))
    for record in placed:
        finish_decision(parts, record)
    return True


def settle_singly(parts: Parts, rows: Sequence[Row]) -> None:
    """Decides of files of one page each, in their order, when nothing of their stack is on its way and nothing more comes: before
    that a page may be missing, or be a separator that is not read yet, and all pairs be those of two papers.
    """
    first = rows[0][1].position if rows else 0
    without_gap = takewhile(lambda n: rows[n][1].pages == 1 and rows[n][1].position == first + n, range(len(rows)))
    for record in _settled(parts, [rows[n] for n in without_gap]):
        finish_decision(parts, record)


def _settled(parts: Parts, rows: Sequence[Row]) -> list[PageRecord]:
    """What becomes of the pages of a file, or of a stack, that wait for their other sides; answers those that are placed now."""
    if not pairs_are_whole([side_of(page) for page, _ in rows]):
        return []
    waiting = [(page.id, scan) for page, scan in rows if waits(page)]
    placed: list[PageRecord] = []
    for start in range(0, len(waiting), _AT_ONCE):
        some = waiting[start : start + _AT_ONCE]
        placed += parts.ledger.write(lambda tx, some=some: [p for id, scan in some for p in _settle(tx, scan, id)])  # type: ignore[misc]
    return placed


def _settle(tx: Transaction, record: ScanRecord, id: PageId) -> list[PageRecord]:
    other = other_side(tx, record, id.index)
    if other is None:
        return []
    both = [tx.page(one) for one in sorted([id, other.id])]  # locked in one order, whoever comes first
    page, beside = (next(p for p in both if p is not None and p.id == one) for one in (id, other.id))
    if not waits(page):
        return []
    answer = compare_sides(page, beside)
    if answer == "unknown":
        return []
    mine = sorted((p for p in (page, beside) if waits(p)), key=lambda p: p.side or 0)
    if answer == "apart":
        for p in mine:
            _hold(tx, p, Reason.SIDES_DISAGREE, {"other": str((beside if p is page else page).id)})
        return []
    empty = _is_empty(page) and _is_empty(beside)  # a sheet with something on one side takes its place
    for n, p in enumerate(mine):
        problem = _release(tx, p, _claims(p), _also(tx, beside if p is page else page), empty or (p.side or 1) > 1)
        if problem is not None:  # what is wrong with one side is wrong with the sheet
            for q in mine[n:]:
                _hold(tx, q, problem.reason, problem.evidence)
            mine = mine[:n]
            break
    return [p for p in (_again(tx, p) for p in mine) if p.state == "placing"]


def _is_empty(page: PageRecord) -> bool:
    return bool(json.loads(page.evidence or "{}").get("empty"))


def _also(tx: Transaction, front: PageRecord) -> dict[str, Any]:
    """The further questions that a back lies in by its front: the paper does."""
    lies = _again(tx, front).state in ("placing", "filed")
    further = [slot.question for slot in tx.decisions().also(front.id)] if lies else []
    return {"also": further} if further else {}


def side_of(page: PageRecord) -> Side:
    return Side(page.state, page.reason, page.serial, page.side)


def _claims(page: PageRecord) -> Claims:
    return Claims(page.test, page.candidate, page.question, page.serial, page.side)


def recognise(tx: Transaction, id: PageId, front: PageRecord | None) -> None:
    """A page that was held for want of codes is a back, now that its front is known."""
    page = tx.page(id)
    if page is not None and is_stray(page) and front is not None:
        known = replace(page, test=front.test if front.state in ("filed", "placing") else None)
        _hold(tx, known, Reason.BACK_OF, {})


def file_backs(tx: Transaction, rows: Sequence[Row]) -> list[PageRecord]:
    """Files what is written on backs with their fronts, where all of a file, or of a stack at its end, leaves no doubt."""
    pages = [_again(tx, page) for page, _ in rows]
    sides = [side_of(page) for page in pages]
    agreed = [agrees for scan in {s.scan: s for _, s in rows}.values() for agrees in _counts(tx, scan)]
    if not backs_are_certain(sides, counted=bool(agreed)) or not all(agreed):
        return []
    placed = []
    for front, back in zip(pages[::2], pages[1::2], strict=True):
        known = front.state == "filed" or (front.state == "blank" and front.serial is not None)
        locked = tx.page(back.id)
        if not known or front.side is not None or locked is None or not is_back(locked):
            continue
        claims = Claims(front.test, front.candidate, front.question, front.serial, 2)
        if _release(tx, locked, claims, {"back_of": str(front.id), **_also(tx, front)}, True) is None:
            placed.append(_again(tx, locked))
    return [p for p in placed if p.state == "placing"]


def _counts(tx: Transaction, scan: ScanRecord) -> list[bool]:
    """Of each count that somebody gave of the stack: have just as many sheets come? Two that were fed at once are one too few."""
    counts = {name: count for name, _, count in tx.expected().stack_counts()}
    file = tx.spans().of_file(scan)
    names = {name: counts.get(name) for name in (scan.stack, *([file.name] if file else []))}
    for span in tx.spans().of(scan.stack):
        printed = tx.spans().printed(span.serial)
        inside = span.first[0] <= scan.position and (span.end is None or scan.position <= span.end[0])
        if inside:
            names[span.name] = counts.get(span.name, printed.count if printed else None)
    standings = tx.notices().standings
    return [standings.sheets_in(name) == count for name, count in names.items() if count is not None]


def _release(
    tx: Transaction, page: PageRecord, claims: Claims, more: Mapping[str, Any], counts_empty: bool
) -> Held | None:
    """Files a held page, or counts it as empty (`counts_empty`: it may be), if the rules still allow it; else answers why not."""
    evidence = json.loads(page.evidence or "{}") | more
    verdict = _validated(tx, page, claims, evidence)
    if isinstance(verdict, Held):
        return replace(verdict, evidence={k: v for k, v in verdict.evidence.items() if k not in evidence})
    marked = evidence.get("also", ()) if claims.side != 2 else ()  # a back takes no place beside its front
    closed = closed_question(verdict.slot, marked, lambda further: tx.facts(further, page.id))
    if closed is not None:  # the slot was not full yet when the page began to wait
        return Held(Reason.MARKS_UNCLEAR, {"marked": marked, "detail": not_possible(closed)}, claims)
    columns = _columns(page) | _filed(verdict)
    definition = tx.definition(verdict.slot.test)
    counted = definition is not None and definition.empty_sheets == "count"
    if counts_empty and counted and evidence.get("empty"):
        tx.append("page_blank", scan=page.scan, page=page.page, paired=True, **columns)
        return None
    told = evidence_json(evidence | {"held_key": page.key})
    columns |= {"key": key_in_slot(verdict.slot, verdict.serial, page), "evidence": told}
    tx.append("page_placing", scan=page.scan, page=page.page, paired=True, **columns)
    add_marked(tx, page.id, verdict)
    return None


def _validated(tx: Transaction, page: PageRecord, claims: Claims, evidence: Mapping[str, Any]) -> Filed | Held:
    facts = replace(tx.facts(claims, page.id), rehearsal=of_rehearsal(tx, page, claims.serial))
    return validate(claims, facts, evidence)


def _hold(tx: Transaction, page: PageRecord, reason: Reason, more: Mapping[str, Any]) -> None:
    evidence = evidence_json(json.loads(page.evidence or "{}") | more)
    columns = _columns(page) | {"reason": str(reason), "evidence": evidence}
    tx.append("page_held", scan=page.scan, page=page.page, paired=True, **columns)


def _filed(verdict: Filed) -> dict[str, Any]:
    return told_slot(verdict.slot) | {
        "serial": verdict.serial,
        "side": verdict.side,
        "revision": verdict.revision,
        "reason": None,
    }


def _columns(page: PageRecord) -> dict[str, Any]:
    return {name: getattr(page, name) for name in PAGE_COLUMNS}


def _again(tx: Transaction, page: PageRecord) -> PageRecord:
    record = tx.page(page.id)
    assert record is not None
    return record
