"""Printing sheets: serials are given out and put on record before a sheet leaves the printer."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scanpipe import codes
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.exam import MOST_MARKABLE
from scanpipe.faults import Refused
from scanpipe.ledgers import Transaction
from scanpipe.model import Candidate, Sheet, TestDefinition
from scanpipe.saying import say
from scanpipe.sheets import (
    Label,
    LabelSheet,
    Order,
    PlannedSheet,
    Selection,
    Style,
    draw,
    draw_labels,
    plan,
    plan_pad,
    plan_spares,
)
from scanpipe.sheets.document import USUAL


@dataclass(frozen=True, slots=True)
class Pad:
    """So many sheets for nobody, for one question or (None) for any."""

    question: str | None
    count: int


def already_printed(parts: Parts, test: str) -> Mapping[tuple[str, str], int]:
    """How many sheets were printed before for each (candidate, question)."""
    with parts.ledger.read() as r:
        return Counter((s.candidate, s.question) for s in r.sheets(test) if s.candidate and s.question)


def plan_sheets(
    parts: Parts,
    definition: TestDefinition,
    selection: Selection,
    per_question: int | None = None,
    order: Order = "room",
) -> list[PlannedSheet]:
    """The sheets that a selection asks for, numbered on from those that were printed before. Raises what `sheets.plan` does."""
    already = already_printed(parts, definition.id)
    taking = sum(q.sketches != "none" for q in definition.questions)
    if definition.further_questions == "marks" and taking > MOST_MARKABLE + 1:
        raise Refused(
            say(
                "%(test)s has %(n)s questions that take sketches; a sheet has boxes for %(most)s others.",
                test=definition.id,
                n=taking,
                most=MOST_MARKABLE,
            ),
            "Leave `further_questions` out of its definition and add it again: a person can add questions to a page.",
        )
    return plan(definition, selection, per_question=per_question, order=order, already=already)


def plan_candidateless(
    definition: TestDefinition, selection: Selection, pad: Pad | None, spare: int | None
) -> list[PlannedSheet]:
    """The sheets for nobody that were asked for: of a pad, or spare ones of each question. Raises what `sheets.plan` does."""
    if pad is not None:
        return plan_pad(definition, pad.question, pad.count)
    assert spare is not None
    return plan_spares(definition, selection, spare)


def print_labels(
    parts: Parts, definition: TestDefinition, labels: list[Label], out: Path, by: str, on: LabelSheet, skip: int = 0
) -> int:
    """Writes the PDF of these labels, puts on record how many there are, and answers how many pages. Raises as `draw_labels`."""
    pages = draw_labels(labels, definition, parts.keyring.active, out, on, skip)
    parts.ledger.write(lambda tx: tx.append("labels_printed", test=definition.id, count=len(labels), by=by))
    return pages


def print_sheets(
    parts: Parts,
    definition: TestDefinition,
    planned: list[PlannedSheet],
    out: Path,
    by: str,
    style: Style = USUAL,
    progress: Callable[[int], None] | None = None,
) -> list[Sheet]:
    """Writes the PDF of these sheets; each has a serial that is on record before. Raises as `give_serials` and `sheets.draw`."""
    given = give_serials(parts, definition, planned, by)
    draw(given, definition, parts.keyring.active, out, style, progress)
    return given


def draw_sample(definition: TestDefinition, question: str, out: Path) -> None:
    """A sheet as it will be printed, for nobody: signed with a key that no installation has, it is never filed."""
    nobody = replace(definition, candidates=(Candidate("00000"),))
    sheet = Sheet("0" * codes.SERIAL_DIGITS, definition.id, "00000", question, 1, 1, max(1, definition.revision))
    draw([sheet], nobody, codes.Key("XXX", secrets.token_bytes(32)), out)


def give_serials(parts: Parts, definition: TestDefinition, planned: list[PlannedSheet], by: str) -> list[Sheet]:
    """Gives every planned sheet a serial of its own and records them all. Raises LedgerFault, StoreFault."""

    def record(tx: Transaction) -> list[Sheet]:
        first = tx.last_serial() + 1
        sheets = [
            Sheet(
                f"{n:0{codes.SERIAL_DIGITS}d}",
                p.test,
                p.candidate,
                p.question,
                p.number,
                p.of,
                definition.revision,
                sides=p.sides,
            )
            for n, p in enumerate(planned, first)
        ]
        rows = [[s.serial, s.candidate, s.question, s.number, s.of] for s in sheets]
        both: dict[str, Any] = {"sides": 2} if sheets and sheets[0].sides == 2 else {}
        tx.append("sheets_printed", test=definition.id, revision=definition.revision, sheets=rows, by=by, **both)
        return sheets

    sheets = parts.ledger.write(record)
    shelve(parts)
    return sheets
