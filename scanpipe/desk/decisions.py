"""Decisions of persons: put on record with what takes them back, and taken back.

A decision is one event, `decision_made`, followed in the same transaction by the events that it consists of. It carries their
inverse, so that undoing needs to know nothing about kinds of decisions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from scanpipe.desk.parts import Parts
from scanpipe.faults import Overtaken, Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.decisions import DecisionRecord, Inverse
from scanpipe.ledgers.events import PAGE_COLUMNS
from scanpipe.model import Claims, Held, PageId, PageRecord
from scanpipe.reasons import WORDING
from scanpipe.stages.validate import validate

_TO_LET_IN = "`scanpipe queue assign --late REASON` lets a late sheet in; `scanpipe tests unlock` opens all of them."


def page_or_fault(tx: Transaction, page: PageId) -> PageRecord:
    """Raises UnknownThing."""
    record = tx.page(page)
    if record is None:
        raise UnknownThing(f"there is no page {page}", "`scanpipe queue` lists the held pages by their names.")
    return record


def check_seen(tx: Transaction, record: PageRecord, seen: int | None) -> None:
    """`seen` is the `event` of the record that a person looked at. Raises Overtaken when it changed since."""
    if seen is None or record.event == seen:
        return
    standing = next((d for d in tx.decisions().about(record.id) if d.undone is None), None)
    who = f"{standing.by} decided: {standing.kind}" if standing else "it was worked on"
    raise Overtaken(
        f"page {record.id} is {record.state} meanwhile ({who})", "Look at it again; nothing of yours was done."
    )


def kept_beside(page: PageRecord) -> bool:
    """Did a person say that this scan is to be kept beside another one of its serial?"""
    return page.decided_by is not None and bool(json.loads(page.evidence or "{}").get("twice"))


def check_unlocked(tx: Transaction, test: str) -> None:
    """Raises Refused when grading of the test began."""
    if tx.locked(test):
        raise Refused(f"grading of {test} has begun: its slots are locked", _TO_LET_IN)


def make(
    tx: Transaction,
    kind: str,
    by: str,
    pages: Sequence[PageRecord],
    why: str | None = None,
    inverse: Inverse | None = None,
) -> int:
    """Puts a decision on record; `pages` as they are before. Without another `inverse`, they become again what they were."""
    back = [restoring(p) for p in pages] if inverse is None else inverse
    return tx.append(
        "decision_made",
        scan=pages[0].scan if len({p.scan for p in pages}) == 1 else None,
        page=pages[0].page if len(pages) == 1 else None,
        kind=kind,
        by=by,
        why=why,
        pages=[[p.scan, p.page] for p in pages],
        inverse=[list(e) for e in back],
    )


def restoring(page: PageRecord) -> tuple[str, str, int, dict[str, object]]:
    """The event that makes a page what this record says."""
    columns = {name: value for name, value in asdict(page).items() if name in PAGE_COLUMNS}
    return "page_restored", page.scan, page.page, columns | {"state": page.state}


def undo(parts: Parts, id: int, by: str) -> list[PageRecord]:
    """Takes a decision back; answers its pages as they are then. Raises UnknownThing, Refused."""

    def take_back(tx: Transaction) -> list[PageRecord]:
        decision = tx.decisions().one(id)
        if decision is None:
            raise UnknownThing(f"there is no decision {id}", "`scanpipe queue decisions` lists them.")
        pages = [page_or_fault(tx, p) for p in tx.decisions().pages(id)]
        _check_standing(tx, decision, pages)
        tx.append("decision_undone", scan=_scan(pages), page=None, decision=id, by=by)
        for type, scan, index, data in decision.takes_back:
            tx.append(type, scan=scan, page=index, **data)
        restored = [page_or_fault(tx, p.id) for p in pages]
        for page in restored:
            if page.state == "filed":
                _check_place(tx, page)
        return restored

    return parts.ledger.write(take_back)


def undo_last(parts: Parts, by: str) -> tuple[DecisionRecord, list[PageRecord]]:
    """Takes back the last decision of a person that stands. Raises Refused."""
    with parts.ledger.read() as r:
        last = r.decisions().latest_by(by)
    if last is None:
        raise Refused("you have decided nothing that could be taken back", "The history shows all decisions.")
    return last, undo(parts, last.id, by)


def _check_standing(tx: Transaction, decision: DecisionRecord, pages: Iterable[PageRecord]) -> None:
    if decision.undone is not None:
        raise Refused("this decision was taken back before", "The history shows by whom.")
    for page in pages:
        later = [d for d in tx.decisions().about(page.id) if d.id > decision.id and d.undone is None]
        if later:
            raise Refused(f"{later[0].by} decided about page {page.id} since: {later[0].kind}", "Take that back first.")
        if not page.settled:
            raise Refused(f"page {page.id} is on its way", "Try again when it has arrived.")
        if page.test is not None and tx.locked(page.test):
            raise Refused(
                f"grading of {page.test} has begun: its slots are locked", "`scanpipe tests unlock` opens them."
            )
        if page.state == "retired":
            raise Refused(f"page {page.id} is retired", "What is erased does not come back.")


def _check_place(tx: Transaction, page: PageRecord) -> None:
    """May the page lie again where it lay? Its serial or its place may have been taken meanwhile."""
    claims = Claims(page.test, page.candidate, page.question, page.serial)
    facts = replace(tx.facts(claims, page.id), handed_to=None)
    other = tx.page(facts.first) if facts.first is not None else None
    if kept_beside(page) or (other is not None and kept_beside(other)):
        facts = replace(facts, first=None)
    verdict = validate(claims, facts, {})
    if isinstance(verdict, Held):
        raise Refused(WORDING[verdict.reason].en, "Its place was taken meanwhile: look at what lies in the slot.")


def _scan(pages: Sequence[PageRecord]) -> str | None:
    return pages[0].scan if len({p.scan for p in pages}) == 1 else None
