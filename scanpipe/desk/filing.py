"""The effects at the end of a page's journey: file it, hold it, or count it as blank. Each step can be done twice.

    1. one transaction judges the page and, if it is to be filed, takes its place in the slot (`placing`);
    2. its picture goes into the store, under a key that no other picture has;
    3. a second transaction says that it is there.

A process that is killed in between leaves the page `waiting` or `placing`; who comes next does the same steps again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scanpipe.desk.backs import as_back
from scanpipe.desk.handed_in import give_way, leaving, named, put_in_their_order
from scanpipe.desk.numbering import add_marked, order_by_number
from scanpipe.desk.parts import Parts
from scanpipe.desk.recording import Picture, filed_columns, held_columns, metadata_of, slot_key, unfiled_columns
from scanpipe.faults import LedgerUnavailable, StoreFault
from scanpipe.hands import PageReport
from scanpipe.hands import Picture as MadePicture
from scanpipe.ledgers import Transaction
from scanpipe.model import (
    Blank,
    Claims,
    Filed,
    Held,
    PageId,
    PageRecord,
    ScanRecord,
    Separator,
    Sheet,
    Slot,
    TestDefinition,
    Verdict,
)
from scanpipe.pipeline import judge
from scanpipe.sight import Sight
from scanpipe.stages.identify import evidence_of_link
from scanpipe.stages.shaded import Coded
from scanpipe.stages.unpack import Problem
from scanpipe.stages.validate import Facts, slot_of
from scanpipe.stores import Put


@dataclass(frozen=True, slots=True)
class _Records:
    """What the judge may ask about one page."""

    tx: Transaction
    page: PageId

    def printed(self, serial: str) -> Sheet | None:
        return self.tx.printed(serial)

    def definition(self, test: str, revision: int | None = None) -> TestDefinition | None:
        return self.tx.definition(test, revision)

    def facts(self, claims: Claims) -> Facts:
        facts = self.tx.facts(claims, self.page)
        question = facts.definition.question(claims.question or "") if facts.definition is not None else None
        if question is None or question.max_sheets is None or not facts.in_slot >= question.max_sheets > 0:
            return facts
        assert facts.definition is not None
        slot = slot_of(claims, facts.definition)  # it is full: what is about to give way takes no place
        return replace(facts, in_slot=facts.in_slot - leaving(self.tx, slot, self.page))

    def coded(self, code: str) -> Sequence[Coded]:
        return self.tx.shaded().given_out(code)

    def numbered(self, slot: Slot) -> Mapping[int, str]:
        return {number: str(page) for page, number in self.tx.shaded().numbered(slot, self.page)}


@dataclass(frozen=True, slots=True)
class Settling:
    """A page whose verdict the ledger was asked for; `finish` carries it out."""

    parts: Parts
    scan: ScanRecord
    page: PageId
    sight: Sight
    picture: Picture
    decided: Future[Verdict | PageRecord]
    began_s: float

    def finish(self) -> PageRecord:
        """Puts the picture where it belongs and records the end. Raises StoreFault, LedgerFault."""
        verdict = self.decided.result()
        self._done("judge", self.began_s)
        if isinstance(verdict, PageRecord):
            return verdict
        if isinstance(verdict, Filed):
            key = slot_key(verdict.slot, verdict.serial, self.picture.sha256, self.picture.extension)
            self._put(key, metadata_of(self.page, self.sight, self.picture, verdict))
            return self._conclude("page_filed", {}, placed=key)
        columns = unfiled_columns(self.page, verdict, self.sight, self.picture)
        self._put(columns["key"], metadata_of(self.page, self.sight, self.picture, None))
        if isinstance(verdict, Separator):
            return self._conclude("page_separator", columns | {"stack": self.scan.stack})
        return self._conclude("page_blank" if isinstance(verdict, Blank) else "page_held", columns)

    def _conclude(self, event: str, columns: Mapping[str, Any], placed: str | None = None) -> PageRecord:
        began_s = time.perf_counter()
        record = conclude(self.parts, self.page, event, columns, placed)
        self._done("record", began_s)
        return record

    def _put(self, key: str, metadata: Mapping[str, str]) -> None:
        """The picture into the store; the scan's own bytes need not travel again."""
        picture, store, began_s = self.picture, self.parts.store, time.perf_counter()
        about: Any = {"sha256": picture.sha256, "media_type": picture.media_type, "metadata": metadata}
        if picture.path is None:
            put = store.copy_new(self.scan.key, key, **about)
        else:
            put = store.put_new(key, Path(picture.path), **about)
            Path(picture.path).unlink(missing_ok=True)
        self._done("put", began_s)
        if put is Put.TAKEN:
            raise StoreFault(
                f"{key} holds other bytes; nothing was overwritten", "Run `scanpipe verify`: it says whose they are."
            )

    def _done(self, stage: str, began_s: float) -> None:
        self.parts.observer.done(stage, began_s, self.page.scan, self.page.index)


def begin_settling(parts: Parts, scan: ScanRecord, index: int, report: PageReport) -> Settling | PageRecord:
    """Asks the ledger for the verdict on a page that was examined; one that could not be is held at once.

    Verdicts are given in the order in which they were asked for. Raises LedgerFault.
    """
    page = PageId(scan.scan, index)
    if report.sight is None or report.picture is None:
        assert report.problem is not None
        held = _unexamined(parts, page, report.problem)
        return conclude(parts, page, "page_held", held_columns(held))
    sight, picture = report.sight, _digested(report.picture, scan)

    def decide(tx: Transaction) -> Verdict | PageRecord:
        record = tx.page(page)
        if record is not None and record.settled:
            return record
        if record is not None and _is_placed(record, picture):
            assert record.slot is not None
            return Filed(record.slot, record.serial, {}, record.revision or 0)
        handed_in = named(tx, page)
        verdict = judge(sight, parts.keyring, _Records(tx, page), parts.quality, handed_in)
        if handed_in is None:
            verdict = as_back(parts, tx, page.scan, page.index, verdict, sight)
        if isinstance(verdict, Filed):
            tx.append("page_placing", scan=page.scan, page=page.index, **filed_columns(verdict, sight, picture))
            add_marked(tx, page, verdict)
            if "page_number" in verdict.evidence:
                order_by_number(tx, verdict.slot)
            elif "upload" in verdict.evidence:
                put_in_their_order(tx, verdict.slot)
        return verdict

    return Settling(parts, scan, page, sight, picture, parts.ledger.hand_in(decide), time.perf_counter())


def _unexamined(parts: Parts, page: PageId, problem: Problem) -> Held:
    """Nothing could be read; what is known is the link that it was handed in by, if it was."""
    with parts.ledger.read() as r:
        handed_in = named(r, page)
    claims = handed_in.claims if handed_in is not None else Claims()
    return Held(problem.reason, {"detail": problem.detail, **evidence_of_link(handed_in)}, claims)


def finish_placing(parts: Parts, record: PageRecord) -> PageRecord | None:
    """A page whose place was taken before the process died: filed, if its picture is in the store; else None.

    It is put once more all the same: after a power cut only an answered put says that the name will last.
    """
    assert record.key is not None and record.sha256 is not None
    info = parts.store.stat(record.key)
    if info is None or info.sha256 != record.sha256:
        return None
    body = parts.store.read(record.key)
    parts.store.put_new(
        record.key, body, sha256=record.sha256, media_type=info.media_type, metadata=dict(info.metadata)
    )
    return conclude(parts, record.id, "page_filed", {})


def _is_placed(record: PageRecord, picture: Picture) -> bool:
    """Was its place taken for the very same picture, by a process that is dead, or slower than this one?"""
    return record.state == "placing" and record.sha256 == picture.sha256 and record.decided_by is None


def conclude(
    parts: Parts, page: PageId, event: str, columns: Mapping[str, Any], placed: str | None = None
) -> PageRecord:
    """Records the end of a page's journey, unless somebody else was faster; answers how it ended.

    `placed` is the key under which its picture was put. Raises LedgerUnavailable when another process is placing another picture
    of it meanwhile, which happens where two machines were given the same page and do not draw alike.
    """

    def record_it(tx: Transaction) -> PageRecord:
        record = tx.page(page)
        assert record is not None
        if placed is not None and not record.settled and record.key != placed:
            raise LedgerUnavailable(f"page {page} was given to another process as well", "It is tried again by itself.")
        if not record.settled:
            told = _named(tx, columns) if event == "page_separator" else columns
            tx.append(event, scan=page.scan, page=page.index, **told)
            record = tx.page(page)
            assert record is not None
            if give_way(tx, record):
                record = tx.page(page)
                assert record is not None
        return record

    return parts.ledger.write(record_it)


def _named(tx: Transaction, columns: Mapping[str, Any]) -> Mapping[str, Any]:
    """With the name of the stack that a separator opens: found in the transaction that takes it."""
    tx.hold(f"separator {columns['serial']}")
    return {**columns, "name": tx.spans().name_for(columns["stack"], columns["serial"])}


def _digested(made: MadePicture, scan: ScanRecord) -> Picture:
    sha256, size_px = made.sha256 or scan.scan, (made.width_px, made.height_px)
    return Picture(made.path, sha256, made.media_type, made.extension, *size_px)
