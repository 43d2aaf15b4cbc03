"""When a file counts as finished. Time is a number here; nothing sleeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanpipe.stages.complete import Completeness
from scanpipe.stages.settle import (
    Decision,
    FileState,
    GiveUp,
    HintKind,
    Instant,
    Ready,
    Settler,
    SettleRules,
    Wait,
    is_ignored,
    is_temporary,
)

COMPLETE, SO_FAR = Completeness.COMPLETE, Completeness.SO_FAR
INCOMPLETE, CANNOT_TELL = Completeness.INCOMPLETE, Completeness.CANNOT_TELL
RULES = SettleRules()
START_WALL_S = 1_800_000_000.0


class Scene:
    """One file, one settler and two clocks that the test moves."""

    def __init__(self) -> None:
        self.settler = Settler(RULES)
        self.now_s = 100.0
        self.wall_s = START_WALL_S
        self.size = 1000
        self.touched_s = START_WALL_S
        self.changed_s = START_WALL_S
        self.inode = 7
        self.looks = 0

    def grow(self) -> None:
        self.size += 100
        self.touched_s = self.changed_s = self.wall_s

    def state(self) -> FileState:
        return FileState(self.size, int(self.touched_s * 1e9), self.inode, int(self.changed_s * 1e9))

    def look(self, verdict: Completeness | None) -> Decision:
        def completeness() -> Completeness | None:
            self.looks += 1
            return verdict

        return self.settler.observe("job/a.jpg", self.state(), Instant(self.now_s, self.wall_s), completeness)

    def after(self, seconds: float, verdict: Completeness | None) -> Decision:
        self.now_s += seconds
        self.wall_s += seconds
        return self.look(verdict)

    def hint(self, kind: HintKind) -> None:
        self.settler.hint("job/a.jpg", kind)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def no_event(scene: Scene) -> None:
    """The folder was swept; the kernel said nothing."""


def closed(scene: Scene) -> None:
    scene.hint(HintKind.CLOSED)


def moved_in(scene: Scene) -> None:
    scene.hint(HintKind.MOVED_IN)


def appeared(scene: Scene) -> None:
    scene.hint(HintKind.SEEN)


@pytest.mark.parametrize(
    ("event", "verdict", "quiet_s"),
    [
        (closed, COMPLETE, RULES.closed_quiet_s),
        (moved_in, COMPLETE, RULES.closed_quiet_s),
        (appeared, COMPLETE, RULES.quiet_s),
        (no_event, COMPLETE, RULES.quiet_s),
        (closed, SO_FAR, RULES.quiet_s),
        (moved_in, SO_FAR, RULES.closed_quiet_s),
        (appeared, SO_FAR, RULES.unknown_quiet_s),
        (no_event, SO_FAR, RULES.unknown_quiet_s),
        (closed, CANNOT_TELL, RULES.unknown_quiet_s),
        (no_event, CANNOT_TELL, RULES.unknown_quiet_s),
    ],
)
def test_a_file_is_ready_after_its_own_quiet_time_and_not_before(
    scene: Scene, event: Callable[[Scene], None], verdict: Completeness, quiet_s: float
) -> None:
    event(scene)
    waits = [scene.look(verdict)]
    while isinstance(waits[-1], Wait):
        scene.now_s = waits[-1].until_s - 0.001
        assert isinstance(scene.look(verdict), Wait)
        scene.now_s = waits[-1].until_s
        waits.append(scene.look(verdict))
    assert waits[-1] == Ready()
    assert scene.now_s == pytest.approx(100.0 + quiet_s)
    assert scene.looks == 1


def test_an_incomplete_file_is_given_up_on_after_its_time(scene: Scene) -> None:
    closed(scene)
    scene.look(INCOMPLETE)
    assert scene.after(0.1, INCOMPLETE) == Wait(100.0 + RULES.incomplete_after_s)
    assert isinstance(scene.after(599, INCOMPLETE), Wait)
    assert scene.after(2, INCOMPLETE) == GiveUp(100.0)


def test_every_change_starts_the_time_to_give_up_again(scene: Scene) -> None:
    for _ in range(5):
        scene.grow()
        assert isinstance(scene.after(RULES.incomplete_after_s - 1, INCOMPLETE), Wait)
    assert isinstance(scene.after(RULES.incomplete_after_s - 1, INCOMPLETE), Wait)
    assert scene.after(1, INCOMPLETE) == GiveUp(scene.now_s - RULES.incomplete_after_s)


def test_a_file_given_up_on_gets_a_last_look(scene: Scene) -> None:
    scene.look(INCOMPLETE)
    scene.after(2, INCOMPLETE)
    assert scene.after(700, COMPLETE) == Ready()


def test_a_file_given_up_on_that_goes_on_is_waited_for_again(scene: Scene) -> None:
    scene.look(INCOMPLETE)
    assert isinstance(scene.after(601, INCOMPLETE), GiveUp)
    scene.grow()
    assert isinstance(scene.look(COMPLETE), Wait)
    assert scene.after(1, COMPLETE) == Ready()


def test_a_file_that_keeps_growing_is_never_looked_into(scene: Scene) -> None:
    for _ in range(100):
        scene.grow()
        assert isinstance(scene.after(0.9, COMPLETE), Wait)
    assert scene.looks == 0


def test_a_change_of_the_bytes_in_place_shows_in_the_time(scene: Scene) -> None:
    scene.look(COMPLETE)
    scene.now_s += 0.9
    scene.touched_s += 0.9
    assert scene.look(COMPLETE) == Wait(101.9)


def test_another_file_moved_over_the_name_starts_anew(scene: Scene) -> None:
    closed(scene)
    scene.look(COMPLETE)
    scene.inode = 8
    assert scene.after(0.2, COMPLETE) == Wait(100.2 + RULES.quiet_s)
    scene.inode = 9
    moved_in(scene)
    assert scene.look(COMPLETE) == Wait(100.2 + RULES.closed_quiet_s)


def test_writing_on_after_a_close_takes_the_close_back(scene: Scene) -> None:
    closed(scene)
    scene.look(COMPLETE)
    scene.grow()
    assert scene.after(0.05, COMPLETE) == Wait(100.05 + RULES.quiet_s)
    closed(scene)
    assert scene.after(0.05, COMPLETE) == Wait(100.05 + RULES.closed_quiet_s)


def test_a_name_that_appears_again_after_a_close_is_another_writer(scene: Scene) -> None:
    closed(scene)
    appeared(scene)
    assert scene.look(COMPLETE) == Wait(100.0 + RULES.quiet_s)


def test_a_close_makes_it_look_again_at_an_incomplete_file(scene: Scene) -> None:
    scene.look(INCOMPLETE)
    scene.after(1, INCOMPLETE)
    closed(scene)
    assert scene.look(COMPLETE) == Ready()


def test_a_whole_file_that_was_there_before_is_ready_at_first_sight(scene: Scene) -> None:
    scene.wall_s += 1.5
    assert scene.look(COMPLETE) == Ready()
    assert scene.looks == 1


@pytest.mark.parametrize("verdict", [SO_FAR, CANNOT_TELL, INCOMPLETE])
def test_its_own_times_help_no_other_file(scene: Scene, verdict: Completeness) -> None:
    scene.wall_s += 86_400
    assert isinstance(scene.look(verdict), Wait)


def test_an_old_time_of_change_set_by_a_copy_is_no_shortcut(scene: Scene) -> None:
    scene.touched_s -= 86_400
    assert isinstance(scene.look(COMPLETE), Wait)
    assert scene.after(1, COMPLETE) == Ready()


@pytest.mark.parametrize("jump_s", [-10 * 365 * 86_400.0, -3_600.0, 0.5])
def test_a_time_in_the_future_makes_no_file_wait_longer(scene: Scene, jump_s: float) -> None:
    scene.wall_s += jump_s
    assert scene.look(COMPLETE) == Wait(101.0)
    scene.wall_s += jump_s
    scene.now_s += 1
    assert scene.look(COMPLETE) == Ready()


def test_a_leap_of_the_wall_clock_gives_up_on_nothing(scene: Scene) -> None:
    scene.look(INCOMPLETE)
    scene.wall_s += 50 * 365 * 86_400
    assert isinstance(scene.after(2, INCOMPLETE), Wait)


def test_a_file_that_cannot_be_read_is_tried_again(scene: Scene) -> None:
    scene.look(None)
    assert scene.after(1, None) == Wait(scene.now_s + RULES.unknown_quiet_s)
    assert scene.after(5, COMPLETE) == Ready()


def test_a_ready_file_that_is_still_there_is_ready_again(scene: Scene) -> None:
    closed(scene)
    scene.look(COMPLETE)
    assert [scene.after(1, COMPLETE) for _ in range(3)] == [Ready()] * 3
    assert scene.looks == 1


def test_a_forgotten_file_is_new(scene: Scene) -> None:
    scene.look(COMPLETE)
    closed(scene)
    assert scene.settler.seen_at_s() == {"job/a.jpg": 100.0}
    assert scene.settler.unchanged("job/a.jpg", scene.state())
    scene.settler.forget("job/a.jpg")
    assert scene.settler.seen_at_s() == {}
    assert not scene.settler.unchanged("job/a.jpg", scene.state())
    assert scene.after(0.5, COMPLETE) == Wait(101.5)


STEPS = st.lists(
    st.tuples(
        st.floats(0, 20),
        st.booleans(),
        st.sampled_from([None, *HintKind]),
        st.sampled_from([None, *Completeness]),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_happens_a_file_that_then_rests_is_decided(steps: list[tuple]) -> None:
    scene = Scene()
    for seconds, grows, kind, verdict in steps:
        if grows:
            scene.grow()
        if kind:
            scene.hint(kind)
        scene.wall_s = START_WALL_S  # a clock that stands still: no shortcut
        decision = scene.after(seconds, verdict)
        if isinstance(decision, Wait):
            assert scene.now_s < decision.until_s <= scene.now_s + RULES.incomplete_after_s
    scene.grow()
    scene.look(COMPLETE)
    assert scene.after(RULES.quiet_s, COMPLETE) == Ready()


@pytest.mark.parametrize(
    "relative",
    [
        ".hidden.jpg",
        ".DS_Store",
        "job/.scan.jpg.Xa81bQ",
        ".cache/scan.jpg",
        "job/.sync/deep/scan.jpg",
        "scan.jpg.part",
        "SCAN.JPG.PART",
        "scan.tmp",
        "scan.TEMP",
        "scan.jpg.crdownload",
        "scan.jpg.filepart",
        "scan.pdf.partial",
        ".scan.pdf.swp",
        "scan.pdf.swp",
        "job/scan.lock",
        "scan.jpg~",
        "~$scan.docx",
        ".~lock.scan.pdf#",
        "Thumbs.db",
        "job/THUMBS.DB",
        "Desktop.ini",
    ],
)
def test_names_that_are_left_alone(relative: str) -> None:
    assert is_ignored(relative)


@pytest.mark.parametrize(
    "relative",
    [
        "scan.jpg",
        "job.tmp/scan.jpg",
        "~scan.jpg",
        "part.jpg",
        "scan.part.jpg",
        "Blåbærsyltetøy 1.PDF",
        "tmp",
        "lock",
        "scan",
        "a.b.c/scan..jpg",
        "thumbs.db.jpg",
    ],
)
def test_names_that_are_taken(relative: str) -> None:
    assert not is_ignored(relative)


def test_only_names_on_their_way_are_temporary() -> None:
    names = ["a.jpg.part", "A.TMP", "a.jpg~", "a.lock", "Thumbs.db", ".a.jpg", "a.jpg"]
    assert [name for name in names if is_temporary(name)] == ["a.jpg.part", "A.TMP", "a.jpg~"]
