"""What a move takes along, what it leaves behind, and what speaks against it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from scanpipe.desk import arranging, deciding, duplicates, locking, packs, stacks
from scanpipe.desk.decisions import undo, undo_last
from scanpipe.desk.packs import Exchange
from scanpipe.desk.parts import Parts
from scanpipe.desk.verifying import verify
from scanpipe.faults import Overtaken, Refused, StoreFault
from scanpipe.ledgers.queue import Filter
from scanpipe.model import PageRecord, Sheet, Slot
from tests.web.test_decisions import held, ids, now, to, without_event

TEST = "MA0001-2026H"


@pytest.fixture(autouse=True)
def nothing_is_missing(parts: Parts) -> Iterator[None]:
    yield
    assert verify(parts).problems == []


def slot(candidate: str, question: str) -> Slot:
    return Slot(TEST, candidate, question)


def a_filed(parts: Parts) -> tuple[PageRecord, Sheet]:
    """A page that the machine filed, and its sheet."""
    with parts.ledger.read() as r:
        page = next(p for p in r.pages_in("filed") if p.serial and p.decided_by is None)
        sheet = r.printed(page.serial or "")
    assert sheet is not None
    return page, sheet


def test_a_page_that_moves_leaves_its_further_slots_too(parts: Parts) -> None:
    page = held(parts, "no_codes")
    deciding.assign(parts, page.id, to("10002", "3"))
    arranging.add_slot(parts, page.id, "2b", "kari")
    deciding.assign(parts, page.id, to("10003", "4"))
    assert page.id in ids(parts, slot("10003", "4")) and page.id not in ids(parts, slot("10002", "2b"))
    undo_last(parts, "kari")
    assert page.id in ids(parts, slot("10002", "3")) and page.id in ids(parts, slot("10002", "2b"))
    deciding.assign(parts, page.id, to("10002", "2b"))
    there = ids(parts, slot("10002", "2b"))
    assert there.count(page.id) == 1, "moved into its own further slot, it lies there once"


def test_a_pack_takes_further_slots_along(parts: Parts) -> None:
    page = held(parts, "no_codes")
    deciding.assign(parts, page.id, to("10002", "3"))
    arranging.add_slot(parts, page.id, "2b", "kari")
    packs.confirm(parts, packs.ask(parts, Exchange(TEST, "10002", "10030"), "kari"), "ola")
    assert page.id in ids(parts, slot("10030", "2b")) and page.id not in ids(parts, slot("10002", "2b"))
    undo_last(parts, "ola")
    assert page.id in ids(parts, slot("10002", "2b")) and page.id not in ids(parts, slot("10030", "2b"))


def test_packs_that_were_shifted_by_one_seat_are_put_right_one_after_the_other(parts: Parts) -> None:
    def lie(candidate: str) -> list[object]:
        with parts.ledger.read() as r:
            return [p.id for p in r.filed_of(TEST, candidate)]

    first, second = lie("10001"), lie("10002")
    assert first and second
    packs.confirm(parts, packs.ask(parts, Exchange(TEST, "10001", "10002"), "kari"), "ola")
    packs.confirm(parts, packs.ask(parts, Exchange(TEST, "10002", "10030"), "kari"), "ola")
    assert lie("10002") == first and lie("10030") == second, "what came with the first pack stays"


def test_two_requests_for_one_pack_are_not_both_confirmed(parts: Parts) -> None:
    one, other = (packs.ask(parts, Exchange(TEST, "10001", c), "kari") for c in ("10030", "10031"))
    packs.confirm(parts, one, "ola")
    with pytest.raises(Refused, match="moved before"):
        packs.confirm(parts, other, "ola")


def test_the_second_person_confirms_what_they_saw(parts: Parts) -> None:
    asked = packs.ask(parts, Exchange(TEST, "10001", "10030"), "kari")
    with parts.ledger.read() as r:
        pack = r.packs().one(asked)
        assert pack is not None
        shown = packs.shown_as(packs.what_moves(r, pack))
    deciding.assign(parts, held(parts, "no_codes").id, to("10001", "3"))
    with pytest.raises(Overtaken):
        packs.confirm(parts, asked, "ola", shown)


def test_a_pack_is_not_moved_while_a_sheet_of_it_is_on_its_way(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = packs.ask(parts, Exchange(TEST, "10001", "10030"), "kari")
    with monkeypatch.context() as m:
        m.setattr(deciding, "finish_decision", lambda parts, record: record)
        deciding.assign(parts, held(parts, "no_codes").id, to("10001", "3"))
    with pytest.raises(Refused, match="on its way"):
        packs.confirm(parts, asked, "ola")
    deciding.finish_decisions(parts)
    packs.confirm(parts, asked, "ola")


def test_a_pack_does_not_go_back_without_the_sheets_that_came_later(parts: Parts) -> None:
    """The page of the fixtures that is held since its pack was moved."""
    page = held(parts, "pack_exchanged")
    deciding.assign(parts, page.id, to("10038", page.question or "", contradict=True))
    with parts.ledger.read() as r:
        moved = next(d for d in r.decisions().recent(20) if d.kind == "pack" and d.undone is None)
    with pytest.raises(Refused, match="came later"):
        undo(parts, moved.id, "kari")
    undo_last(parts, "kari")
    undo(parts, moved.id, "kari")


def test_what_was_printed_under_a_serial_speaks_against_another_slot(parts: Parts) -> None:
    page, sheet = a_filed(parts)
    with parts.ledger.read() as r:
        silent = replace(page, evidence=json.dumps({}))
        chosen = deciding.Claims(TEST, "10030", sheet.question)
        assert deciding.contradiction(r, silent, chosen) == [f"candidate {sheet.candidate}"]
        assert deciding.contradiction(r, replace(silent, serial=None), chosen) == []


def test_a_further_question_also_after_a_pack_was_exchanged(parts: Parts) -> None:
    packs.confirm(parts, packs.ask(parts, Exchange(TEST, "10001", "10002", swap=True), "kari"), "ola")
    with parts.ledger.read() as r:
        page = r.filed_of(TEST, "10002")[0]
    arranging.add_slot(parts, page.id, "4" if page.question != "4" else "3", "kari")


def test_the_first_cannot_be_kept_where_there_is_none(parts: Parts) -> None:
    second = held(parts, "sheet_seen_before")
    with parts.ledger.read() as r:
        first = duplicates.first_of(r, second)
    deciding.scan_again(parts, first.id, "kari", "cut off")
    with pytest.raises(Refused, match="no other scan"):
        duplicates.keep_first(parts, second.id, "kari")
    deciding.discard(parts, second.id, "kari", "blurred as well")
    with parts.ledger.read() as r:
        assert first.id in [p.id for p, _ in r.queue().to_rescan()], "the paper is still to be found"


@pytest.mark.parametrize("act", [duplicates.take_new, duplicates.keep_both])
def test_a_second_scan_goes_where_the_first_one_lies(parts: Parts, act: object) -> None:
    """Also where a person moved it: that contradicts the codes, and is asked for once more."""
    second = held(parts, "sheet_seen_before")
    with parts.ledger.read() as r:
        first = duplicates.first_of(r, second)
    deciding.assign(parts, first.id, to("10031", "4", contradict=True))
    with pytest.raises(Refused, match="otherwise"):
        act(parts, second.id, "kari")  # type: ignore[operator]
    filed = act(parts, second.id, "kari", contradict=True)  # type: ignore[operator]
    assert (filed.candidate, filed.question) == ("10031", "4")
    assert (first.id in ids(parts, slot("10031", "4"))) == (act is duplicates.keep_both)


def test_undo_does_not_reach_into_a_locked_test(parts: Parts) -> None:
    """The page is out of the slot now; undone, it would lie there again."""
    page = held(parts, "no_codes")
    filed = deciding.assign(parts, page.id, to("10002", "3"))
    deciding.scan_again(parts, page.id, "kari", "cut off")
    locking.lock(parts, TEST, "ola")
    with pytest.raises(Refused, match="locked"):
        undo_last(parts, "kari")
    locking.unlock(parts, TEST, "ola")
    undo_last(parts, "kari")
    assert without_event(now(parts, page)) == without_event(filed)


def test_an_order_that_somebody_else_gave_meanwhile_is_told(parts: Parts) -> None:
    with parts.ledger.read() as r:
        two = next(p for p in r.pages_in("filed") if len(r.slot_pages(TEST, p.candidate or "", p.question or "")) > 1)
    where = slot(two.candidate or "", two.question or "")
    seen: list[object] = ids(parts, where)
    arranging.order_slot(parts, where, seen[::-1], "kari", seen)  # type: ignore[arg-type]
    with pytest.raises(Overtaken):
        arranging.order_slot(parts, where, seen[::-1], "ola", seen)  # type: ignore[arg-type]


def test_a_stack_is_withdrawn_as_it_was_seen_and_when_it_has_arrived(parts: Parts) -> None:
    with parts.ledger.read() as r:
        stack = r.figures().receipts(10)[0].stack
        page = next(p for p, _ in r.queue().stack(stack) if p.state == "held")
    with pytest.raises(Overtaken):
        stacks.withdraw_stack(parts, stack, "kari", "wrong tray", shown=1)
    deciding.give_back(parts, [page.id], "kari")
    with pytest.raises(Refused, match="on their way"):
        stacks.withdraw_stack(parts, stack, "kari", "wrong tray")
    parts.ledger.write(lambda tx: tx.append("page_held", scan=page.scan, page=page.page, reason=page.reason))
    assert stacks.withdraw_stack(parts, stack, "kari", "wrong tray") > 20


def test_all_of_one_reason_go_on_their_journey_again(parts: Parts) -> None:
    with pytest.raises(Refused, match="different reasons"):
        stacks.give_back_alike(parts, Filter(), "kari")
    with parts.ledger.read() as r:
        wanted = {p.id for p in r.pages_in("held") if p.reason == "codes_disagree"}
    assert set(stacks.give_back_alike(parts, Filter("codes_disagree"), "kari")) == wanted and len(wanted) > 1
    with parts.ledger.read() as r:
        assert {p.id for p in r.pages_in("waiting")} == wanted
    undo_waiting(parts, wanted)


def undo_waiting(parts: Parts, pages: set[object]) -> None:
    """Nobody works them off here: back into the queue, as the journey would."""
    for id in pages:
        parts.ledger.write(
            lambda tx, id=id: tx.append("page_held", scan=id.scan, page=id.index, reason="codes_disagree")
        )


def test_what_the_store_kept_from_being_done_is_done_when_it_is_back(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = held(parts, "no_codes")
    with monkeypatch.context() as m:
        m.setattr(type(parts.store), "copy_new", _away)
        with pytest.raises(StoreFault):
            deciding.assign(parts, page.id, to("10002", "3"))
    assert now(parts, page).state == "placing"
    assert deciding.finish_decisions(parts, older_s=60) == 0, "somebody may be at it this very moment"
    assert deciding.finish_decisions(parts) == 1 and now(parts, page).state == "filed"


def _away(*_: object, **__: object) -> None:
    raise StoreFault("the store is away", "")
