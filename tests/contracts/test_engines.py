"""What every engine keeps to: right results, and a task that kills its worker costs nobody anything but itself."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, as_completed, wait
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy
import pytest

from scanpipe.engines import Engine, EngineOptions, TaskLost, names, open_engine
from scanpipe.faults import ConfigFault, Fault, LibraryMissing
from tests.contracts import engine_tasks as tasks
from tests.contracts.engine_tools import PATIENCE_S, all_workers, ask, eventually, gone, send
from tests.dask_cluster import scheduler, worker_here

ENGINES = ["local", "dask"]
Open = Callable[..., Engine]


@pytest.fixture(scope="session")
def far_away() -> Iterator[str]:
    """The address of a Dask scheduler."""
    with scheduler() as started:
        yield started.address


@pytest.fixture(params=ENGINES)
def start(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens engines with two workers unless told otherwise, and closes them."""
    kind = request.param
    address = request.getfixturevalue("far_away") if kind == "dask" else ""
    with ExitStack() as opened:

        def _start(**options: Any) -> Engine:
            told = EngineOptions(**{"workers": 2, "scheduler": address, **options})
            if kind == "dask":
                opened.enter_context(worker_here(address, told))
            engine = open_engine(kind, told)
            opened.callback(engine.close, wait=False)
            return engine

        yield _start


def begun(folder: Path) -> Counter[int]:
    """How often each noted task was begun."""
    return Counter(int(p.name.split("-")[0]) for p in folder.iterdir())


def test_each_result_belongs_to_its_task(start: Open) -> None:
    engine = start()
    sent = {send(engine, tasks.double, n): n for n in range(500)}
    assert {sent[f]: f.result() for f in as_completed(sent, PATIENCE_S)} == {n: 2 * n for n in range(500)}


def test_workers_work_at_the_same_time(start: Open, tmp_path: Path) -> None:
    engine = start(workers=3)
    eventually(lambda: engine.workers == 3)
    assert len(set(all_workers(engine, tmp_path / "meeting"))) == 3


@pytest.mark.parametrize("size", [0, 1_000_000, 5_000_000])
def test_large_arguments_and_results_pass_each_other(start: Open, size: int) -> None:
    engine = start()
    values = [bytes([n]) * size for n in range(12)]
    assert [f.result(PATIENCE_S) for f in [send(engine, tasks.echo, v) for v in values]] == values


def test_setup_runs_in_each_worker(start: Open) -> None:
    engine = start(setup=f"{tasks.__name__}:set_up", setup_args=("blå", "grønn"))
    assert [f.result(PATIENCE_S) for f in [send(engine, tasks.set_up_with) for _ in range(4)]] == [["blå", "grønn"]] * 4


def test_exceptions_come_home_with_a_note_of_where(start: Open) -> None:
    engine = start()
    with pytest.raises(ValueError, match="it is blåbær") as caught:
        ask(engine, tasks.raise_value_error)
    assert "raise_value_error" in caught.value.__notes__[0]
    with pytest.raises(LibraryMissing) as fault:
        ask(engine, tasks.raise_fault)
    assert fault.value.hint == "Install it."
    with pytest.raises(AttributeError):
        engine.submit(f"{tasks.__name__}:no_such_thing").result(PATIENCE_S)


@pytest.mark.parametrize(
    ("task", "how"),
    [
        (tasks.raise_stubborn, "raised tests.contracts.engine_tasks.Stubborn: stubborn, which cannot be sent as it is"),
        (
            tasks.raise_two_words,
            "raised tests.contracts.engine_tasks.TwoWords: one other, which cannot be sent as it is",
        ),
        (tasks.leave_politely, "raised SystemExit: 3, which cannot be sent as it is"),
        (tasks.raise_foreign, "raised zlib.error: of no package that the engine was told of"),
        (
            tasks.give_home_only,
            "its answer cannot be read: UnpicklingError: tests.contracts.engine_tasks._only_in may not come from a worker",
        ),
    ],
)
def test_what_cannot_be_sent_costs_only_itself(start: Open, task: Callable[..., Any], how: str) -> None:
    engine = start(workers=1)
    before = ask(engine, tasks.nap, 0)
    with pytest.raises(TaskLost) as lost:
        ask(engine, task)
    assert lost.value.how == how
    assert ask(engine, tasks.nap, 0) == before


def test_an_answer_is_data_and_never_a_command(start: Open, tmp_path: Path) -> None:
    engine = start(workers=1)
    with pytest.raises(TaskLost, match=r"system may not come from a worker"):
        ask(engine, tasks.give_command, f"touch {tmp_path / 'done'}")
    assert not (tmp_path / "done").exists()
    assert ask(engine, tasks.double, 4) == 8


def test_a_worker_reaches_no_network(start: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(OSError):
        ask(start(workers=1), tasks.call, server.getsockname()[1])


def test_a_result_that_cannot_be_pickled_is_the_tasks_error(start: Open) -> None:
    with pytest.raises(TypeError, match="pickle"):
        ask(start(), tasks.give_lock)


def test_arguments_that_cannot_be_pickled_are_refused_at_once(start: Open) -> None:
    with pytest.raises((TypeError, AttributeError)):
        send(start(), tasks.echo, lambda: None)


@pytest.mark.parametrize(
    ("task", "args", "how"),
    [
        (tasks.segfault, (), "the worker was ended by signal SIGSEGV (twice)"),
        (tasks.abort, (), "the worker was ended by signal SIGABRT (twice)"),
        (tasks.kill_itself, (), "the worker was ended by signal SIGKILL (twice)"),
        (tasks.leave, (), "the worker ended with exit code 3 (twice)"),
        (tasks.close_everything, (), "the worker was ended by signal SIGKILL (twice)"),
        (tasks.hoard_at_once, (4096,), "needed more than 400 MiB (twice)"),
        (tasks.hoard_bit_by_bit, (4096,), "needed more than 400 MiB (twice)"),
        (numpy.ones, (1 << 32,), "needed more than 400 MiB (twice)"),
    ],
)
def test_a_deadly_task_costs_only_itself(
    start: Open, tmp_path: Path, task: Callable[..., Any], args: tuple[int, ...], how: str
) -> None:
    engine = start(memory_mib=400)
    _check_neighbours(engine, tmp_path, task, args, how)


def test_a_hanging_task_costs_only_itself(start: Open, tmp_path: Path) -> None:
    engine = start(task_timeout_s=1.5)
    _check_neighbours(engine, tmp_path, tasks.spin, (), "took longer than 1.5 s (twice)")


def _check_neighbours(
    engine: Engine, tmp_path: Path, task: Callable[..., Any], args: tuple[int, ...], how: str
) -> None:
    before = [send(engine, tasks.noted_double, str(tmp_path), n, 0.01) for n in range(15)]
    deadly = send(engine, task, *args)
    after = [send(engine, tasks.noted_double, str(tmp_path), n, 0.01) for n in range(15, 30)]
    assert str(deadly.exception(PATIENCE_S)) == how
    assert [f.result(PATIENCE_S) for f in before + after] == [2 * n for n in range(30)]
    assert begun(tmp_path) == Counter(range(30)), "a neighbour was begun twice"


def test_opencv_without_memory_is_out_of_memory(start: Open) -> None:
    engine = start(memory_mib=1024)
    with pytest.raises(TaskLost, match=r"^needed more than 1024 MiB \(twice\)$"):
        engine.submit("cv2:getGaussianKernel", 1_000_000_001, 1.0).result(PATIENCE_S)


def test_a_task_lost_once_is_done_the_second_time(start: Open, tmp_path: Path) -> None:
    assert ask(start(), tasks.die_first_time, str(tmp_path)) == "alive"
    assert len(list(tmp_path.iterdir())) == 2


def test_two_different_losses_are_both_told(start: Open, tmp_path: Path) -> None:
    engine = start(workers=1, task_timeout_s=1)
    future = send(engine, tasks.noted_double, str(tmp_path), 1, 60)
    note = eventually(lambda: list(tmp_path.iterdir()))[0]
    os.kill(int(note.name.split("-")[1]), signal.SIGKILL)
    with pytest.raises(TaskLost, match=r"^the worker was ended by signal SIGKILL, then took longer than 1 s$"):
        future.result(PATIENCE_S)


def test_workers_killed_while_idle_cost_nothing(start: Open, tmp_path: Path) -> None:
    engine = start()
    for turn in range(5):
        for pid in {f.result(PATIENCE_S) for f in [send(engine, tasks.nap, 0.01) for _ in range(4)]}:
            os.kill(pid, signal.SIGKILL)
        sent = [send(engine, tasks.noted_double, str(tmp_path), n, 0) for n in range(10 * turn, 10 * turn + 10)]
        assert [f.result(PATIENCE_S) for f in sent] == [2 * n for n in range(10 * turn, 10 * turn + 10)]
    assert begun(tmp_path) == Counter(range(50))


def test_busy_workers_killed_at_random_lose_no_task(start: Open, tmp_path: Path) -> None:
    engine = start(workers=3)
    sent = [send(engine, tasks.noted_double, str(tmp_path), n, 0.04) for n in range(200)]
    dice, kills = random.Random(4), 0
    while not all(f.done() for f in sent):
        # Whoever began a task a moment ago is still at it, even where the news that one is done takes its time.
        noted = [p.name.split("-") for p in tmp_path.iterdir()]
        fresh = [(n, pid) for n, pid, at_ns in noted if time.monotonic_ns() - int(at_ns) < 20_000_000]
        busy = [(n, pid) for n, pid in fresh if not sent[int(n)].done() and begun(tmp_path)[int(n)] == 1]
        if busy and kills < 12:
            n, pid = dice.choice(busy)
            with suppress(ProcessLookupError):  # the news that it is done may take a moment
                os.kill(int(pid), signal.SIGKILL)
            kills += 1
            eventually(sent[int(n)].done)
        time.sleep(dice.uniform(0, 0.02))
    assert [f.result() for f in sent] == [2 * n for n in range(200)]
    counted = begun(tmp_path)
    assert set(counted) == set(range(200))
    assert 4 <= counted.total() - 200 <= kills


def test_a_hanging_task_takes_its_children_along(start: Open, tmp_path: Path) -> None:
    engine = start(task_timeout_s=0.8)
    with pytest.raises(TaskLost, match="longer than"):
        ask(engine, tasks.hang_with_child, str(tmp_path))
    grandchildren = [int(p.name) for p in tmp_path.iterdir()]
    assert grandchildren
    eventually(lambda: all(map(gone, grandchildren)), 2)


def test_a_task_that_was_cancelled_in_time_never_runs(start: Open, tmp_path: Path) -> None:
    engine = start(workers=1)
    first = send(engine, tasks.nap, 0.2)
    others = [send(engine, tasks.noted_double, str(tmp_path), n, 0) for n in range(8)]
    eventually(first.running)
    in_time = {n for n, f in enumerate(others[:-1]) if f.cancel()}
    assert in_time, "so many are not handed out ahead"
    assert others[-1].result(PATIENCE_S) == 14
    assert not first.cancel()
    assert begun(tmp_path) == Counter(set(range(8)) - in_time)
    assert wait([others[n] for n in in_time], PATIENCE_S).done == {others[n] for n in in_time}


@pytest.mark.parametrize(
    ("setup", "fault", "message"),
    [
        (tasks.set_up_in_vain, Fault, "their setup raised ValueError: no such reader."),
        (tasks.set_up_and_die, Fault, "the worker was ended by signal SIGKILL."),
        (tasks.set_up_hoarding, Fault, "needed more than 512 MiB."),
        (tasks.set_up_without_library, LibraryMissing, "no zbar"),
    ],
)
def test_workers_that_cannot_start_are_a_fault_after_three_tries(
    start: Open, tmp_path: Path, setup: Callable[..., Any], fault: type[Fault], message: str
) -> None:
    engine = start(setup=f"{tasks.__name__}:{setup.__name__}", setup_args=(str(tmp_path),), workers=1, memory_mib=512)
    for future in [send(engine, tasks.double, n) for n in range(5)]:
        with pytest.raises(Fault) as caught:
            future.result(PATIENCE_S)
        assert type(caught.value) is fault
        assert caught.value.message.endswith(message)
        assert caught.value.hint
    assert len(list(tmp_path.iterdir())) in (3, 6, 9, 12, 15), "three tries for all tasks that wait at a time"


def test_only_failures_in_a_row_count(start: Open, tmp_path: Path) -> None:
    setup = f"{tasks.__name__}:set_up_every_third_time"
    engine = start(workers=1, setup=setup, setup_args=(str(tmp_path),))
    os.kill(ask(engine, tasks.nap, 0), signal.SIGKILL)
    assert ask(engine, tasks.double, 1) == 2
    assert len(list(tmp_path.iterdir())) == 6


def test_an_engine_recovers_when_its_workers_can_start_again(start: Open, tmp_path: Path) -> None:
    needed = tmp_path / "needed"
    engine = start(setup=f"{tasks.__name__}:set_up_if_there", setup_args=(str(needed),))
    with pytest.raises(Fault, match="No such file"):
        ask(engine, tasks.double, 1)
    needed.touch()
    assert ask(engine, tasks.double, 1) == 2


def test_close_finishes_what_was_submitted(start: Open) -> None:
    engine = start()
    sent = [send(engine, tasks.nap, 0.01) for _ in range(30)]
    engine.close()
    assert all(f.done() and f.result() for f in sent)
    with pytest.raises(Fault, match="closed"):
        send(engine, tasks.double, 1)
    engine.close(wait=False)


def test_close_at_once_drops_what_was_submitted(start: Open) -> None:
    engine = start()
    sent = [send(engine, tasks.spin) for _ in range(30)]
    eventually(lambda: sent[1].running())
    before_s = time.monotonic()
    engine.close(wait=False)
    assert time.monotonic() - before_s < 2
    for future in sent[:2]:
        with pytest.raises(Fault, match="closed before this was done"):
            future.result(0)
    for future in sent[2:]:
        with pytest.raises((CancelledError, Fault)):
            future.result(0)
    assert sent[-1].cancelled()


def test_leaving_waits_unless_something_is_wrong(start: Open) -> None:
    with start() as engine:
        finished = send(engine, tasks.nap, 0.1)
    assert finished.done() and finished.exception() is None
    with pytest.raises(KeyboardInterrupt), start() as engine:
        dropped = send(engine, tasks.spin)
        raise KeyboardInterrupt
    with pytest.raises((Fault, CancelledError)):
        dropped.result(0)


def test_every_engine_is_tested() -> None:
    assert set(ENGINES) <= set(names())
    with pytest.raises(ConfigFault, match="no engine of the kind 'steam'"):
        open_engine("steam", EngineOptions())
