"""What a person sees of a held page: the page, its neighbours in the stack, and the suggestions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from scanpipe.codes import LABELS, Kind
from scanpipe.desk.backs import other_side
from scanpipe.desk.deciding import contradiction
from scanpipe.desk.decisions import of_rehearsal
from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.decisions import DecisionRecord
from scanpipe.ledgers.queue import Filter, Row
from scanpipe.model import Claims, PageId, PageRecord, ScanRecord, Sheet, Slot, TestDefinition
from scanpipe.stages.shaded import Coded, most_likely
from scanpipe.stages.suggest import Known, Neighbour, Suggestion, suggest

SPOKEN_AGAINST = ("pack", "label")
"""Grounds of suggestions that a code on the page contradicts: a person sees that, and confirms by a second act."""
NEVER_IN_RUNS = (*SPOKEN_AGAINST, "shaded")
"""Each of these is looked at by itself."""
_NEIGHBOURS = 2
_LABELS = (("authentic", "candidate_label"), ("plain", None))
_OF_NOBODY = {kind.name.lower() for kind in (Kind.PAD, Kind.OPEN, Kind.GENERIC, *LABELS)}
"""Codes of sheets that are anybody's."""


@dataclass(frozen=True, slots=True)
class SheetView:
    """A page with all that helps to decide about it. `others` are the other scans of its serial."""

    page: PageRecord
    scan: ScanRecord
    evidence: Mapping[str, Any]
    before: list[Row]
    after: list[Row]
    suggestions: list[Suggestion]
    definition: TestDefinition | None
    others: list[Row]
    decisions: list[DecisionRecord]
    also: list[Slot]
    for_nobody: bool
    """Printed for nobody, as far as it is known: of a pad, spare, generic."""
    of_other_day: bool
    """Printed for a rehearsal, and its test is a real one, or the other way round: it can be assigned to no slot of the test."""

    @property
    def in_runs(self) -> bool:
        """May its first suggestion be taken together with those of the pages after it?"""
        return bool(self.suggestions) and self.suggestions[0].ground not in NEVER_IN_RUNS

    @property
    def first(self) -> PageRecord | None:
        """The filed scan of the same sheet, which is compared with this one where the sheet was seen before."""
        if self.page.reason != "sheet_seen_before" or self.page.state != "held" or not self.page.key:
            return None
        return next((p for p, _ in self.others if p.state == "filed" and p.key), None)


def view_sheet(tx: Transaction, id: PageId) -> SheetView | None:
    """The page and what is around it; None where there is no such page."""
    page, scan = tx.page(id), tx.scan(id.scan)
    if page is None or scan is None:
        return None
    before, after = tx.queue().neighbours(scan, page.page, _NEIGHBOURS)
    evidence = json.loads(page.evidence or "{}")
    definition = tx.definition(page.test) if page.test else None
    others = tx.queue().same_serial(page.serial, page.side, id) if page.serial else []
    return SheetView(
        page,
        scan,
        evidence,
        before,
        after,
        _suggestions(tx, page, scan, evidence, before, after),
        definition,
        others,
        tx.decisions().about(id),
        tx.decisions().also(id),
        _for_nobody(tx, page),
        definition is not None and of_rehearsal(tx, page, page.serial) not in (None, definition.rehearsal),
    )


def suggestions_for(tx: Transaction, id: PageId) -> list[Suggestion]:
    """The suggestions for a page, the one with the best ground first."""
    view = view_sheet(tx, id)
    return view.suggestions if view is not None else []


def next_held(tx: Transaction, wanted: Filter, event: int, busy: set[PageId]) -> PageRecord | None:
    """The held page after that of this event, from the start again at the end; none that somebody else has open."""
    for after in (event, 0):
        for page, _ in tx.queue().held(wanted, 1 + len(busy), after):
            if page.id not in busy and page.event != event:
                return page
    return None


def _suggestions(
    tx: Transaction,
    page: PageRecord,
    scan: ScanRecord,
    evidence: Mapping[str, Any],
    before: list[Row],
    after: list[Row],
) -> list[Suggestion]:
    known = Known(
        Claims(page.test, page.candidate, page.question, page.serial, page.side),
        [_beside(tx, page, p) for p, _ in reversed(before) if p.state == "filed"],
        [_beside(tx, page, p) for p, _ in after if p.state == "filed"],
        tx.printed(page.serial) if page.serial else None,
        evidence.get("nearest", ()) if page.reason == "unknown_candidate" else (),
        evidence.get("handed_to") if page.reason == "pack_exchanged" else None,
        _named_in_print(tx, page),
        bool(before and after) and before[-1][0].state == after[0][0].state == "filed",
        _likely(tx, page, evidence) if page.reason == "shaded_code_unclear" else (),
        Claims(**names) if (names := evidence.get("upload", {}).get("names")) else None,
        _front(tx, page, scan) if page.reason == "back_of" else None,
        _labels(evidence) if page.reason == "codes_disagree" else (),
    )
    if page.state == "filed" or page.key is None or page.reason in ("sheet_seen_before", "rehearsal"):
        return []  # what has no picture has nothing that could lie in a slot
    found = suggest(known, tx.printed, lambda claims: tx.facts(claims, page.id))
    return [s for s in found if s.ground in SPOKEN_AGAINST or not contradiction(tx, page, _claims(s.slot))]


def _likely(tx: Transaction, page: PageRecord, evidence: Mapping[str, Any]) -> list[Coded]:
    """The codes nearest to what is shaded, of the page's test where its code names one."""
    shaded = evidence.get("shaded", {})
    if not shaded.get("fills"):
        return []
    given_out = tx.shaded().of_test(page.test) if page.test else tx.shaded().all()
    return [likely.coded for likely in most_likely(shaded["fills"], shaded["digits"], given_out)]


def _labels(evidence: Mapping[str, Any]) -> list[str]:
    """The candidates whose labels are stuck on the sheet, where they are several: as they were read."""
    codes = [c for c in evidence.get("codes", []) if (c["standing"], c.get("kind")) in _LABELS]
    said = dict.fromkeys(c["claims"]["candidate"] for c in codes if "candidate" in c["claims"])
    return list(said) if len(said) > 1 else []


def _front(tx: Transaction, page: PageRecord, scan: ScanRecord) -> Neighbour | None:
    """The front of the same sheet of paper, if it is filed."""
    front = other_side(tx, scan, page.page)
    return _neighbour(front) if front is not None and front.state == "filed" else None


def _named_in_print(tx: Transaction, page: PageRecord) -> Sheet | None:
    serial = tx.prints().serial(page.sha256) if page.sha256 and page.serial is None else None
    return tx.printed(serial) if serial is not None else None


def _claims(slot: Slot) -> Claims:
    return Claims(slot.test, slot.candidate, slot.question)


def _beside(tx: Transaction, page: PageRecord, other: PageRecord) -> Neighbour:
    """What a page beside this one tells of it: of whose it is nothing, where either sheet was printed for nobody."""
    alone = _for_nobody(tx, page) or _for_nobody(tx, other)
    return replace(_neighbour(other), candidate=None) if alone else _neighbour(other)


def _for_nobody(tx: Transaction, page: PageRecord) -> bool:
    """Was its sheet printed for nobody: of a pad, spare, generic? In a stack of those each is another person's."""
    kinds = {code.get("kind") for code in json.loads(page.evidence or "{}").get("codes", [])}
    sheet = tx.printed(page.serial) if page.serial else None
    return bool(kinds & _OF_NOBODY) or (sheet is not None and sheet.for_nobody)


def _neighbour(page: PageRecord) -> Neighbour:
    return Neighbour(page.test, page.candidate, page.question, page.serial)


def note_view(parts: Parts, page: PageId, by: str) -> None:
    """Puts on record that a person is shown the drawing. The next commit carries it; nobody waits for that."""
    parts.ledger.hand_in(lambda tx: tx.append("drawing_viewed", scan=page.scan, page=page.index, by=by))


def note_here(parts: Parts, page: PageId, by: str) -> None:
    """Notes that a person has the page open; nobody waits for it."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    parts.ledger.hand_in(lambda tx: tx.sessions().look_at(page, by, at))
