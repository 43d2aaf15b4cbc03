"""The hot folder: takes files out of the inbox as they arrive, until told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from scanpipe.desk import folders as rooms
from scanpipe.desk.conveyor import Carried, Conveyor
from scanpipe.desk.intake import Incoming, shown_name
from scanpipe.desk.parts import Parts
from scanpipe.desk.patience import Complaints, Waiting, pause_s
from scanpipe.desk.working import Stacks, finish_leftovers, put_away, stack_folder
from scanpipe.faults import Fault, FolderFault, as_fault
from scanpipe.inboxes import Arrival

_LOOK_S = 0.25


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
        self._flying: dict[Future[Carried], tuple[int, Incoming]] = {}
        self._waiting: Waiting[Incoming] = Waiting()
        self._complaints = Complaints()
        self._stop = stop
        self._told: set[str] = set()

    def run(self) -> None:
        """Works until it is stopped. Machine faults are reported and tried again, without end; they never become held pages."""
        self.recover()
        self.work()

    def work(self) -> None:
        """Takes in what arrives, until it is stopped; then finishes what is in flight."""
        while not self._stop.is_set():
            for arrival in self._inbox.arrivals(_LOOK_S if not self._flying else 0.02):
                self._take(arrival)
                if self._stop.is_set():
                    break
            self._collect(timeout_s=0)
            self._try_again()
            self._tell_troubles()
        while self._flying:
            self._collect(timeout_s=1)

    def recover(self) -> None:
        """Finishes what dead processes began."""
        tries = 0
        while not self._stop.is_set():
            try:
                for carried in finish_leftovers(self._parts, self._conveyor):
                    self._listener.count(carried)
                return
            except Exception as e:
                tries += 1
                self._fault(as_fault(e))
                self._stop.wait(pause_s(tries))

    def _take(self, arrival: Arrival) -> None:
        """Claims a file and sends it on its way; waits first for room."""
        while len(self._flying) + len(self._waiting) >= self._conveyor.scans_at_once:
            self._collect(timeout_s=0.1)
            self._try_again()
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

    def _begin(self, tries: int, incoming: Incoming) -> None:
        self._flying[self._conveyor.take(incoming)] = (tries, incoming)

    def _collect(self, timeout_s: float) -> None:
        """Reports what was carried meanwhile; what the machine was at fault with has to wait."""
        if not self._flying:
            self._stop.wait(timeout_s)
            return
        done, _ = wait(self._flying, timeout_s, FIRST_COMPLETED)
        for future in done:
            tries, incoming = self._flying.pop(future)
            try:
                carried = future.result()
                put_away(self._parts, incoming.path, carried)
            except Exception as e:
                self._fault(as_fault(e))
                self._waiting.add(replace(incoming, begun=True), tries, time.monotonic())
                continue
            self._listener.count(carried)
            if self._complaints.over():
                self._listener.relieved()

    def _try_again(self) -> None:
        for tries, incoming in self._waiting.take(time.monotonic()):
            self._begin(tries + 1, incoming)

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
