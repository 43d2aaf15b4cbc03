"""The hot folder: takes files out of the inbox as they arrive, until told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Protocol

from scanpipe.desk import folders as rooms
from scanpipe.desk.conveyor import Carried, Conveyor
from scanpipe.desk.intake import Incoming, shown_name
from scanpipe.desk.left_sides import LeftSides
from scanpipe.desk.parts import Parts
from scanpipe.desk.patience import Complaints, Waiting, pause_s
from scanpipe.desk.shelving import shelve
from scanpipe.desk.working import Stacks, abandoned, orphans, put_away, stack_folder
from scanpipe.faults import Fault, FolderFault, as_fault
from scanpipe.inboxes import Arrival
from scanpipe.model import ScanRecord

_LOOK_S = 0.25
_INHERIT_EVERY_S = 10.0
Job = Incoming | ScanRecord
"""A file to take in, or a scan on record that is to be finished."""


class Inbox(Protocol):
    def arrivals(self, timeout_s: float) -> list[Arrival]: ...

    def troubles(self) -> Mapping[Path, str]: ...


class Listener(Protocol):
    """Hears what a watcher has to say."""

    def count(self, carried: Carried) -> None:
        """A file was carried."""
        ...

    def complain(self, fault: Fault) -> None:
        """The machine is at fault; what could not be done is tried again."""
        ...

    def relieved(self) -> None:
        """It works again."""
        ...


class Watch:
    """One watcher at work, until `stop` is set (by a signal handler, say); what is in flight then is finished.

    What the machine was at fault with waits and is begun again, without end. It counts as in flight: as long as nothing can be
    finished, no more files are taken out of the inbox.
    """

    def __init__(
        self, parts: Parts, conveyor: Conveyor, inbox: Inbox, listener: Listener, stop: threading.Event
    ) -> None:
        self._parts = parts
        self._conveyor = conveyor
        self._inbox = inbox
        self._listener = listener
        self._stacks = Stacks(parts)
        self._sides = LeftSides(parts)
        self._flying: dict[Future[Carried], tuple[int, Job]] = {}
        self._waiting: Waiting[Job] = Waiting()
        self._complaints = Complaints()
        self._stop = stop
        self._told: set[str] = set()
        self._inherit_next_s = 0.0
        self._shelved = False

    def run(self) -> None:
        """Takes in what arrives, and what dead processes left, until it is stopped; then finishes what is in flight.

        Machine faults are reported and tried again, without end; they never become held pages.
        """
        self._parts.folders.begin_watching()
        self._parts.ledger.begin_watching()
        while not self._stop.is_set():
            if time.monotonic() >= self._inherit_next_s:
                self.inherit()
            for arrival in self._inbox.arrivals(_LOOK_S if not self._flying else 0.02):
                self._take(arrival)
                if self._stop.is_set():
                    break
            self._collect(timeout_s=0)
            self._try_again()
            self._tell_troubles()
        while self._flying:
            self._collect(timeout_s=1)
        with suppress(Fault):  # the next start does it
            self._shelve()

    def _shelve(self) -> None:
        """Once: what the store must carry beside scans and pages. Raises LedgerFault, StoreFault."""
        if not self._shelved:
            shelve(self._parts)
            self._shelved = True

    def inherit(self) -> None:
        """Begins to finish what dead processes began, of this machine and of others."""
        self._inherit_next_s = time.monotonic() + _INHERIT_EVERY_S
        try:
            self._shelve()
            jobs: Iterator[Job] = chain(orphans(self._parts, self._stacks), abandoned(self._parts))
            for job in jobs:
                self._begin(1, job)
                self._wait_for_room()
                if self._stop.is_set():
                    return
            self._sides.look()
        except Exception as e:
            self._fault(as_fault(e))
            self._inherit_next_s = time.monotonic() + pause_s(3)

    def _take(self, arrival: Arrival) -> None:
        """Claims a file and sends it on its way; waits first for room."""
        self._wait_for_room()
        if self._stop.is_set():
            return
        relative = Path(arrival.relative)
        try:
            place = self._stacks.place(stack_folder(relative))
            claimed = rooms.claim(self._parts.folders, arrival.path, relative)
            if claimed is None:
                self._stacks.take_back(place)
            else:
                self._begin(1, Incoming(claimed, shown_name(relative), place))
        except Fault as fault:
            self._fault(fault)

    def _wait_for_room(self) -> None:
        while len(self._flying) + len(self._waiting) >= self._conveyor.scans_at_once and not self._stop.is_set():
            self._collect(timeout_s=0.1)
            self._try_again()

    def _begin(self, tries: int, job: Job) -> None:
        take = self._conveyor.take(job) if isinstance(job, Incoming) else self._conveyor.resume(job)
        self._flying[take] = (tries, job)

    def _collect(self, timeout_s: float) -> None:
        """Reports what was carried meanwhile; what the machine was at fault with has to wait."""
        if not self._flying:
            self._stop.wait(timeout_s)
            return
        done, _ = wait(self._flying, timeout_s, FIRST_COMPLETED)
        for future in done:
            tries, job = self._flying.pop(future)
            try:
                carried = future.result()
                if isinstance(job, Incoming):
                    put_away(self._parts, job.path, carried)
            except Exception as e:
                self._fault(as_fault(e))
                again = replace(job, begun=True) if isinstance(job, Incoming) else job
                self._waiting.add(again, tries, time.monotonic())
                continue
            self._listener.count(carried)
            if self._complaints.over():
                self._listener.relieved()

    def _try_again(self) -> None:
        for tries, job in self._waiting.take(time.monotonic()):
            self._begin(tries + 1, job)

    def _tell_troubles(self) -> None:
        """What the inbox cannot take (no right to read it, the share is gone): said once, as long as it lasts."""
        by_sentence: dict[str, list[str]] = {}
        for path, sentence in self._inbox.troubles().items():
            by_sentence.setdefault(sentence, []).append(shown_name(path))
        for sentence in sorted(by_sentence.keys() - self._told):
            names = sorted(by_sentence[sentence])
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            self._listener.complain(FolderFault(f"{names[0]}{more}: {sentence}"))
        self._told = set(by_sentence)

    def _fault(self, fault: Fault) -> None:
        if self._complaints.worth_saying(fault, time.monotonic()):
            self._listener.complain(fault)
