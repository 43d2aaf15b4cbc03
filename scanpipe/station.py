"""What runs on a worker's machine when pages are carried there: `prepare` once in each process, `carry` for each group of pages.

The process has this machine's settings, and with them its way to the ledger and the store; it examines one page at a time.
What ends it costs the group that it had, whose pages are then tried alone, each in a process of its own.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from scanpipe import hands
from scanpipe.desk.conveyor import workplace
from scanpipe.desk.far import Item, Outcome
from scanpipe.desk.near import NearCarrier
from scanpipe.desk.parts import Parts
from scanpipe.engines import end_if_out_of_memory
from scanpipe.faults import ConfigFault, Fault, as_fault
from scanpipe.model import PageRecord, ScanRecord
from scanpipe.settings import load_settings
from scanpipe.telling import open_traces
from scanpipe.wiring import open_parts

_ITEMS_AT_ONCE = 4
"""One is examined while others wait for the store or the ledger."""


@dataclass(frozen=True, slots=True)
class _Station:
    parts: Parts
    carrier: NearCarrier
    threads: ThreadPoolExecutor


_open: list[_Station] = []
_until_the_end = ExitStack()


def prepare(config_file: str | None) -> None:
    """Opens the installation by this machine's settings. Raises what `open_parts` raises."""
    settings, _ = load_settings(Path(config_file) if config_file else None, os.environ)
    parts = _until_the_end.enter_context(open_parts(settings, open_traces() if settings.metrics.traces else None))
    hands.prepare()
    carrier = NearCarrier(parts, InThisProcess(settings.engine.page_timeout_s))
    _open.append(_Station(parts, carrier, ThreadPoolExecutor(_ITEMS_AT_ONCE, "item")))


def carry(items: tuple[Item, ...], keys: tuple[str, ...]) -> tuple[Outcome, ...]:
    """Works off what is left of these pages. What the machine is at fault with is answered, so that it costs one item alone.

    `keys` are the ids of the signing keys that the watcher has. Raises ConfigFault when one of them is missing here: all that it
    signed would be held as foreign.
    """
    (station,) = _open
    missing = [key for key in keys if key not in station.parts.keyring.keys]
    if missing:
        raise ConfigFault(
            f"a worker lacks the signing key {missing[0]}", "Copy keys.json of the watcher's data_dir to the worker's."
        )
    try:
        with station.parts.ledger.read() as r:
            known = [(r.scan(item.scan), r.pages(item.scan)) for item in items]
    except Fault as fault:
        return tuple(Outcome((), 0, fault) for _ in items)
    return tuple(station.threads.map(lambda item, found: _carry(station, item, *found), items, known))


def _carry(station: _Station, item: Item, scan: ScanRecord | None, pages: list[PageRecord]) -> Outcome:
    parts = station.parts
    try:
        if scan is None:
            hint = "Give the worker the ledger.url of the watcher."
            raise ConfigFault("the ledger of this worker does not know the scan", hint)
        with workplace(parts.folders) as work:
            done = station.carrier.work_off_some(scan, pages, work, None, item.pages)
        return Outcome(done, scan.pages or _count(parts, item.scan))
    except Exception as e:
        return Outcome((), 0, as_fault(e))


def _count(parts: Parts, scan: str) -> int:
    """The number of pages of a scan that was just opened."""
    with parts.ledger.read() as r:
        return len(r.pages(scan))


class InThisProcess:
    """The engine of a process that may die: one task at a time, in a thread of it. One that takes too long ends the process."""

    workers, far = 1, False

    def __init__(self, task_timeout_s: float) -> None:
        self._timeout_s = task_timeout_s
        self._thread = ThreadPoolExecutor(1, "examine")

    def submit(self, function: str, *args: Any) -> Future[Any]:
        module, _, name = function.partition(":")
        return self._thread.submit(self._within_time, getattr(import_module(module), name), args)

    def _within_time(self, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        signal.setitimer(signal.ITIMER_REAL, self._timeout_s)  # nobody catches SIGALRM
        try:
            return call(*args)
        except BaseException as e:
            end_if_out_of_memory(e)
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
