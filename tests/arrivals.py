"""Sheets that arrive without pictures: the verdict is the real one, only nothing is read and nothing put into the store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanpipe.desk.defining import register
from scanpipe.desk.parts import Parts
from scanpipe.desk.printing import give_serials
from scanpipe.ledgers import Transaction
from scanpipe.model import Candidate, Claims, Filed, Held, PageId, Question, Reason, Sheet, TestDefinition
from scanpipe.sheets import plan
from scanpipe.stages.validate import validate

ROOMS = ("S4", "S5", "S6", "Åsgård")


@dataclass(frozen=True)
class Paper:
    """A sheet as it lies in a stack. `strange`: its codes are another installation's."""

    sheet: Sheet
    stack: str
    strange: bool = False
    copy: int = 0

    @property
    def scan(self) -> str:
        return hashlib.sha256(str(self).encode()).hexdigest()


def large_test(candidates: int, questions: int, id: str = "MA0001-2026H") -> TestDefinition:
    """A test with as many questions that take sketches; every third of them expects one."""
    kinds = ("allowed", "allowed", "expected")
    return TestDefinition(
        id,
        "Grunnkurs i matematikk, æøå",
        "2026-12-03",
        "nb",
        True,
        tuple(Question(str(n + 1), f"Oppgave {n + 1}", kinds[n % 3]) for n in range(questions)),  # type: ignore[arg-type]
        tuple(Candidate(str(10001 + n), f"Kandidat {n}", ROOMS[n % len(ROOMS)], str(n)) for n in range(candidates)),
    )


def printed(parts: Parts, definition: TestDefinition, per_question: int = 1) -> list[Sheet]:
    """Registers the test and prints its sheets."""
    register(parts, definition, "planner")
    with parts.ledger.read() as r:
        known = r.definition(definition.id)
    assert known is not None
    return give_serials(parts, known, plan(known, per_question=per_question), "planner")


def stack_of(definition: TestDefinition, sheet: Sheet) -> str:
    candidate = definition.candidate(sheet.candidate)
    return f"{candidate.room if candidate else 'nowhere'} 2026-12-03"


def scan(parts: Parts, papers: Iterable[Paper], at_once: int = 500) -> list[PageId]:
    """They are taken in, one a file, and judged by the ledger in their order."""
    waiting, pages = list(enumerate(papers, 1)), []
    while waiting:
        some, waiting = waiting[:at_once], waiting[at_once:]
        pages += parts.ledger.write(lambda tx, some=some: [_arrive(tx, paper, n) for n, paper in some])  # type: ignore[misc]
    return pages


def _arrive(tx: Transaction, paper: Paper, position: int) -> PageId:
    page = PageId(paper.scan, 1)
    about = {"file": f"{paper.stack}/{position}.jpg", "stack": paper.stack, "position": position}
    tx.append("scan_taken_in", scan=page.scan, size=1000, key=f"originals/{page.scan}", holder="1-a", **about)
    tx.append("scan_unpacked", scan=page.scan, pages=1)
    sheet = paper.sheet
    claims = Claims() if paper.strange else Claims(sheet.test, sheet.candidate, sheet.question, sheet.serial)
    foreign = Held(Reason.FOREIGN_CODE, {}, claims)
    verdict: Filed | Held = foreign if paper.strange else validate(claims, tx.facts(claims, page), {})
    slot = {"test": claims.test, "candidate": claims.candidate, "question": claims.question, "serial": claims.serial}
    columns = slot | {"key": f"k/{page.scan}", "sha256": page.scan, "media_type": "image/jpeg", "revision": 1}
    columns |= {"evidence": json.dumps({}), "skew_deg": 0.1, "turn_deg": 0, "dpi": 300.0, "decided_by": None}
    if isinstance(verdict, Filed):
        tx.append("page_placing", scan=page.scan, page=1, reason=None, **columns)
        tx.append("page_filed", scan=page.scan, page=1)
    else:
        tx.append("page_held", scan=page.scan, page=1, reason=str(verdict.reason), **columns)
    return page


def stacked(definition: TestDefinition, sheets: Sequence[Sheet]) -> list[Paper]:
    """The sheets as they lie in the stacks of their rooms."""
    return [Paper(s, stack_of(definition, s)) for s in sheets]
