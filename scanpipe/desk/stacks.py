"""Decisions about many pages at once: a stack is withdrawn, or all that were held for one reason go on their journey again."""

from __future__ import annotations

from scanpipe.desk.deciding import give_back
from scanpipe.desk.decisions import check_unlocked, make, page_or_fault
from scanpipe.desk.parts import Parts
from scanpipe.faults import Overtaken, Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.queue import Filter
from scanpipe.model import PageId
from scanpipe.saying import say

_AT_ONCE = 500
_TAKEN_OUT = ("filed", "held", "blank", "rescan")


def withdraw_stack(parts: Parts, stack: str, by: str, why: str, shown: int | None = None) -> int:
    """Takes all pages of a stack out of slots and queue: wrong tray, fed twice. They are kept. Answers how many.

    `shown` is how many the person was told of. Raises UnknownThing, Overtaken (there are more meanwhile), Refused (some are on
    their way still, or in slots of a test that is locked).
    """

    def decide(tx: Transaction) -> int:
        pages = [page_or_fault(tx, page.id) for page, _ in tx.queue().stack(stack)]  # locked, each
        on_their_way = sum(not p.settled for p in pages) + tx.queue().unopened(stack)
        rows = [p for p in pages if p.state in _TAKEN_OUT]
        if on_their_way:
            raise Refused(
                say(
                    "%(on_their_way)s of stack %(stack)s are on their way still", on_their_way=on_their_way, stack=stack
                ),
                say("Try again when they arrived."),
            )
        if not rows:
            raise UnknownThing(
                say("there is nothing in a stack %(stack)s", stack=stack),
                say("`scanpipe queue` shows the stacks' names."),
            )
        if shown is not None and shown != len(rows):
            raise Overtaken(say("there are %(n)s pages in this stack meanwhile", n=len(rows)), say("Look at it again."))
        for test in sorted({page.test for page in rows if page.state == "filed" and page.test}):
            check_unlocked(tx, test)
        make(tx, "withdraw", by, rows, why)
        for record in rows:
            tx.append("page_withdrawn", scan=record.scan, page=record.page, decided_by=by, why=why)
        return len(rows)

    return parts.ledger.write(decide)


def give_back_alike(parts: Parts, wanted: Filter, by: str) -> list[PageId]:
    """Sends all pages that are held for one reason (and are in the filter) on their journey again; answers which.

    Each some hundred are a decision of their own. Raises Refused without a reason.
    """
    if not wanted.reason:
        raise Refused(say("these pages are held for different reasons"), say("Choose one of the reasons."))
    done: list[PageId] = []
    with parts.ledger.read() as r:
        newest = r.queue().newest_held()
    after = 0
    while True:
        with parts.ledger.read() as r:
            rows = [page for page, _ in r.queue().held(wanted, _AT_ONCE, after) if page.event <= newest]
        if not rows:
            return done
        give_back(parts, [page.id for page in rows], by)
        done += [page.id for page in rows]
        after = rows[-1].event
