"""Engines: run a named function elsewhere, so that what kills it costs one task. One file each; its name is the registration.

An engine module has one public function, `open_workers(options)`; modules with a leading underscore are parts of engines.
`tests/contracts/test_engines.py` says what every engine keeps to.
"""

from __future__ import annotations

import os
import pkgutil
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol

from scanpipe.engines._wire import OUT_OF_MEMORY
from scanpipe.faults import ConfigFault

_OPENCV_OUT_OF_MEMORY = -4


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the authority that both sides trust, and this side's certificate with its key."""

    ca: str
    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """`setup` ("module:function") is called once in each worker with `setup_args`, which must be picklable."""

    workers: int = 0
    """0: one for each core that this process may use."""
    task_timeout_s: float = 60.0
    """Wall time, and, rounded up, CPU time of all its threads."""
    memory_mib: int = 2048
    """Address space of a worker; 0: no limit."""
    setup: str | None = None
    setup_args: tuple[Any, ...] = ()
    packages: tuple[str, ...] = ("scanpipe",)
    """Only dataclasses, enumerations and exceptions of these come home from a worker, beside plain values."""
    tries: int = 2
    """How many workers a task may cost before it is lost."""
    confined: bool = True
    """Workers have no network and nothing of the environment that looks like a credential."""
    scheduler: str = ""
    """For workers on other machines, which bring all of the above along themselves: where their scheduler listens."""
    tls: Tls | None = None


def end_if_out_of_memory(error: BaseException) -> None:
    """Ends this process, as a worker that ran into its limit does: there may be no memory left to say more. OpenCV has an
    exception of its own for it.
    """
    of_opencv = type(error).__module__ == "cv2" and getattr(error, "code", None) == _OPENCV_OUT_OF_MEMORY
    if isinstance(error, MemoryError) or of_opencv:
        os._exit(OUT_OF_MEMORY)


class TaskLost(Exception):
    """The task cost as many workers as it may, or its answer cannot be brought home. `how` says what happened, without a full
    stop.
    """

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Engine(Protocol):
    """All methods may be called from any thread."""

    @property
    def workers(self) -> int:
        """How many tasks run at once."""
        ...

    @property
    def far(self) -> bool:
        """Are the workers on other machines, where they reach store and ledger, and nothing of this machine's disks?"""
        ...

    def submit(self, function: str, *args: Any) -> Future[Any]:
        """Runs `function` ("module:name", importable in the worker) with `args`, which are picklable and small. The result is
        small too, and made of plain values and classes of `EngineOptions.packages`.

        The future ends with the result, with the exception that the function raised, with TaskLost, or with a Fault when the
        workers themselves cannot be had. A task may run twice. Raises Fault when the engine is closed, and at once
        whatever pickling the arguments raises.
        """
        ...

    def close(self, *, wait: bool = True) -> None:
        """Finishes what was submitted and ends the workers. `wait=False` ends them at once: what has not begun is
        cancelled, what is running fails with a Fault. May be called twice."""
        ...

    def __enter__(self) -> Engine: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes; waits for what was submitted unless there is an exception on its way."""
        ...


def names() -> list[str]:
    """The kinds of engine there are."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def open_engine(kind: str, options: EngineOptions) -> Engine:
    """The engine of this kind, ready for tasks. Raises ConfigFault."""
    if kind not in names():
        raise ConfigFault(f"There is no engine of the kind {kind!r}.", f"Kinds there are: {', '.join(names())}.")
    engine: Engine = import_module(f"{__name__}.{kind}").open_workers(options)
    return engine
