"""What the judge makes of the slot that a page was handed in for by a link: a claim, against which no code may stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanpipe.codes import Key, Kind, encode
from scanpipe.model import Claims, Code, Filed, Held, Named, Reason, Sheet, Slot, TestDefinition, Verdict
from scanpipe.pipeline import judge
from scanpipe.sight import Sight
from scanpipe.stages.quality import QualityRules
from scanpipe.stages.validate import Facts
from tests.helpers import CLAIMS, KEY, OTHER, RING, code, definition

NAMED = Named(replace(CLAIMS, serial=None), "ab" * 12, 2, 1)
SLOT = Slot("MA0001-2026H", "10001", "2a")
STRANGER = Key("ZZZ", b"another installation's own secret")
OVERDUE = {"handed_in": "2026-12-01T15:00:00+00:00", "deadline": "2026-12-01T14:00:00+00:00", "grace_minutes": 15}


class Records:
    """A ledger that knows one test. `facts` are what it knows beside."""

    def __init__(self, printed: Sheet | None = None, **facts: Any) -> None:
        self._printed, self._facts = printed, facts

    def printed(self, serial: str) -> Sheet | None:
        return self._printed

    def definition(self, test: str) -> TestDefinition | None:
        return definition() if test.upper() == definition().id.upper() else None

    def facts(self, claims: Claims) -> Facts:
        return Facts(self.definition(claims.test or ""), **self._facts)


def verdict(*codes: Code, named: Named | None = NAMED, records: Records | None = None, **told: Any) -> Verdict:
    usual: dict[str, Any] = {"darkness": 0.0, "blank": False} | told
    sight = Sight(codes, 0, 0.0, "lines", 9.0, None, 3000, 4000, None, None, **usual)
    return judge(sight, RING, records or Records(), QualityRules(), named)  # type: ignore[arg-type]


def label(candidate: str = "10001", test: str = "MA0001-2026H", key: Key = KEY) -> Code:
    text = encode(Kind.CANDIDATE_LABEL, Claims(test, candidate), key)
    return replace(code(Kind.CANDIDATE), text=text)


def forged() -> Code:
    text = label().text
    return replace(label(), text=text[:16] + "AAAAAAAAAA" + text[26:])


def from_a_shop(text: str, symbology: str) -> Code:
    return replace(label(), text=text, symbology=symbology)


C, Q, S = (code(kind) for kind in (Kind.CANDIDATE, Kind.QUESTION, Kind.SHEET))


@pytest.mark.parametrize(
    "codes",
    [
        (),
        (C, Q, S),
        (S,),
        (label(),),
        (label(), label()),
        (from_a_shop("https://example.com", "qr"),),
        (from_a_shop("9788200000000", "code128"),),
    ],
    ids=["plain paper", "a whole sheet", "one code", "a label", "two labels", "a code of a shop", "a bar code"],
)
def test_it_is_filed_where_the_link_says(codes: tuple[Code, ...]) -> None:
    """Also askew and off their places by any measure: it is a picture."""
    found = verdict(*codes)
    assert isinstance(found, Filed) and found.slot == SLOT
    assert found.evidence["upload"] == {
        "link": NAMED.link,
        "version": 2,
        "position": 1,
        "names": {"test": CLAIMS.test, "candidate": CLAIMS.candidate, "question": CLAIMS.question},
    }


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ((label("10002"),), Reason.CODES_DISAGREE),
        ((label(), label("10002")), Reason.CODES_DISAGREE),
        ((label(test="KJ1001-2026H"),), Reason.CODES_DISAGREE),
        ((code(Kind.SHEET, OTHER),), Reason.CODES_DISAGREE),
        ((S, code(Kind.SHEET, replace(CLAIMS, serial="00099999"))), Reason.CODES_DISAGREE),
        ((forged(),), Reason.BAD_SIGNATURE),
        ((label(key=STRANGER),), Reason.FOREIGN_CODE),
    ],
)
def test_what_stands_against_the_link_holds_the_page(codes: tuple[Code, ...], reason: Reason) -> None:
    found = verdict(*codes)
    assert isinstance(found, Held) and found.reason is reason and found.evidence["upload"]["link"] == NAMED.link


def test_the_record_of_printing_counts_as_a_code_does() -> None:
    printed = Sheet("00012345", "MA0001-2026H", "10002", "2a", 1, 1, 1)
    found = verdict(replace(S, text=encode(Kind.PAD, CLAIMS, KEY)), records=Records(printed))
    assert isinstance(found, Held) and found.reason is Reason.CODES_DISAGREE


def test_a_picture_is_neither_blank_nor_too_poor_and_what_is_poor_is_on_record() -> None:
    assert isinstance(verdict(blank=True), Filed) and isinstance(verdict(empty=True), Filed)
    poor = verdict(darkness=0.7)
    assert isinstance(poor, Filed) and poor.evidence["poor_quality"] == {"nearly_black": 0.7}


def test_late_is_held_with_when_it_came_and_when_it_was_due() -> None:
    held = verdict(named=replace(NAMED, overdue=OVERDUE))
    assert isinstance(held, Held) and held.reason is Reason.AFTER_DEADLINE and held.evidence.items() >= OVERDUE.items()
    assert held.claims == NAMED.claims


def test_what_the_definition_says_and_a_lock_go_before_the_deadline() -> None:
    late = replace(NAMED, overdue=OVERDUE)
    for named, records, reason in (
        (late, Records(locked=True), Reason.LATE),
        (late, Records(in_slot=99), Reason.TOO_MANY_SHEETS),
        (replace(NAMED, claims=replace(NAMED.claims, candidate="99999")), Records(), Reason.UNKNOWN_CANDIDATE),
        (replace(NAMED, claims=replace(NAMED.claims, test="XX")), Records(), Reason.UNKNOWN_TEST),
    ):
        held = verdict(named=named, records=records)
        assert isinstance(held, Held) and held.reason is reason


def test_without_a_link_plain_paper_is_held_as_ever() -> None:
    held = verdict(named=None)
    assert isinstance(held, Held) and held.reason is Reason.NO_CODES and "upload" not in held.evidence


def test_a_side_of_a_sheet_that_is_printed_on_both_needs_no_other_one() -> None:
    front = code(Kind.SHEET, replace(CLAIMS, side=1))
    found = verdict(front)
    assert isinstance(found, Filed) and (found.slot, found.side) == (SLOT, 1)
    assert isinstance(verdict(front, named=None), Held)
