"""Nothing is missing, proven: lists, differences, closing, and an exam of 3,000 sheets in which nineteen things went wrong."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from scanpipe.cli import cli
from scanpipe.desk import completeness, expected_lists, expecting
from scanpipe.desk.expecting import Entry
from scanpipe.desk.parts import Parts
from scanpipe.desk.tracing import sentence
from scanpipe.faults import Fault, Overtaken, Refused, UnknownThing, UsageFault
from scanpipe.model import Sheet
from scanpipe.wiring import open_parts
from tests.arrivals import Paper, large_test, printed, scan, stack_of, stacked
from tests.installation import Installation

TEST = large_test(20, 3)
LARGE = large_test(300, 10, "ST3000-2026H")
WHO = "kari"


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data", tmp_path / "none.pdf", ())


@pytest.fixture
def parts(home: Installation) -> Iterator[Parts]:
    with open_parts(home.settings) as parts:
        yield parts


@pytest.fixture
def sheets(parts: Parts) -> list[Sheet]:
    return printed(parts, TEST)


def named(parts: Parts, test: str = TEST.id) -> list[tuple[str, str]]:
    with parts.ledger.read() as r:
        return [(str(f.kind), f.subject) for f in completeness.look(r, test).open]


def csv(*rows: str) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def all_collected(parts: Parts, sheets: list[Sheet], test: str = TEST.id) -> None:
    rows = csv(
        "Rom;Arknr.", *(f"{stack_of(LARGE if test == LARGE.id else TEST, s).split()[0]};{s.serial}" for s in sheets)
    )
    expected_lists.sheets_from(parts, test, "collected", "samlet inn.csv", rows, WHO)


def test_of_3000_sheets_each_of_the_19_that_went_wrong_is_named_and_nothing_else(parts: Parts) -> None:
    """7 are lost, 5 scanned twice, 3 exchanged (with a spare one, and two candidates with each other), 4 are of another test."""
    rng = random.Random(19)
    first = printed(parts, LARGE)
    spare = printed(parts, LARGE)
    other = printed(parts, large_test(4, 1, "XX0001-2026H"))
    assert len(first) == 3000 and len(other) == 4
    chosen = rng.sample(range(3000), 15)
    lost, twice, taken = ([first[i] for i in part] for part in (chosen[:7], chosen[7:12], chosen[12:]))
    instead = next(s for s in spare if (s.candidate, s.question) == (taken[0].candidate, taken[0].question))
    all_collected(parts, first, LARGE.id)
    owners = {s.serial: s for s in first}
    owners[taken[1].serial], owners[taken[2].serial] = taken[2], taken[1]
    lines = (f"{place.candidate},{place.question},{serial}" for serial, place in owners.items())
    expected_lists.declared_from(parts, LARGE.id, "levert.csv", csv("Kandidatnr,Oppgave,Arknr", *lines), WHO)
    there = csv("kandidat;oppmøte", *(f"{c.number};møtt" for c in LARGE.candidates))
    expected_lists.attendance_from(parts, LARGE.id, "oppmøte.csv", there, WHO)
    papers = stacked(LARGE, [s for s in first if s not in lost and s != taken[0]])
    papers += [Paper(s, stack_of(LARGE, s), copy=1) for s in twice]
    papers += [Paper(instead, stack_of(LARGE, instead))]
    papers += [Paper(s, "S5 2026-12-03", strange=n % 2 == 0) for n, s in enumerate(other)]
    pages = scan(parts, papers)
    strangers = {str(p) for p in pages[-4:]}
    wrong = {("collected_not_scanned", s.serial) for s in lost}
    wrong |= {("scanned_twice", s.serial) for s in twice}
    wrong |= {("sheet_exchanged", f"{taken[0].serial}/{instead.serial}")}
    wrong |= {("sheet_exchanged", s.serial) for s in taken[1:]}
    wrong |= {("sheet_of_other_test", name) for name in strangers}
    found = named(parts, LARGE.id)
    assert len(wrong) == 19 and set(found) == wrong and len(found) == 19


def test_a_difference_is_gone_when_the_sheet_arrives(parts: Parts, sheets: list[Sheet]) -> None:
    all_collected(parts, sheets)
    scan(parts, stacked(TEST, sheets[1:]))
    assert named(parts) == [("collected_not_scanned", sheets[0].serial)]
    scan(parts, stacked(TEST, sheets[:1]))
    assert named(parts) == []


def test_a_person_closes_with_a_reason_and_opens_again(parts: Parts, sheets: list[Sheet]) -> None:
    expecting.tell_sheets(parts, TEST.id, "collected", {"S4": [Entry("10001", 3)]}, WHO)
    scan(parts, stacked(TEST, [s for s in sheets if s.candidate == "10001"][:1]))
    told = (TEST.id, "collected_not_scanned", "10001")
    assert named(parts) == [told[1:], ("expected_without_sheet", "10001/3")]
    with pytest.raises(Refused, match="reason"):
        completeness.close(parts, *told, "  ", WHO)
    with pytest.raises(Overtaken, match="figures"):
        completeness.close(parts, *told, "x", WHO, seen=(3, 2))
    completeness.close(parts, *told, "two were blank", WHO, seen=(3, 1))
    with pytest.raises(UnknownThing):
        completeness.close(parts, *told, "again", WHO)
    with parts.ledger.read() as r:
        view = completeness.look(r, TEST.id)
    assert [(f.subject, c.why, c.by) for f, c in view.closed] == [("10001", "two were blank", WHO)]
    assert ("collected_not_scanned", "10001") not in named(parts)
    completeness.reopen(parts, *told, WHO)
    assert told[1:] in named(parts)
    completeness.close(parts, *told, "two were blank", WHO)
    expecting.tell_sheets(parts, TEST.id, "collected", {"S4": [Entry("10001", 4)]}, WHO)
    assert told[1:] in named(parts), "with other figures it is open again"
    assert parts.ledger.difference() == []


def test_the_last_word_stands_and_a_list_says_all_about_its_rooms(parts: Parts, sheets: list[Sheet]) -> None:
    tell = lambda *rows: expected_lists.sheets_from(parts, TEST.id, "collected", "c.csv", csv(*rows), WHO)  # noqa: E731
    assert tell("candidate,count", "10001,3", "10002,2", "10005,1") == 3
    assert tell("kandidatnr;antall", "10001;2") == 1
    with parts.ledger.read() as r:
        counted = {(e.room, e.candidate): e.count for e in r.expected().counted(TEST.id)}
    assert counted == {("S4", "10001"): 2, ("S5", "10002"): 2}
    serial = next(s.serial for s in sheets if s.candidate == "10001")
    assert tell("sal;arknr", f"s4;{serial[:4]} {serial[4:]}") == 1
    with parts.ledger.read() as r:
        (entry,) = [e for e in r.expected().counted(TEST.id) if e.room == "S4"]
    assert (entry.candidate, entry.count, entry.serials) == ("", None, (serial,))


@pytest.mark.parametrize(
    ("rows", "line", "said"),
    [
        (("candidate,count", "10001,3", "99999,1"), 3, "a candidate of"),
        (("candidate,count", "10001,three"), 2, "a whole number"),
        (("candidate,count", "10001,"), 2, "neither serial nor count"),
        (("rom;arknr", "S4;00000001", "S4;99999999"), 3, "the serial of a sheet that was printed"),
        (("rom;arknr", "S4;00000001", "S5;00000001"), 3, "each sheet once"),
        (("rom;arknr", "S7;00000001"), 2, "a room in which"),
        (("rom;arknr", ";00000001"), 2, "neither candidate nor room"),
        (("rom;antall;arknr", "S4;2;00000001"), 2, "both that agree"),
        (("rom;antall", "S4;2;5"), 2, "3 cells"),
    ],
)
def test_every_line_that_is_wrong_is_told(
    parts: Parts, sheets: list[Sheet], rows: tuple[str, ...], line: int, said: str
) -> None:
    assert sheets[0].serial == "00000001"
    with pytest.raises(UsageFault) as caught:
        expected_lists.sheets_from(parts, TEST.id, "collected", "liste.csv", csv(*rows), WHO)
    assert f"liste.csv, line {line}" in caught.value.message and said in caught.value.message
    with parts.ledger.read() as r:
        assert r.expected().counted(TEST.id) == [], "nothing is recorded of a list with a mistake"


def test_the_other_lists_are_checked_as_well(parts: Parts, sheets: list[Sheet]) -> None:
    with pytest.raises(UsageFault, match=r"line 3.*present or absent"):
        expected_lists.attendance_from(
            parts, TEST.id, "a.csv", csv("candidate,present", "10001,ja", "10002,kanskje"), WHO
        )
    with pytest.raises(UsageFault, match=r"line 3.*one of the two"):
        expected_lists.attendance_from(parts, TEST.id, "a.csv", csv("candidate,present", "10001,ja", "10001,nei"), WHO)
    with pytest.raises(UsageFault, match=r"line 2.*a question of"):
        expected_lists.declared_from(parts, TEST.id, "d.csv", csv("candidate,question,count", "10001,9,1"), WHO)
    with pytest.raises(UsageFault, match=r"first row.*a column question"):
        expected_lists.declared_from(parts, TEST.id, "d.csv", csv("candidate,count", "10001,1"), WHO)
    with pytest.raises(UsageFault, match=r"line 3.*each once"):
        expected_lists.stacks_from(parts, None, "s.csv", csv("bunke,sider", "S4,1", "S4,2"), WHO)
    with pytest.raises(UnknownThing, match="no sheet 12345678"):
        expecting.declare(parts, TEST.id, "10001", "1", Entry("10001", None, ("12345678",)), WHO)
    with pytest.raises(UsageFault, match="count of 2"):
        expecting.declare(parts, TEST.id, "10001", "1", Entry("10001", 2, (sheets[0].serial,)), WHO)


def call(home: Installation, *args: str, ok: int = 0) -> str:
    """`scanpipe …` in this process; a fault answers its exit code."""
    done = CliRunner().invoke(cli, args, env={**home.environ, "SCANPIPE_USER": WHO})
    code = done.exception.exit_code if isinstance(done.exception, Fault) else done.exit_code
    assert code == ok, (args, done.output, done.exception)
    return done.output


def test_from_the_command_line(home: Installation, parts: Parts, sheets: list[Sheet], tmp_path: Path) -> None:
    scan(parts, stacked(TEST, sheets[1:]))
    files = {
        "collected": csv("room;serial", *(f"{stack_of(TEST, s).split()[0]};{s.serial}" for s in sheets)),
        "handed-out": csv("room;count", "S4;15"),
        "declared": csv("candidate;question;count", "10001;1;1"),
        "attendance": csv("candidate;present", "10001;absent"),
        "stacks": csv("stack;count", "S4 2026-12-03;14"),
    }
    for name, body in files.items():
        (tmp_path / f"{name}.csv").write_bytes(body)
        test = [] if name == "stacks" else [TEST.id]
        assert "recorded" in call(home, "expect", name, *test, str(tmp_path / f"{name}.csv"))
    call(home, "expect", "stack", "S5 2026-12-03", "15")
    call(home, "expect", "declared", TEST.id, str(tmp_path / "none.csv"), ok=2)
    rows = [json.loads(line) for line in call(home, "expect", "differences", TEST.id, "--json").splitlines()]
    assert [(r["kind"], r["subject"], r["expected"], r["received"]) for r in rows] == [
        ("collected_not_scanned", sheets[0].serial, 1, 0),
        ("sheets_of_absent", "10001", 0, 2),
    ]
    assert rows[0]["room"] == "S4" and rows[0]["serials"] == [sheets[0].serial]
    call(home, "expect", "close", TEST.id, "sheets_of_absent", "10001", "--why", "came late")
    assert f"closed by {WHO}: came late" in call(home, "expect", "differences", TEST.id, "--closed")
    call(home, "expect", "reopen", TEST.id, "sheets_of_absent", "10001")
    assert "2 differences are open" in call(home, "expect", "differences", TEST.id)
    call(home, "expect", "close", TEST.id, "sheets_of_absent", "10002", "--why", "x", ok=5)
    assert "closed it: came late" in "\n".join(sentence(e) for e in parts.ledger.events())


def test_the_monitor_answers_from_memory_as_long_as_nothing_happens(
    parts: Parts, sheets: list[Sheet], monkeypatch: pytest.MonkeyPatch
) -> None:
    all_collected(parts, sheets[:-1])
    scan(parts, stacked(TEST, sheets))
    monitor = completeness.Monitor()
    view = monitor.look(parts, TEST.id)
    assert (view.whole.received, len(view.open)) == (60, 1)
    assert monitor.look(parts, TEST.id.lower()) is view
    expecting.note_attendance(parts, TEST.id, {"10001": False}, WHO)
    later = monitor.look(parts, TEST.id)
    assert later is not view and len(later.open) == 2
    monkeypatch.setattr(completeness, "_QUICK_S", -1.0)
    monkeypatch.setattr(completeness, "_REST", 1e9)
    expecting.note_attendance(parts, TEST.id, {"10002": False}, WHO)
    assert monitor.look(parts, TEST.id, patient=True) is later, "looking at a large test rests in between"
    assert len(monitor.look(parts, TEST.id).open) == 3, "but not for who asks for the page"
    part = completeness.in_rooms(later, ["S4"])
    assert {p.room for p in part.people} == {"S4"} and [f.kind for f in part.open] == ["sheets_of_absent"]
