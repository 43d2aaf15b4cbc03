"""`scanpipe tests import`: what it shows, what it writes, and that nothing is written over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from scanpipe.cli import cli
from scanpipe.definitions import load
from scanpipe.faults import DefinitionFault, Fault, UsageFault
from tests.qti.makers import V22, exam, zipped

PEOPLE = "Kandidatnummer;Etternavn;Fornavn;Rom;Ekstra tid\n10001;Ås;Kari;S4;30 min\n".encode("cp1252")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCANPIPE__DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "exam.zip").write_bytes(zipped(exam(V22)))
    (tmp_path / "people.csv").write_bytes(PEOPLE)
    return tmp_path


def run(*args: str) -> str:
    """The command in this process; raises what it raises."""
    done = CliRunner().invoke(cli, ["tests", *args], standalone_mode=False)
    if isinstance(done.exception, Fault):
        raise done.exception
    assert done.exception is None, done.exception
    return done.output


SAID = ("import", "exam.zip", "--test", "FY0001-2026H", "--date", "2026-12-03")


def test_it_shows_what_it_found_and_writes_what_can_be_registered(folder: Path) -> None:
    shown = run(*SAID, "--candidates", "people.csv", "--question", "4=expected:2")
    assert "QTI 2.2, 4 questions" in shown and "asks for no answer" in shown and "tests add definition.yaml" in shown
    definition = load(folder / "definition.yaml")
    assert {q.id: (q.sketches, q.max_sheets) for q in definition.questions}["4"] == ("expected", 2)
    assert [(c.name, c.extra_time_min) for c in definition.candidates] == [("Kari Ås", 30)]
    assert "FY0001-2026H" not in run("list"), "nothing is registered before somebody looked it through"
    assert "new" in run("add", "definition.yaml")


def test_the_same_again_changes_nothing_and_another_text_is_not_written_over(folder: Path) -> None:
    run(*SAID)
    before = (folder / "definition.yaml").read_bytes()
    run(*SAID)
    with pytest.raises(UsageFault, match="there already and differs"):
        run(*SAID, "--title", "Annet")
    assert (folder / "definition.yaml").read_bytes() == before
    assert "put candidates.csv beside it" in run(*SAID, "--out", "other.yaml")


def test_it_registers_when_told_to(folder: Path) -> None:
    columns = ("--candidates", "people.csv", "--no-header", "--columns", "number=1")
    with pytest.raises(DefinitionFault, match=r"people\.csv, line 1"):
        run(*SAID, *columns, "--register")
    (folder / "people.csv").write_bytes(b"10001,x,30\n10002\n")
    lines = run(
        *SAID,
        "--candidates",
        "people.csv",
        "--no-header",
        "--columns",
        "number=1, extra_time_min=3",
        "--register",
        "--json",
    )
    told, registered = map(json.loads, lines.splitlines())
    assert told["version"] == "2.2" and [q["sketches"] for q in told["questions"]] == ["allowed"] * 3 + ["none"]
    assert registered == {"test": "FY0001-2026H", "revision": 1, "new": True, "changes": []}
    assert "+30 min" in run("show", "FY0001-2026H")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--register",), "without candidates"),
        (("--columns", "nummer=1"), "names no column"),
        (("--columns", "number="), "names no column"),
        (("--sketches", "drowing"), "no interaction"),
        (("--question", "9=none"), "no question '9'"),
    ],
)
def test_a_wrong_call_is_told_and_nothing_is_written(folder: Path, more: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageFault, match=told):
        run(*SAID, *more)
    assert not (folder / "definition.yaml").exists()


def test_a_broken_package_is_told_and_nothing_is_written(folder: Path) -> None:
    (folder / "exam.zip").write_bytes(zipped({**exam(V22), "test.xml": "<assessmentTest>\n<"}))
    with pytest.raises(DefinitionFault, match=r"test\.xml, line 2: found broken XML"):
        run(*SAID)
    assert not (folder / "definition.yaml").exists()
