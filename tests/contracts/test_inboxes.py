"""Every kind of inbox, with real files written in every way: each is taken once, whole, and nothing is left behind."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from PIL import Image, ImageSequence, TiffImagePlugin
from reportlab.pdfgen.canvas import Canvas
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, WatchDescriptor

from scanpipe import inboxes
from scanpipe.faults import ConfigFault
from scanpipe.inboxes import Inbox, InboxRules, names, open_inbox
from scanpipe.inboxes._folder import Call, Hints
from scanpipe.inboxes.inotify import _Descriptor
from scanpipe.ordering import path_key
from scanpipe.stages.settle import SettleRules
from scanpipe.timed_queue import TimedQueue

QUICK = SettleRules(closed_quiet_s=0.05, quiet_s=0.15, unknown_quiet_s=0.4, incomplete_after_s=1.0)
NOBODY = 65534

pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="plays another user, which only root can")


class Desk:
    """Claims what an inbox offers, by a rename as the product does, and keeps the bytes as they were in that moment."""

    def __init__(self, inbox: Inbox, work: Path) -> None:
        self.inbox = inbox
        self.work = work
        work.mkdir(exist_ok=True)
        self.order: list[str] = []
        self.taken: dict[str, bytes] = {}
        self.given_up: set[str] = set()

    def take_for(self, seconds: float, until: Callable[[], bool]) -> None:
        end_s = time.monotonic() + seconds
        while not until() and time.monotonic() < end_s:
            for arrival in self.inbox.arrivals(min(0.5, max(0.0, end_s - time.monotonic()))):
                assert arrival.path.parts[-len(arrival.relative.parts) :] == arrival.relative.parts
                claimed = self.work / str(len(self.order))
                os.rename(arrival.path, claimed)
                self.order.append(str(arrival.relative))
                self.taken[str(arrival.relative)] = claimed.read_bytes()
                if not arrival.complete:
                    self.given_up.add(str(arrival.relative))

    def take(self, count: int, seconds: float = 5.0) -> dict[str, bytes]:
        """Claims until `count` files were taken in all. Fails when they do not come in time."""
        self.take_for(seconds, until=lambda: len(self.order) >= count)
        assert len(self.order) == count, (self.order, self.inbox.waiting(), self.inbox.troubles())
        return self.taken

    def rest(self, seconds: float) -> None:
        """Claims for this long and expects nothing."""
        before = len(self.order)
        self.take_for(seconds, until=lambda: False)
        assert self.order[before:] == []


@cache
def picture(number: int = 0, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.effect_noise((200, 200), 60 + number).save(out, kind)
    return out.getvalue()


@cache
def pdf() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(100, 100, "tegning")
    canvas.save()
    return out.getvalue()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "inbox"
    root.mkdir()
    return root


@pytest.fixture(params=["inotify", "polling"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def opened(kind: str, root: Path, sweep_s: float = 0.2, settle: SettleRules = QUICK) -> Iterator[Inbox]:
    inbox = open_inbox(kind, InboxRules(root, settle, sweep_s=sweep_s, polling_s=0.05))
    try:
        yield inbox
    finally:
        inbox.close()


@pytest.fixture
def inbox(kind: str, root: Path) -> Iterator[Inbox]:
    """An inbox that is at work already: the test's files come later."""
    with opened(kind, root) as inbox:
        assert inbox.arrivals(0.0) == []
        yield inbox


@pytest.fixture
def desk(inbox: Inbox, tmp_path: Path) -> Desk:
    return Desk(inbox, tmp_path / "work")


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Runs `work` in a thread beside the body."""
    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


# --- ways of writing


def write_slowly(path: Path, data: bytes, pause_s: float = 0.06, chunks: int = 8) -> None:
    size = -(-len(data) // chunks)
    with path.open("wb", buffering=0) as file:
        for at in range(0, len(data), size):
            file.write(data[at : at + size])
            os.fsync(file.fileno())
            time.sleep(pause_s)


def reserve_and_fill(path: Path, data: bytes) -> None:
    with path.open("wb", buffering=0) as file:
        file.truncate(len(data))
        time.sleep(0.3)
        file.write(data[: len(data) // 2])
        time.sleep(0.3)
        file.write(data[len(data) // 2 :])


def name_then_rename(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    write_slowly(part, data, pause_s=0.02)
    part.rename(path)


def rsync(path: Path, data: bytes) -> None:
    hidden = path.with_name(f".{path.name}.Xa81bQ")
    write_slowly(hidden, data, pause_s=0.02)
    os.utime(hidden, (1e9, 1e9))
    hidden.rename(path)


def move_in(path: Path, data: bytes) -> None:
    elsewhere = path.parents[1] / f"elsewhere {path.name}"
    elsewhere.write_bytes(data)
    elsewhere.rename(path)


def link_in(path: Path, data: bytes) -> None:
    elsewhere = path.parents[1] / f"elsewhere {path.name}"
    elsewhere.write_bytes(data)
    os.link(elsewhere, path)
    elsewhere.unlink()


def copy_with_times(path: Path, data: bytes) -> None:
    elsewhere = path.parents[1] / f"elsewhere {path.name}"
    elsewhere.write_bytes(data)
    os.utime(elsewhere, (1e9, 1e9))
    shutil.copy2(elsewhere, path)


def write_twice(path: Path, data: bytes) -> None:
    path.write_bytes(data[: len(data) // 2])
    time.sleep(0.1)
    with path.open("ab") as file:
        file.write(data[len(data) // 2 :])


def place_then_fill(path: Path, data: bytes) -> None:
    path.touch()
    time.sleep(0.3)
    path.write_bytes(data)


def from_the_future(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    os.utime(path, (4e9, 4e9))


WAYS = [
    Path.write_bytes,
    write_slowly,
    reserve_and_fill,
    name_then_rename,
    rsync,
    move_in,
    link_in,
    copy_with_times,
    write_twice,
    place_then_fill,
    from_the_future,
]


def test_every_way_of_writing_gives_whole_files_once(desk: Desk, root: Path) -> None:
    kinds = {"jpg": picture(), "png": picture(1, "PNG"), "tif": picture(2, "TIFF"), "pdf": pdf()}
    expected = {f"{way.__name__}.{ending}": data for way in WAYS for ending, data in kinds.items()}
    writers = [
        threading.Thread(target=way, args=(root / f"{way.__name__}.{ending}", data))
        for way in WAYS
        for ending, data in kinds.items()
    ]
    for writer in writers:
        writer.start()
    desk.take(len(expected))
    assert desk.taken == expected
    assert desk.given_up == set()
    desk.rest(0.3)


def test_a_file_is_not_taken_before_its_end_comes(desk: Desk, root: Path) -> None:
    data = picture()
    path = root / "slow.jpg"
    path.write_bytes(data[:-50])
    desk.rest(0.5)
    assert [waiting.path for waiting in desk.inbox.waiting()] == [path]
    assert 0.2 < desk.inbox.waiting()[0].waited_s < 5
    with path.open("ab") as file:
        file.write(data[-50:])
    assert desk.take(1) == {"slow.jpg": data}
    assert desk.inbox.waiting() == []


def test_a_tiff_that_is_appended_to_page_by_page_comes_with_all_pages(desk: Desk, root: Path) -> None:
    def scan() -> None:
        for _ in range(4):
            with TiffImagePlugin.AppendingTiffWriter(str(root / "stack.tif")) as writer:
                Image.new("1", (400, 300)).save(writer, "TIFF", compression="group4")
            time.sleep(0.1)

    with meanwhile(scan):
        taken = desk.take(1)
    assert len(list(ImageSequence.Iterator(Image.open(io.BytesIO(taken["stack.tif"]))))) == 4


def test_a_file_renamed_while_it_waits_is_taken_once(desk: Desk, root: Path) -> None:
    (root / "old.jpg").write_bytes(picture())
    (root / "old.jpg").rename(root / "new.jpg")
    assert desk.take(1) == {"new.jpg": picture()}
    desk.rest(0.3)


def test_a_file_overwritten_by_a_rename_is_the_later_one(desk: Desk, root: Path) -> None:
    (root / "scan.jpg").write_bytes(picture(1)[:-2])
    desk.rest(0.15)
    (root / "later.part").write_bytes(picture(2))
    (root / "later.part").rename(root / "scan.jpg")
    assert desk.take(1) == {"scan.jpg": picture(2)}


def test_the_same_name_again_is_another_file(desk: Desk, root: Path) -> None:
    for number in range(2):
        (root / "scan.jpg").write_bytes(picture(number))
        assert desk.take(number + 1)["scan.jpg"] == picture(number)


def test_a_folder_moved_in_with_files_and_folders_inside(desk: Desk, root: Path, tmp_path: Path) -> None:
    inner = tmp_path / "job 7" / "inner"
    inner.mkdir(parents=True)
    (inner / "scan2.jpg").write_bytes(picture(2))
    (tmp_path / "job 7" / "scan1.jpg").write_bytes(picture(1))
    (tmp_path / "job 7").rename(root / "job 7")
    assert desk.take(2) == {"job 7/scan1.jpg": picture(1), "job 7/inner/scan2.jpg": picture(2)}
    (root / "job 7" / "inner" / "scan3.jpg").write_bytes(picture(3))
    assert desk.take(3)["job 7/inner/scan3.jpg"] == picture(3)


def test_a_folder_moved_in_whose_file_is_still_being_written(desk: Desk, root: Path, tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    with meanwhile(lambda: write_slowly(tmp_path / "job" / "scan.jpg", picture())):
        time.sleep(0.2)
        (tmp_path / "job").rename(root / "job")
        assert desk.take(1) == {"job/scan.jpg": picture()}


def test_a_folder_made_and_written_to_at_once(desk: Desk, root: Path) -> None:
    for job in range(20):
        (root / f"job{job}" / "a" / "b").mkdir(parents=True)
        (root / f"job{job}" / "a" / "b" / "scan.jpg").write_bytes(picture(job))
    assert desk.take(20) == {f"job{job}/a/b/scan.jpg": picture(job) for job in range(20)}


def test_a_folder_renamed_under_the_watch(desk: Desk, root: Path) -> None:
    (root / "new folder").mkdir()
    desk.rest(0.15)
    (root / "new folder").rename(root / "Matematikk høst")
    (root / "Matematikk høst" / "Åse.jpg").write_bytes(picture())
    assert desk.take(1) == {"Matematikk høst/Åse.jpg": picture()}


def test_what_was_written_while_no_watcher_ran(kind: str, root: Path, tmp_path: Path) -> None:
    for number in (10, 2, 1):
        (root / f"Scan{number}.jpg").write_bytes(picture(number))
    (root / "job").mkdir()
    (root / "job" / "stack.tif").write_bytes(picture(4, "TIFF"))
    time.sleep(QUICK.quiet_s)
    with opened(kind, root, sweep_s=60) as inbox:
        desk = Desk(inbox, tmp_path / "work")
        desk.take(4)
    assert desk.order == ["Scan1.jpg", "Scan2.jpg", "Scan10.jpg", "job/stack.tif"]


def test_many_hands_at_once(desk: Desk, root: Path) -> None:
    ways = (Path.write_bytes, move_in, link_in, name_then_rename)
    expected = {f"job{job}/s{sheet}.jpg": picture(sheet) for job in range(4) for sheet in range(40)}
    expected |= {f"hand{job}-{sheet}.jpg": picture(sheet) for job in range(4) for sheet in range(10)}

    def hand(job: int) -> None:
        (root / f"job{job}").mkdir()
        for sheet in range(40):
            (root / f"job{job}" / f"s{sheet}.jpg").write_bytes(picture(sheet))
        for sheet in range(10):
            ways[sheet % 4](root / f"hand{job}-{sheet}.jpg", picture(sheet))

    hands = [threading.Thread(target=hand, args=(job,)) for job in range(4)]
    for thread in hands:
        thread.start()
    desk.take(200, seconds=10)
    assert [name for name in expected if desk.taken.get(name) != expected[name]] == []
    assert [path for path in root.rglob("*") if path.is_file()] == []


# --- what is left alone, what is given up on, what comes again


def test_names_on_their_way_and_system_files_are_left_alone(desk: Desk, root: Path) -> None:
    left = [".hidden.jpg", "a.jpg.part", "A.JPG.TMP", "b.jpg~", "~$c.jpg", "Thumbs.db", "d.lock", ".folder/e.jpg"]
    for name in left:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(picture())
    (root / "taken.jpg").write_bytes(picture())
    assert desk.take(1) == {"taken.jpg": picture()}
    desk.rest(0.5)
    assert desk.inbox.waiting() == []


def test_a_temporary_name_that_stays_is_reported(desk: Desk, root: Path) -> None:
    (root / "scan.jpg.part").write_bytes(picture())
    os.utime(root / "scan.jpg.part", (1e9, 1e9))
    desk.rest(0.35)
    assert list(desk.inbox.ignored()) == [root / "scan.jpg.part"]
    assert "rename it" in desk.inbox.ignored()[root / "scan.jpg.part"]


def test_links_pipes_and_sockets_are_neither_taken_nor_opened(kind: str, root: Path, tmp_path: Path) -> None:
    with opened(kind, root, settle=replace(QUICK, incomplete_after_s=0.2)) as inbox:
        desk = Desk(inbox, tmp_path / "work")
        desk.rest(0.05)
        lay_out_strange_things(root, tmp_path)
        desk.rest(0.6)
        whys = {path.name: why for path, why in inbox.ignored().items()}
        assert inbox.waiting() == []
        assert inbox.troubles() == {}
    links = {name for name, why in whys.items() if "link" in why}
    assert links == {"link.jpg", "linked folder", "dangling.jpg", "loop"}
    assert set(whys) - links == {"pipe.jpg", "socket.jpg"}


def test_a_pipe_is_left_alone_by_events_too(root: Path, tmp_path: Path) -> None:
    with opened("inotify", root, sweep_s=60, settle=replace(QUICK, incomplete_after_s=0.2)) as inbox:
        desk = Desk(inbox, tmp_path / "work")
        desk.rest(0.05)
        os.mkfifo(root / "pipe.jpg")
        desk.rest(0.5)
        assert inbox.troubles() == {}
        assert inbox.waiting() == []


def lay_out_strange_things(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(picture())
    (root / "link.jpg").symlink_to(outside / "secret.jpg")
    (root / "linked folder").symlink_to(outside)
    (root / "dangling.jpg").symlink_to(outside / "nothing.jpg")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(root / "socket.jpg"))


def test_a_file_that_never_gets_its_end_is_given_up_on(kind: str, root: Path, tmp_path: Path) -> None:
    (root / "torn.jpg").write_bytes(picture()[:-100])
    (root / "empty.pdf").touch()
    (root / "whole.jpg").write_bytes(picture())
    started_s = time.monotonic()
    with opened(kind, root, settle=replace(QUICK, incomplete_after_s=0.6)) as inbox:
        desk = Desk(inbox, tmp_path / "work")
        desk.take(3)
    assert desk.order[0] == "whole.jpg"
    assert desk.given_up == {"torn.jpg", "empty.pdf"}
    assert time.monotonic() - started_s >= 0.6


def test_other_kinds_of_file_come_when_they_are_quiet(desk: Desk, root: Path) -> None:
    with meanwhile(lambda: write_slowly(root / "notes.docx", b"PK" * 5_000, chunks=4)):
        assert desk.take(1) == {"notes.docx": b"PK" * 5_000}
    assert desk.given_up == set()


def test_what_is_not_claimed_is_offered_again(inbox: Inbox, root: Path) -> None:
    (root / "scan.jpg").write_bytes(picture())
    offers = 0
    end_s = time.monotonic() + 5
    while offers < 2 and time.monotonic() < end_s:
        offers += len(inbox.arrivals(0.5))
    assert offers == 2
    (root / "scan.jpg").unlink()
    inbox.arrivals(0.3)
    assert inbox.arrivals(0.3) == []


def test_names_that_are_no_text_are_taken_too(desk: Desk, root: Path) -> None:
    name = os.fsdecode(b"bl\xe5.jpg")
    (root / name).write_bytes(picture())
    assert desk.take(1) == {name: picture()}


def test_an_inbox_that_is_itself_a_link(kind: str, root: Path, tmp_path: Path) -> None:
    (tmp_path / "share").symlink_to(root)
    with opened(kind, tmp_path / "share", sweep_s=60) as inbox:
        desk = Desk(inbox, tmp_path / "work")
        desk.rest(0.1)
        (root / "job").mkdir()
        (root / "job" / "scan.jpg").write_bytes(picture())
        assert desk.take(1) == {"job/scan.jpg": picture()}


# --- troubles


@contextmanager
def as_nobody() -> Iterator[None]:
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@as_root
def test_what_may_not_be_read_is_reported_and_taken_when_it_may(kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        root = Path(folder)
        (root / "closed").mkdir(mode=0o700)
        (root / "closed" / "b.jpg").write_bytes(picture())
        (root / "a.jpg").write_bytes(picture())
        os.chmod(root / "a.jpg", 0o600)
        with as_nobody():
            if not os.access(inboxes.__path__[0], os.R_OK, effective_ids=True):
                pytest.skip(
                    "another user may not read this checkout, so what he may not read in an inbox cannot be tried"
                )
            inbox = open_inbox(kind, InboxRules(root, QUICK, sweep_s=0.2, polling_s=0.1))
            assert inbox.arrivals(0.4) == []
            troubles = inbox.troubles()
        assert set(troubles) == {root / "a.jpg", root / "closed"}
        assert all(str(NOBODY) in sentence for sentence in troubles.values())
        os.chmod(root / "a.jpg", 0o644)
        os.chmod(root / "closed", 0o755)
        with as_nobody():
            taken: set[str] = set()
            end_s = time.monotonic() + 5
            while len(taken) < 2 and time.monotonic() < end_s:
                taken |= {str(arrival.relative) for arrival in inbox.arrivals(0.3)}
            assert taken == {"a.jpg", "closed/b.jpg"}
            assert inbox.troubles() == {}
            inbox.close()


def test_an_inbox_that_goes_and_comes_back(desk: Desk, root: Path, tmp_path: Path) -> None:
    root.rename(tmp_path / "gone")
    desk.rest(0.25)
    assert "share" in desk.inbox.troubles()[root]
    root.mkdir()
    (root / "scan1.jpg").write_bytes(picture(1))
    desk.take(1)
    assert desk.inbox.troubles() == {}
    desk.rest(0.3)
    (root / "scan2.jpg").write_bytes(picture(2))
    desk.take(2)
    shutil.rmtree(root)
    desk.rest(0.3)
    (tmp_path / "gone").rename(root)
    (root / "scan3.jpg").write_bytes(picture(3))
    assert set(desk.take(3)) == {"scan1.jpg", "scan2.jpg", "scan3.jpg"}


def test_an_inbox_that_is_not_there_at_the_start(kind: str, tmp_path: Path) -> None:
    root = tmp_path / "later"
    with opened(kind, root) as inbox:
        assert inbox.arrivals(0.0) == []
        assert list(inbox.troubles()) == [root]
        root.mkdir()
        (root / "scan.jpg").write_bytes(picture())
        assert Desk(inbox, tmp_path / "work").take(1) == {"scan.jpg": picture()}


def test_there_are_two_kinds_and_no_other() -> None:
    assert names() == ["inotify", "polling"]
    with pytest.raises(ConfigFault, match="owl") as caught:
        open_inbox("owl", InboxRules(Path("inbox")))
    assert "inotify, polling" in caught.value.hint


# --- ending


def test_close_wakes_the_one_who_waits(kind: str, root: Path) -> None:
    inbox = open_inbox(kind, InboxRules(root, sweep_s=60, polling_s=60))
    started_s = time.monotonic()
    with meanwhile(lambda: (time.sleep(0.2), inbox.close())):
        assert inbox.arrivals(20) == []
    assert time.monotonic() - started_s < 2
    inbox.close()
    assert inbox.arrivals(20) == []


def own_threads() -> list[str]:
    """Without the main thread, and those that Dask keeps as long as the process lives."""
    names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    return [name for name in names if not name.startswith("Dask-")]


def test_close_may_come_from_a_signal(kind: str, root: Path) -> None:
    inbox = open_inbox(kind, InboxRules(root, sweep_s=60, polling_s=60))
    before = signal.signal(signal.SIGUSR1, lambda *_: inbox.close())
    started_s = time.monotonic()
    with meanwhile(lambda: (time.sleep(0.2), os.kill(os.getpid(), signal.SIGUSR1))):
        assert inbox.arrivals(20) == []
    signal.signal(signal.SIGUSR1, before)
    assert time.monotonic() - started_s < 2
    assert own_threads() == []


# --- speed


@pytest.fixture(scope="module")
def full_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("full")
    (root / "1.jpg").write_bytes(picture())
    for number in range(2, 10_001):
        os.link(root / "1.jpg", root / f"{number}.jpg")
    time.sleep(QUICK.quiet_s)
    return root


def test_ten_thousand_files_are_there_at_the_start(kind: str, full_root: Path) -> None:
    started_s = time.process_time()
    with opened(kind, full_root, sweep_s=60) as inbox:
        arrived: dict[str, None] = {}
        while len(arrived) < 10_000 and time.process_time() - started_s < 5:
            portion = inbox.arrivals(1.0)
            assert len(portion) <= 50
            arrived |= {arrival.path.name: None for arrival in portion}
    assert list(arrived) == [f"{number}.jpg" for number in range(1, 10_001)]


def test_an_idle_inbox_costs_nothing(kind: str, root: Path) -> None:
    (root / "waiting.jpg").write_bytes(picture()[:-5])
    with opened(kind, root) as inbox:
        inbox.arrivals(0.2)
        started_s = time.process_time()
        inbox.arrivals(0.4)
        assert time.process_time() - started_s < 0.03


def test_with_events_a_file_is_offered_at_once_also_while_others_are_claimed(root: Path, tmp_path: Path) -> None:
    with opened("inotify", root, sweep_s=60, settle=SettleRules()) as inbox:
        desk = Desk(inbox, tmp_path / "work")
        desk.rest(0.1)
        took_s = []
        for number in range(6):
            way = (Path.write_bytes, name_then_rename)[number % 2]
            way(root / f"scan{number}.jpg", picture())
            written_s = time.monotonic()
            desk.take(number + 1)
            took_s.append(time.monotonic() - written_s)
    assert sorted(took_s)[3] < 0.3
    assert max(took_s) < 0.8


# --- events that do not come


@pytest.mark.parametrize("leave", [shutil.rmtree, lambda root: root.rename(root.with_name("gone"))])
def test_events_come_again_when_the_folder_does(root: Path, tmp_path: Path, leave: Callable[[Path], object]) -> None:
    only_events = replace(QUICK, quiet_s=60)
    with opened("inotify", root, settle=only_events) as inbox:
        desk = Desk(inbox, tmp_path / "work")
        desk.rest(0.05)
        leave(root)
        root.mkdir()
        desk.rest(0.3)
        (root / "scan.jpg").write_bytes(picture())
        desk.take(1)


def test_lost_events_make_for_a_sweep(root: Path) -> None:
    hints: Hints = TimedQueue()
    descriptor = _Descriptor(hints)
    descriptor.handle_event(InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b""))
    descriptor.close()
    assert hints.get(1) is Call.SWEEP


UNDER_LIMITS = """
import os, sys, time
from pathlib import Path
from scanpipe.inboxes import InboxRules, open_inbox
from scanpipe.stages.settle import SettleRules
from scanpipe.timed_queue import TimedQueue

root, limit, allowed, folders = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
Path("/proc/sys/user", limit).write_text(allowed)
inbox = open_inbox("inotify", InboxRules(root, SettleRules(quiet_s=0.2), sweep_s=60, polling_s=0.1))
inbox.arrivals(0.1)
for number in range(folders):
    (root / f"job{number}").mkdir()
    (root / f"job{number}" / "scan.jpg").write_bytes(Path(sys.argv[5]).read_bytes())
taken = set()
end = time.monotonic() + 5
while len(taken) < folders and time.monotonic() < end:
    taken |= {str(arrival.relative) for arrival in inbox.arrivals(0.2)}
print(len(taken), inbox.troubles().get(root))
inbox.close()
"""


@pytest.mark.parametrize(
    ("limit", "allowed", "advice"),
    [
        ("max_inotify_watches", 3, "fs.inotify.max_user_watches"),
        ("max_inotify_instances", 0, "fs.inotify.max_user_instances"),
    ],
)
def test_at_the_system_s_limits_it_sweeps_and_says_so(
    root: Path, tmp_path: Path, limit: str, allowed: int, advice: str
) -> None:
    if subprocess.run(["unshare", "-r", "true"], capture_output=True, check=False).returncode:
        pytest.skip("limits of one's own need a user namespace, which is not allowed here")
    (tmp_path / "scan.jpg").write_bytes(picture())
    words = [str(root), limit, str(allowed), "8", str(tmp_path / "scan.jpg")]
    run = ["unshare", "-r", sys.executable, "-c", UNDER_LIMITS, *words]
    home = Path(__file__).parents[2]
    done = subprocess.run(run, capture_output=True, text=True, timeout=30, check=False, env={"PYTHONPATH": str(home)})
    assert done.stdout.startswith("8 "), done.stderr
    assert advice in done.stdout


def test_files_are_sorted_as_people_do() -> None:
    paths = ["b/1.jpg", "scan10.jpg", "Scan2.jpg", "scan1.jpg", "a10/x.jpg", "a2/y.jpg", "a2/10.jpg", "a2/9.jpg", "7"]
    expected = [
        "7",
        "scan1.jpg",
        "Scan2.jpg",
        "scan10.jpg",
        "a2/9.jpg",
        "a2/10.jpg",
        "a2/y.jpg",
        "a10/x.jpg",
        "b/1.jpg",
    ]
    assert sorted(paths, key=path_key) == expected
