"""What a person decides: on record, checked like the machine's verdicts, and taken back. After each, `verify` is green."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scanpipe.desk import arranging, deciding, turning
from scanpipe.desk.deciding import Decision
from scanpipe.desk.decisions import undo, undo_last
from scanpipe.desk.feeding import read_feed
from scanpipe.desk.parts import Parts
from scanpipe.desk.slots import left, view_slot
from scanpipe.desk.verifying import verify
from scanpipe.faults import Overtaken, Refused
from scanpipe.model import PageRecord, Slot


@pytest.fixture(autouse=True)
def nothing_is_missing(parts: Parts) -> Iterator[None]:
    yield
    assert verify(parts).problems == []


def held(parts: Parts, reason: str) -> PageRecord:
    with parts.ledger.read() as r:
        return next(p for p in r.pages_in("held") if p.reason == reason)


def now(parts: Parts, page: PageRecord) -> PageRecord:
    with parts.ledger.read() as r:
        record = r.page(page.id)
    assert record is not None
    return record


def ids(parts: Parts, slot: Slot) -> list[object]:
    view = view_slot(parts, slot.test, slot.candidate, slot.question)
    assert view is not None
    return [p.id for p in view.pages]


def to(candidate: str, question: str, by: str = "kari", **more: bool) -> Decision:
    return Decision(candidate, question, "MA0001-2026H", by, **more)


def without_event(page: PageRecord) -> dict[str, object]:
    return {name: getattr(page, name) for name in PageRecord.__slots__ if name not in ("event", "at")}


def test_a_page_is_assigned_moved_and_both_are_taken_back(parts: Parts) -> None:
    page = held(parts, "no_codes")
    first = deciding.assign(parts, page.id, to("10002", "3"), page.event)
    assert (first.state, first.candidate, first.question, first.decided_by) == ("filed", "10002", "3", "kari")
    moved = deciding.assign(parts, page.id, to("10003", "4"), first.event)
    assert ids(parts, Slot("MA0001-2026H", "10003", "4"))[-1] == page.id
    assert page.id not in ids(parts, Slot("MA0001-2026H", "10002", "3"))
    assert first.key is not None and parts.store.stat(first.key) is not None, "the old object stays"
    old = view_slot(parts, "MA0001-2026H", "10002", "3")
    assert old is not None
    with parts.ledger.read() as r:
        assert [(g.decision.kind, g.record.id) for g in left(r, old)] == [("move", page.id)]
    parts.ledger.link()
    told = [(c.type, c.question) for c in read_feed(parts, 0, 1000, None).changes if c.sha256 == page.sha256]
    assert told == [("page_filed", "3"), ("page_left", "3"), ("page_filed", "4")], "the feed tells all, each as it was"
    undone, _ = undo_last(parts, "kari")
    assert undone.kind == "move" and now(parts, page).key == first.key != moved.key
    undo_last(parts, "kari")
    assert without_event(now(parts, page)) == without_event(page)


def test_a_decision_under_a_later_one_stands(parts: Parts) -> None:
    page = held(parts, "no_codes")
    deciding.discard(parts, page.id, "kari", "cover sheet")
    deciding.assign(parts, page.id, to("10002", "3", "ola"))
    with parts.ledger.read() as r:
        later, earlier = r.decisions().about(page.id)
    with pytest.raises(Refused, match="ola"):
        undo(parts, earlier.id, "kari")
    undo(parts, later.id, "kari")
    undo(parts, earlier.id, "kari")
    with pytest.raises(Refused, match="before"):
        undo(parts, earlier.id, "kari")


def test_who_decides_second_is_told_and_nothing_is_done(parts: Parts) -> None:
    page = held(parts, "no_codes")
    deciding.discard(parts, page.id, "kari", "cover sheet", page.event)
    with pytest.raises(Overtaken, match="kari"):
        deciding.assign(parts, page.id, to("10002", "3", "ola"), page.event)
    assert now(parts, page).state == "discarded"


def test_a_contradiction_needs_a_second_act_and_both_are_kept(parts: Parts) -> None:
    page = held(parts, "missing_question_code")
    with pytest.raises(Refused, match="otherwise"):
        deciding.assign(parts, page.id, to("10007", "3"))
    filed = deciding.assign(parts, page.id, to("10007", "3", contradict=True))
    assert filed.evidence is not None and '"contradicts": "candidate 10001"' in filed.evidence


def test_what_the_definition_forbids_nobody_can_assign(parts: Parts) -> None:
    page = held(parts, "no_codes")
    for candidate, question in [("77777", "3"), ("10002", "9z"), ("10002", "1")]:
        with pytest.raises(Refused):
            deciding.assign(parts, page.id, to(candidate, question))
    assert now(parts, page) == page


@pytest.mark.parametrize("choice", ["first", "new", "both"])
def test_two_scans_of_a_sheet(parts: Parts, choice: str) -> None:
    second = held(parts, "sheet_seen_before")
    with parts.ledger.read() as r:
        first = deciding.first_of(r, second)
    slot = Slot(first.test or "", first.candidate or "", first.question or "")
    before = ids(parts, slot)
    if choice == "first":
        deciding.discard(parts, second.id, "kari", "the first is kept")
        assert ids(parts, slot) == before
    elif choice == "new":
        deciding.take_new(parts, second.id, "kari", second.event)
        assert second.id in ids(parts, slot) and first.id not in ids(parts, slot)
        assert now(parts, first).state == "replaced"
    else:
        with pytest.raises(Refused):
            deciding.assign(parts, second.id, to(slot.candidate, slot.question))
        deciding.assign(parts, second.id, to(slot.candidate, slot.question, twice=True))
        assert {first.id, second.id} <= set(ids(parts, slot))
    undo_last(parts, "kari")
    assert ids(parts, slot) == before and without_event(now(parts, second)) == without_event(second)


def test_a_taken_place_does_not_come_back(parts: Parts) -> None:
    """Undoing a replacement while a third scan took the place would file two of one serial."""
    second = held(parts, "sheet_seen_before")
    with parts.ledger.read() as r:
        first = deciding.first_of(r, second)
    deciding.scan_again(parts, first.id, "kari", "cut off")
    with parts.ledger.read() as r:
        asked = r.decisions().about(first.id)[0]
        assert [p.id for p, _ in r.queue().to_rescan()] == [first.id]
    deciding.assign(parts, second.id, to(first.candidate or "", first.question or "", "ola"))
    with parts.ledger.read() as r:
        assert r.queue().to_rescan() == [], "the next scan of the serial closes the entry"
    with pytest.raises(Refused, match="filed before"):
        undo(parts, asked.id, "kari")


def test_a_stack_is_withdrawn_and_comes_back(parts: Parts) -> None:
    with parts.ledger.read() as r:
        stack = r.figures().receipts(10)[0].stack
        before = {p.id: without_event(p) for p, _ in r.queue().stack(stack)}
    n = deciding.withdraw_stack(parts, stack, "kari", "wrong tray")
    with parts.ledger.read() as r:
        states = [p.state for p, _ in r.queue().stack(stack)]
    assert n > 20 and states.count("withdrawn") == n and "filed" not in states and "held" not in states
    undo_last(parts, "kari")
    with parts.ledger.read() as r:
        assert {p.id: without_event(p) for p, _ in r.queue().stack(stack)} == before


def test_an_order_and_a_further_question(parts: Parts) -> None:
    with parts.ledger.read() as r:
        two = next(
            p for p in r.pages_in("filed") if len(r.slot_pages(p.test or "", p.candidate or "", p.question or "")) > 1
        )
    slot = Slot(two.test or "", two.candidate or "", two.question or "")
    before = ids(parts, slot)
    arranging.order_slot(parts, slot, before[::-1], "kari")  # type: ignore[arg-type]
    assert ids(parts, slot) == before[::-1]
    with pytest.raises(Refused):
        arranging.order_slot(parts, slot, before[:1], "kari")  # type: ignore[arg-type]
    undo_last(parts, "kari")
    assert ids(parts, slot) == before
    other = next(q for q in ("2a", "2b", "3", "4") if q != slot.question)
    further = arranging.add_slot(parts, two.id, other, "kari")
    assert ids(parts, further)[-1] == two.id and ids(parts, slot) == before
    with pytest.raises(Refused, match="already"):
        arranging.add_slot(parts, two.id, other, "kari")
    undo_last(parts, "kari")
    assert two.id not in ids(parts, further)


def test_a_picture_is_turned(parts: Parts) -> None:
    page = held(parts, "no_codes")
    turned = turning.turn(parts, page.id, 90, "kari", page.event)
    assert turned.state == "held" and turned.sha256 != page.sha256
    assert (turned.turn_deg or 0) == ((page.turn_deg or 0) - 90) % 360
    filed = deciding.assign(parts, page.id, to("10002", "3"))
    assert filed.sha256 == turned.sha256
    undo_last(parts, "kari")
    undo_last(parts, "kari")
    assert without_event(now(parts, page)) == without_event(page)


def test_what_a_dead_process_decided_is_finished(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    page = held(parts, "no_codes")
    with monkeypatch.context() as m:
        m.setattr(deciding, "finish_decision", lambda parts, record: record)
        assert deciding.assign(parts, page.id, to("10002", "3")).state == "placing"
    assert deciding.finish_decisions(parts) == 1
    assert now(parts, page).state == "filed"
