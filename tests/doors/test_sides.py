"""Both sides of a sheet: what is filed together, and what is held since the paper leaves a doubt."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scanpipe.desk.arranging import add_slot
from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.deciding import Decision, assign
from scanpipe.desk.decisions import undo_last
from scanpipe.desk.left_sides import LeftSides
from scanpipe.desk.slots import view_slot
from scanpipe.desk.stacks import withdraw_stack
from scanpipe.desk.verifying import verify
from scanpipe.desk.viewing import suggestions_for
from scanpipe.desk.working import ingest
from scanpipe.layout import A4, mark_boxes
from scanpipe.model import PageRecord, Question
from scanpipe.wiring import open_parts
from tests.crash.driver import InProcess
from tests.feeding import DPI, TEST, Hall, open_hall
from tests.postgresql_server import PostgresqlServer
from tests.unit.test_marked import stroke
from tools.scanner import formats, pens
from tools.scanner.feeding import Fed, Leaf, duplex, simplex


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    return open_hall(tmp_path_factory.mktemp("sides"), 92_001)


def told(pages: list[PageRecord]) -> list[str]:
    return [p.reason or p.state for p in pages]


def test_both_sides_are_filed_together_and_count_as_one_sheet(hall: Hall) -> None:
    leaves = hall.leaves(2, sides=2)
    pages = hall.feed([*duplex(leaves)])
    assert told(pages) == ["filed"] * 4
    assert [(p.serial, p.side) for p in pages] == [(leaf.serial, side) for leaf in leaves for side in (1, 2)]
    with open_parts(hall.home.settings) as parts:
        slot = view_slot(parts, TEST, pages[0].candidate or "", pages[0].question or "")
        assert slot is not None and [one.page.side for one in slot.lying] == [1, 2]
        assert verify(parts).problems == []


def test_a_printer_that_slips_by_a_page_files_nothing(hall: Hall) -> None:
    a, b, c = hall.leaves(3, 4, sides=2)
    pages = hall.feed([Fed(a.front, a, 1), Fed(b.back, b, 2), Fed(b.front, b, 1), Fed(c.back, c, 2)])
    assert told(pages) == ["sides_disagree"] * 4
    # the slip that is fed face down: the two sides of a sheet lie side by side, and are not of one paper
    pages = hall.feed([Fed(b.back, b, 2), Fed(a.front, a, 1), Fed(a.back, a, 2), Fed(c.front, c, 1)])
    assert told(pages) == ["sides_disagree"] * 4


def test_one_side_alone_waits_for_the_other_and_a_person_may_let_it_go(hall: Hall) -> None:
    (leaf,) = hall.leaves(1, 8, sides=2)
    (page,) = hall.feed_singly([Fed(leaf.front, leaf, 1)], "alone")
    assert told([page]) == ["other_side_missing"] and page.side == 1
    with open_parts(hall.home.settings) as parts:
        filed = assign(parts, page.id, Decision(page.candidate or "", page.question or "", None, "kari"))
        assert filed.state == "filed" and filed.side == 1
        question = next(q for q in ("2a", "2b", "3") if q != filed.question)
        add_slot(parts, page.id, question, "kari")
        assert verify(parts).problems == []


@pytest.mark.parametrize("order", [(), pytest.param((1, 0, 2, 3), marks=pytest.mark.proof), (2, 3, 0, 1)])
def test_files_of_one_page_each(hall: Hall, order: tuple[int, ...]) -> None:
    """Those that come out of order are held rather than guessed."""
    start = {(): 10, (1, 0, 2, 3): 12, (2, 3, 0, 1): 14}[order]
    leaves = hall.leaves(2, start, sides=2)
    pages = hall.feed_singly([*duplex(leaves)], f"singly{start}", order)
    wrong = [p for p in pages if p.state == "filed" and p.serial not in {leaf.serial for leaf in leaves}]
    assert wrong == [] and set(told(pages)) <= {"filed", "other_side_missing", "sides_disagree"}
    if not order:
        assert told(pages) == ["filed"] * 4


def test_what_is_written_on_a_back_is_filed_with_its_front(hall: Hall) -> None:
    leaves = hall.leaves(3, 16, written=(0, 2))
    pages = hall.feed([*duplex(leaves)])
    assert told(pages) == ["filed", "filed", "filed", "blank", "filed", "filed"]
    assert [(p.serial, p.side) for p in pages[:2]] == [(leaves[0].serial, None), (leaves[0].serial, 2)]
    singly = hall.leaves(2, 20, written=(0,))
    pages = hall.feed_singly([*duplex(singly)], "files")
    assert told(pages) == ["filed", "filed", "filed", "blank"]
    with open_parts(hall.home.settings) as parts:
        assert verify(parts).problems == []


def test_a_back_is_held_with_its_front_as_suggestion_where_the_scanner_is_not_known(hall: Hall) -> None:
    leaves = hall.leaves(2, 24, written=(1,))
    pages = hall.feed([*duplex(leaves)], "elsewhere")
    assert told(pages) == ["filed", "blank", "filed", "back_of"]
    with open_parts(hall.home.settings) as parts:
        with parts.ledger.read() as r:
            best = suggestions_for(r, pages[3].id)[0]
        assert (best.ground, best.serial, best.slot.question) == ("front", leaves[1].serial, pages[2].question)
        slot = best.slot
        filed = assign(
            parts, pages[3].id, Decision(slot.candidate, slot.question, slot.test, "kari", serial=best.serial)
        )
        assert (filed.state, filed.serial, filed.side) == ("filed", leaves[1].serial, 2)
        assert verify(parts).problems == []


def best(hall: Hall, page: PageRecord) -> tuple[str, str | None]:
    """The first suggestion: its ground and the serial that it speaks of."""
    with open_parts(hall.home.settings) as parts, parts.ledger.read() as r:
        first = suggestions_for(r, page.id)[0]
        return first.ground, first.serial


def test_a_stack_that_was_fed_face_down_has_its_backs_held_as_such(hall: Hall) -> None:
    a, b = hall.leaves(2, 48, written=(0, 1))
    pages = hall.feed([*duplex([a, b], face_down=True)])
    assert told(pages) == ["back_of", "filed", "back_of", "filed"]
    assert [best(hall, pages[n]) for n in (0, 2)] == [("front", a.serial), ("front", b.serial)]
    c, d = hall.leaves(2, 50, written=(0, 1))
    pages = hall.feed_singly([*duplex([c, d], face_down=True)], "down/files")
    assert told(pages) == ["back_of", "filed", "back_of", "filed"]
    pages = hall.feed([*duplex(hall.leaves(2, 52, written=(0, 1)), face_down=True)], "elsewhere")
    assert told(pages)[0] == "no_codes", "of a scanner that is not known, it may be a sheet whose codes are gone"


def test_files_of_one_page_from_a_scanner_that_is_not_known(hall: Hall) -> None:
    a, b = hall.leaves(2, 54, written=(0,))
    pages = hall.feed_singly([*duplex([a, b])], "unknown")
    assert told(pages) == ["filed", "back_of", "filed", "blank"] and best(hall, pages[1]) == ("front", a.serial)
    c, d, e = hall.leaves(3, 56)
    paper = Leaf(hall.paper(True), hall.paper(False), None)
    pages = hall.feed_singly([*simplex([c, d, e, paper])], "one side")
    assert told(pages) == ["filed"] * 3 + ["no_codes"], "every second one is a sheet here"


def test_a_back_that_was_looked_at_before_its_front_is_found(hall: Hall) -> None:
    (leaf,) = hall.leaves(1, 60, written=(0,))
    back, front = (formats.jpeg(p, DPI) for p in hall.scan(duplex([leaf], face_down=True)))
    folder = hall.home.data_dir.with_name("late") / "files"
    folder.mkdir(parents=True)
    with open_parts(hall.home.settings) as parts:
        conveyor, left = Conveyor(parts, InProcess()), LeftSides(parts)
        scans = []
        for name, body, was in (("scan0001.jpg", back, "no_codes"), ("scan0002.jpg", front, "back_of")):
            (folder / name).write_bytes(body)
            scans += [c.scan.scan for c in ingest(parts, conveyor, [folder / name])]
            left.look()
            with parts.ledger.read() as r:
                assert told(r.pages(scans[0])) == [was]
        conveyor.close()


def one_sheet_of_4(question: Question) -> Question:
    return replace(question, max_sheets=1) if question.id == "4" else question


def test_a_slot_that_was_marked_on_both_takes_no_more_than_it_may(tmp_path: Path) -> None:
    """Both waited for their other sides when their marks were looked at."""
    hall = open_hall(tmp_path, 92_003)
    hall.revise(
        lambda test: replace(test, further_questions="marks", questions=tuple(map(one_sheet_of_4, test.questions)))
    )
    sheets = hall.leaves(2, sides=2)
    for sheet in sheets:
        stroke(60, 0.7, (0.8, 2.2, 3.8, 2.4), dpi=DPI)(sheet.front, mark_boxes(A4)[2])
    pages = hall.feed([*duplex(sheets)])
    assert told(pages) == ["filed", "filed", "marks_unclear", "marks_unclear"]
    with open_parts(hall.home.settings) as parts:
        slot = view_slot(parts, TEST, pages[0].candidate or "", "4")
        assert slot is not None and [one.page.id for one in slot.lying] == [pages[0].id, pages[1].id], "the paper"
        assert json.loads(pages[2].evidence or "")["detail"] == "question 4 is marked, and cannot be"
        assert verify(parts).problems == []


def slipped(hall: Hall, first: int) -> list[Fed]:
    """Both sides as a printer that slipped by one page left them: each back lies behind the front before it."""
    a, b, c, d = hall.leaves(4, first, sides=2)
    papers = [(a.front, b.back), (b.front, c.back), (c.front, d.back)]
    return [Fed(picture, a, n % 2 + 1) for n, picture in enumerate(p for paper in papers for p in paper)]


def test_files_of_one_page_are_put_together_at_the_end_of_their_stack(hall: Hall, tmp_path: Path) -> None:
    """A page that was lost at their beginning shows by the one that is left over; a separator may be read last of all."""
    pages = hall.feed_singly(slipped(hall, 64)[1:], "lost")
    assert told(pages) == ["other_side_missing"] * 5
    printed, separator = hall.separator(None)
    bodies = [formats.jpeg(p, DPI) for p in hall.scan([Fed(separator.front, separator, 1), *slipped(hall, 68)])]
    folder = tmp_path / "read last"
    folder.mkdir()
    with open_parts(hall.home.settings) as parts:
        conveyor, left = Conveyor(parts, InProcess()), LeftSides(parts)
        for n, body in enumerate(bodies, 1):
            (folder / f"scan{n:04d}.jpg").write_bytes(body)
        carried = list(ingest(parts, conveyor, sorted(folder.iterdir())))
        left.look()
        with parts.ledger.read() as r:
            assert [p.state for c in carried for p in r.pages(c.scan.scan)] == ["separator", *["held"] * 6]
        left.look(over=True)
        with parts.ledger.read() as r:
            found = [p for c in carried for p in r.pages(c.scan.scan)]
        conveyor.close()
    assert (found[0].serial, found[0].state) == (printed.serial, "separator")
    assert told(found[1:]) == ["other_side_missing"] * 6, "its empty back was left out: all pairs are of two papers"


def test_a_side_that_a_person_put_elsewhere_takes_no_other_one_along(hall: Hall) -> None:
    (leaf,) = hall.leaves(1, 72, sides=2)
    (front,) = hall.feed_singly([Fed(leaf.front, leaf, 1)], "apart")
    with open_parts(hall.home.settings) as parts:
        other = "10003" if front.candidate != "10003" else "10004"
        assign(parts, front.id, Decision(other, front.question or "", None, "kari", contradict=True))
    (picture,) = hall.scan([Fed(leaf.back, leaf, 2)])
    beside = Path(hall.home.data_dir.with_name(f"job{hall.jobs}")) / "apart/scan0002.jpg"
    beside.write_bytes(formats.jpeg(picture, DPI))
    with open_parts(hall.home.settings) as parts:
        conveyor = Conveyor(parts, InProcess())
        (carried,) = ingest(parts, conveyor, [beside])
        LeftSides(parts).look(over=True)
        conveyor.close()
        with parts.ledger.read() as r:
            assert told(r.pages(carried.scan.scan)) == ["sides_disagree"]


def test_what_a_person_does_with_one_side_is_done_with_the_paper(tmp_path: Path) -> None:
    hall = open_hall(tmp_path, 92_005)
    front, back = hall.feed([*duplex(hall.leaves(1, sides=2))])
    with open_parts(hall.home.settings) as parts:
        question = next(q for q in ("4", "3") if q != front.question)
        slot = add_slot(parts, front.id, question, "kari")
        other = "10003" if front.candidate != "10003" else "10004"
        with parts.ledger.read() as r:
            assert [r.decisions().also(p.id) for p in (front, back)] == [[slot], [slot]]
        assign(parts, back.id, Decision(other, front.question or "", None, "kari", contradict=True))
        with parts.ledger.read() as r:
            now = [r.page(p.id) for p in (front, back)]
            assert [(p.candidate, p.side) for p in now if p] == [(other, 1), (other, 2)]
            assert [r.decisions().also(p.id) for p in (front, back)] == [[], []], "that was another candidate's"
        undo_last(parts, "kari")
        with parts.ledger.read() as r:
            assert [p.slot for p in map(r.page, (front.id, back.id)) if p] == [front.slot] * 2
            assert [r.decisions().also(p.id) for p in (front, back)] == [[slot], [slot]]
        assert verify(parts).problems == []


def test_a_sheet_with_something_on_one_side_is_counted_as_empty_on_neither(tmp_path: Path) -> None:
    hall = open_hall(tmp_path, 92_004)
    hall.revise(lambda test: replace(test, empty_sheets="count"))
    a, b, c = (pictures for _, pictures in hall.sheets(3, sides=2, drawn=False))
    for picture in (a[0], b[1]):
        pens.draw_answer(picture, DPI, hall.rng)
    pages = hall.feed([*duplex([Leaf(f, k, "") for f, k in (a, b, c)])])
    assert told(pages) == ["filed", "blank", "filed", "filed", "blank", "blank"]
    with open_parts(hall.home.settings) as parts:
        assert verify(parts).problems == []


_PROOF = pytest.mark.proof


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("dropped", marks=_PROOF),
        pytest.param("lost", marks=_PROOF),
        pytest.param("face_down", marks=_PROOF),
        "missing_file",
        "doubled",
    ],
)
def test_a_back_whose_front_is_not_certain_is_held(hall: Hall, fault: str) -> None:
    start = 28 + 4 * ["dropped", "lost", "face_down", "missing_file", "doubled"].index(fault)
    leaves = hall.leaves(4, start, written=(1, 2))
    folder = f"{fault}/both"
    holes = {4, 5}
    if fault == "missing_file":
        fed = [*duplex(leaves)]
        kept = [n for n in range(1, 9) if n not in holes]  # a back and the next front: the places agree again
        pictures = hall.scan(fed[n - 1] for n in kept)
        bodies = {f"scan{n:04d}.jpg": formats.jpeg(p, DPI) for n, p in zip(kept, pictures, strict=True)}
        pages = hall.take_in(bodies, "gap")
    elif fault == "doubled":
        _, leaf = hall.separator(4)
        pages = hall.feed([*duplex([leaf, *leaves], doubled=(2,))], folder)
    else:
        options = {"dropped": {"drops_blank": True}, "lost": {"lost": (1,)}, "face_down": {"face_down": True}}[fault]
        pages = hall.feed([*duplex(leaves, **options)], folder)  # type: ignore[arg-type]
    assert "filed" in told(pages) and all(p.side is None for p in pages if p.state == "filed")
    assert {"back_of", "no_codes"} & set(told(pages))


@pytest.mark.proof
def test_the_same_in_postgresql(tmp_path: Path, postgresql: PostgresqlServer) -> None:
    """Separators, both sides, a stack that is withdrawn and brought back."""
    hall = open_hall(tmp_path, 92_002, {"SCANPIPE__LEDGER__URL": postgresql.new_database()})
    printed, separator = hall.separator(3, TEST)
    both = hall.leaves(1, sides=2)
    written = hall.leaves(2, 4, written=(1,))
    pages = hall.feed([*duplex([separator, *both, *written])])
    assert told(pages) == ["separator", "blank", "filed", "filed", "filed", "blank", "filed", "filed"]
    with open_parts(hall.home.settings) as parts:
        with parts.ledger.read() as r:
            name = r.spans().first_names()[printed.serial]
            assert [o.sheets for o in r.figures().opened(name.rpartition(" / ")[0])] == [3]
        assert withdraw_stack(parts, name, "kari", "wrong tray") == 7
        undo_last(parts, "kari")
        assert verify(parts).problems == []
