"""The YAML of a definition: what is taken as it was written, and each error with its line, field and what is allowed."""

from __future__ import annotations

import re

import pytest

from scanpipe.definitions import Problem, check_text, loads
from scanpipe.faults import DefinitionFault
from scanpipe.model import Candidate, Question

GOOD = """\
test: MA0001-2026H
title: Grunnkurs i matematikk
date: 2026-12-03
language: nb
sketches: true
questions:
  - {id: "1", label: Oppgave 1, sketches: none}
  - {id: "2a", label: Oppgave 2a, sketches: allowed, max_sheets: 4}
candidates:
  - {number: "10001", name: Kari Åsmund, room: S4, seat: "12"}
  - {number: "10002"}
"""


def problems_of(text: str | bytes) -> list[Problem]:
    definition, problems = check_text(text, "t.yaml")
    assert (definition is None) == bool(problems)
    return problems


def only_problem(text: str | bytes) -> Problem:
    (problem,) = problems_of(text)
    return problem


def replaced(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_every_field_is_taken() -> None:
    d = loads(GOOD, "t.yaml")
    assert (d.id, d.title, d.date, d.language, d.sketches, d.revision) == (
        "MA0001-2026H",
        "Grunnkurs i matematikk",
        "2026-12-03",
        "nb",
        True,
        0,
    )
    assert d.questions == (
        Question("1", "Oppgave 1", "none", None),
        Question("2a", "Oppgave 2a", "allowed", 4),
    )
    assert d.candidates == (Candidate("10001", "Kari Åsmund", "S4", "12"), Candidate("10002"))


def test_what_is_left_out_has_a_default() -> None:
    d = loads("{test: T, title: X, date: 2026-12-03, questions: [{id: q}], candidates: [{number: n}]}", "t.yaml")
    assert (d.language, d.sketches) == ("nb", True)
    assert d.questions == (Question("q", "q", "none", None),)
    assert d.candidates == (Candidate("n", None, None, None),)


@pytest.mark.parametrize("written", ["0010", "1.10", "1e3", "0x1F", "1_000", "007", "2026-12-03", "yes", "Null"])
def test_unquoted_values_stay_as_written(written: str) -> None:
    text = f"""
test: {written}
title: {written}
date: 2026-12-03
questions: [{{id: {written}, label: {written}}}]
candidates: [{{number: {written}, name: {written}, room: {written}, seat: {written}}}]
"""
    d = loads(text, "t.yaml")
    texts = {d.id, d.title, d.questions[0].id, d.questions[0].label}
    texts |= {d.candidates[0].number, d.candidates[0].name, d.candidates[0].room, d.candidates[0].seat}
    assert texts == {written}


def test_text_is_composed_and_trimmed() -> None:
    d = loads(replaced("Kari Åsmund", '" Kari\u00a0A\u030asmund "'), "t.yaml")
    assert d.candidates[0].name == "Kari Åsmund"


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_a_detail_of_a_candidate_may_be_nothing(nothing: str) -> None:
    assert loads(replaced("name: Kari Åsmund", f"name: {nothing}"), "t.yaml").candidates[0].name is None


def test_max_sheets_of_nothing_is_nothing_where_no_sketches_are_taken() -> None:
    assert loads(replaced("sketches: none", "sketches: none, max_sheets: 0"), "t.yaml").questions[0].max_sheets is None


@pytest.mark.parametrize("written", ["true", "True", "false", "FALSE"])
def test_the_setting_of_the_entire_test(written: str) -> None:
    assert loads(replaced("sketches: true", f"sketches: {written}"), "t.yaml").sketches is (written[0] in "tT")


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "found"),
    [
        ("MA0001-2026H", "MA/0001", 1, "test", '"MA/0001"'),
        ("MA0001-2026H", "M" * 41, 1, "test", f'"{"M" * 41}"'),
        ("MA0001-2026H", '"a..b"', 1, "test", '"a..b"'),
        ("MA0001-2026H", "con.1", 1, "test", '"con.1"'),
        ("MA0001-2026H", "[MA]", 1, "test", "a list"),
        ("MA0001-2026H", "", 1, "test", "nothing"),
        ("MA0001-2026H", "!!python/name:os.system x", 1, "test", '"tag:yaml.org,2002:python/name:os.system"'),
        ("Grunnkurs i matematikk", '""', 2, "title", '""'),
        ("Grunnkurs i matematikk", "x" * 201, 2, "title", f'"{"x" * 60}…"'),
        ("Grunnkurs i matematikk", r'"a\nb"', 2, "title", r'"a\nb"'),
        ("Grunnkurs i matematikk", r'"a\u202Eb"', 2, "title", r'"a\u202eb"'),
        ("Grunnkurs i matematikk", "a😀b", 2, "title", '"a😀b"'),
        ("Grunnkurs i matematikk", "a\ue000b", 2, "title", r'"a\ue000b"'),
        ("Grunnkurs i matematikk", "a\ufffdb", 2, "title", '"a\ufffdb"'),
        ("Grunnkurs i matematikk", "{a: b}", 2, "title", "a mapping"),
        ("2026-12-03", "2026-02-30", 3, "date", '"2026-02-30"'),
        ("2026-12-03", "20261203", 3, "date", '"20261203"'),
        ("2026-12-03", "2026-12-03T09:00:00", 3, "date", '"2026-12-03T09:00:00"'),
        ("language: nb", "language: se", 4, "language", '"se"'),
        ("language: nb", "language: [nb]", 4, "language", "a list"),
        ("sketches: true", 'sketches: "true"', 5, "sketches", '"true"'),
        ("sketches: true", "sketches: 1", 5, "sketches", '"1"'),
        ("sketches: true", "sketches:", 5, "sketches", "nothing"),
        ('id: "1"', "id: é/", 7, "questions[1].id", '"é/"'),
        ('id: "1"', "id: " + "q" * 21, 7, "questions[1].id", f'"{"q" * 21}"'),
        ("label: Oppgave 2a", "label: " + "x" * 81, 8, "questions[2].label", f'"{"x" * 60}…"'),
        ("sketches: allowed", "sketches: maybe", 8, "questions[2].sketches", '"maybe"'),
        ("max_sheets: 4", "max_sheets: 100", 8, "questions[2].max_sheets", '"100"'),
        ("max_sheets: 4", "max_sheets: 0", 8, "questions[2].max_sheets", '"0"'),
        ("max_sheets: 4", "max_sheets: -1", 8, "questions[2].max_sheets", '"-1"'),
        ("max_sheets: 4", "max_sheets: 2.0", 8, "questions[2].max_sheets", '"2.0"'),
        ("max_sheets: 4", 'max_sheets: "4"', 8, "questions[2].max_sheets", '"4"'),
        ("sketches: none", "sketches: none, max_sheets: 1", 7, "questions[1].max_sheets", '"1"'),
        ('number: "10001"', "number: " + "1" * 21, 10, "candidates[1].number", f'"{"1" * 21}"'),
        ("name: Kari Åsmund", "name: " + "x" * 121, 10, "candidates[1].name", f'"{"x" * 60}…"'),
        ("room: S4", "room: " + "x" * 41, 10, "candidates[1].room", f'"{"x" * 41}"'),
        ('seat: "12"', "seat: [12]", 10, "candidates[1].seat", "a list"),
        ('{number: "10002"}', "10002", 11, "candidates[2]", '"10002"'),
        ('{number: "10002"}', "[]", 11, "candidates[2]", "an empty list"),
    ],
)
def test_a_bad_value_is_told_with_its_place(old: str, new: str, line: int, field: str, found: str) -> None:
    problem = only_problem(replaced(old, new))
    assert (problem.file, problem.line, problem.field) == ("t.yaml", line, field)
    assert problem.found.endswith(found)
    assert problem.allowed


@pytest.mark.parametrize("key", ["test", "title", "date", "questions", "candidates"])
def test_a_missing_key_is_told(key: str) -> None:
    text = re.sub(rf"(?m)^{key}:.*\n(  .*\n)*", "", GOOD)
    problem = only_problem(text)
    assert (problem.field, problem.found, problem.hint) == (key, "nothing", "This key is required.")


def test_missing_ids_are_told_where_they_should_be() -> None:
    text = replaced('{id: "1", label', "{label").replace('{number: "10002"}', "{name: Per}")
    assert [(p.line, p.field) for p in problems_of(text)] == [(7, "questions[1].id"), (11, "candidates[2].number")]


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "hint"),
    [
        ("title:", "titel:", 2, "titel", "Did you mean title?"),
        ("max_sheets: 4", "maxsheets: 4", 8, "questions[2].maxsheets", "Did you mean max_sheets?"),
        ("room: S4", "Room: S4", 10, "candidates[1].Room", "Did you mean room?"),
        ("room: S4", "xyz: S4", 10, "candidates[1].xyz", ""),
    ],
)
def test_an_unknown_key_is_told_with_a_suggestion(old: str, new: str, line: int, field: str, hint: str) -> None:
    (problem,) = [p for p in problems_of(replaced(old, new)) if p.found == "an unknown key"]
    assert (problem.line, problem.field, problem.hint) == (line, field, hint)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("language: nb", "language: no", "Write nb for Norwegian."),
        ("language: nb", "language: off", "Write nb for Norwegian."),
        ("language: nb", "language: Bokmål", "Write nb for Norwegian."),
        ("language: nb", "language: EN", "Did you mean en?"),
        ("sketches: true", "sketches: yes", "Write true."),
        ("sketches: true", "sketches: off", "Write false."),
        ("sketches: none", "sketches: no", "Write none."),
        ("sketches: none", "sketches: true", "Write allowed."),
        ("sketches: none", "sketches: Expected", "Did you mean expected?"),
        ("2026-12-03", "3.12.2026", "Write 2026-12-03."),
        ("2026-12-03", "31.02.2026", ""),
        ("MA0001-2026H", "MA 1", 'The character " " cannot stand in an id.'),
    ],
)
def test_a_usual_mistake_has_a_hint(old: str, new: str, hint: str) -> None:
    assert only_problem(replaced(old, new)).hint == hint


def test_a_repeated_key_names_both_lines() -> None:
    problem = only_problem(replaced("language: nb", "title: Again"))
    assert (problem.line, problem.field, problem.hint) == (4, "title", "It stands on line 2 already.")


def test_ids_are_unique_without_regard_to_case() -> None:
    text = replaced('id: "1"', 'id: "2A"').replace('"10001"', "Å1").replace('"10002"', "å1")
    questions, candidates = problems_of(text)
    assert (questions.line, questions.field) == (8, "questions[2].id")
    assert questions.hint == '"2A" stands on line 7 already; capitals make no difference.'
    assert (candidates.line, candidates.field) == (11, "candidates[2].number")
    assert candidates.hint == '"Å1" stands on line 10 already; capitals make no difference.'


def test_all_problems_come_at_once_in_reading_order() -> None:
    text = replaced("2026-12-03", "soon").replace("sketches: allowed", "sketches: x").replace("room: S4", "rom: S4")
    assert [p.line for p in problems_of(text)] == [3, 8, 10]
    with pytest.raises(DefinitionFault) as caught:
        loads(text, "t.yaml")
    first, *lines = caught.value.message.splitlines()
    assert first == "t.yaml cannot be used as a test definition: 3 problems"
    assert lines[1] == (
        '  t.yaml, line 8, questions[2].sketches: found "x"; allowed: whether sheets are handed in: '
        "none (the default), allowed or expected"
    )
    assert "scanpipe tests schema" in caught.value.hint


def test_problems_are_told_from_top_to_bottom_whatever_the_order_of_keys() -> None:
    text = "candidates: []\nquestions: []\nsketches: 1\ntitle: ''\ntest: /\ndate: x\n"
    assert [p.line for p in problems_of(text)] == [1, 2, 3, 4, 5, 6]


def test_a_value_on_a_line_of_its_own_is_told_there() -> None:
    assert only_problem(replaced("title: Grunnkurs i matematikk", 'title:\n\n  ""')).line == 4


def test_a_key_without_a_value_is_told_at_its_own_line() -> None:
    (problem,) = problems_of(replaced('{id: "1", label: Oppgave 1, sketches: none}', "id:\n\n    label: A"))
    assert (problem.line, problem.field) == (7, "questions[1].id")


def test_fifty_problems_are_shown_and_the_rest_counted() -> None:
    rows = "".join(f"  - {{number: a/{n}}}\n" for n in range(60))
    text = replaced('  - {number: "10002"}\n', rows)
    with pytest.raises(DefinitionFault) as caught:
        loads(text, "t.yaml")
    lines = caught.value.message.splitlines()
    assert len(lines) == 52
    assert lines[-1].strip() == "… and 10 more"


def test_a_text_with_control_characters_cannot_command_the_terminal() -> None:
    shown = str(only_problem(replaced("MA0001-2026H", r'"\e[2J"')))
    assert shown.isprintable()
