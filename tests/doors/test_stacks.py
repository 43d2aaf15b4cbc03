"""Stacks that separators open: counted, compared, withdrawn and brought back, and told of in the share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scanpipe.desk import completeness
from scanpipe.desk.deciding import discard
from scanpipe.desk.decisions import undo_last
from scanpipe.desk.expecting import expect_stacks
from scanpipe.desk.parts import Parts
from scanpipe.desk.people import add_user
from scanpipe.desk.searching import HeldList
from scanpipe.desk.share_notes import ShareNotes, check_place, listed
from scanpipe.desk.stacks import withdraw_stack
from scanpipe.desk.tracing import trace
from scanpipe.desk.verifying import verify
from scanpipe.faults import FolderFault
from scanpipe.ledgers.queue import Filter
from scanpipe.model import Candidate, Difference, PageRecord
from scanpipe.telling.meter import Meter
from scanpipe.web.app import make_app
from scanpipe.web.site import Site
from scanpipe.wiring import open_parts
from tests.feeding import TEST, Hall, open_hall
from tests.installation import install
from tests.web.conftest import PASSWORD, sign_in
from tools.scanner.feeding import Leaf, simplex


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Hall, list[PageRecord], list[str]]:
    """A file with two stacks of two sheets each; the second one says that it has three, and a third never came."""
    hall = open_hall(tmp_path_factory.mktemp("stacks"), 94_001)
    first, one = hall.separator(2, TEST, "S4")
    second, two = hall.separator(3, TEST, "S5")
    third, _ = hall.separator(7, TEST, "S6")
    a, b, c, d = hall.leaves(4)
    pages = hall.feed([*simplex([one, a, b, two, c, d])], "desk 1")
    return hall, pages, [first.serial, second.serial, third.serial]


def differences(hall: Hall) -> list[tuple[str, int | None, int | None]]:
    with open_parts(hall.home.settings) as parts, parts.ledger.read() as r:
        found = completeness.look(r, TEST).open
        return [(f.subject, f.expected, f.received) for f in found if f.kind is Difference.STACK_DIFFERS]


def test_separators_are_counted_and_never_filed(fed: tuple[Hall, list[PageRecord], list[str]]) -> None:
    hall, pages, serials = fed
    assert [p.state for p in pages] == ["separator", "filed", "filed", "separator", "filed", "filed"]
    assert [p.serial for p in pages if p.state == "separator"] == serials[:2]
    with open_parts(hall.home.settings) as parts:
        found = verify(parts)
        assert found.problems == [] and found.states["separator"] == 2
        life = [sentence for _, sentence in trace(parts, pages[0].scan)]
        assert any(f"separator {serials[0]}; what follows is stack desk 1 " in sentence for sentence in life)
        with parts.ledger.read() as r:
            name = r.spans().first_names()[serials[0]].rpartition(" / ")[0]
            receipt, opened = r.figures().receipt(name), r.figures().opened(name)
        assert receipt is not None and receipt.pages == 6 and receipt.states["separator"] == 2
        assert [(o.receipt.pages, o.sheets, o.printed and o.printed.room, o.differs) for o in opened] == [
            (3, 2, "S4", False),
            (3, 2, "S5", True),
        ]


def test_a_room_that_the_test_does_not_have_is_told(tmp_path: Path) -> None:
    home = install(tmp_path / "data", sheets=1)
    done = home.call("separators", TEST, "--room", "s4", "--room", "S99", "--out", str(tmp_path / "s.pdf"))
    assert done.returncode == 0 and "has no room S99" in done.stderr and "s4" not in done.stderr


def test_what_was_counted_against_what_came(fed: tuple[Hall, list[PageRecord], list[str]]) -> None:
    hall, _, serials = fed
    told = differences(hall)
    assert [(expected, received) for _, expected, received in told] == [(3, 2), (7, 0)]
    assert told[0][0].endswith(f" / {serials[1]}") and told[1][0] == f"separator {serials[2]}"


def test_one_stack_is_withdrawn_and_brought_back(fed: tuple[Hall, list[PageRecord], list[str]]) -> None:
    hall, pages, serials = fed
    with open_parts(hall.home.settings) as parts:
        with parts.ledger.read() as r:
            name = r.spans().first_names()[serials[1]]
            shown = HeldList().find(r, Filter(stack=name), 9)
            assert shown.shown == 0 and shown.total == r.queue().count(Filter())
        assert withdraw_stack(parts, name, "kari", "wrong tray", 2) == 2
        with parts.ledger.read() as r:
            states = [p.state for p in r.pages(pages[0].scan)]
        assert states == ["separator", "filed", "filed", "separator", "withdrawn", "withdrawn"]
        undo_last(parts, "kari")
        with parts.ledger.read() as r:
            assert [p.state for p in r.pages(pages[0].scan)] == [p.state for p in pages]
        assert verify(parts).problems == []


def test_a_separator_that_is_missed_shows_by_the_counts(tmp_path: Path) -> None:
    hall = open_hall(tmp_path, 94_002)
    first, one = hall.separator(1, TEST, "S4")
    second, two = hall.separator(1, TEST, "S5")
    a, b = hall.leaves(2)
    missed = Leaf(hall.paper(True), hall.paper(False), None)
    pages = hall.feed([*simplex([one, a, missed, b])], "desk 2")
    assert [p.state for p in pages] == ["separator", "filed", "held", "filed"]
    told = differences(hall)
    assert sorted((expected, received) for _, expected, received in told) == [(1, 0), (1, 3)]
    pages = hall.feed_singly([*simplex([two])], "desk 3")
    assert [p.state for p in pages] == ["separator"] and two.serial == second.serial
    assert first.serial != second.serial


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    """Two files of one name, of two sheets and of three; a paper without codes lies in the second."""
    hall = open_hall(tmp_path_factory.mktemp("files"), 94_010)
    a, b, c, d = hall.leaves(4)
    lost = Leaf(hall.paper(True), hall.paper(False), None)
    hall.feed([*simplex([a, b])], "desk 5")
    hall.feed([*simplex([c, d, lost])], "desk 5")
    return hall


class TestFiles:
    """Files of several pages are stacks of their own beside the others of their folder."""

    def test_each_has_a_name_receipt_and_place_in_the_queue(self, folder: Hall) -> None:
        with open_parts(folder.home.settings) as parts:
            add_user(parts, "kari", "exam_office", PASSWORD, "test")
            with parts.ledger.read() as r:
                (whole,) = r.figures().receipts(5)
                first, second = r.figures().files(whole.stack)
                assert (first.stack, second.stack) == (f"{whole.stack} / scan.tif", f"{whole.stack} / scan.tif (2)")
                assert [f.states for f in (first, second)] == [{"filed": 2}, {"filed": 2, "held": 1}]
                assert r.figures().receipt(second.stack) == second
                shown = {s: HeldList().find(r, Filter(stack=s), 9).shown for s in (first.stack, second.stack)}
                assert shown == {first.stack: 0, second.stack: 1}
            app = sign_in(
                TestClient(make_app(parts, Meter(), Site(lambda scans: None)), follow_redirects=False), "kari"
            )
            for page in ("/stacks", f"/receipts/one?stack={whole.stack}"):
                assert f"{second.stack}</" in app.get(page).text
            assert f"{whole.stack}, number 2" in app.get("/queue", params={"stack": second.stack}).text
            assert f"{whole.stack}, number" not in app.get("/queue", params={"stack": first.stack}).text
            assert app.get("/receipts/one", params={"stack": f"{whole.stack} / scan.tif (3)"}).status_code == 404

    def test_one_is_counted_and_withdrawn_by_itself(self, folder: Hall, tmp_path: Path) -> None:
        with open_parts(folder.home.settings) as parts:
            with parts.ledger.read() as r:
                (whole,) = r.figures().receipts(5)
            first, second = f"{whole.stack} / scan.tif", f"{whole.stack} / scan.tif (2)"
            notes = ShareNotes(parts, tmp_path / "notes", 3600)
            notes.look()
            expect_stacks(parts, {first: 2, second: 4}, "kari")
            assert differences(folder) == [(second, 4, 3)]
            notes.look()
            (note,) = [p for p in listed(tmp_path / "notes") if "scan.tif (2)" in p.name and p.suffix == ".json"]
            assert json.loads(note.read_text("utf-8"))["arrived"] == 3 and note.parent.name == "held"
            assert withdraw_stack(parts, second, "kari", "fed twice", 3) == 3
            with parts.ledger.read() as r:
                left = r.figures().receipt(first)
                assert left is not None and left.states == {"filed": 2}
                assert [p.state for p, _ in r.queue().stack(second)] == ["withdrawn"] * 3
            undo_last(parts, "kari")
            assert verify(parts).problems == []


class TestNotes:
    def test_files_and_stacks_in_the_share(self, fed: tuple[Hall, list[PageRecord], list[str]], tmp_path: Path) -> None:
        hall, _, serials = fed
        with open_parts(hall.home.settings) as parts:
            names = {c.name for c in _candidates(parts) if c.name}
            notes = ShareNotes(parts, tmp_path / "notes", 3600)
            notes.look()
            texts = {p.name: p for p in listed(tmp_path / "notes") if p.suffix == ".txt"}
            assert [p.parent.name for p in texts.values() if p.name.startswith("scan.tif")] == ["done"]
            ended = [p for p in texts.values() if p.name.startswith("stack ")]
            assert len(ended) == 1 and serials[0] in ended[0].name, "the other one may still be fed"
            notes.look(over=True)
            told = {p.stem: json.loads(p.read_text("utf-8")) for p in listed(tmp_path / "notes") if p.suffix == ".json"}
            of_second = next(t for name, t in told.items() if serials[1] in name)
            assert (of_second["expected"], of_second["arrived"], of_second["state"]) == (3, 2, "held")
            assert of_second["separator"]["room"] == "S5"
            everything = "".join(p.read_text("utf-8") for p in listed(tmp_path / "notes"))
            assert not any(name in everything for name in names), "no candidate's name"
            assert not list((tmp_path / "notes").rglob(".*")), "nothing half written is left"

    def test_a_note_moves_when_a_person_decides(self, tmp_path: Path) -> None:
        hall = open_hall(tmp_path, 94_003)
        paper = Leaf(hall.paper(True), hall.paper(False), None)
        (page,) = hall.feed_singly([*simplex([paper])], "desk 4")
        folder = tmp_path / "notes"
        with open_parts(hall.home.settings) as parts:
            notes = ShareNotes(parts, folder, 0)
            notes.look()
            (held,) = [p for p in listed(folder) if p.name.startswith("scan0001") and p.suffix == ".txt"]
            text = held.read_text("utf-8")
            assert held.parent.name == "held" and "Ta vare på arket" in text and "Keep the paper" in text
            before = {p: p.stat().st_mtime_ns for p in listed(folder)}
            ShareNotes(parts, folder, 0).look()
            assert {p: p.stat().st_mtime_ns for p in listed(folder)} == before, "nothing was written anew"
            discard(parts, page.id, "kari", "notes of the invigilator")
            notes.look()
            assert {p.parent.name for p in listed(folder)} == {"done"}

    def test_the_place_is_not_in_the_inbox(self, tmp_path: Path) -> None:
        with pytest.raises(FolderFault, match="inside the inbox"):
            check_place(tmp_path / "inbox/notes", tmp_path / "inbox")


def _candidates(parts: Parts) -> tuple[Candidate, ...]:
    with parts.ledger.read() as r:
        definition = r.definition(TEST)
    assert definition is not None
    return definition.candidates
