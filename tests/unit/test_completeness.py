"""What is expected against what came: each thing that is wrong is named once, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.model import Candidate, Question, Sheet, TestDefinition
from scanpipe.model import Difference as Kind
from scanpipe.stages.completeness import Arrival, Counted, Declared, Found, Standing, Told, add_up, compare, stand

TEST = "MA0001-2026H"
QUESTIONS = ("2a", "3")
ROOMS = ("S4", "S5")
DEFINITION = TestDefinition(
    TEST,
    "Grunnkurs i matematikk",
    "2026-12-03",
    "nb",
    True,
    (Question("1", "1", "none"), Question("2a", "2a", "allowed"), Question("3", "3", "expected")),
    tuple(Candidate(str(10001 + n), None, ROOMS[n % 2]) for n in range(6)),
)
CANDIDATES = [c.number for c in DEFINITION.candidates]
SHEETS = [
    Sheet(f"{n:08d}", TEST, candidate, question, number, 2, 1)
    for n, (candidate, question, number) in enumerate(
        ((c, q, k) for c in CANDIDATES for q in QUESTIONS for k in (1, 2)), 1
    )
]
USED = [s for s in SHEETS if s.number == 1]


def came(sheet: Sheet, n: int = 0, **other: object) -> Arrival:
    """The scan of a sheet, filed where it was printed for."""
    room = next(c.room for c in DEFINITION.candidates if c.number == sheet.candidate)
    usual = Arrival(
        f"{n:02d}{sheet.serial}".ljust(64, "0"),
        1,
        "filed",
        sheet.test,
        sheet.candidate,
        sheet.question,
        sheet.serial,
        None,
        f"{room} 2026-12-03",
        int(sheet.serial),
    )
    return replace(usual, **other)  # type: ignore[arg-type]


def lists(sheets: Sequence[Sheet], what: str = "collected") -> list[Counted]:
    """A list of serials for each room."""
    found = []
    for room in ROOMS:
        here = {c.number for c in DEFINITION.candidates if c.room == room}
        found.append(Counted(what, room, "", None, tuple(s.serial for s in sheets if s.candidate in here)))  # type: ignore[arg-type]
    return found


def told(arrivals: Sequence[Arrival], **other: object) -> Told:
    usual = Told(DEFINITION, SHEETS, lists(USED), (), dict.fromkeys(CANDIDATES, True), arrivals=arrivals)
    return replace(usual, **other)  # type: ignore[arg-type]


def named(found: Sequence[Found]) -> list[tuple[str, str]]:
    return [(str(f.kind), f.subject) for f in found]


ALL = [came(s) for s in USED]


def declare(*serials: str, candidate: str = "10001", question: str = "2a", count: int | None = None) -> Declared:
    return Declared(candidate, question, count, serials)


def test_where_all_came_nothing_differs() -> None:
    assert compare(told(ALL)) == []
    declared = [declare(s.serial, candidate=s.candidate, question=s.question) for s in USED]
    assert compare(told(ALL, declared=declared)) == []
    assert compare(told(ALL, declared=[replace(d, serials=(), count=1) for d in declared])) == []
    counted = [Counted("collected", c.room or "", c.number, 2, ()) for c in DEFINITION.candidates]
    assert compare(told(ALL, counted=counted)) == []


def test_before_anything_is_said_nothing_differs() -> None:
    assert compare(Told(DEFINITION, SHEETS)) == []


FIRST, SECOND, THIRD, SPARE = USED[0], USED[1], USED[4], SHEETS[1]
"""The first sheet of all; its candidate's for another question; another candidate's; an unused one of its slot."""
MOVED = {"declared": [declare(FIRST.serial, THIRD.serial, candidate="10003")]}
COUNTED = [Counted("collected", "S4", "10001", 2, ())]
SPARE_OF_ANOTHER = {"declared": [declare(SPARE.serial, THIRD.serial, candidate="10003")]}
AGAIN = came(FIRST, 1, state="held", reason="sheet_seen_before")


@pytest.mark.parametrize(
    ("arrivals", "more", "expected"),
    [
        (ALL[1:], {}, ("collected_not_scanned", FIRST.serial)),
        (ALL[1:], {"declared": [declare(count=1)]}, ("collected_not_scanned", FIRST.serial)),
        (ALL[1:], {"declared": [declare(FIRST.serial)]}, ("collected_not_scanned", FIRST.serial)),
        (ALL[1:], {"counted": [], "declared": [declare(FIRST.serial)]}, ("fewer_than_declared", "10001/2a")),
        (ALL[1:], {"counted": [], "declared": [declare(count=1)]}, ("fewer_than_declared", "10001/2a")),
        (ALL[1:], {"counted": [Counted("collected", "S4", "10001", 2, ())]}, ("collected_not_scanned", "10001")),
        (ALL[1:], {"counted": [Counted("collected", "S4", "", 6, ())]}, ("collected_not_scanned", "room S4")),
        ([*ALL, came(SPARE)], {}, ("received_not_collected", SPARE.serial)),
        ([*ALL, came(SPARE)], {"counted": [], "declared": [declare(count=1)]}, ("more_than_declared", "10001/2a")),
        ([*ALL, came(SPARE)], {"counted": [], "declared": [declare(FIRST.serial)]}, ("more_than_declared", "10001/2a")),
        (
            [*ALL, came(SPARE)],
            {"counted": [Counted("collected", "S4", "10001", 2, ())]},
            ("received_not_collected", "10001"),
        ),
        (ALL, {"attendance": {"10001": False}}, ("sheets_of_absent", "10001")),
        (ALL[2:], {"counted": []}, ("present_without_sheet", "10001")),
        ([a for a in ALL if a.serial != SECOND.serial], {"counted": []}, ("expected_without_sheet", "10001/3")),
        ([*ALL, came(FIRST, 1, state="held", reason="sheet_seen_before")], {}, ("scanned_twice", FIRST.serial)),
        (ALL, {"stacks": {"S4 2026-12-03": 7}}, ("stack_differs", "S4 2026-12-03")),
        (ALL, {"stacks": {"S6": 7}, "promised": frozenset({"S6"})}, ("stack_differs", "S6")),
        ([*ALL, came(FIRST, 1, test=None, serial=None, state="held", reason="foreign_code")], {}, None),
        ([*ALL, came(FIRST, 1, test="XX1", serial=None, state="held", reason="unknown_test")], {}, None),
        ([came(SPARE), *ALL[1:]], {}, ("sheet_exchanged", f"{FIRST.serial}/{SPARE.serial}")),
        (
            ALL,
            {"declared": [declare(FIRST.serial, THIRD.serial, candidate="10003")]},
            ("sheet_exchanged", FIRST.serial),
        ),
        (ALL, {"declared": [declare(FIRST.serial, SECOND.serial, question="3")]}, ("sheet_exchanged", FIRST.serial)),
        ([came(FIRST, candidate="10003"), *ALL[1:]], {}, ("sheet_exchanged", FIRST.serial)),
        ([*ALL, came(SPARE)], SPARE_OF_ANOTHER, ("sheet_exchanged", SPARE.serial)),
        ([came(FIRST, candidate="10003"), AGAIN, *ALL[1:]], MOVED, ("scanned_twice", FIRST.serial)),
        (ALL[1:], {"counted": COUNTED, "declared": [declare(FIRST.serial)]}, ("fewer_than_declared", "10001/2a")),
        (
            [*ALL, came(SPARE)],
            {"counted": COUNTED, "declared": [declare(FIRST.serial)]},
            ("more_than_declared", "10001/2a"),
        ),
    ],
)
def test_one_thing_that_is_wrong_is_named_once(
    arrivals: list[Arrival], more: dict[str, object], expected: tuple[str, str] | None
) -> None:
    assert named(compare(told(arrivals, **more))) == [expected or ("sheet_of_other_test", arrivals[-1].name)]


@pytest.mark.parametrize(
    ("arrivals", "more"),
    [
        ([came(FIRST, state="held", reason="no_codes"), *ALL[1:]], {}),
        ([came(FIRST, state="discarded"), *ALL[1:]], {}),
        ([came(FIRST, serial=None), *ALL[1:]], {}),
        ([*ALL, came(FIRST, 1, state="discarded", reason="sheet_seen_before")], {}),
        ([*ALL, came(FIRST, 1)], {}),
        (ALL[2:], {"counted": [], "declared": [declare(count=0), declare(count=0, question="3")]}),
        (ALL[1:], {"counted": [], "attendance": {}}),
        (
            [came(FIRST, candidate="10003"), *ALL[1:]],
            {"declared": [declare(FIRST.serial, THIRD.serial, candidate="10003")]},
        ),
        ([*ALL, came(FIRST, 1, state="blank", test=None, serial=None)], {"stacks": {"S4 2026-12-03": 6}}),
        (ALL, {"stacks": {"another test's": 7}}),
    ],
)
def test_what_is_no_difference(arrivals: list[Arrival], more: dict[str, object]) -> None:
    assert named(compare(told(arrivals, **more))) == []


def test_a_withdrawn_sheet_has_not_come() -> None:
    found = compare(told([came(FIRST, state="withdrawn"), *ALL[1:]]))
    assert named(found) == [("collected_not_scanned", FIRST.serial)]


def test_a_test_of_a_mixed_stack_is_not_told_of_the_others() -> None:
    others = [came(s, 9, test="XX1", serial=None, stack="loose") for s in USED[:5]]
    assert compare(told([*(replace(a, stack="loose") for a in ALL), *others])) == []


def test_the_figures_add_up() -> None:
    people, rooms, whole = add_up(told(ALL[1:]), compare(told(ALL[1:])))
    assert (whole.printed, whole.collected, whole.received, whole.filed, whole.open) == (24, 12, 11, 11, 1)
    assert whole.handed_out is None and whole.declared is None and whole.candidates == 6
    assert sum(r.received for r in rooms) == sum(p.received for p in people) == 11
    assert [(r.room, r.collected, r.open) for r in rooms] == [("S4", 6, 1), ("S5", 6, 0)]
    assert people[0].open == 1 and people[0].collected is None and people[0].present is True


@given(st.data())
def test_an_exam_day_names_exactly_what_went_wrong(data: st.DataObject) -> None:
    """Sheets are lost, scanned twice, exchanged in three ways, and others get in between."""
    order = data.draw(st.permutations(USED))
    lost, twice, swapped, spare = order[:2], order[2:4], order[4:6], order[6:7]
    arrivals = {s.serial: came(s) for s in USED if s not in lost and s not in spare}
    wrong = {(str(Kind.COLLECTED_NOT_SCANNED), s.serial) for s in lost}
    more = [came(s, 1, state="held", reason="sheet_seen_before") for s in twice]
    wrong |= {(str(Kind.SCANNED_TWICE), s.serial) for s in twice}
    for s in spare:
        other = next(o for o in SHEETS if (o.candidate, o.question, o.number) == (s.candidate, s.question, 2))
        more.append(came(other))
        wrong.add((str(Kind.SHEET_EXCHANGED), f"{s.serial}/{other.serial}"))
    owners = {s.serial: (s.candidate, s.question) for s in USED}
    first, second = swapped
    owners[first.serial], owners[second.serial] = owners[second.serial], owners[first.serial]
    wrong |= {(str(Kind.SHEET_EXCHANGED), s.serial) for s in swapped}
    strangers = [came(FIRST, 50 + n, test=None, serial=None, state="held", reason="foreign_code") for n in range(2)]
    wrong |= {(str(Kind.SHEET_OF_OTHER_TEST), a.name) for a in strangers}
    said = [Declared(*place, None, (serial,)) for serial, place in owners.items()]
    declared = said if data.draw(st.booleans()) else [d for d in said if d.serials[0] in (first.serial, second.serial)]
    day = told(data.draw(st.permutations([*arrivals.values(), *more, *strangers])), declared=declared)
    found = compare(day)
    assert {(str(f.kind), f.subject) for f in found} == wrong
    assert len(found) == len(wrong)
    # what was lost turns up, and the difference is gone; nothing else changes
    later = replace(day, arrivals=[*day.arrivals, came(lost[0])])
    assert {(str(f.kind), f.subject) for f in compare(later)} == wrong - {("collected_not_scanned", lost[0].serial)}


def standing(of: Told, closed: Sequence[Found] = ()) -> Standing:
    return stand(of, [f for f in compare(of) if f not in closed], closed)


def test_a_test_is_complete_when_all_that_anybody_said_has_come() -> None:
    assert standing(told(ALL)).complete and standing(told(ALL)).received == len(ALL)
    assert not standing(Told(DEFINITION, SHEETS)).complete, "nothing came"
    assert not standing(told(ALL[1:])).complete, "a sheet that was collected is missing"
    held = [*ALL[1:], replace(ALL[0], state="held", reason="poor_quality")]
    assert standing(told(held)).undecided == 1
    again = [*ALL[1:], replace(ALL[0], state="rescan")]
    assert standing(told(again)).undecided == 1 and standing(told([*again, came(FIRST, 1)])).complete
    nobodys = replace(ALL[0], scan="f" * 64, state="held", test=None, candidate=None, question=None, serial=None)
    assert standing(told([*ALL, nobodys])).undecided == 1, "it lies in a stack of this test"
    assert standing(told([*ALL, replace(nobodys, stack="elsewhere")])).complete


def test_of_whom_nobody_said_anything_every_sheet_must_come() -> None:
    every = [came(s) for s in SHEETS]
    assert standing(Told(DEFINITION, SHEETS, arrivals=every)).complete
    assert standing(Told(DEFINITION, SHEETS, arrivals=ALL)).unaccounted == tuple(CANDIDATES)
    assert standing(Told(DEFINITION, (), arrivals=ALL)).unaccounted == tuple(CANDIDATES), "printed elsewhere"
    one_room = lists(USED)[:1]
    others = tuple(c.number for c in DEFINITION.candidates if c.room != ROOMS[0])
    assert standing(told(ALL, counted=one_room)).unaccounted == others, "nobody said what the other room collected"
    absent = {c: c not in others for c in CANDIDATES}
    here = [a for a in ALL if a.candidate not in others]
    assert standing(told(here, counted=one_room, attendance=absent)).complete
    declared = [declare(s.serial, candidate=s.candidate, question=s.question) for s in USED]
    assert standing(told(ALL, counted=(), declared=declared)).complete
    assert standing(told(ALL, counted=(), declared=declared[2:])).unaccounted == ("10001",)


def test_what_was_handed_out_must_come_back_where_nobody_said_what_was_collected() -> None:
    assert standing(told(ALL, counted=lists(USED, "handed_out"))).complete
    assert standing(told(ALL[1:], counted=lists(USED, "handed_out"))).unaccounted == ("10001",)
    for short in (0, 1):
        by_count = [Counted("handed_out", room, "", 6 + short, ()) for room in ROOMS]
        assert bool(standing(told(ALL, counted=by_count)).unaccounted) == bool(short)
        own = [Counted("handed_out", c.room or "", c.number, 2 + short, ()) for c in DEFINITION.candidates]
        assert bool(standing(told(ALL, counted=own)).unaccounted) == bool(short)
        own = [replace(e, count=None, serials=(FIRST.serial, *[SPARE.serial] * short)) for e in own]
        assert bool(standing(told(ALL, counted=own)).unaccounted) == bool(short)


def test_who_was_there_and_handed_in_nothing_is_accounted_for_by_a_closing() -> None:
    of = told(ALL[2:], counted=())
    (nothing,) = compare(of)
    declared = [declare(s.serial, candidate=s.candidate, question=s.question) for s in USED[2:]]
    of = replace(of, declared=declared)
    assert standing(of).unaccounted == ("10001",) and standing(of).differences == 1
    assert standing(of, [nothing]).complete
