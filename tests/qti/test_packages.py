"""QTI packages of every version become definitions: items in the order of the test, sketches by rule, problems at their lines."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from scanpipe.definitions import check_text
from scanpipe.definitions.qti import (
    CandidateList,
    Heading,
    Imported,
    Rules,
    Wish,
    import_path,
    import_zip,
    read_kinds,
    read_question,
)
from scanpipe.faults import UsageFault
from tests.qti import makers
from tests.qti.makers import V21, V22, V30, assessment, exam, item, manifest, ref, section, zipped

HEADING = Heading("FY0001-2026H", "2026-12-03")
PEOPLE = CandidateList("people.csv", b"Kandidatnr;Rom;Ekstra tid\n10001;S4;\n10002;K1;30\n")
Files = Mapping[str, str | bytes]


def read(files: Files, wish: Wish | None = None) -> Imported:
    return import_zip(io.BytesIO(zipped(files)), "exam.zip", wish or Wish(HEADING, candidates=PEOPLE))


def problems(files: Files, wish: Wish | None = None) -> list[str]:
    return [str(p) for p in read(files, wish).problems]


def sketches(imported: Imported) -> dict[str, str]:
    assert imported.problems == ()
    return {q.id: q.sketches for q, _ in imported.questions}


@pytest.mark.parametrize("v", makers.ALL, ids=lambda v: f"{v.name}{v.prefix}")
def test_every_version_gives_the_same_questions_in_the_order_of_the_test(v: makers.Version) -> None:
    imported = read(exam(v))
    definition = imported.definition
    assert imported.problems == () and definition is not None and imported.found is not None
    assert imported.found.version == v.name
    assert [(q.id, q.label, q.sketches) for q in definition.questions] == [
        ("2a", "Skisser grafen", "allowed"),
        ("2b", "Lever utregningen", "allowed"),
        ("3", "Forklar & tegn", "allowed"),
        ("4", "Velg riktig svar", "none"),
    ]
    assert (definition.id, definition.title, definition.date, definition.language) == (
        "FY0001-2026H",
        "Mekanikk",
        "2026-12-03",
        "nb",
    )
    assert [(c.number, c.room, c.extra_time_min) for c in definition.candidates] == [
        ("10001", "S4", None),
        ("10002", "K1", 30),
    ]
    assert imported.found.notes == ['Item "info" asks for no answer and is left out.']


def test_the_text_is_the_definition_and_says_where_it_comes_from() -> None:
    imported = read(exam(V30))
    assert check_text(imported.text, "definition.yaml") == (imported.definition, [])
    assert imported.text.startswith("# Read from exam.zip (QTI 3.0): 3 of 4 questions take sketches.\n")
    assert "# item 3: extendedText, drawing\n" in imported.text


def test_without_a_list_the_text_names_one_to_be_put_beside_it(tmp_path: Path) -> None:
    imported = read(exam(V22), Wish(HEADING))
    assert imported.definition is None and imported.problems == ()
    assert imported.text.endswith("candidates: {file: candidates.csv}\n")
    (tmp_path / "candidates.csv").write_bytes(PEOPLE.data)
    definition, wrong = check_text(imported.text, "d.yaml", tmp_path)
    assert wrong == [] and definition is not None and len(definition.candidates) == 2


@pytest.mark.parametrize(
    ("kinds", "single", "expected"),
    [
        ("", [], {"2a": "none", "2b": "none", "3": "none", "4": "none"}),
        ("drawing=expected", [], {"2a": "expected", "2b": "none", "3": "expected", "4": "none"}),
        ("extended-text, choice=expected", [], {"2a": "none", "2b": "none", "3": "allowed", "4": "expected"}),
        (
            "qti-upload-interaction,drawingInteraction",
            [],
            {"2a": "allowed", "2b": "allowed", "3": "allowed", "4": "none"},
        ),
        ("drawing,extendedText=expected", [], {"2a": "allowed", "2b": "none", "3": "expected", "4": "none"}),
        ("drawing", ["4=allowed:2", "2A=none"], {"2a": "none", "2b": "none", "3": "allowed", "4": "allowed"}),
    ],
)
def test_which_questions_take_sketches_is_a_rule(kinds: str, single: list[str], expected: dict[str, str]) -> None:
    rules = Rules(read_kinds(kinds), dict(map(read_question, single)))
    imported = read(exam(V21), Wish(HEADING, rules, candidates=PEOPLE))
    assert sketches(imported) == expected
    assert {q.id: q.max_sheets for q, _ in imported.questions}["4"] == (2 if single else None)


@pytest.mark.parametrize("text", ["drowing", "drawing=yes", "=allowed", "drawing=allowed=expected"])
def test_a_rule_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageFault):
        read_kinds(text)


@pytest.mark.parametrize(
    "text", ["3", "=allowed", "3=perhaps", "3=allowed:0", "3=allowed:100", "3=none:2", "3=allowed:x"]
)
def test_a_wish_for_a_question_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageFault):
        read_question(text)


def test_a_wish_for_a_question_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageFault, match="no question '9'"):
        read(exam(V21), Wish(HEADING, Rules(questions={"9": ("allowed", None)})))


def test_identifiers_that_cannot_be_ids_become_numbers() -> None:
    long = "i65ce0e519b1b335503b09337dda626e3c4"
    refs = section(V30, "S", ref(V30, "_a", "a.xml"), ref(V30, long, "b.xml"))
    files = {
        "imsmanifest.xml": manifest(V30, ["t.xml"], ["a.xml", "b.xml"]),
        "t.xml": assessment(V30, refs),
        "a.xml": item(V30, "a", "", "drawing"),
        "b.xml": item(V30, long, "Lang " * 40, "drawing"),
    }
    made = read(files).questions
    assert [(q.id, i.identifier) for q, i in made] == [("1", "_a"), ("2", long)]
    assert made[0][0].label == "_a" and len(made[1][0].label) == 80 and made[1][0].label.endswith("…")


def test_items_without_a_test_come_in_the_order_of_the_manifest() -> None:
    items = {"b.xml": item(V22, "b", "B", "drawing"), "a.xml": item(V22, "a", "A", "choice")}
    assert sketches(read({"imsmanifest.xml": manifest(V22, [], list(items)), **items})) == {"b": "allowed", "a": "none"}


def test_a_stimulus_that_says_it_were_a_test_is_none() -> None:
    """As in a package that is published as an example."""
    files = exam(V30)
    stimulus = f'<qti-assessment-stimulus xmlns="{V30.space}" identifier="S1" title="Text"/>'
    listed = str(files["imsmanifest.xml"]).replace(
        "</resources>", '<resource identifier="S" type="imsqti_test_xmlv3p0" href="s.xml"/></resources>'
    )
    assert len(read({**files, "imsmanifest.xml": listed, "s.xml": stimulus}).questions) == 4


def test_a_section_in_a_file_of_its_own_is_read_in_its_place() -> None:
    tag = "assessmentSectionRef"
    outer = section(V22, "S", f'<{tag} identifier="X" href="parts/x.xml"/>', ref(V22, "last", "a.xml"))
    part = section(V22, "X", ref(V22, "first", "../a.xml")).replace(
        "<assessmentSection ", f"<assessmentSection {V22.xmlns} "
    )
    files = {
        "imsmanifest.xml": manifest(V22, ["t.xml"], ["a.xml"]),
        "t.xml": assessment(V22, outer),
        "parts/x.xml": part,
        "a.xml": item(V22, "a", "A", "drawing"),
    }
    assert list(sketches(read(files))) == ["first", "last"]
    again = outer.replace(f"<{tag}", f'<{tag} identifier="Y" href="parts/x.xml"/><{tag}')
    assert any("the section" in p and "once more" in p for p in problems({**files, "t.xml": assessment(V22, again)}))


def test_a_selection_is_told() -> None:
    drawn = section(V21, "S", '<selection select="1"/>', ref(V21, "1", "a.xml"), ref(V21, "2", "a.xml"))
    files = {
        "imsmanifest.xml": manifest(V21, ["t.xml"], ["a.xml"]),
        "t.xml": assessment(V21, drawn),
        "a.xml": item(V21, "a", "A", "drawing"),
    }
    imported = read(files)
    assert imported.found is not None and "each candidate gets 1" in imported.found.notes[0]
    assert "# Of section" in imported.text


def test_of_several_tests_one_must_be_named() -> None:
    files = dict(exam(V21))
    files["other.xml"] = assessment(V21, section(V21, "S", ref(V21, "9", "items/graf.xml")), identifier="OTHER")
    files["imsmanifest.xml"] = str(files["imsmanifest.xml"]).replace(
        "</resources>", '<resource identifier="O" type="imsqti_test_xmlv2p1" href="other.xml"/></resources>'
    )
    (told,) = problems(files)
    assert '"FY0001", "OTHER"' in told and "--assessment" in told
    assert list(sketches(read(files, Wish(HEADING, assessment="OTHER")))) == ["9"]
    assert "NONE" in problems(files, Wish(HEADING, assessment="NONE"))[0]


def test_a_test_that_says_no_language_has_that_of_its_first_item() -> None:
    """So it is in the examples of 1EdTech; without this, sheets of an English test were printed in Norwegian."""
    wish = Wish(Heading("FY0001-2026H", "2026-12-03"), candidates=PEOPLE)
    english = makers.item(V30, "9", "Draw it", "drawing", language="en-GB")
    other = makers.item(V30, "10", "Tegn det", "drawing", language="nb")
    files: dict[str, str | bytes] = {
        "imsmanifest.xml": makers.manifest(V30, ["test.xml"], ["b.xml", "a.xml"]),
        "test.xml": makers.assessment(V30, makers.ref(V30, "9", "a.xml"), makers.ref(V30, "10", "b.xml")),
        "a.xml": english,
        "b.xml": other,
    }
    said = read(files, wish).definition
    silent = read({**files, "test.xml": str(files["test.xml"]).replace(' xml:lang="nb"', "")}, wish).definition
    assert said is not None and silent is not None and (said.language, silent.language) == ("nb", "en")


def test_the_package_says_what_was_not_said() -> None:
    files = exam(V30)
    imported = read(files, Wish(Heading("", "2026-12-03", language="en"), candidates=PEOPLE))
    assert imported.definition is not None
    assert (imported.definition.id, imported.definition.language) == ("FY0001", "en")
    unusable = {**files, "test.xml": str(files["test.xml"]).replace('identifier="FY0001"', 'identifier="_FY:1"')}
    assert any("option test" in p for p in problems(unusable, Wish(Heading("", "2026-12-03"))))
    assert any("date" in p for p in problems(files, Wish(Heading("T", "3.12.2026"))))


def test_a_folder_around_the_package_is_no_matter() -> None:
    assert len(read({f"eksamen/{name}": body for name, body in exam(V22).items()}).questions) == 4


def test_folders_and_single_files_are_read_as_well(tmp_path: Path) -> None:
    for name, body in exam(V22).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(body if isinstance(body, bytes) else body.encode())
    wish = Wish(HEADING, candidates=PEOPLE)
    assert import_path(tmp_path, wish).definition == import_path(tmp_path / "test.xml", wish).definition is not None
    assert list(sketches(import_path(tmp_path / "items/graf.xml", wish))) == ["graf"]
    (tmp_path / "exam.zip").write_bytes(zipped(exam(V22)))
    assert len(import_path(tmp_path / "exam.zip", wish).questions) == 4


def test_a_document_type_is_passed_over_unread() -> None:
    body = item(V21, "a", "A", "drawing").replace(f' xmlns="{V21.space}"', "")
    typed = body.replace("?>\n", '?>\n<!DOCTYPE assessmentItem SYSTEM "http://127.0.0.1:9/imsqti_v2p1.dtd">\n')
    imported = read({"imsmanifest.xml": manifest(V21, [], ["a.xml"]), "a.xml": typed})
    assert sketches(imported) == {"a": "allowed"} and imported.found is not None and imported.found.version == "2"


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings_are_read(encoding: str) -> None:
    body = item(V21, "a", "Æble på øy", "drawing").replace("UTF-8", encoding).encode(encoding)
    imported = read({"imsmanifest.xml": manifest(V21, [], ["a.xml"]), "a.xml": body})
    assert [q.label for q, _ in imported.questions] == ["Æble på øy"]
