"""Helpers of the engine tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from scanpipe.engines import Engine
from tests.contracts import engine_tasks as tasks

PATIENCE_S = 20


def send(engine: Engine, function: Callable[..., Any], *args: Any) -> Future[Any]:
    return engine.submit(f"{function.__module__}:{function.__name__}", *args)


def ask(engine: Engine, function: Callable[..., Any], *args: Any) -> Any:
    return send(engine, function, *args).result(PATIENCE_S)


def all_workers(engine: Engine, folder: Path) -> list[int]:
    """The process ids of all workers, every one of them started. `folder` is fresh."""
    folder.mkdir()
    return [
        f.result(PATIENCE_S)
        for f in [send(engine, tasks.meet, str(folder), engine.workers) for _ in range(engine.workers)]
    ]


def gone(pid: int) -> bool:
    """No such process, or one that only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def eventually(condition: Callable[[], Any], within_s: float = PATIENCE_S) -> Any:
    end = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.002)
    return found


def children() -> list[int]:
    """The processes that this one has started and that are not gone, but for what other tests keep for the whole session."""
    found = [int(p) for t in Path("/proc/self/task").iterdir() for p in (t / "children").read_text().split()]
    return [p for p in found if not gone(p) and not _of_the_session(p)]


def _of_the_session(pid: int) -> bool:
    """The S3 server, PostgreSQL, a Dask scheduler, and the resource tracker of multiprocessing."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    return any(name in command for name in (b"weed", b"postgres", b"dask_scheduler", b"resource_tracker"))
