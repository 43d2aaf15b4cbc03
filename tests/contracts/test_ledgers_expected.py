"""What is expected of a test, in ledgers of each kind: the last word stands, and all of it follows from the events."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from scanpipe.desk.tracing import _SENTENCES, sentence
from scanpipe.ledgers import SqlLedger, Transaction, tables
from scanpipe.ledgers.events import _PROJECTIONS
from scanpipe.model import Claims, PageId, Reason
from tests.contracts.ledger_deeds import place, print_sheets, register, scan_id, take_in
from tests.helpers import definition

TEST = "MA0001-2026H"


def tell(ledger: SqlLedger, type: str, **data: object) -> int:
    return ledger.write(lambda tx: tx.append(type, by="kari", **data))


def collected(ledger: SqlLedger) -> dict[str, tuple[int | None, tuple[str, ...]]]:
    with ledger.read() as r:
        return {e.candidate: (e.count, e.serials) for e in r.expected().counted(TEST)}


def test_of_each_candidate_the_last_entry_stands(ledger: SqlLedger) -> None:
    tell(ledger, "sheets_collected", test=TEST, room="S4", entries=[["10001", 2, []], ["10002", None, ["00000001"]]])
    tell(ledger, "sheets_collected", test=TEST, room="S4", entries=[["10001", 0, []], ["", 7, []]])
    assert collected(ledger) == {"": (7, ()), "10001": (0, ()), "10002": (None, ("00000001",))}
    tell(ledger, "sheets_collected", test=TEST, room="S4", entries=[["10001", None, []]])
    assert collected(ledger) == {"": (7, ()), "10002": (None, ("00000001",))}, "nothing is said any more"
    tell(ledger, "sheets_handed_out", test=TEST, room="S4", entries=[["10002", 3, []]])
    with ledger.read() as r:
        assert [(e.what, e.count) for e in r.expected().counted(TEST)][-1] == ("handed_out", 3)
    assert ledger.difference() == []


def test_declarations_attendance_stacks_and_closings_stand_until_they_are_corrected(ledger: SqlLedger) -> None:
    slot = {"test": TEST, "candidate": "10001", "question": "2a"}
    for count in (2, 3):
        tell(ledger, "hand_in_declared", **slot, count=count, serials=[])
        tell(ledger, "attendance_noted", test=TEST, entries=[["10001", count == 3]])
        tell(ledger, "stack_expected", stack="S4", test=TEST, count=count)
        closing = {"kind": "scanned_twice", "subject": "1", "why": f"because {count}", "expected": 1, "received": count}
        tell(ledger, "difference_closed", test=TEST, **closing)
    with ledger.read() as r:
        assert [d.count for d in r.expected().declared(TEST)] == [3]
        assert r.expected().attendance(TEST) == {"10001": True}
        assert r.expected().stack_counts() == [("S4", TEST, 3)]
        assert [(c.why, c.received) for c in r.expected().closed(TEST)] == [("because 3", 3)]
    tell(ledger, "hand_in_declared", **slot, count=None, serials=[])
    tell(ledger, "stack_expected", stack="S4", test=None, count=None)
    tell(ledger, "difference_reopened", test=TEST, kind="scanned_twice", subject="1")
    with ledger.read() as r:
        assert (r.expected().declared(TEST), r.expected().stack_counts(), r.expected().closed(TEST)) == ([], [], [])
    assert ledger.difference() == []


def test_two_at_once_leave_what_the_events_say(ledger: SqlLedger) -> None:
    """Both correct the same entries: the row is that of the event that is last in the chain."""

    def correct(count: int) -> None:
        def record(tx: Transaction) -> None:
            tx.hold(f"expected {TEST}")
            tx.append("sheets_collected", test=TEST, room="S4", entries=[["10001", count, []]], by="x")

        ledger.write(record)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(correct, range(12)))
    assert ledger.difference() == []


def test_what_was_so_at_an_earlier_event_can_be_looked_up(ledger: SqlLedger) -> None:
    ledger.write(lambda tx: register(tx, definition()))
    ledger.write(lambda tx: print_sheets(tx, TEST, [("00000001", "10001", "2a")]))
    with ledger.at_head() as (tx, head):
        assert head is not None and len(tx.sheets(TEST)) == 1
        link = head.link
    ledger.write(lambda tx: print_sheets(tx, TEST, [("00000002", "10001", "2a")]))
    assert link is not None
    with ledger.as_it_was(link) as earlier:
        assert [s.serial for s in earlier.sheets(TEST)] == ["00000001"]
        assert earlier.definition(TEST) is not None
    with ledger.at_head() as (tx, head):
        assert len(tx.sheets(TEST)) == 2 and head is not None and head.link == link + 1


def test_the_head_tells_of_linked_events_only(ledger: SqlLedger) -> None:
    """Where somebody writes at this moment, the state is told from the chain."""
    ledger.write(lambda tx: print_sheets(tx, TEST, [("00000001", "10001", "2a")]))
    ledger.link()
    with ledger.at_head() as (_, head):
        pass
    assert head is not None
    if not ledger.database.shared:
        return
    ledger._link_next_s = float("inf")  # nobody links meanwhile
    ledger.link = lambda: None  # type: ignore[method-assign]
    ledger.write(lambda tx: print_sheets(tx, TEST, [("00000002", "10001", "2a")]))
    with ledger.snapshot() as c:
        unlinked = c.execute(sa.select(tables.event.c.id).where(tables.event.c.link.is_(None))).all()
    with ledger.at_head() as (tx, again):
        assert again == head or not unlinked
        assert len(tx.sheets(TEST)) == (1 if unlinked else 2)


def test_a_sheet_for_a_locked_test_is_late(ledger: SqlLedger) -> None:
    ledger.write(lambda tx: register(tx, definition()))
    claims = Claims(TEST, "10001", "4", "00000001")
    for name in ("first", "second"):
        ledger.write(lambda tx, name=name: take_in(tx, scan_id(name)))  # type: ignore[misc]
    assert place(ledger, PageId(scan_id("first"), 1), claims) is None
    tell(ledger, "grading_locked", test=TEST)
    late = Claims(TEST, "10001", "4", "00000002")
    assert place(ledger, PageId(scan_id("second"), 1), late) is Reason.LATE
    assert place(ledger, PageId(scan_id("second"), 1), claims) is Reason.SHEET_SEEN_BEFORE, (
        "what else is wrong comes first"
    )


def test_every_event_has_a_sentence(ledger: SqlLedger) -> None:
    assert set(_SENTENCES) == set(_PROJECTIONS)
    entries = [["10001", 2, []], ["", None, ["00000001"]], ["10002", None, []]]
    tell(ledger, "sheets_collected", test=TEST, room="S4", entries=entries)
    tell(ledger, "stack_expected", stack="S4", test=None, count=7)
    said = [sentence(e) for e in ledger.events()]
    assert said[0] == (
        f"Test {TEST}, room S4: kari recorded as collected: candidate 10001: 2 sheets; sheets 00000001; "
        "candidate 10002: nothing any more."
    )
    assert said[1] == "Stack S4: kari recorded that it has 7 pages."
