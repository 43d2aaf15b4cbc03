"""Makes one decision in a process of its own that kills itself before the n-th effect. Used by test_decisions.py.

    python -m tests.crash.decider < lines of: DATA_DIR DECISION N

Prints for each line the number of effects, or the negative number of the signal that ended it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from scanpipe.desk import (
    arranging,
    comparing,
    deciding,
    duplicates,
    locking,
    packs,
    running,
    splitting,
    stacks,
    turning,
)
from scanpipe.desk.deciding import Decision
from scanpipe.desk.decisions import undo_last
from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.model import PageId, PageRecord, Slot
from scanpipe.settings import load_settings
from scanpipe.wiring import open_parts
from tests.crash.driver import Countdown

TEST = "MA0001-2026H"
TWO_PAGES = Slot(TEST, "10003", "3")
"""The slot that has an order to give."""


def held(tx: Transaction, reason: str) -> PageRecord:
    return next(p for p in tx.pages_in("held") if p.reason == reason)


def first_filed(tx: Transaction) -> PageRecord:
    return min((p for p in tx.pages_in("filed")), key=lambda p: (p.serial or "", p.event))


def _with(
    look: Callable[[Transaction], PageRecord], act: Callable[[Parts, PageId, PageRecord], object]
) -> Callable[[Parts], None]:
    def decide(parts: Parts) -> None:
        with parts.ledger.read() as r:
            record = look(r)
        act(parts, record.id, record)

    return decide


def _to(candidate: str, question: str) -> Decision:
    return Decision(candidate, question, TEST, "kari", contradict=True)


def _stack(parts: Parts) -> str:
    with parts.ledger.read() as r:
        scan = r.scan(first_filed(r).scan)
    assert scan is not None
    return scan.stack


def _run(parts: Parts) -> None:
    with parts.ledger.read() as r:
        found = running.run_from(r, held(r, "no_codes").id)
    running.take(parts, [running.Taken(p.id, p.event, s.slot, s.serial) for p, s in found], "kari")


def _pack(parts: Parts) -> None:
    asked = packs.ask(parts, packs.Exchange(TEST, "10001", "10003"), "kari")
    packs.confirm(parts, asked, "ola")


def _order(parts: Parts) -> None:
    with parts.ledger.read() as r:
        pages = [p.id for p in r.slot_pages(TWO_PAGES.test, TWO_PAGES.candidate, TWO_PAGES.question)]
    arranging.order_slot(parts, TWO_PAGES, pages[::-1], "kari", pages)


def _settle_copies(parts: Parts) -> None:
    with parts.ledger.read() as r:
        pages = [page.id for page, _, _ in r.copies().same()]
    comparing.settle_copies(parts, pages, "kari")


def _let_in(parts: Parts) -> None:
    """Grading begins, and a sheet comes late: two acts, of which the first may stand alone."""
    with parts.ledger.read() as r:
        page, begun = held(r, "no_codes"), r.locked(TEST)
    if not begun:
        locking.lock(parts, TEST, "kari")
    deciding.assign(parts, page.id, replace(_to("10003", "4"), late="was under the desk"))


DECISIONS: Mapping[str, Callable[[Parts], None]] = {
    "assign": _with(lambda r: held(r, "no_codes"), lambda p, id, _: deciding.assign(p, id, _to("10003", "4"))),
    "let_in": _let_in,
    "move": _with(first_filed, lambda p, id, _: deciding.assign(p, id, _to("10003", "4"))),
    "take_new": _with(lambda r: held(r, "sheet_seen_before"), lambda p, id, _: duplicates.take_new(p, id, "kari")),
    "keep_both": _with(lambda r: held(r, "sheet_seen_before"), lambda p, id, _: duplicates.keep_both(p, id, "kari")),
    "keep_first": _with(lambda r: held(r, "sheet_seen_before"), lambda p, id, _: duplicates.keep_first(p, id, "kari")),
    "same_drawing": _settle_copies,
    "discard": _with(lambda r: held(r, "no_codes"), lambda p, id, _: deciding.discard(p, id, "kari", "a cover sheet")),
    "rescan": _with(first_filed, lambda p, id, _: deciding.scan_again(p, id, "kari", "cut off")),
    "retry": _with(lambda r: held(r, "no_codes"), lambda p, id, _: deciding.give_back(p, [id], "kari")),
    "split": _with(lambda r: held(r, "no_codes"), lambda p, id, _: splitting.split(p, id, "above", "kari")),
    "turn": _with(lambda r: held(r, "no_codes"), lambda p, id, seen: turning.turn(p, id, 90, "kari", seen.event)),
    "also": _with(first_filed, lambda p, id, _: arranging.add_slot(p, id, "4", "kari")),
    "order": _order,
    "withdraw": lambda parts: stacks.withdraw_stack(parts, _stack(parts), "kari", "wrong tray") and None,
    "run": _run,
    "pack": _pack,
    "undo": lambda parts: undo_last(parts, "kari") and None,
}
"""By the kind that is on record, but for those that are recorded under a kind of another."""


def in_a_fork(data_dir: Path, decision: str, fatal: int) -> int:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        settings, _ = load_settings(None, {"SCANPIPE__DATA_DIR": str(data_dir)})
        countdown = Countdown(fatal)
        with open_parts(settings) as parts:
            sys.addaudithook(countdown.audit)
            sa.event.listen(sa.Engine, "commit", countdown.step)
            DECISIONS[decision](parts)
            os.write(writing, str(countdown.count).encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        count = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return int(count) if status == 0 else status


if __name__ == "__main__":
    for line in sys.stdin:
        place, decision, number = line.rstrip("\n").rsplit(" ", 2)
        print(in_a_fork(Path(place), decision, int(number)), flush=True)
