"""The housekeeping of the local engine: what its processes know, hold and leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from scanpipe.engines import Engine, EngineOptions, TaskLost, open_engine
from scanpipe.engines._task import Task
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


def orphans(last_words: str, folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """A process with an engine of three workers, two of them busy, and their ids."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT + last_words, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
    )
    assert parent.stdout is not None
    return parent, [int(word) for word in parent.stdout.readline().split()]


@pytest.mark.parametrize("last_words", ["time.sleep(600)", "sys.exit()"])
def test_workers_end_with_their_parent(last_words: str, tmp_path: Path) -> None:
    parent, pids = orphans(last_words, tmp_path / "meeting")
    assert len(pids) == 3
    if "sleep" in last_words:
        parent.kill()
    parent.wait(PATIENCE_S)
    eventually(lambda: all(map(gone, pids)), 2)
    assert parent.communicate(timeout=2)[0] == "", "somebody holds its output open, or complained"


def test_workers_are_started_when_there_is_work(engine: Engine, tmp_path: Path) -> None:
    assert children() == []
    ask(engine, tasks.double, 1)
    assert len(children()) == 1
    assert sorted(all_workers(engine, tmp_path / "meeting")) == sorted(children())


def test_nothing_is_left_behind() -> None:
    before = os.listdir("/proc/self/fd")
    with open_engine("local", EngineOptions(workers=2, task_timeout_s=0.5)) as engine:
        lost = [send(engine, task) for task in (tasks.segfault, tasks.spin, tasks.leave, tasks.close_everything)]
        sent = [send(engine, tasks.nap, 0.01) for _ in range(20)]
        assert all(isinstance(f.exception(PATIENCE_S), TaskLost) for f in lost)
    pids = {f.result() for f in sent}
    assert os.listdir("/proc/self/fd") == before
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


def test_nonsense_on_the_line_costs_only_the_task() -> None:
    with open_engine("local", EngineOptions(workers=1, task_timeout_s=0.5)) as engine:
        nonsense = send(engine, tasks.talk_nonsense, 5)
        good = [send(engine, tasks.double, n) for n in range(5)]
        with pytest.raises(TaskLost):
            nonsense.result(PATIENCE_S)
        assert [f.result(PATIENCE_S) for f in good] == [0, 2, 4, 6, 8]


def test_waiting_costs_nothing(engine: Engine) -> None:
    ask(engine, tasks.nap, 0)
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
