"""Files that are no YAML, no text, no file, or meant to do harm: each has an answer, none an exception."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpipe.definitions import Problem, check, check_text, load, loads

GOOD = """\
test: MA0001-2026H
title: Grunnkurs på høyt nivå
date: 2026-12-03
questions:
  - {id: "2a", label: Spørsmål, sketches: allowed, max_sheets: 4}
candidates:
  - {number: "10001", name: Kari Åsmund, room: S4, seat: "12"}
"""


def problems_of(text: str | bytes) -> list[Problem]:
    definition, problems = check_text(text, "t.yaml")
    assert (definition is None) == bool(problems)
    return problems


def only_problem(text: str | bytes) -> Problem:
    (problem,) = problems_of(text)
    return problem


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("", None, "nothing in the file"),
        ("# only a remark\n", None, "nothing in the file"),
        ("- a\n", 1, "a list"),
        ("hello", 1, '"hello"'),
        (GOOD + "---\ntest: B\n", 8, "expected a single document in the stream, but found another document"),
        (GOOD + "x: *nobody\n", 8, "undefined alias"),
        (GOOD + "\tx: 1\n", 8, "cannot start any token"),
        (GOOD + 'x: "never closed\n', 9, "unexpected end of stream"),
        (GOOD + "# \x07\n", 8, r'"\x07"'),
        (GOOD + "# \ud800\n", 8, r'"\ud800"'),
    ],
)
def test_what_is_no_yaml_is_told_at_once(text: str, line: int | None, found: str) -> None:
    problem = only_problem(text)
    assert problem.line == line
    assert found in problem.found


@pytest.mark.parametrize("bomb", ["[" * 1_000_000, "- " * 200_000, "{a: " * 100_000])
def test_values_nested_deeply_do_not_overrun_the_stack(bomb: str) -> None:
    assert "nested too deeply" in only_problem("test: " + bomb if bomb[0] != "-" else bomb).found


def test_too_many_values_are_refused_before_they_are_built() -> None:
    assert "too many" in only_problem("test: [" + "1," * 600_000 + "]").found


def test_aliases_that_multiply_do_not() -> None:
    layers = "".join(f"  - &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 15))
    problems = problems_of(f"test: T\nquestions:\n  - &l0 [a, a]\n{layers}")
    assert [p.found for p in problems if p.field.startswith("questions[")] == ["a list"] * 15


def test_an_alias_of_itself_ends() -> None:
    assert "a list" in {p.found for p in problems_of("test: &t [*t]\n")}


def test_a_key_that_is_no_text_is_told() -> None:
    assert only_problem(GOOD + "? [a]\n: b\n").found == "a list as a key"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_yaml_may_have_any_usual_encoding(encoding: str, newline: str, tmp_path: Path) -> None:
    path = tmp_path / "prøve.yaml"
    path.write_bytes(GOOD.replace("\n", newline).encode(encoding))
    assert load(path) == loads(GOOD, "t.yaml")


def test_an_error_counts_lines_in_windows_files_too() -> None:
    assert only_problem(GOOD.replace("2026-12-03", "soon").replace("\n", "\r\n").encode()).line == 3


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    definition, (problem,) = check(tmp_path / "none.yaml")
    assert definition is None
    assert str(problem) == "none.yaml: found no such file; allowed: a file that can be read"


def test_a_path_that_the_system_refuses_is_told(tmp_path: Path) -> None:
    assert check(tmp_path / ("x" * 300))[1][0].found == "a file that cannot be read (File name too long)"


def test_a_folder_is_not_a_definition(tmp_path: Path) -> None:
    assert check(tmp_path)[1][0].found == "a folder or a device"


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"#" * 10_000_001)
    assert check(path)[1][0].allowed == "a file of at most 10 MB"


@given(st.binary(max_size=300))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    assert problems_of(data)


_PIECES = st.sampled_from(
    [*GOOD.splitlines(keepends=True), "- ", "{", "}", "[", "]", "&a ", "*a", "!!map ", '"', ": ", "\t"]
)


@settings(max_examples=200)
@given(st.lists(_PIECES | st.text(max_size=5), max_size=15))
def test_any_mixture_of_lines_has_an_answer(pieces: list[str]) -> None:
    text = "".join(pieces)
    definition, problems = check_text(text, "t.yaml")
    assert (definition is None) == bool(problems)
    assert all(str(p).isprintable() for p in problems)
