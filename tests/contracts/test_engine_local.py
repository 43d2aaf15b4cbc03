"""The housekeeping of the local engine: what its processes know, hold and leave behind."""

from __future__ import annotations

import math
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scanpipe.engines import Engine, EngineOptions, TaskLost, open_engine
from scanpipe.engines._process import Limits, WorkerProcess
from scanpipe.engines._task import Task
from scanpipe.engines._wire import Kind, packed
from scanpipe.faults import Fault
from tests.contracts import engine_tasks as tasks
from tests.contracts.engine_tools import PATIENCE_S, all_workers, ask, children, eventually, gone, send

PARENT = """
import pathlib, sys, time
from scanpipe.engines import EngineOptions, open_engine
from tests.contracts.engine_tools import all_workers
engine = open_engine("local", EngineOptions(workers=3))
pids = all_workers(engine, pathlib.Path(sys.argv[1]))
engine.submit("tests.contracts.engine_tasks:spin")
busy = engine.submit("tests.contracts.engine_tasks:nap", 600)
while not busy.running():
    time.sleep(0.01)
print(*pids, flush=True)
"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine("local", EngineOptions(workers=2))
    yield opened
    opened.close(wait=False)


@contextmanager
def parent_process(last_words: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process with an engine of three workers, two of them busy, and their ids."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT + last_words, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    try:
        yield parent, pids
    finally:
        for pid in filter(lambda p: not gone(p), [parent.pid, *pids]):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("last_words", ["time.sleep(600)", "sys.exit()"])
def test_workers_end_with_their_parent(last_words: str, tmp_path: Path) -> None:
    with parent_process(last_words, tmp_path / "meeting") as (parent, pids):
        assert [os.readlink(f"/proc/{pid}/fd/0") for pid in pids] == ["/dev/null"] * 3
        if "sleep" in last_words:
            parent.kill()
        parent.wait(PATIENCE_S)
        eventually(lambda: all(map(gone, pids)), 2)
        assert parent.communicate(timeout=2)[0] == "", "somebody holds its output open, or complained"


def test_zero_workers_means_all_cores() -> None:
    with open_engine("local", EngineOptions()) as engine:
        assert engine.workers == len(os.sched_getaffinity(0))


def test_workers_are_started_when_there_is_work(engine: Engine, tmp_path: Path) -> None:
    assert children() == []
    ask(engine, tasks.double, 1)
    assert len(children()) == 1
    assert sorted(all_workers(engine, tmp_path / "meeting")) == sorted(children())


def test_nothing_is_left_behind() -> None:
    before = os.listdir("/proc/self/fd")
    with open_engine("local", EngineOptions(workers=2, task_timeout_s=1)) as engine:
        lost = [send(engine, task) for task in (tasks.segfault, tasks.spin, tasks.leave, tasks.close_everything)]
        sent = [send(engine, tasks.nap, 0.01) for _ in range(20)]
        assert all(isinstance(f.exception(PATIENCE_S), TaskLost) for f in lost)
    pids = {f.result() for f in sent}
    assert set(os.listdir("/proc/self/fd")) <= set(before)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids), "a zombie is left"
    assert children() == []


def test_a_worker_has_only_its_own_files(engine: Engine, tmp_path: Path) -> None:
    for pid in all_workers(engine, tmp_path / "meeting"):
        own = Path(f"/proc/{pid}/fd")
        links = sorted(os.readlink(fd).split(":")[0] for fd in own.iterdir() if int(fd.name) != 2)
        assert links == ["/dev/null", "/dev/null", "/memfd", "socket"]


def test_credentials_stay_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = [
        "AWS_PROFILE",
        "SCANPIPE__WEB__PORT",
        "MY_SECRET",
        "api_token",
        "PGPASSFILE",
        "DB_PASSWORD",
        "SSH_AUTH_SOCK",
    ]
    for name in [*secrets, "SIGNING_KEY_FILE"]:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("LEDGER", "postgresql://scan:pipe@db/ledger")
    monkeypatch.setenv("HARMLESS", "http://db/ledger?at=kl@10:30")
    with open_engine("local", EngineOptions(workers=1)) as engine:
        told = ask(engine, tasks.environment)
    assert not {*secrets, "SIGNING_KEY_FILE", "LEDGER"} & set(told)
    assert told["HARMLESS"] == os.environ["HARMLESS"]
    assert told["PATH"] == os.environ["PATH"]


def test_workers_use_one_thread_each(engine: Engine) -> None:
    assert engine.submit("cv2:getNumThreads").result(PATIENCE_S) == 1
    assert ask(engine, tasks.environment)["OMP_NUM_THREADS"] == "1"


def test_what_a_worker_says_stays_out_of_the_answers(engine: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    assert ask(engine, tasks.chatter) == ""
    assert capfd.readouterr() == ("", "")


def test_interrupts_are_the_parents_business(engine: Engine) -> None:
    worker = ask(engine, tasks.nap, 0)
    busy = send(engine, tasks.nap, 0.3)
    eventually(busy.running)
    os.kill(worker, signal.SIGINT)
    assert busy.result(PATIENCE_S) == worker
    assert os.getsid(worker) == worker


@pytest.mark.parametrize(
    ("words", "timeout_s", "how"),
    [
        (b"nonsense " * 20, 0.5, "took longer than 0.5 s (twice)"),
        (packed(999, Kind.RESULT, b""), PATIENCE_S, "the worker answered what it was not asked (twice)"),
    ],
    ids=["garbage", "out of turn"],
)
def test_nonsense_on_the_line_costs_only_the_task(words: bytes, timeout_s: float, how: str, tmp_path: Path) -> None:
    setup = f"{tasks.__name__}:note"
    options = EngineOptions(workers=1, task_timeout_s=timeout_s, setup=setup, setup_args=(str(tmp_path), "start"))
    with open_engine("local", options) as engine:
        nonsense = send(engine, tasks.talk, words)
        good = [send(engine, tasks.double, n) for n in range(5)]
        assert str(nonsense.exception(PATIENCE_S)) == how
        assert [f.result(PATIENCE_S) for f in good] == [0, 2, 4, 6, 8]
    assert len(list(tmp_path.iterdir())) == 3, "two workers lost, one for the others"


def test_a_task_that_was_handed_over_and_not_begun_has_lost_nothing(tmp_path: Path) -> None:
    with open_engine("local", EngineOptions(workers=1)) as engine:
        idle = ask(engine, tasks.nap, 0)
        os.kill(idle, signal.SIGSTOP)
        future = send(engine, tasks.die_first_time, str(tmp_path))
        eventually(future.running)
        os.kill(idle, signal.SIGKILL)
        assert future.result(PATIENCE_S) == "alive", "it was allowed one loss, and has had only one"


def test_a_worker_that_does_not_listen_holds_up_nobody(engine: Engine, tmp_path: Path) -> None:
    deaf, _ = all_workers(engine, tmp_path / "meeting")
    os.kill(deaf, signal.SIGSTOP)
    long = [send(engine, tasks.echo, bytes(3_000_000)) for _ in range(2)]
    short = [send(engine, tasks.double, n) for n in range(20)]
    assert [f.result(PATIENCE_S) for f in short] == [2 * n for n in range(20)]
    os.kill(deaf, signal.SIGCONT)
    assert [len(f.result(PATIENCE_S)) for f in long] == [3_000_000, 3_000_000]


def test_waiting_costs_nothing(engine: Engine) -> None:
    ask(engine, tasks.echo, bytes(3_000_000))
    before_s = time.process_time()
    ask(engine, tasks.nap, 0.5)
    time.sleep(0.3)
    assert time.process_time() - before_s < 0.05


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dispatcher_that_breaks_fails_every_task(engine: Engine) -> None:
    """Exceptions in callbacks are caught, SystemExit is not."""
    rude: Future[Any] = send(engine, tasks.nap, 0.1)
    rude.add_done_callback(lambda _: sys.exit())
    others = [send(engine, tasks.nap, 0.2) for _ in range(10)]
    for future in others:
        with pytest.raises(Fault, match="broke down"):
            future.result(PATIENCE_S)
    with pytest.raises(Fault, match="closed"):
        send(engine, tasks.double, 1)
    assert children() == []


def test_handing_over_in_vain_ends_some_time() -> None:
    task = Task(1, b"")
    turns = 0
    while task.lose("the worker ended with exit code 1", begun=False):
        turns += 1
    assert turns == 6
    assert isinstance(task.future.exception(0), TaskLost)


def test_cpu_time_is_bounded_whatever_the_clock_says() -> None:
    """Each task has its own: many short ones before do not count."""
    worker = WorkerProcess(Limits(2048, cpu_s=1), packed(0, Kind.START, b""), math.inf)
    try:
        select.select([worker.line], [], [], PATIENCE_S)
        assert [frame.kind for frame in worker.hear()] == [Kind.READY]
        for number in (1, 2):
            call = (f"{tasks.__name__}:burn", (0.7,))
            worker.send(packed(number, Kind.TASK, pickle.dumps(call)))
            select.select([worker.line], [], [], PATIENCE_S)
            assert [frame.kind for frame in worker.hear()] == [Kind.RESULT]
        worker.send(packed(3, Kind.TASK, pickle.dumps((f"{tasks.__name__}:burn_on_threads", ()))))
        assert select.select([worker.sentinel], [], [], PATIENCE_S)[0]
    finally:
        worker.kill()
        assert worker.bury() == "used more CPU time than a page may (engine.page_timeout_s)"
