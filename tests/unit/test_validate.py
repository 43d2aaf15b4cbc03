"""May this sheet be filed there? Every reason, in order, and never a slot that the definition does not have."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.model import Candidate, Claims, Filed, Held, PageId, Question, Reason, Slot, TestDefinition
from scanpipe.stages.validate import Facts, slot_of, validate
from tests.helpers import CLAIMS, definition

FIRST = PageId("ab" * 32, 3)
SEEN = {"codes": ["what was read"]}


def held(claims: Claims = CLAIMS, facts: Facts | None = None, **changes: Any) -> Held:
    answer = validate(claims, facts or Facts(definition(**changes)), SEEN)
    assert isinstance(answer, Held)
    assert answer.evidence["codes"] == ["what was read"] and answer.claims == claims
    return answer


def test_what_the_definition_allows_is_filed_in_its_own_spelling() -> None:
    answer = validate(CLAIMS, Facts(definition(revision=7)), SEEN)
    assert answer == Filed(Slot("MA0001-2026H", "10001", "2a"), "00012345", SEEN, 7)
    assert answer.slot.key("x.jpg") == "tests/MA0001-2026H/candidates/10001/questions/2a/x.jpg"


def test_claims_in_small_letters_find_their_slot() -> None:
    answer = validate(replace(CLAIMS, question="2A"), Facts(definition(id="Høst-2026")), {})
    assert isinstance(answer, Filed) and answer.slot == Slot("Høst-2026", "10001", "2a")


def test_a_person_s_decision_has_no_serial_and_passes_the_same_way() -> None:
    answer = validate(replace(CLAIMS, serial=None), Facts(definition()), {})
    assert isinstance(answer, Filed) and answer.serial is None


def test_a_test_that_nobody_registered() -> None:
    answer = held(facts=Facts(None))
    assert answer.reason is Reason.UNKNOWN_TEST and answer.revision is None
    assert answer.evidence["test"] == "MA0001-2026H"


def test_a_test_without_sketches() -> None:
    answer = held(sketches=False, revision=3)
    assert answer.reason is Reason.SKETCHES_NOT_ENABLED and answer.revision == 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"candidate": None}, Reason.MISSING_CANDIDATE_CODE),
        ({"question": None}, Reason.MISSING_QUESTION_CODE),
        ({"candidate": ""}, Reason.UNKNOWN_CANDIDATE),
        ({"question": ""}, Reason.UNKNOWN_QUESTION),
        ({"question": "1"}, Reason.QUESTION_TAKES_NO_SKETCHES),
    ],
)
def test_claims_that_lead_nowhere(change: dict[str, str | None], reason: Reason) -> None:
    assert held(replace(CLAIMS, **change)).reason is reason


def test_an_unknown_candidate_is_shown_with_those_who_come_near() -> None:
    answer = held(replace(CLAIMS, candidate="10011"))
    assert answer.reason is Reason.UNKNOWN_CANDIDATE
    assert answer.evidence["found"] == "10011" and "10001" in answer.evidence["nearest"]
    assert held(replace(CLAIMS, candidate="ZZ")).evidence["nearest"] == []


def test_an_unknown_question_is_shown_with_those_that_come_near() -> None:
    answer = held(replace(CLAIMS, question="2b"))
    assert answer.reason is Reason.UNKNOWN_QUESTION and "2a" in answer.evidence["nearest"]


def test_nearness_takes_no_notice_of_capitals() -> None:
    """What codes say is in capitals, what the definition says need not be."""
    letters = (Question("oppgave-a", "A", "allowed"), Question("oppgave-b", "B", "allowed"))
    answer = held(replace(CLAIMS, question="OPPGAVE-C"), questions=letters)
    assert set(answer.evidence["nearest"]) == {"oppgave-a", "oppgave-b"}


def test_a_question_without_sketches_names_those_with() -> None:
    assert held(replace(CLAIMS, question="1")).evidence["fits"] == ["2a", "3", "4"]


def test_a_sheet_that_was_filed_before_points_to_the_first() -> None:
    answer = held(facts=Facts(definition(), FIRST))
    assert answer.reason is Reason.SHEET_SEEN_BEFORE
    assert answer.evidence["first"] == {"scan": "ab" * 32, "page": 3}


def test_the_last_place_is_given_and_no_more() -> None:
    assert isinstance(validate(CLAIMS, Facts(definition(), None, 1), {}), Filed)
    answer = held(facts=Facts(definition(), None, 2))
    assert answer.reason is Reason.TOO_MANY_SHEETS
    assert (answer.evidence["max_sheets"], answer.evidence["in_slot"]) == (2, 2)


def test_a_question_without_a_limit_takes_any_number() -> None:
    assert isinstance(validate(replace(CLAIMS, question="4"), Facts(definition(), None, 10_000), {}), Filed)


def test_which_reason_goes_first() -> None:
    nothing_fits = Claims("X", "99999", "99", "1")
    test = definition(sketches=False)
    order = [
        held(nothing_fits, Facts(None, FIRST, 9)),
        held(nothing_fits, Facts(test, FIRST, 9)),
        held(nothing_fits, Facts(definition(), FIRST, 9)),
        held(replace(nothing_fits, candidate="10001"), Facts(definition(), FIRST, 9)),
        held(replace(CLAIMS, question="1"), Facts(definition(), FIRST, 9)),
        held(CLAIMS, Facts(definition(), FIRST, 9)),
        held(CLAIMS, Facts(definition(), None, 9)),
    ]
    assert [h.reason for h in order] == [
        Reason.UNKNOWN_TEST,
        Reason.SKETCHES_NOT_ENABLED,
        Reason.UNKNOWN_CANDIDATE,
        Reason.UNKNOWN_QUESTION,
        Reason.QUESTION_TAKES_NO_SKETCHES,
        Reason.SHEET_SEEN_BEFORE,
        Reason.TOO_MANY_SHEETS,
    ]


def test_a_slot_that_is_not_there_cannot_be_spelled() -> None:
    assert slot_of(CLAIMS, definition()) == Slot("MA0001-2026H", "10001", "2a")
    for change in ({"candidate": "9"}, {"question": "9"}, {"candidate": None}, {"question": None}):
        with pytest.raises(ValueError, match="has no slot"):
            slot_of(replace(CLAIMS, **change), definition())


ids = st.sampled_from(["1", "2a", "2A", "å1", "Å1", "10001", "10002", "x", ""])
claims = st.builds(Claims, st.none() | ids, st.none() | ids, st.none() | ids, st.none() | st.just("00000001"))
questions = st.builds(
    Question,
    ids.filter(bool),
    st.just("Oppgave"),
    st.sampled_from(["none", "allowed", "expected"]),
    st.none() | st.integers(1, 3),
)
definitions = st.builds(
    TestDefinition,
    id=st.just("å1"),
    title=st.just(""),
    date=st.just("2026-12-03"),
    language=st.just("nb"),
    sketches=st.booleans(),
    questions=st.lists(questions, unique_by=lambda q: q.id.upper(), max_size=5).map(tuple),
    candidates=st.lists(ids.filter(bool), unique_by=str.upper, max_size=5).map(lambda n: tuple(map(Candidate, n))),
    revision=st.integers(1, 9),
)
facts = st.builds(Facts, st.none() | definitions, st.none() | st.just(FIRST), st.integers(0, 4))


@given(claims, facts)
def test_never_filed_where_the_definition_does_not_allow_it(claims: Claims, facts: Facts) -> None:
    answer = validate(claims, facts, SEEN)
    if isinstance(answer, Held):
        assert answer.reason in Reason and answer.claims == claims
        return
    test = facts.definition
    assert test is not None and test.sketches
    assert answer.slot.test == test.id
    assert answer.slot.candidate in [c.number for c in test.candidates]
    (question,) = [q for q in test.questions if q.id == answer.slot.question]
    assert question.sketches != "none"
    assert question.max_sheets is None or facts.in_slot < question.max_sheets
    assert facts.first is None
    assert claims.candidate is not None and answer.slot.candidate.upper() == claims.candidate.upper()
    assert claims.question is not None and answer.slot.question.upper() == claims.question.upper()
    assert (answer.serial, answer.revision) == (claims.serial, test.revision)


@given(st.data(), definitions, st.integers(0, 4))
def test_filed_wherever_the_definition_allows_it(data: st.DataObject, test: TestDefinition, in_slot: int) -> None:
    """The other way round: nothing is held that has no reason to be."""
    free = [q for q in test.questions if q.sketches != "none" and (q.max_sheets is None or in_slot < q.max_sheets)]
    for question in free:
        for candidate in test.candidates:
            spelling = data.draw(st.sampled_from([str.upper, str.lower, str]))
            claims = Claims(test.id, spelling(candidate.number), spelling(question.id), None)
            answer = validate(claims, Facts(replace(test, sketches=True), None, in_slot), {})
            assert isinstance(answer, Filed) and answer.slot == Slot(test.id, candidate.number, question.id)
