"""The canonical JSON, its digest, and the difference between two revisions."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.definitions import diff, digest, from_json, to_json
from scanpipe.faults import DefinitionFault
from scanpipe.model import Candidate, Question, TestDefinition

TEXTS = st.text("abÅø é1", min_size=1, max_size=4)
IDS = st.text("aA1Å", min_size=1, max_size=2)
QUESTIONS = st.builds(
    Question, IDS, TEXTS, st.sampled_from(["none", "allowed", "expected"]), st.none() | st.integers(1, 99)
)
EXTRA = st.none() | st.integers(1, 1440)
CANDIDATES = st.builds(Candidate, IDS, st.none() | TEXTS, st.none() | TEXTS, st.none() | TEXTS, EXTRA)
DEFINITIONS = st.builds(
    TestDefinition,
    IDS,
    TEXTS,
    st.sampled_from(["2026-12-03", "2027-01-01"]),
    st.sampled_from(["nb", "en"]),
    st.booleans(),
    st.lists(QUESTIONS, max_size=4, unique_by=lambda q: q.id.upper()).map(tuple),
    st.lists(CANDIDATES, max_size=4, unique_by=lambda c: c.number.upper()).map(tuple),
    st.integers(0, 3),
)

OLD = TestDefinition(
    "MA1",
    "Matematikk",
    "2026-12-03",
    "nb",
    True,
    (
        Question("1", "Oppgave 1", "none"),
        Question("2a", "Oppgave 2a", "allowed", 4),
        Question("3", "Oppgave 3", "none"),
    ),
    tuple(Candidate(str(10000 + n), f"Navn {n}", "S4", str(n)) for n in range(100)),
)


def but(**changes: object) -> TestDefinition:
    return dataclasses.replace(OLD, **changes)  # type: ignore[arg-type]


@given(DEFINITIONS)
def test_the_json_brings_everything_back(definition: TestDefinition) -> None:
    assert from_json(to_json(definition), definition.revision) == definition


def test_the_json_is_written_in_one_way_only() -> None:
    small = TestDefinition("T", "Å", "2026-12-03", "nb", True, (Question("1", "A", "none"),), (Candidate("7"),), 5)
    assert to_json(small) == (
        '{"candidates":[{"number":"7"}],"date":"2026-12-03","language":"nb","questions":'
        '[{"id":"1","label":"A","sketches":"none"}],"sketches":true,"test":"T","title":"Å"}'
    )
    assert digest(small) == "5a4332bff1b59b9a05210fba44ccfe7417743701288bfe034ae11e6106058f2c"


def test_the_digest_does_not_count_the_revision_but_the_order() -> None:
    assert digest(but(revision=7)) == digest(OLD)
    assert digest(but(questions=OLD.questions[::-1])) != digest(OLD)
    assert digest(but(candidates=OLD.candidates[::-1])) != digest(OLD)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"test": 1}', to_json(OLD).replace('"label"', '"lable"'), to_json(OLD)[:-1]]
)
def test_what_is_no_definition_is_a_fault(text: str) -> None:
    with pytest.raises(DefinitionFault, match="cannot be read"):
        from_json(text, 1)


def test_json_of_other_types_is_a_fault() -> None:
    fields = json.loads(to_json(OLD))
    fields["questions"][0]["id"] = 1
    with pytest.raises(DefinitionFault):
        from_json(json.dumps(fields), 1)


@given(DEFINITIONS, DEFINITIONS)
def test_a_difference_is_told_exactly_when_there_is_one(old: TestDefinition, new: TestDefinition) -> None:
    assert bool(diff(old, new)) == (digest(old) != digest(new))
    assert diff(old, old) == []


@given(DEFINITIONS, st.data())
def test_another_order_is_told(old: TestDefinition, data: st.DataObject) -> None:
    questions = tuple(data.draw(st.permutations(old.questions)))
    candidates = tuple(data.draw(st.permutations(old.candidates)))
    new = dataclasses.replace(old, questions=questions, candidates=candidates)
    told = diff(old, new)
    assert len(told) == (questions != old.questions) + (candidates != old.candidates)
    assert all("another order" in sentence for sentence in told)


def test_changes_of_the_heading() -> None:
    new = but(title="Statistikk", date="2026-12-04", language="en", sketches=False)
    assert diff(OLD, new) == [
        'The title changed from "Matematikk" to "Statistikk".',
        "The date changed from 2026-12-03 to 2026-12-04.",
        "The language changed from nb to en.",
        "The setting whether sketches are enabled for the whole test changed from true to false.",
    ]


def test_changes_of_questions() -> None:
    questions = (
        Question("4", "Oppgave 4", "expected", 2),
        Question("1", "Oppgave én", "allowed"),
        Question("2A", "Oppgave 2a", "allowed"),
    )
    assert diff(OLD, but(questions=questions)) == [
        'Question 4 was added (label "Oppgave 4", sketches expected, most sheets: 2).',
        "Question 3 was removed.",
        'Question 1: the label changed from "Oppgave 1" to "Oppgave én".',
        "Question 1: sketches changed from none to allowed.",
        "Question 2A: its id is now spelled from 2a to 2A.",
        "Question 2A: the most sheets changed from 4 to no limit.",
    ]


def test_questions_in_another_order() -> None:
    assert diff(OLD, but(questions=OLD.questions[::-1])) == ["The questions stand in another order: 3, 2a, 1."]


def test_candidates_that_came_and_went() -> None:
    new = but(candidates=(*OLD.candidates[3:-1], Candidate("20001"), Candidate("x"), Candidate("20002")))
    assert diff(OLD, new) == [
        "3 candidates were added: x, 20001, 20002.",
        "4 candidates were removed: 10000 to 10002, 10099.",
    ]


def test_one_candidate_that_changed() -> None:
    changed = Candidate("10000", "Åse", None, "0")
    assert diff(OLD, but(candidates=(changed, *OLD.candidates[1:]))) == [
        'Candidate 10000: the name changed from "Navn 0" to "Åse".',
        'Candidate 10000: the room changed from "S4" to nothing.',
    ]


def test_the_same_change_of_many_is_one_sentence() -> None:
    moved = tuple(dataclasses.replace(c, room="S5") for c in OLD.candidates[:40])
    assert diff(OLD, but(candidates=moved + OLD.candidates[40:])) == [
        '40 candidates (10000 to 10039): the room changed from "S4" to "S5".'
    ]


def test_many_different_changes_are_counted_in_the_end() -> None:
    renamed = tuple(dataclasses.replace(c, name=f"Ny {c.number}") for c in OLD.candidates)
    told = diff(OLD, but(candidates=renamed))
    assert len(told) == 31
    assert told[0] == 'Candidate 10000: the name changed from "Navn 0" to "Ny 10000".'
    assert told[-1] == "The name changed for 70 more candidates: 10030 to 10099."


def test_what_many_have_in_common_is_told_before_single_changes() -> None:
    seats = tuple(dataclasses.replace(c, seat=f"neu {c.number}") for c in OLD.candidates[:60])
    last = tuple(dataclasses.replace(c, seat=None) for c in (Candidate("x", seat="1"), Candidate("y", seat="1")))
    old = but(candidates=(*OLD.candidates, Candidate("x", seat="1"), Candidate("y", seat="1")))
    told = diff(old, but(candidates=seats + OLD.candidates[60:] + last))
    assert told[0] == '2 candidates (x, y): the seat changed from "1" to nothing.'


def test_a_long_list_of_numbers_is_cut_and_counted() -> None:
    scattered = tuple(Candidate(str(20000 + 2 * n)) for n in range(50))
    (told,) = diff(OLD, but(candidates=OLD.candidates + scattered))
    assert told.startswith("50 candidates were added: 20000, 20002, ")
    assert told.endswith("20078 and 10 more.")


def test_extra_time_is_part_of_a_candidate_and_its_lack_leaves_digests_as_they_were() -> None:
    longer = dataclasses.replace(OLD.candidates[0], extra_time_min=30)
    new = but(candidates=(longer, *OLD.candidates[1:]))
    assert diff(OLD, new) == ['Candidate 10000: the extra time changed from nothing to "30 min".']
    assert '"extra_time_min":30' in to_json(new) and "extra_time" not in to_json(OLD)
    assert digest(OLD) == "95cb1191d15a5adacaceb07017d0c9995d4f85cdfa536e6ccafd0209e1e3710d"
