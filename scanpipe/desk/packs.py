"""A wrong pack was handed out: all sheets of one candidate are another's. One person asks, a second one confirms.

Sheets of such a pack that come later are held, with the other candidate as the suggestion (`validate`).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scanpipe.desk.deciding import Decision, finish_decision, place
from scanpipe.desk.decisions import check_unlocked, made_for, make, page_or_fault, restoring, told_slot
from scanpipe.desk.parts import Parts
from scanpipe.faults import Overtaken, Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.decisions import Inverse
from scanpipe.ledgers.packs import Pack
from scanpipe.model import Filed, PageRecord, Slot, TestDefinition
from scanpipe.saying import say


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
            raise UnknownThing(
                say("there is no test %(test)s", test=exchange.test), say("`scanpipe tests list` shows them.")
            )
        giver, taker = (_number(test, c) for c in (exchange.printed_for, exchange.handed_to))
        if giver == taker:
            raise Refused(say("that is one and the same candidate"), say("Name two."))
        _check_at_home(tx, test.id, giver, *([taker] if exchange.swap else []))
        told: dict[str, Any] = {"test": test.id, "printed_for": giver, "handed_to": taker, "swap": exchange.swap}
        return tx.append("pack_move_asked", **told, by=by)

    return parts.ledger.write(record)


def what_moves(tx: Transaction, pack: Pack) -> list[tuple[PageRecord, str]]:
    """The pages that a move is about, and the candidate whose they become: those of the pack, not what others left there."""
    moves = [(page, pack.handed_to) for page in _pack_of(tx, pack.test, pack.printed_for)]
    if pack.swap:
        moves += [(page, pack.printed_for) for page in _pack_of(tx, pack.test, pack.handed_to)]
    return moves


def shown_as(moves: Sequence[tuple[PageRecord, str]]) -> str:
    """A name for just these pages as they are now: what the second person saw."""
    told = " ".join(sorted(f"{page.scan}-{page.page}-{page.event}" for page, _ in moves))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _pack_of(tx: Transaction, test: str, candidate: str) -> list[PageRecord]:
    """The filed pages of a candidate that were printed for them, or that nobody knows to have been printed for another one."""
    found = []
    for page in tx.filed_of(test, candidate):
        printed_for = made_for(tx, page)
        if printed_for.upper() == candidate.upper() if printed_for is not None else not _came_with_a_pack(tx, page):
            found.append(page)
    return found


def _came_with_a_pack(tx: Transaction, page: PageRecord) -> bool:
    standing = next((d for d in tx.decisions().about(page.id) if d.undone is None), None)
    return standing is not None and standing.kind == "pack"


def _check_at_home(tx: Transaction, test: str, *candidates: str) -> None:
    for candidate in candidates:
        if tx.packs().handed_to(test, candidate):
            raise Refused(
                say("the pack of candidate %(candidate)s was moved before", candidate=candidate),
                say("Undo that move first."),
            )


def confirm(parts: Parts, id: int, by: str, shown: str | None = None) -> list[PageRecord]:
    """Moves all the sheets, in one decision. `shown` is what the person saw of them (`shown_as`).

    Raises UnknownThing, Overtaken (others lie there meanwhile), Refused (by the one who asked; too many sheets; some are on their
    way), StoreFault.
    """

    def decide(tx: Transaction) -> list[PageRecord]:
        pack = _asked(tx, id)
        if pack.by == by:
            raise Refused(say("you asked for this move yourself"), say("A second person must confirm it."))
        check_unlocked(tx, pack.test)
        whose = (pack.printed_for, *((pack.handed_to,) if pack.swap else ()))
        tx.hold_candidates(pack.test, pack.printed_for, pack.handed_to)
        _check_at_home(tx, pack.test, *whose)
        _check_arrived(tx, pack, whose)
        moves = [(page_or_fault(tx, page.id), candidate) for page, candidate in what_moves(tx, pack)]  # locked, each
        if shown is not None and shown != shown_as(moves):
            raise Overtaken(
                say("other sheets lie there meanwhile"), say("Look at them again; nothing of yours was done.")
            )
        further = [_further(tx, page, candidate) for page, candidate in moves]
        loses, gains = (
            ([pair for pairs in side for pair in pairs] for side in zip(*further, strict=True)) if further else ([], [])
        )
        settled = ("pack_move_settled", None, None, {"pack": id, "state": "asked", "by": by})
        back: Inverse = [settled, *(restoring(page) for page, _ in moves)]
        back += [("page_not_also", page.scan, page.page, told_slot(slot)) for page, slot in gains]
        make(tx, "pack", by, [page for page, _ in moves], say("asked by %(by)s", by=pack.by), back, loses)
        for page, slot in gains:
            tx.append("page_also", scan=page.scan, page=page.page, **told_slot(slot))
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
        raise UnknownThing(say("nobody asked for a move %(page)s", page=id), say("`scanpipe queue packs` lists them."))
    if pack.state != "asked":
        raise Refused(say("this move was %(state)s meanwhile", state=pack.state), say("Nothing of yours was done."))
    return pack


def _check_arrived(tx: Transaction, pack: Pack, candidates: Sequence[str]) -> None:
    """A sheet that is just being filed would stay behind."""
    coming = [page for candidate in candidates for page in tx.placing_of(pack.test, candidate)]
    if coming:
        raise Refused(
            say("page %(page)s is on its way into a slot of this pack", page=coming[0].id),
            say("Try again in a moment."),
        )


Pairs = list[tuple[PageRecord, Slot]]


def _further(tx: Transaction, page: PageRecord, candidate: str) -> tuple[Pairs, Pairs]:
    """The further slots of a page that moves, and those of the same questions at the candidate whose it becomes."""
    also = tx.decisions().also(page.id)
    return [(page, slot) for slot in also], [(page, Slot(slot.test, candidate, slot.question)) for slot in also]


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
                say(
                    "candidate %(candidate)s would have %(n)s sheets for question %(question)s, and %(max_sheets)s are allowed",
                    candidate=candidate,
                    n=n,
                    question=question,
                    max_sheets=known.max_sheets,
                ),
                say("Were both packs exchanged? Then ask for both ways."),
            )


def _number(test: TestDefinition, candidate: str) -> str:
    known = test.candidate(candidate)
    if known is None:
        raise UnknownThing(
            say("%(page)s has no candidate %(candidate)s", page=test.id, candidate=candidate),
            say("`scanpipe tests show` lists them."),
        )
    return known.number
