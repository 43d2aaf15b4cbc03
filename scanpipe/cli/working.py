"""`scanpipe ingest`, `scanpipe watch`."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door
from scanpipe.desk.conveyor import Carried, Conveyor
from scanpipe.desk.parts import Parts
from scanpipe.desk.patience import Complaints, pause_s
from scanpipe.desk.watching import Watch
from scanpipe.desk.working import finish_leftovers
from scanpipe.desk.working import ingest as ingest_files
from scanpipe.faults import Fault
from scanpipe.model import PageRecord, Reason
from scanpipe.reasons import WORDING
from scanpipe.wiring import open_carriers, open_hot_folder


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
    tally, stop = Tally(as_json), stop_signal()
    with parts_when_there(door, tally, stop) as parts:
        if parts is not None:
            watch_until(door, parts, tally, stop)
    tally.close()


def stop_signal() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    return stop


@contextmanager
def parts_when_there(door: Door, tally: Tally, stop: threading.Event) -> Iterator[Parts | None]:
    """The installation; waits for a ledger or store that is not there at the moment. None when stopped meanwhile."""
    tries, complaints = 0, Complaints()
    with ExitStack() as stack:
        while not stop.is_set():
            try:
                parts = stack.enter_context(door.parts())
            except Fault as fault:
                if not fault.retry:
                    raise
                tries += 1
                if complaints.worth_saying(fault, time.monotonic()):
                    tally.complain(fault)
                stop.wait(pause_s(tries))
                continue
            if complaints.over():
                tally.relieved()
            yield parts
            return
        yield None


def watch_until(door: Door, parts: Parts, tally: Tally, stop: threading.Event) -> None:
    """Works the hot folder until `stop` is set."""
    with open_carriers(door.settings) as engine:
        inbox = open_hot_folder(door.settings)
        conveyor = Conveyor(parts, engine)
        if not tally.as_json:
            click.echo(f"Watching {door.settings.inbox_path}. Ctrl-C ends it; nothing is lost.", err=True)
        try:
            Watch(parts, conveyor, inbox, tally, stop).run()
        finally:
            inbox.close()
            conveyor.close()


class Tally:
    """Says what became of each page, as JSON lines or for people, and sums up."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._since = time.monotonic()
        self._live = not as_json and sys.stderr.isatty()

    def count(self, carried: Carried) -> None:
        for page in carried.pages:
            answer = page_answer(carried, page)
            self._counts[answer["verdict"]] += 1
            if page.state == "held" and not carried.again:
                self._reasons[str(page.reason)] += 1
            if self.as_json:
                emit(answer)
            elif answer["verdict"] == "held":
                self._line(
                    f"held   {page.id}  {answer['file']}  {page.reason}: {WORDING[Reason(page.reason or '')].en}"
                )
        if self._live:
            click.echo(f"\r{self._summary()}  ", nl=False, err=True)

    def complain(self, fault: Fault) -> None:
        """A machine fault while watching: said, and tried again."""
        if fault.__cause__ is not None and type(fault) is Fault:
            traceback.print_exception(fault.__cause__)
        self._say(f"Problem: {fault.message.rstrip('.')}. {fault.hint} Trying again.".replace("  ", " "), "red")

    def relieved(self) -> None:
        """What was wrong with the machine is over."""
        self._say("It works again.", "green")

    def _say(self, text: str, color: str) -> None:
        click.echo("\r\033[K" if self._live else "", nl=False, err=True)
        click.secho(text, fg=color, err=True)

    def left_over(self, carried: Carried) -> None:
        """A scan that a dead process began: finished now, and not part of the answers to this call."""
        click.echo(f"Finished what was begun before: {carried.file}", err=True)

    def close(self) -> None:
        if self.as_json:
            return
        self._line(self._summary())
        for reason, n in self._reasons.most_common():
            click.echo(f"  held {n:>5}  {reason}")
        if self._reasons:
            click.echo("  → scanpipe queue")

    def _line(self, text: str) -> None:
        click.echo(("\r\033[K" if self._live else "") + text)

    def _summary(self) -> str:
        seconds = time.monotonic() - self._since
        total = sum(self._counts.values())
        parts = [f"{n} {verdict.replace('_', ' ')}" for verdict, n in sorted(self._counts.items())]
        return f"{total} pages: {', '.join(parts) or 'none'}; {total / seconds if seconds else 0:.1f} a second"


def page_answer(carried: Carried, page: PageRecord) -> dict[str, Any]:
    """What `ingest --json` says of a page."""
    evidence = json.loads(page.evidence) if page.evidence else {}
    return {
        "scan": page.scan,
        "file": carried.file,
        "page": page.page,
        "verdict": "already_taken_in" if carried.again else page.state,
        "test": page.test,
        "candidate": page.candidate,
        "question": page.question,
        "serial": page.serial,
        "key": page.key,
        "reason": page.reason,
        "evidence": evidence,
        "skew_deg": page.skew_deg,
        "turn_deg": page.turn_deg,
    }


COMMANDS = (ingest, watch)
