"""Candidates in a CSV: every way that spreadsheets write one, and each error at its line."""

from __future__ import annotations

import csv
import io
import itertools
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpipe.definitions import Problem, check, check_text, load
from scanpipe.definitions.candidates_csv import read_candidates
from scanpipe.definitions.minutes import read_minutes
from scanpipe.definitions.problems import Spot
from scanpipe.model import Candidate

HEAD = "test: T\ntitle: X\ndate: 2026-12-03\nquestions: [{id: q}]\n"
USUAL = "candidates: {file: c.csv}\n"
KARI = Candidate("0010", "Åsmund, Kari", "S4", "12")
PER = Candidate("11", "Pær Øst", None, "1;2")


def read(folder: Path, data: str | bytes, candidates: str = USUAL) -> tuple[Candidate, ...]:
    definition, problems = write_and_check(folder, data, candidates)
    assert problems == []
    return definition


def write_and_check(
    folder: Path, data: str | bytes, candidates: str = USUAL
) -> tuple[tuple[Candidate, ...], list[Problem]]:
    (folder / "c.csv").write_bytes(data.encode() if isinstance(data, str) else data)
    (folder / "t.yaml").write_text(HEAD + candidates)
    definition, problems = check(folder / "t.yaml")
    assert (definition is None) == bool(problems)
    return (definition.candidates if definition else ()), problems


def problem_of(folder: Path, data: str | bytes, candidates: str = USUAL) -> Problem:
    _, (problem,) = write_and_check(folder, data, candidates)
    return problem


@pytest.mark.parametrize(
    ("delimiter", "encoding", "newline"),
    list(itertools.product(",;\t", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"], ["\n", "\r\n", "\r"])),
)
def test_delimiters_encodings_and_line_ends(delimiter: str, encoding: str, newline: str, tmp_path: Path) -> None:
    rows = [
        ["Kandidatnr", "Navn", "Rom", "Plass"],
        ["0010", '"Åsmund, Kari"', "S4", "12"],
        ["11", "Pær Øst", "", '"1;2"'],
    ]
    text = newline.join(delimiter.join(row) for row in rows)
    assert read(tmp_path, text.encode(encoding)) == (KARI, PER)


@pytest.mark.parametrize(
    "header",
    [
        "number,name,room,seat",
        "Kandidatnummer,NAVN,Rom,Plass",
        "Kandidat-nr.,Fullt navn,Sal,Plass nr",
        "candidate number,name,Lokale,Seat",
    ],
)
def test_usual_column_names_are_known(header: str, tmp_path: Path) -> None:
    assert read(tmp_path, header + '\n0010,"Åsmund, Kari",S4,12\n') == (KARI,)


def test_columns_may_be_named_and_others_are_not_read(tmp_path: Path) -> None:
    data = "Navn;Løpenr;Hus #;Hus\nKari;0010;x;S4\n"
    columns = "candidates: {file: c.csv, columns: {number: løpenr, room: Hus}}\n"
    assert read(tmp_path, data, columns) == (Candidate("0010", None, "S4", None),)


def test_the_number_keeps_its_usual_name_when_others_are_named(tmp_path: Path) -> None:
    assert read(tmp_path, "Kandidatnr;Hus\n7;H1\n", "candidates: {file: c.csv, columns: {room: Hus}}\n") == (
        Candidate("7", None, "H1"),
    )


def test_one_column_is_enough(tmp_path: Path) -> None:
    assert read(tmp_path, "number\n1\n2\n") == (Candidate("1"), Candidate("2"))


def test_the_delimiter_is_told_by_the_columns_not_by_counting(tmp_path: Path) -> None:
    assert read(tmp_path, "Kandidatnr;Merknad (a, b, c, d)\n1;x, y\n") == (Candidate("1"),)


def test_blank_lines_and_the_mark_of_excel_are_skipped_and_short_rows_are_filled(tmp_path: Path) -> None:
    data = "sep=;\r\n\r\nKandidatnr;Navn;Rom\r\n\r\n1;A\r\n;;\r\n  \r\n2;B;S4;;\r\n"
    assert read(tmp_path, data) == (Candidate("1", "A"), Candidate("2", "B", "S4"))


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    data = 'sep=;\n\nKandidatnr;Navn\n1;A\n\n"2";"B\nC"\n3/4;D\n;E\n'
    _, problems = write_and_check(tmp_path, data)
    assert [(p.file, p.line, p.field, p.found) for p in problems] == [
        ("c.csv", 6, 'column "Navn"', r'"B\nC"'),
        ("c.csv", 8, 'column "Kandidatnr"', '"3/4"'),
        ("c.csv", 9, 'column "Kandidatnr"', "nothing"),
    ]


def test_problems_of_both_files_come_together_the_yaml_first(tmp_path: Path) -> None:
    _, problems = write_and_check(tmp_path, "number\na/b\n", "langauge: nb\n" + USUAL)
    assert [(p.file, p.line) for p in problems] == [("t.yaml", 5), ("c.csv", 2)]


def test_a_candidate_that_comes_again_names_both_lines(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "number,name\na1,X\nb2,Y\n\nA1,Z\n")
    assert (problem.file, problem.line, problem.field) == ("c.csv", 5, 'column "number"')
    assert problem.hint == '"a1" stands on line 2 already; capitals make no difference.'


def test_a_missing_column_lists_those_there_are(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "\nNavn;Rom\nKari;S4\n")
    assert (problem.file, problem.line, problem.field) == ("c.csv", 2, "first row")
    assert problem.found == 'the columns "Navn", "Rom"'
    assert "Kandidatnr" in problem.allowed or "kandidatnr" in problem.allowed


def test_a_named_column_must_be_there(tmp_path: Path) -> None:
    columns = "candidates: {file: c.csv, columns: {number: Nr, seat: Stol}}\n"
    problem = problem_of(tmp_path, "Nr;Plass\n1;2\n", columns)
    assert (problem.found, problem.allowed) == ('the columns "Nr", "Plass"', "a column Stol for seat")


def test_two_columns_for_the_same_are_told(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "number,Kandidatnr\n1,2\n")
    assert problem.found == 'the columns "number" and "Kandidatnr"'


@pytest.mark.parametrize(
    ("data", "line", "found"),
    [
        ("", 1, "no column names"),
        ("\n\n", 1, "no column names"),
        ("number,name\n", None, "no row below the column names"),
        ("number,name\n1,A,B\n", 2, "3 cells"),
        ('number,name\n1,"A\n2,B\n', 2, "a row that cannot be read (unexpected end of data)"),
        ('number,name\n1,"A"B\n2,C\n', 2, "a row that cannot be read (',' expected after '\"')"),
        (
            "number,name\n1," + "x" * 200_000 + "\n",
            2,
            "a row that cannot be read (field larger than field limit (131072))",
        ),
        (b"number,name\n1,\xc3\xa6\n2,\xe6\n", 3, "bytes that are not UTF-8, though other lines are"),
        (b"\xef\xbb\xbfnumber,name\n1,\xe6\n", 2, "bytes that are not UTF-8"),
        (b"\xff\xfen\x00\x00", 1, "bytes that are not UTF-16"),
        (b"number,name\n1,A\n2,\x81\n", 3, "bytes that are no letters"),
        (b"#" * 10_000_001, None, "a larger file"),
    ],
)
def test_what_cannot_be_read_is_told(data: str | bytes, line: int | None, found: str, tmp_path: Path) -> None:
    problem = problem_of(tmp_path, data)
    assert (problem.file, problem.line, problem.found) == ("c.csv", line, found)


@pytest.mark.parametrize("name", ["../c.csv", "/etc/passwd", "sub/c.csv", "..", '"sub\\\\c.csv"', '"C:c.csv"'])
def test_a_file_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "number\n1\n", f"candidates: {{file: {name}}}\n")
    assert (problem.file, problem.line, problem.field) == ("t.yaml", 5, "candidates.file")
    assert problem.hint == "Only the name of the file, without any folder."


def test_a_link_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("number\n1\n")
    folder = tmp_path / "upload"
    folder.mkdir()
    (folder / "link.csv").symlink_to(secret)
    assert problem_of(folder, "", "candidates: {file: link.csv}\n").found == '"link.csv", a link'


def test_a_misspelt_file_has_a_suggestion(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "number\n1\n", "candidates: {file: cc.csv}\n")
    assert (problem.found, problem.hint) == ('"cc.csv", but no such file', "Did you mean c.csv?")


def test_a_file_name_longer_than_the_file_system_takes_is_told(tmp_path: Path) -> None:
    assert "no such file" in problem_of(tmp_path, "", f"candidates: {{file: {'語' * 110}}}\n").found


def test_blanks_around_the_file_name_do_not_matter(tmp_path: Path) -> None:
    assert problem_of(tmp_path, "number\n/\n", 'candidates: {file: " c.csv "}\n').file == "c.csv"


def test_a_byte_order_mark_is_not_part_of_a_quoted_column_name(tmp_path: Path) -> None:
    assert read(tmp_path, '\ufeff"Kandidatnr","a, b"\n7,x\n') == (Candidate("7"),)
    assert problem_of(tmp_path, "\ufeffNavn\nKari\n").found == 'the columns "Navn"'


@pytest.mark.parametrize("name", [".", '"a\\0b"', "x" * 121, '""', "[a]", ""])
def test_what_is_no_file_name_is_refused(name: str, tmp_path: Path) -> None:
    assert problem_of(tmp_path, "", f"candidates: {{file: {name}}}\n").field == "candidates.file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "f.csv").mkdir()
    assert problem_of(tmp_path, "", "candidates: {file: f.csv}\n").found == "a folder or a device"


def test_a_text_without_a_folder_has_its_candidates_inside() -> None:
    (problem,) = check_text(HEAD + USUAL, "upload")[1]
    assert (problem.line, problem.field, problem.hint) == (5, "candidates.file", "No file can come along here.")


def test_keys_of_the_mapping_are_checked(tmp_path: Path) -> None:
    candidates = "candidates:\n  file: c.csv\n  colums: {}\n  columns: {rom: X, number: [a]}\n"
    _, problems = write_and_check(tmp_path, "number\n1\n", candidates)
    assert [(p.line, p.field, p.found) for p in problems] == [
        (7, "candidates.colums", "an unknown key"),
        (8, "candidates.columns.rom", "an unknown key"),
        (8, "candidates.columns.number", "a list"),
    ]


@pytest.mark.parametrize("empty", ["[]", "{}", "", "text"])
def test_no_candidates_are_not_enough(empty: str, tmp_path: Path) -> None:
    assert problem_of(tmp_path, "", f"candidates: {empty}\n").field.startswith("candidates")


def test_a_whole_university_loads_at_once(tmp_path: Path) -> None:
    rows = "".join(f"{10000 + n};Kåre Ødegård {n};S{n // 40};{n % 40}\n" for n in range(1700))
    (tmp_path / "c.csv").write_text("Kandidatnr;Navn;Rom;Plass\n" + rows)
    (tmp_path / "t.yaml").write_text(HEAD + USUAL)
    start = time.process_time()
    assert len(load(tmp_path / "t.yaml").candidates) == 1700
    assert time.process_time() - start < 0.5


@given(st.binary(max_size=200), st.sampled_from([b"", b"number,name\n", b"Kandidatnr;Navn\n1;A\n", b"\xff\xfe"]))
def test_any_bytes_have_an_answer(data: bytes, start: bytes) -> None:
    problems: list[Problem] = []
    placed = read_candidates(start + data, Spot("c.csv", problems), None)
    assert placed or problems
    assert all(str(p).isprintable() for p in problems)


@given(st.text(max_size=100), st.sampled_from([None, {"number": "a"}, {"name": "b"}]))
def test_any_text_below_a_header_has_an_answer(text: str, columns: dict[str, str] | None) -> None:
    problems: list[Problem] = []
    data = ("number;a;b\n" + text).encode("utf-8", "replace")
    assert read_candidates(data, Spot("c.csv", problems), columns) or problems


def test_a_name_in_two_columns_and_extra_time_in_hours_as_the_student_system_has_them(tmp_path: Path) -> None:
    data = (
        "Studentnummer;Kandidatnr.;Etternavn;Fornavn;Eksamensrom;Ekstra eksamenstid - timer\n"
        "512345;10001;Åsmund;Kari;S4;0,5\n512346;10002;Bø;;K1;1\n512347;10003;;Ola;;\n"
    )
    assert read(tmp_path, data.encode("cp1252")) == (
        Candidate("10001", "Kari Åsmund", "S4", None, 30),
        Candidate("10002", "Bø", "K1", None, 60),
        Candidate("10003", "Ola", None, None, None),
    )


def test_a_whole_name_goes_before_its_parts(tmp_path: Path) -> None:
    assert read(tmp_path, "number,name,Etternavn\n1,Kari Ås,Ås\n")[0].name == "Kari Ås"


@pytest.mark.parametrize(
    "text", ["10001;kari@uni;30\n10002;ola@uni\n", "10001;kari@uni\n10002;ola@uni;\n10003;x;45 min"]
)
def test_without_a_header_columns_have_places(text: str, tmp_path: Path) -> None:
    where = "candidates: {file: c.csv, header: false, columns: {number: 1, extra_time_min: 3}}\n"
    found = read(tmp_path, text.encode("utf-16"), where)
    assert [c.number for c in found] == ["10001", "10002", "10003"][: len(found)] and len(found) == text.count("1000")
    assert {c.extra_time_min for c in found} - {None} in ({30}, {45}) and {c.name for c in found} == {None}


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("", "nothing for number"),
        (", columns: {name: 2}", "nothing for number"),
        (", columns: {number: Nr}", '"Nr"'),
        (", columns: {number: 0}", '"0"'),
    ],
)
def test_without_a_header_the_places_must_be_said(columns: str, found: str, tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "1,2\n", f"candidates: {{file: c.csv, header: false{columns}}}\n")
    assert problem.found == found and "number from 1" in problem.allowed


def test_a_row_with_too_many_cells_and_one_without_a_number_are_told_without_a_header_too(tmp_path: Path) -> None:
    where = "candidates: {file: c.csv, header: false, columns: {number: 2}}\n"
    _, told = write_and_check(tmp_path, "a,1\nb\nc,3\n", where)
    assert [(p.line, p.field, p.found) for p in told] == [(2, 'column "2"', "nothing")]
    assert problem_of(tmp_path, "", where).found == "no row"


@pytest.mark.parametrize(
    ("text", "unit", "minutes"),
    [
        ("30", "min", 30),
        ("0", "min", None),
        (" 30 min. ", "min", 30),
        ("30 minutter", "h", 30),
        ("1", "h", 60),
        ("0,5", "h", 30),
        ("1.25", "h", 75),
        ("0.333", "h", None),
        ("1 t 15 min", "min", 75),
        ("1,5 timer", "min", 90),
        ("2t", "min", 120),
        ("1:30", "min", 90),
        ("00:45:00", "h", 45),
        ("24", "h", 1440),
    ],
)
def test_extra_time_is_read_as_people_write_it(text: str, unit: str, minutes: int | None) -> None:
    problems: list[Problem] = []
    assert read_minutes(text, Spot("c.csv", problems), unit) == minutes  # type: ignore[arg-type]
    assert bool(problems) == (text == "0.333")


@pytest.mark.parametrize("text", ["", "25 %", "-5", "30,5", "1441", "ja", "1:75", "t", "30 x", "1e3", "٣٠", "9" * 400])
def test_what_is_no_time_is_told(text: str) -> None:
    problems: list[Problem] = []
    assert read_minutes(text, Spot("c.csv", problems)) is None and len(problems) == 1
    assert ("minutes" in problems[0].hint) == ("%" in text)


plain = st.text(alphabet="abcÅø ;,\t\"'1", min_size=1, max_size=8).filter(lambda text: text.strip() == text and text)
people = st.builds(
    Candidate,
    number=st.from_regex("[1-9][0-9]{0,5}", fullmatch=True),
    name=st.none() | plain.map(lambda text: text.replace("\t", "x")),
    room=st.none() | plain.map(lambda text: text.replace("\t", "x")),
    seat=st.none(),
    extra_time_min=st.none() | st.integers(1, 1440),
)


@settings(max_examples=60)
@given(
    st.lists(people, min_size=1, max_size=4, unique_by=lambda c: c.number),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.booleans(),
    st.permutations(["number", "name", "room", "extra_time_min"]),
)
def test_what_is_written_is_read(
    candidates: list[Candidate], delimiter: str, encoding: str, has_header: bool, order: list[str]
) -> None:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    if has_header:
        rows.writerow(order)
    rows.writerows(["" if (value := getattr(c, key)) is None else value for key in order] for c in candidates)
    columns = None if has_header else {key: str(place) for place, key in enumerate(order, 1)}
    problems: list[Problem] = []
    placed = read_candidates(text.getvalue().encode(encoding), Spot("c.csv", problems), columns, has_header)
    assert problems == [] and [one for one, _ in placed] == candidates
