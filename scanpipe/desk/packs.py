"""A wrong pack was handed out: all sheets of one candidate are another's. One person asks, a second one confirms.

Sheets of such a pack that come later are held, with the other candidate as the suggestion (`validate`).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from scanpipe.desk.deciding import Decision, finish_decision, place
from scanpipe.desk.decisions import make, restoring
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.packs import Pack
from scanpipe.model import Filed, PageRecord, Slot, TestDefinition


@dataclass(frozen=True, slots=True)
class Exchange:
    """Who wrote on whose sheets; `swap`: and the other way round."""

    test: str
    printed_for: str
    handed_to: str
    swap: bool = False


def ask(parts: Parts, exchange: Exchange, by: str) -> int:
    """Puts the wish on record and answers its number; nothing moves yet. Raises UnknownThing, Refused."""

    def record(tx: Transaction) -> int:
        test = tx.definition(exchange.test)
        if test is None:
            raise UnknownThing(f"there is no test {exchange.test}", "`scanpipe tests list` shows them.")
        giver, taker = (_number(test, c) for c in (exchange.printed_for, exchange.handed_to))
        if giver == taker:
            raise Refused("that is one and the same candidate", "Name two.")
        if tx.packs().handed_to(test.id, giver) or (exchange.swap and tx.packs().handed_to(test.id, taker)):
            raise Refused(f"the pack of candidate {giver} was moved before", "Undo that move first.")
        told: dict[str, Any] = {"test": test.id, "printed_for": giver, "handed_to": taker, "swap": exchange.swap}
        return tx.append("pack_move_asked", **told, by=by)

    return parts.ledger.write(record)


def what_moves(tx: Transaction, pack: Pack) -> list[tuple[PageRecord, str]]:
    """The pages that a move is about, and the candidate whose they become."""
    moves = [(page, pack.handed_to) for page in tx.filed_of(pack.test, pack.printed_for)]
    if pack.swap:
        moves += [(page, pack.printed_for) for page in tx.filed_of(pack.test, pack.handed_to)]
    return moves


def confirm(parts: Parts, id: int, by: str) -> list[PageRecord]:
    """Moves all the sheets, in one decision. Raises UnknownThing, Refused (by the one who asked, too many sheets), StoreFault."""

    def decide(tx: Transaction) -> list[PageRecord]:
        pack = _asked(tx, id)
        if pack.by == by:
            raise Refused("you asked for this move yourself", "A second person must confirm it.")
        if tx.locked(pack.test):
            raise Refused(
                f"grading of {pack.test} has begun: its slots are locked", "`scanpipe tests unlock` opens them."
            )
        moves = what_moves(tx, pack)
        back = [restoring(page) for page, _ in moves]
        settled = ("pack_move_settled", None, None, {"pack": id, "state": "asked", "by": by})
        make(tx, "pack", by, [page for page, _ in moves], f"asked by {pack.by}", [settled, *back])
        tx.append("pack_move_settled", pack=id, state="moved", by=by)
        placed = [_moved(tx, page, candidate, by) for page, candidate in moves]
        _check_limits(tx, pack, placed)
        return placed

    return [finish_decision(parts, record) for record in parts.ledger.write(decide)]


def drop(parts: Parts, id: int, by: str) -> None:
    """The wish is withdrawn or refused; nothing moves. Raises UnknownThing, Refused."""

    def record(tx: Transaction) -> None:
        _asked(tx, id)
        tx.append("pack_move_settled", pack=id, state="dropped", by=by)

    parts.ledger.write(record)


def _asked(tx: Transaction, id: int) -> Pack:
    pack = tx.packs().one(id)
    if pack is None:
        raise UnknownThing(f"nobody asked for a move {id}", "`scanpipe queue packs` lists them.")
    if pack.state != "asked":
        raise Refused(f"this move was {pack.state} meanwhile", "Nothing of yours was done.")
    return pack


def _moved(tx: Transaction, page: PageRecord, candidate: str, by: str) -> PageRecord:
    assert page.test is not None and page.question is not None
    evidence = json.loads(page.evidence or "{}") | {"contradicts": f"candidate {page.candidate}"}
    filed = Filed(Slot(page.test, candidate, page.question), page.serial, evidence, page.revision or 0)
    decision = Decision(candidate, page.question, page.test, by, contradict=True)
    return place(tx, page, filed, decision)


def _check_limits(tx: Transaction, pack: Pack, placed: list[PageRecord]) -> None:
    """No question of either candidate holds more sheets than the definition allows. Refused, nothing of the move remains."""
    test = tx.definition(pack.test)
    assert test is not None
    counts = Counter((p.candidate, p.question) for p in placed)
    if not pack.swap:
        counts.update((p.candidate, p.question) for p in tx.filed_of(pack.test, pack.handed_to))
    for (candidate, question), n in counts.items():
        known = test.question(question or "")
        if known is not None and known.max_sheets is not None and n > known.max_sheets:
            raise Refused(
                f"candidate {candidate} would have {n} sheets for question {question}, and {known.max_sheets} are allowed",
                "Were both packs exchanged? Then ask for both ways.",
            )


def _number(test: TestDefinition, candidate: str) -> str:
    known = test.candidate(candidate)
    if known is None:
        raise UnknownThing(f"{test.id} has no candidate {candidate}", "`scanpipe tests show` lists them.")
    return known.number
