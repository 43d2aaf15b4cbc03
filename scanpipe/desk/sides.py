"""Both sides of a sheet of paper, once both are on record: filed together, or held together.

It is asked after a file was worked off, by whoever did that; the page that was on record last sees the other one. Everything that
is decided of two pages is one transaction, and can be asked again: a process that is killed leaves pages that are held as they
were, or placed, with the picture on its way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from scanpipe.desk.backs import is_back, is_duplex, other_side
from scanpipe.desk.deciding import finish_decision, finish_decisions, was_held
from scanpipe.desk.decisions import of_rehearsal, told_slot
from scanpipe.desk.numbering import add_marked
from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.events_pages import PAGE_COLUMNS
from scanpipe.ledgers.figures import Receipt
from scanpipe.ledgers.queue import Filter, Row
from scanpipe.model import Claims, Filed, Held, PageId, PageRecord, Reason, ScanRecord
from scanpipe.stages.sides import Side, backs_are_certain, compare_sides, pairs_are_whole, waits
from scanpipe.stages.validate import validate

_REASONS = (Reason.OTHER_SIDE_MISSING, Reason.BACK_OF)
_MOST = 20_000
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)
"""The name of a file by its last number."""
_LEFT_S = 30.0
"""What is not carried out after so long was not: the store was away, or the process."""


def settle_sides(parts: Parts, scan: ScanRecord, pages: Sequence[PageRecord]) -> bool:
    """Decides what can be decided of these pages of a scan; True if anything may have been. Raises LedgerFault, StoreFault."""
    waiting = [p for p in pages if waits(p) or was_held(p)]
    backs = [p for p in pages if is_back(p)]
    if not waiting and not backs:
        return False
    placed: list[PageRecord] = [p for p in waiting if was_held(p)]
    for page in (p for p in waiting if waits(p)):
        placed += parts.ledger.write(lambda tx, page=page: _settle(tx, scan.scan, page.id))  # type: ignore[misc]
    if backs and len(pages) > 1 and is_duplex(parts, scan.file):
        placed += parts.ledger.write(lambda tx: _file_backs(tx, [(page, scan) for page in tx.pages(scan.scan)]))
    for record in placed:
        finish_decision(parts, record)
    return True


class LeftSides:
    """What a process left behind that died between a file's last page and the look at both sides; and whose pictures are on their
    way since. Each page is looked at once: when its other side comes, whoever takes that in looks again.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._seen: set[int] = set()
        self._ended: dict[str, str] = {}

    def look(self, over: bool = False) -> None:
        """`over`: nothing more comes. Raises LedgerFault, StoreFault."""
        with self._parts.ledger.read() as r:
            found = [row for reason in _REASONS for row in r.queue().held(Filter(reason=reason), _MOST)]
            new = {scan.scan: scan for page, scan in found if page.event not in self._seen}
            scans = [(scan, r.pages(scan.scan)) for _, scan in sorted(new.items())]
        for scan, pages in scans:
            if all(page.settled for page in pages):
                settle_sides(self._parts, scan, pages)
                self._seen |= {page.event for page in pages}
        for stack in sorted({scan.stack for page, scan in found if is_back(page) and scan.pages == 1}):
            self._at_its_end(stack, over)
        finish_decisions(self._parts, _LEFT_S)

    def _at_its_end(self, stack: str, over: bool) -> None:
        """Backs that came as files of their own, when the stack is at its end: each time it is."""
        with self._parts.ledger.read() as r:
            receipt = r.figures().receipt(stack)
            if receipt is None or self._ended.get(stack) == receipt.last or not self._is_quiet(receipt, over):
                return
            spans = r.spans().of(stack)
            if receipt.states.get("waiting") or receipt.states.get("placing") or r.queue().unopened(stack):
                return
            units = [numbered(r.queue().stack(name)) for name in ([span.name for span in spans] or [stack])]
        for rows in units:
            if rows and all(is_duplex(self._parts, scan.file) for _, scan in rows):
                for record in self._parts.ledger.write(lambda tx, rows=rows: _file_backs(tx, _now(tx, rows))):  # type: ignore[misc]
                    finish_decision(self._parts, record)
        self._ended[stack] = receipt.last

    def _is_quiet(self, receipt: Receipt, over: bool) -> bool:
        """Has nothing of the stack come for as long as the settings say?"""
        silent = datetime.now(UTC) - datetime.fromisoformat(receipt.last)
        return over or silent >= timedelta(seconds=self._parts.stack_silent_s)


def numbered(rows: Sequence[Row]) -> list[Row]:
    """Pages that came as files of their own, in the order of the numbers in their names; none where these have a gap, or where it
    is not plain which they are: then nobody can tell which page is the back of which.
    """
    found: dict[tuple[str, int], Row] = {}
    for row in rows:
        name = _NUMBERED.fullmatch(row[1].file)
        if name is None or row[1].pages != 1 or row[0].state == "split":
            return []
        found[f"{name[1]}/{name[3]}", int(name[2])] = row
    numbers = sorted(found)
    first = numbers[0][1] if numbers else 0
    whole = len(found) == len(rows) and len({way for way, _ in numbers}) == 1
    return (
        [found[n] for n in numbers] if whole and [n for _, n in numbers] == [*range(first, first + len(rows))] else []
    )


def _now(tx: Transaction, rows: Sequence[Row]) -> list[Row]:
    return [(_again(tx, page), scan) for page, scan in rows]


def _settle(tx: Transaction, scan: str, id: PageId) -> list[PageRecord]:
    """What becomes of a page that waits for its other side; answers those that are placed now."""
    record = tx.scan(scan)
    assert record is not None
    other = other_side(tx, record, id.index)
    if other is None:
        return []
    both = [tx.page(one) for one in sorted([id, other.id])]  # locked in one order, whoever comes first
    page, beside = (next(p for p in both if p is not None and p.id == one) for one in (id, other.id))
    if not waits(page):
        return []
    answer = compare_sides(page, beside)
    if answer == "unknown" or not _pairs_are_whole(tx, record):
        return []
    mine = sorted((p for p in (page, beside) if waits(p)), key=lambda p: p.side or 0)
    if answer == "apart":
        for p in mine:
            _hold(tx, p, Reason.SIDES_DISAGREE, {"other": str((beside if p is page else page).id)})
        return []
    front, *back = mine
    if _release(tx, front, _claims(front)):
        done = [front, *(p for p in back if _release(tx, p, _claims(p)))]
        return [p for p in (_again(tx, p) for p in done) if p.state == "placing"]
    for p in back:  # what is wrong with the front is wrong with the sheet
        verdict = _validated(tx, p, _claims(p), {})
        if isinstance(verdict, Held):
            _hold(tx, p, verdict.reason, verdict.evidence)
    return []


def _pairs_are_whole(tx: Transaction, scan: ScanRecord) -> bool:
    """Of the file; of one with a single page: of what came of its stack since the separator."""
    if (scan.pages or 0) > 1:
        return pairs_are_whole([_side(page) for page in tx.pages(scan.scan)], ended=True)
    span = tx.spans().holding(scan.stack, (scan.position, 1))
    rows = tx.queue().stack(scan.stack if span is None else span.name)
    without_gap = takewhile(
        lambda n: rows[n][1].pages == 1 and rows[n][1].position == rows[0][1].position + n, range(len(rows))
    )
    return pairs_are_whole([_side(rows[n][0]) for n in without_gap], ended=False)


def _side(page: PageRecord) -> Side:
    return Side(page.state, page.reason, page.serial, page.side)


def _claims(page: PageRecord) -> Claims:
    return Claims(page.test, page.candidate, page.question, page.serial, page.side)


def _file_backs(tx: Transaction, rows: Sequence[Row]) -> list[PageRecord]:
    """Files what is written on backs with their fronts, where all of a file, or of a stack at its end, leaves no doubt."""
    pages = [page for page, _ in rows]
    sides = [_side(page) for page in pages]
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
        if _release(tx, locked, claims, {"back_of": str(front.id)}):
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


def _release(tx: Transaction, page: PageRecord, claims: Claims, more: Mapping[str, Any] | None = None) -> bool:
    """Files a held page, or counts it as empty, if the rules still allow it; else it is held for what they say."""
    evidence = json.loads(page.evidence or "{}") | (more or {})
    verdict = _validated(tx, page, claims, evidence)
    if isinstance(verdict, Held):
        if more is None:
            _hold(tx, page, verdict.reason, {k: v for k, v in verdict.evidence.items() if k not in evidence})
        return False
    columns = _columns(page) | _filed(verdict)
    definition = tx.definition(verdict.slot.test)
    if evidence.get("empty") and definition is not None and definition.empty_sheets == "count":
        tx.append("page_blank", scan=page.scan, page=page.page, paired=True, **columns)
        return True
    assert page.key is not None and page.sha256 is not None
    name = f"{verdict.serial}-{page.sha256[:12]}.{page.key.rsplit('.', 1)[-1]}"
    told = _json(evidence | {"held_key": page.key})
    columns |= {"key": verdict.slot.key(name), "evidence": told}
    tx.append("page_placing", scan=page.scan, page=page.page, paired=True, **columns)
    add_marked(tx, page.id, verdict)
    return True


def _validated(tx: Transaction, page: PageRecord, claims: Claims, evidence: Mapping[str, Any]) -> Filed | Held:
    facts = replace(tx.facts(claims, page.id), rehearsal=of_rehearsal(tx, page, claims.serial))
    return validate(claims, facts, evidence)


def _hold(tx: Transaction, page: PageRecord, reason: Reason, more: Mapping[str, Any]) -> None:
    evidence = _json(json.loads(page.evidence or "{}") | more)
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


def _json(evidence: Mapping[str, Any]) -> str:
    return json.dumps(evidence, ensure_ascii=False, sort_keys=True, default=str)
