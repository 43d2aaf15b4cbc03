"""The hot folder: takes files out of the inbox as they arrive, until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from scanpipe.desk import folders as rooms
from scanpipe.desk.conveyor import Carried, Conveyor
from scanpipe.desk.intake import Incoming, shown_name
from scanpipe.desk.parts import Parts
from scanpipe.desk.working import Stacks, finish_leftovers, put_away, stack_folder
from scanpipe.faults import Fault, FolderFault
from scanpipe.inboxes import Arrival

_LOOK_S = 0.25
_AFTER_FAULT_S = 5.0


class Inbox(Protocol):
    def arrivals(self, timeout_s: float) -> list[Arrival]: ...

    def troubles(self) -> Mapping[Path, str]: ...


class Watch:
    """One watcher at work, until `stop` is set (by a signal handler, say); what is in flight then is finished.

    `report` hears of every file that was carried, `complain` of every machine fault.
    """

    def __init__(
        self,
        parts: Parts,
        conveyor: Conveyor,
        inbox: Inbox,
        report: Callable[[Carried], None],
        complain: Callable[[Fault], None],
        stop: threading.Event,
    ) -> None:
        self._parts = parts
        self._conveyor = conveyor
        self._inbox = inbox
        self._report = report
        self._complain = complain
        self._stacks = Stacks(parts)
        self._flying: dict[Future[Carried], tuple[Path, Incoming]] = {}
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
                if self._stop.is_set():
                    break
                self._take(arrival)
            self._collect(timeout_s=0)
            self._tell_troubles()
        while self._flying:
            self._collect(timeout_s=1)

    def recover(self) -> None:
        """Finishes what dead processes began."""
        while not self._stop.is_set():
            try:
                for carried in finish_leftovers(self._parts, self._conveyor):
                    self._report(carried)
                return
            except Fault as fault:
                self._fault(fault)

    def _take(self, arrival: Arrival) -> None:
        relative = Path(arrival.relative)
        try:
            claimed = rooms.claim(self._parts.folders, arrival.path, relative)
        except Fault as fault:
            return self._fault(fault)
        if claimed is None:
            return None
        incoming = Incoming(claimed, shown_name(relative), self._stacks.place(stack_folder(relative)))
        self._flying[self._conveyor.take(incoming)] = (claimed, incoming)
        while len(self._flying) >= self._conveyor.scans_at_once:
            self._collect(timeout_s=1)
        return None

    def _collect(self, timeout_s: float) -> None:
        """Reports what was carried meanwhile; what the machine was at fault with is begun again."""
        done, _ = wait(self._flying, timeout_s, FIRST_COMPLETED) if self._flying else ((), ())
        for future in done:
            claimed, incoming = self._flying.pop(future)
            try:
                carried = future.result()
            except Fault as fault:
                self._fault(fault)
                if not self._stop.is_set():
                    self._flying[self._conveyor.take(replace(incoming, begun=True))] = (claimed, incoming)
                continue
            put_away(self._parts, claimed, carried)
            self._report(carried)

    def _tell_troubles(self) -> None:
        """What the inbox cannot take (no right to read it, the share is gone): said once, as long as it lasts."""
        troubles = set(self._inbox.troubles().values())
        for sentence in sorted(troubles - self._told):
            self._complain(FolderFault(sentence))
        self._told = troubles

    def _fault(self, fault: Fault) -> None:
        self._complain(fault)
        self._stop.wait(_AFTER_FAULT_S)
