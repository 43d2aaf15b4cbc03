"""Generic sheets through the commands: codes given out, sheets printed, what is shaded filed or held."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scanpipe.definitions import loads
from scanpipe.desk import completeness
from scanpipe.desk.defining import register
from scanpipe.shaded_codes import too_close
from scanpipe.wiring import open_parts
from tests.installation import Installation, install
from tests.shaded_sheets import TEST, Pile, pile

A, B = ("10001", "4"), ("10002", "2b")


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    return install(tmp_path / "data", sheets=2)


def ingest(home: Installation, *bodies: bytes) -> list[dict]:  # type: ignore[type-arg]
    """Takes files in one after the other; answers what became of their pages."""
    answers = []
    for n, body in enumerate(bodies):
        path = home.data_dir.parent / f"{n}.jpg"
        path.write_bytes(body)
        answers += home.lines("ingest", str(path))
    return answers


def told(answer: dict) -> tuple[str, str | None, str | None]:  # type: ignore[type-arg]
    return answer["verdict"], answer["reason"], answer["candidate"]


def test_sheets_and_their_serials_are_new_and_on_record(home: Installation) -> None:
    generic = pile(home, 3)
    answers = ingest(home, generic.scan(0, A), generic.scan(1, B))
    assert [a["serial"] for a in answers] == ["00000003", "00000004"], "after the two that were printed before"
    home.run("sheets", "--generic", "--count", "2", "--out", str(home.data_dir.parent / "more.pdf"))
    with open_parts(home.settings) as parts:
        assert parts.ledger.write(lambda tx: tx.last_serial()) == 7
    assert "Nothing is missing" in home.run("verify")


@pytest.mark.parametrize("option", [["--manifest", "g.csv"], ["--duplex"], ["--spare", "2"], ["--pad", "2a"]])
def test_what_generic_sheets_cannot_be_is_refused(home: Installation, option: list[str]) -> None:
    out = home.data_dir.parent / "g.pdf"
    done = home.call("sheets", "--generic", "--count", "2", "--out", str(out), *option)
    assert done.returncode == 2 and option[0] in done.stderr and not out.exists()


def test_what_is_shaded_is_filed_in_the_order_of_its_numbers(home: Installation) -> None:
    generic = pile(home, 3)
    second, first, third = (generic.scan(n, A, number) for n, number in enumerate(("02", "01", "03")))
    answers = ingest(home, second, first, third)
    assert [told(a) for a in answers] == [("filed", None, "10001")] * 3
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        lying = [page.serial for page in r.slot_pages(TEST, *A)]
    assert lying == [answers[1]["serial"], answers[0]["serial"], answers[2]["serial"]]
    assert "Nothing is missing" in home.run("verify")


def test_a_persons_order_stays(home: Installation) -> None:
    generic = pile(home, 3)
    answers = ingest(home, generic.scan(0, A, "01"), generic.scan(1, A, "03"))
    with open_parts(home.settings) as parts:
        pages = [[a["scan"], 1] for a in reversed(answers)]
        parts.ledger.write(lambda tx: tx.append("slot_ordered", test=TEST, candidate=A[0], question=A[1], pages=pages))
    answers += ingest(home, generic.scan(2, A, "02", seed=1))
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        lying = [page.serial for page in r.slot_pages(TEST, *A)]
    assert lying == [answers[1]["serial"], answers[0]["serial"], answers[2]["serial"]]


def test_the_same_sheet_again_and_the_same_number_again_are_held(home: Installation) -> None:
    generic = pile(home, 2)
    first, again, other = generic.scan(0, A, "01"), generic.scan(0, A, "01", seed=9), generic.scan(1, A, "01")
    answers = ingest(home, first, again, other)
    assert [told(a)[:2] for a in answers] == [
        ("filed", None),
        ("held", "sheet_seen_before"),
        ("held", "shaded_code_unclear"),
    ]
    assert answers[2]["evidence"]["other"] == f"{answers[0]['scan'][:12]}-1"


@pytest.mark.parametrize("without", [(2,), tuple(range(7))], ids=["one place", "all"])
def test_what_is_not_clear_is_held(home: Installation, without: tuple[int, ...]) -> None:
    (answer,) = ingest(home, pile(home, 1).scan(0, A, without=without))
    assert told(answer) == ("held", "shaded_code_unclear", None)
    assert answer["serial"] == "00000003"


@pytest.mark.parametrize("of_test", [(), (TEST,)], ids=["any test", "its test"])
def test_a_sheet_that_nobody_touched_is_counted(home: Installation, of_test: tuple[str, ...]) -> None:
    generic = pile(home, 2, *of_test)
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        before = completeness.look(r, TEST).open
    (answer,) = ingest(home, generic.untouched(1))
    assert told(answer) == ("blank", None, None) and answer["serial"] == "00000004"
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        assert [page.serial for page in r.pages_in("blank")] == ["00000004"]
        assert completeness.look(r, TEST).open == before
    assert "Nothing is missing" in home.run("verify")
    assert told(ingest(home, generic.scan(1, A))[0]) == ("filed", None, "10001"), "it lay on the stack by mistake"


def test_a_coded_sheet_without_a_drawing_is_filed_or_counted_as_its_test_says(home: Installation) -> None:
    generic = pile(home, 2)
    (filed,) = ingest(home, generic.scan(0, A))
    assert told(filed) == ("filed", None, "10001") and filed["evidence"]["empty"] is True
    with open_parts(home.settings) as parts:
        with parts.ledger.read() as r:
            definition = r.definition(TEST)
        assert definition is not None
        register(parts, replace(definition, empty_sheets="count"))
    (counted,) = ingest(home, generic.scan(1, B))
    assert told(counted) == ("blank", None, "10002") and counted["serial"] == "00000004"


def test_a_number_that_was_given_out_to_nobody_is_held(home: Installation) -> None:
    generic = pile(home, 1)
    strange = Pile(generic.pdf, {A: "1234567"})
    assert told(ingest(home, strange.scan(0, A))[0]) == ("held", "shaded_code_unclear", None)


def test_a_sheet_of_one_test_takes_no_code_of_another(home: Installation) -> None:
    other = (
        "test: T2\ntitle: T\ndate: 2026-12-04\nquestions: [{id: '1', sketches: allowed}]\ncandidates: [{number: '1'}]\n"
    )
    with open_parts(home.settings) as parts:
        register(parts, loads(other, "t2.yaml"))
    generic = pile(home, 1, "T2")
    (answer,) = ingest(home, generic.scan(0, A))
    assert told(answer) == ("held", "shaded_code_unclear", None) and answer["test"] == "T2"


def test_a_definition_that_closed_a_question_holds(home: Installation) -> None:
    generic = pile(home, 1)
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        definition = r.definition(TEST)
    assert definition is not None
    text = (Path(__file__).parent.parent.parent / "config/tests/mathematics.yaml").read_text(encoding="utf-8")
    closed = home.data_dir.parent / "mathematics.yaml"
    closed.write_text(text.replace("sketches: true", "sketches: false", 1), encoding="utf-8")
    for beside in (Path(__file__).parent.parent.parent / "config/tests").glob("*.csv"):
        (closed.parent / beside.name).write_bytes(beside.read_bytes())
    home.run("tests", "add", str(closed))
    assert told(ingest(home, generic.scan(0, A))[0])[:2] == ("held", "sketches_not_enabled")


class TestOfARetiredTest:
    """A sheet that was shaded for a test that is gone turns up years later."""

    OTHER = (
        "test: T2\ntitle: T\ndate: 2026-12-04\n"
        "questions: [{id: '1', sketches: allowed}]\ncandidates: [{number: '1'}, {number: '2'}]\n"
    )

    @pytest.fixture
    def old(self, home: Installation) -> Pile:
        generic = pile(home, 2)
        asked = json.loads(home.run("retire", TEST, "--after", "2026-01-01", "--json"))
        home.run("retire", TEST, "--confirm", asked["code"], "--certificate", str(home.data_dir.parent / "c.json"))
        with open_parts(home.settings) as parts:
            register(parts, loads(self.OTHER, "t2.yaml"))
        return generic

    def test_its_code_is_nobodys_and_given_to_nobody_until_it_is_released(self, home: Installation, old: Pile) -> None:
        (held,) = ingest(home, old.scan(0, A))
        assert told(held) == ("held", "shaded_code_unclear", None)
        assert held["evidence"]["detail"] == f"code {old.codes[A]} was one of {TEST}, which is retired"
        theirs = home.data_dir.parent / "theirs.csv"
        theirs.write_text(f"code,candidate,question\n{old.codes[A]},1,1\n", encoding="utf-8")
        done = home.call("codes", "import", "T2", str(theirs))
        assert f"{old.codes[A]} was one of {TEST}, which is retired" in done.stderr
        assert told(ingest(home, old.scan(0, A, seed=3))[0])[0] == "held", "whose it is nobody knows"
        assert f"{len(old.codes)} codes can be given out again" in home.run("codes", "release", TEST.lower())
        assert home.call("codes", "release", TEST).returncode == 5
        assert told(ingest(home, old.scan(0, A, seed=4))[0]) == ("filed", None, "1")
        assert "Nothing is missing" in home.run("verify")

    def test_others_are_made_and_a_ledger_made_anew_knows(self, home: Installation, old: Pile, tmp_path: Path) -> None:
        home.run("codes", "make", "T2")
        new = {c["code"] for c in home.lines("codes", "list", "T2")}
        assert len(new) == 2 and not too_close([*new, *old.codes.values()], new)
        for file in home.data_dir.glob("ledger.db*"):
            file.rename(tmp_path / file.name)
        home.run("ledger", "rebuild")
        with open_parts(home.settings) as parts, parts.ledger.read() as r:
            assert {*r.shaded().reserved()} == {*old.codes.values()}


def test_codes_are_imported_once_and_what_is_close_is_told(home: Installation) -> None:
    path = home.data_dir.parent / "theirs.csv"
    path.write_text(
        "Kode;Kandidatnr;Oppgave\n1000000;10001;2a\n1000001;10002;2a\n7654321;10003;2a\n87654;10004;2a\n",
        encoding="utf-8",
    )
    done = home.call("codes", "import", TEST, str(path))
    assert done.returncode == 0 and "4 codes added" in done.stdout
    assert "87654 has 5 digits: no sheet in use has so many places" in done.stderr
    assert "1000000  1000001  1" in done.stderr and "7654321" not in done.stderr
    assert "0 codes added" in home.run("codes", "import", TEST, str(path))
    assert [c["code"] for c in home.lines("codes", "list", TEST)] == ["1000000", "1000001", "7654321", "87654"]
    made = home.run("codes", "make", TEST)
    assert made.startswith("156 codes made"), "for the places that have none yet"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("12a4567,10001,2a", "code"),
        ("1234567,99999,2a", "candidate"),
        ("1234567,10001,9z", "question"),
        ("1234567,10001,1", "takes sketches"),
        ("1000000,10002,2a", "names one place"),
    ],
)
def test_nothing_is_imported_where_a_line_is_wrong(home: Installation, row: str, said: str) -> None:
    path = home.data_dir.parent / "theirs.csv"
    path.write_text(f"code,candidate,question\n1000000,10001,2a\n{row}\n", encoding="utf-8")
    done = home.call("codes", "import", TEST, str(path))
    assert done.returncode == 2 and "line 3" in done.stderr and said in done.stderr
    assert home.lines("codes", "list", TEST) == []


def test_a_code_of_two_tests_is_told_and_held(home: Installation) -> None:
    other = (
        "test: T2\ntitle: T\ndate: 2026-12-04\nquestions: [{id: '1', sketches: allowed}]\ncandidates: [{number: '1'}]\n"
    )
    with open_parts(home.settings) as parts:
        register(parts, loads(other, "t2.yaml"))
    generic = pile(home, 1)
    path = home.data_dir.parent / "theirs.csv"
    path.write_text(f"code,candidate,question\n{generic.codes[A]},1,1\n", encoding="utf-8")
    done = home.call("codes", "import", "T2", str(path))
    assert f"{generic.codes[A]} is a code of {TEST} as well" in done.stderr
    assert told(ingest(home, generic.scan(0, A))[0]) == ("held", "shaded_code_unclear", None)


def test_a_layout_of_somebody_else_is_a_setting(home: Installation) -> None:
    wrong = home.data_dir.parent / "wrong.yaml"
    wrong.write_text("layout: theirs\nmarks: []\n", encoding="utf-8")
    broken = Installation(home.data_dir, home.pdf, (), {"SCANPIPE__SHEETS__LAYOUTS": str(wrong)})
    done = broken.call("queue")
    assert done.returncode == 3 and "wrong.yaml" in done.stderr and "marks" in done.stderr


def test_the_record_of_codes_can_be_told_from_the_store(home: Installation) -> None:
    """A lost ledger is made anew: the codes, and the serials that were given out."""
    generic = pile(home, 1)
    (home.data_dir / "ledger.db").unlink()
    for rest in home.data_dir.glob("ledger.db-*"):
        rest.unlink()
    home.run("ledger", "rebuild")
    (answer,) = ingest(home, generic.scan(0, A))
    assert told(answer) == ("filed", None, "10001")
    with open_parts(home.settings) as parts:
        assert parts.ledger.write(lambda tx: tx.last_serial()) == 3


def test_the_codes_of_a_test_that_is_retired_go_with_it(home: Installation, tmp_path: Path) -> None:
    generic = pile(home, 1, TEST)
    assert told(ingest(home, generic.scan(0, A))[0])[0] == "filed"
    (asked,) = home.lines("retire", TEST, "--after", "2026-01-01")
    home.run("retire", TEST, "--confirm", asked["code"], "--certificate", str(tmp_path / "certificate.json"))
    assert "Nothing is missing" in home.run("verify")
    with open_parts(home.settings) as parts, parts.ledger.read() as r:
        assert r.shaded().all() == []
