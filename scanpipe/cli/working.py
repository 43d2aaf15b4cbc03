"""`scanpipe ingest`, `scanpipe watch`."""

from __future__ import annotations

import signal
import threading
import time
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from scanpipe.cli.door import Door, json_option, pass_door
from scanpipe.cli.service import Service
from scanpipe.cli.tally import Tally
from scanpipe.desk.chores import Chores
from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.left_sides import LeftSides
from scanpipe.desk.parts import Parts
from scanpipe.desk.patience import Complaints, pause_s
from scanpipe.desk.watching import Watch
from scanpipe.desk.working import finish_leftovers
from scanpipe.desk.working import ingest as ingest_files
from scanpipe.faults import Fault
from scanpipe.wiring import open_carriers, open_hot_folder, open_notes

_NOTES_EVERY_S = 2.0


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@json_option
@pass_door
def ingest(door: Door, paths: tuple[Path, ...], as_json: bool) -> None:
    """Take in files, and all files of folders, work them off, and say what became of every page.

    The files stay where they are. Answers come in the order of the files. Pages that are held are no error.

    \b
    Example: scanpipe ingest scans/ --json
    """
    tally = Tally(as_json)
    with door.parts() as parts, open_carriers(door.settings) as engine:
        conveyor = Conveyor(parts, engine)
        try:
            for carried in finish_leftovers(parts, conveyor):
                tally.left_over(carried)
            for carried in ingest_files(parts, conveyor, paths):
                tally.count(carried)
        finally:
            conveyor.abandon()
        LeftSides(parts).look(over=True)
        notes = open_notes(door.settings, parts)
        if notes is not None:
            notes.look(over=True)
    tally.close()


@click.command()
@click.option("--engine", help="local, or dask: workers of other machines [default: engine.kind].")
@click.option("--scheduler", metavar="ADDRESS", help="Of Dask: tls://host:8786 [default: engine.scheduler].")
@json_option
@pass_door
def watch(door: Door, engine: str | None, scheduler: str | None, as_json: bool) -> None:
    """Work the hot folder: take in what the scanner drops, until SIGTERM or Ctrl-C.

    \b
    Example: scanpipe watch
    Example: scanpipe watch --engine dask --scheduler tls://dask.example:8786
    """
    door.set("engine.kind", engine)
    door.set("engine.scheduler", scheduler)
    service, stop = Service(door.settings, "watch", Tally(as_json)), stop_signal()
    with service, parts_when_there(door, service, stop) as parts:
        if parts is not None:
            watch_until(door, parts, service, stop)


def stop_signal() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set: from a thread, since the signal may find the main thread inside of the event, which
    would wait for itself then.
    """
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: start_new_thread(stop.set, ()))
    return stop


@contextmanager
def parts_when_there(
    door: Door, service: Service, stop: threading.Event, hear: Callable[[Fault], object] = lambda fault: None
) -> Iterator[Parts | None]:
    """The installation; waits for a ledger or store that is not there at the moment. None when stopped meanwhile.

    `hear` is told of every try that fails.
    """
    tries, complaints = 0, Complaints()
    with ExitStack() as stack:
        while not stop.is_set():
            try:
                parts = stack.enter_context(door.parts(service))
            except Fault as fault:
                hear(fault)
                if not fault.retry:
                    raise
                tries += 1
                if complaints.worth_saying(fault, time.monotonic()):
                    service.complain(fault)
                stop.wait(pause_s(tries))
                continue
            if complaints.over():
                service.relieved()
            yield parts
            return
        yield None


def watch_until(door: Door, parts: Parts, service: Service, stop: threading.Event) -> None:
    """Works the hot folder until `stop` is set."""
    with open_carriers(door.settings) as engine:
        service.meter.look_at(parts, door.settings.sources, lambda: engine.workers)
        inbox = open_hot_folder(door.settings)
        conveyor = Conveyor(parts, engine)
        service.say(f"Watching {door.settings.inbox_path}. Ctrl-C ends it; nothing is lost.")
        notes = open_notes(door.settings, parts)
        chores = [Chores([notes.look], _NOTES_EVERY_S)] if notes is not None else []
        try:
            Watch(parts, conveyor, inbox, service, stop).run()
        finally:
            for each in chores:
                each.close()
            inbox.close()
            conveyor.close()


COMMANDS = (ingest, watch)
