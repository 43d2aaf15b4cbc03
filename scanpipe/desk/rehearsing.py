"""A rehearsal: sheets are printed, scanned as on a real evening, and here is told what that evening would meet."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scanpipe.desk.parts import Parts
from scanpipe.desk.printing import plan_sheets
from scanpipe.desk.sources import is_weak
from scanpipe.faults import Refused
from scanpipe.ledgers import Transaction
from scanpipe.model import PageRecord, Sheet, TestDefinition
from scanpipe.sheets import PlannedSheet, Selection

_ON_THE_WAY = ("waiting", "placing")
_LARGE_SKEW_DEG = 2.0


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What became of the sheets of a rehearsal. `held` counts by reason; `others` are pages of the test with another serial or
    none. `wait_s` are the seconds from taking a file in until its page was settled: usual and longest. `skewed` sheets stand
    more than 2° askew, of `weak` ones not every code was read at first sight.
    """

    printed: int
    filed: int
    empty: int
    held: dict[str, int]
    on_the_way: int
    missing: tuple[str, ...]
    others: int
    twice: int
    wait_s: tuple[float, float] | None
    dpi: int | None
    skewed: int
    weak: int

    @property
    def over(self) -> bool:
        """Has every sheet come, and been worked off?"""
        return not self.missing and not self.on_the_way


def plan_rehearsal(parts: Parts, definition: TestDefinition, candidates: int) -> list[PlannedSheet]:
    """The sheets of the first candidates, by number. Raises Refused (it is a real test), and what `sheets.plan` does."""
    if not definition.rehearsal:
        raise Refused(
            f"{definition.id} is a real test.",
            "Copy its definition, give it an id of its own and `rehearsal: true`, and add it: scanpipe tests add FILE.",
        )
    chosen = [c.number for c in definition.candidates[:candidates]]
    return plan_sheets(parts, definition, Selection(candidates=chosen), order="number")


def printed_last(parts: Parts, definition: TestDefinition) -> list[Sheet]:
    """The sheets that were printed last for the test."""
    with parts.ledger.read() as r:
        events = [json.loads(e.data) for e in r.events_of("sheets_printed")]
        rows: list[Any] = next((e["sheets"] for e in reversed(events) if e["test"] == definition.id), [])
        return [sheet for row in rows if (sheet := r.printed(row[0])) is not None]


def look(parts: Parts, definition: TestDefinition, sheets: Sequence[Sheet]) -> Rehearsed:
    """How it stands now. Raises LedgerFault."""
    serials = {s.serial for s in sheets}
    with parts.ledger.read() as r:
        pages = [p for p in r.pages_of_test(definition.id) if p.state not in ("discarded", "withdrawn")]
        own = [p for p in pages if p.serial in serials]
        waits = [_wait_s(r, p) for p in own if p.state not in _ON_THE_WAY]
    scans = Counter((page.serial, page.side or 1) for page in own)
    evidence = [json.loads(p.evidence or "{}") for p in own]
    dpis = [p.dpi for p in own if p.dpi]
    return Rehearsed(
        printed=len(serials),
        filed=sum(p.state == "filed" and p.side != 2 for p in own),
        empty=sum(bool(e.get("empty")) for e in evidence),
        held=dict(Counter(p.reason or "" for p in own if p.state == "held")),
        on_the_way=sum(p.state in _ON_THE_WAY for p in own),
        missing=tuple(sorted(serials - {str(serial) for serial, _ in scans})),
        others=len(pages) - len(own),
        twice=sum(n > 1 for n in scans.values()),
        wait_s=(round(statistics.median(waits), 1), round(max(waits), 1)) if waits else None,
        dpi=round(statistics.median(dpis)) if dpis else None,
        skewed=sum(abs(p.skew_deg or 0) > _LARGE_SKEW_DEG for p in own),
        weak=_weak(evidence),
    )


def _weak(evidence: Iterable[dict[str, Any]]) -> int:
    return sum(is_weak(e) for e in evidence if e.get("codes"))


def _wait_s(tx: Transaction, page: PageRecord) -> float:
    scan = tx.scan(page.scan)
    assert scan is not None
    return (datetime.fromisoformat(page.at) - datetime.fromisoformat(scan.at)).total_seconds()
