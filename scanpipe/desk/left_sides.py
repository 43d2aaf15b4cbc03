"""Sides that a process left behind, and backs that came as files of their own: looked at while the watcher has a moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from scanpipe.desk.backs import is_duplex, is_stray, other_side
from scanpipe.desk.deciding import finish_decision, finish_decisions
from scanpipe.desk.parts import Parts
from scanpipe.desk.sides import file_backs, recognise, settle_sides, settle_singly, side_of
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.queue import Filter, Row
from scanpipe.model import Reason
from scanpipe.stages.sides import looks_two_sided

_REASONS = (Reason.OTHER_SIDE_MISSING, Reason.BACK_OF)
_MOST = 20_000
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)
"""The name of a file by its last number."""
_LEFT_S = 30.0
"""What is not carried out after so long was not: the store was away, or the process."""


class LeftSides:
    """What a process left behind that died between a file's last page and the look at both sides; and whose pictures are on their
    way since. Each page is looked at once: when its other side comes, whoever takes that in looks again.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._seen: set[int] = set()
        self._strays_after = 0
        self._with_strays: set[str] = set()
        self._ended: dict[str, str] = {}

    def look(self, over: bool = False) -> None:
        """`over`: nothing more comes. Raises LedgerFault, StoreFault."""
        with self._parts.ledger.read() as r:
            found = [row for reason in _REASONS for row in r.queue().held(Filter(reason=reason), _MOST)]
            new = {scan.scan: scan for page, scan in found if page.event not in self._seen}
            new |= {scan.scan: scan for _, scan in self._strays(r)}
            scans = [(scan, r.pages(scan.scan)) for _, scan in sorted(new.items())]
        for scan, pages in scans:
            if all(page.settled for page in pages):
                settle_sides(self._parts, scan, pages)
                self._seen |= {page.event for page in pages}
        singly = {scan.stack for _, scan in found if scan.pages == 1}
        for stack in sorted(singly | self._with_strays):
            self._at_its_end(stack, over)
        finish_decisions(self._parts, _LEFT_S)

    def _strays(self, r: Transaction) -> list[Row]:
        """Pages without codes that were held since, and may be backs: until the page beside is settled, or does not come."""
        rows = r.queue().held(Filter(reason=Reason.NO_CODES), _MOST, self._strays_after)
        for page, scan in rows:
            beside = other_side(r, scan, page.page) if is_stray(page) else page
            if self._is_new(page.at) and (beside is None or not beside.settled):
                break
            self._strays_after = page.event
        strays = [row for row in rows if is_stray(row[0])]
        self._with_strays |= {scan.stack for _, scan in strays if scan.pages == 1}
        return strays

    def _is_new(self, at: str) -> bool:
        """May more of its stack come?"""
        return datetime.now(UTC) - datetime.fromisoformat(at) < timedelta(seconds=self._parts.stack_silent_s)

    def _at_its_end(self, stack: str, over: bool) -> None:
        """Backs that came as files of their own, when the stack is at its end: each time it is."""
        with self._parts.ledger.read() as r:
            last = r.figures().last_came(stack)
            if last is None or self._ended.get(stack) == last:
                self._with_strays.discard(stack)
                return
            receipt = r.figures().receipt(stack) if over or not self._is_new(last) else None
            moving = receipt is None or receipt.states.get("waiting") or receipt.states.get("placing")
            if moving or r.queue().unopened(stack):
                return
            spans = r.spans().of(stack)
            whole = r.queue().stack(stack)
            first = spans[0].first if spans else None
            before = [row for row in whole if first is None or (row[1].position, row[0].page) < first]
            units = [before, *(r.queue().stack(span.name) for span in spans)]
        for unit in units:
            settle_singly(self._parts, unit)
            rows = numbered(unit)
            self._parts.ledger.write(lambda tx, rows=rows: _recognise_every_second(tx, rows))  # type: ignore[misc]
            if rows and all(is_duplex(self._parts, scan.file) for _, scan in rows):
                for record in self._parts.ledger.write(lambda tx, rows=rows: file_backs(tx, rows)):  # type: ignore[misc]
                    finish_decision(self._parts, record)
        self._ended[stack] = last
        self._with_strays.discard(stack)


def _recognise_every_second(tx: Transaction, rows: Sequence[Row]) -> None:
    """Files of one page each, of which only every second one has codes: both sides were scanned, whatever the scanner is."""
    if looks_two_sided([side_of(page) for page, _ in rows]):
        for (front, _), (back, _) in zip(rows[::2], rows[1::2], strict=False):
            recognise(tx, back.id, front if front.serial is not None else None)


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
