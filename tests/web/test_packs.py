"""A wrong pack was handed out; and a test whose grading began."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scanpipe.desk import deciding, locking, packs
from scanpipe.desk.decisions import undo, undo_last
from scanpipe.desk.packs import Exchange
from scanpipe.desk.parts import Parts
from scanpipe.desk.verifying import verify
from scanpipe.desk.viewing import view_sheet
from scanpipe.faults import Refused
from scanpipe.model import Claims, Slot
from tests.web.test_decisions import held, ids, now, to, without_event

TEST = "MA0001-2026H"


@pytest.fixture(autouse=True)
def nothing_is_missing(parts: Parts) -> Iterator[None]:
    yield
    assert verify(parts).problems == []


def of(parts: Parts, candidate: str) -> list[tuple[str | None, object]]:
    with parts.ledger.read() as r:
        return [(p.question, p.id) for p in r.filed_of(TEST, candidate)]


def test_two_people_move_a_pack_and_take_it_back(parts: Parts) -> None:
    first, second = of(parts, "10001"), of(parts, "10030")
    assert first and not second
    asked = packs.ask(parts, Exchange(TEST, "10001", "10030"), "kari")
    assert of(parts, "10001") == first, "nothing moves before the second person"
    with pytest.raises(Refused, match="yourself"):
        packs.confirm(parts, asked, "kari")
    packs.confirm(parts, asked, "ola")
    assert of(parts, "10030") == first and of(parts, "10001") == []
    with pytest.raises(Refused, match="moved"):
        packs.confirm(parts, asked, "per")
    with parts.ledger.read() as r:
        claims = Claims(TEST, "10001", "2a")
        assert r.facts(claims, held(parts, "no_codes").id).handed_to == "10030"
    undone, _ = undo_last(parts, "ola")
    assert undone.kind == "pack" and of(parts, "10001") == first and of(parts, "10030") == []
    with parts.ledger.read() as r:
        assert r.facts(claims, held(parts, "no_codes").id).handed_to is None
    packs.drop(parts, asked, "per")
    with pytest.raises(Refused, match="dropped"):
        packs.confirm(parts, asked, "ola")


def test_both_packs_were_exchanged(parts: Parts) -> None:
    first, second = of(parts, "10001"), of(parts, "10002")
    assert first and second
    packs.confirm(parts, packs.ask(parts, Exchange(TEST, "10001", "10002", swap=True), "kari"), "ola")
    assert of(parts, "10002") == first and of(parts, "10001") == second
    undo_last(parts, "ola")
    assert of(parts, "10001") == first and of(parts, "10002") == second


def test_more_sheets_than_allowed_stop_the_whole_move(parts: Parts) -> None:
    with parts.ledger.read() as r:
        full = next(
            p
            for p in r.pages_in("filed")
            if p.question == "2a" and len(r.slot_pages(TEST, p.candidate or "", "2a")) == 2
        )
        other = next(p for p in r.pages_in("filed") if p.question == "2a" and p.candidate != full.candidate)
    before = of(parts, full.candidate or ""), of(parts, other.candidate or "")
    asked = packs.ask(parts, Exchange(TEST, full.candidate or "", other.candidate or ""), "kari")
    with pytest.raises(Refused, match="allowed"):
        packs.confirm(parts, asked, "ola")
    assert (of(parts, full.candidate or ""), of(parts, other.candidate or "")) == before


def test_a_sheet_of_such_a_pack_is_held_and_the_other_candidate_suggested(parts: Parts) -> None:
    page = held(parts, "pack_exchanged")
    with parts.ledger.read() as r:
        view = view_sheet(r, page.id)
    assert view is not None
    assert [(s.ground, s.slot.candidate) for s in view.suggestions] == [("pack", "10038")]
    with pytest.raises(Refused, match="otherwise"):
        deciding.assign(parts, page.id, to("10038", "2a"))
    deciding.assign(parts, page.id, to("10038", "2a", contradict=True))


def test_what_is_locked_is_not_changed_by_a_person(parts: Parts) -> None:
    page = held(parts, "no_codes")
    filed = deciding.assign(parts, page.id, to("10002", "3"))
    with parts.ledger.read() as r:
        decision = r.decisions().about(page.id)[0]
    locking.lock(parts, TEST.lower(), "kari")
    for act in (
        lambda: undo(parts, decision.id, "kari"),
        lambda: deciding.assign(parts, page.id, to("10003", "4")),
        lambda: deciding.scan_again(parts, page.id, "kari", "cut off"),
    ):
        with pytest.raises(Refused, match="locked"):
            act()
    assert now(parts, page) == filed
    with pytest.raises(Refused, match="already"):
        locking.lock(parts, TEST, "kari")
    locking.unlock(parts, TEST, "kari")
    undo(parts, decision.id, "kari")
    assert without_event(now(parts, page)) == without_event(page)
    assert page.id not in ids(parts, Slot(TEST, "10002", "3"))
