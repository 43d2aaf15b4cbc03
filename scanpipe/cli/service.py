"""What a long-running command tells, and to whom: people or a log, Prometheus, OpenTelemetry."""

from __future__ import annotations

from importlib import import_module
from types import TracebackType
from typing import Any

import click

from scanpipe.cli.tally import Tally
from scanpipe.desk.conveyor import Carried
from scanpipe.faults import Fault
from scanpipe.settings import Settings
from scanpipe.telling import open_traces


class Service:
    """Hears what a watcher has to say (`watching.Listener`), and of each step that is done (`observing.Observer`).

    `meter` counts for Prometheus; it is served on metrics.port where that is set. Raises ConfigFault.
    """

    def __init__(self, settings: Settings, command: str, tally: Tally) -> None:
        self._tally = tally
        self._log = None
        if settings.log.format == "json":
            self._log = import_module("scanpipe.telling.log").Log(command)
        self.meter: Any = import_module("scanpipe.telling.meter").Meter()
        self._traces = open_traces() if settings.metrics.traces else None
        self._port = settings.metrics.port

    def done(self, stage: str, began_s: float, scan: str, page: int | None = None) -> None:
        self.meter.done(stage, began_s, scan, page)
        if self._traces is not None:
            self._traces.done(stage, began_s, scan, page)

    def count(self, carried: Carried) -> None:
        self.meter.count(carried)
        if self._log is not None:
            self._log.count(carried)
        if self._log is None or self._tally.as_json:
            self._tally.count(carried)

    def complain(self, fault: Fault) -> None:
        """A machine fault: said, and tried again."""
        self.meter.complain(fault)
        (self._log or self._tally).complain(fault)

    def relieved(self) -> None:
        (self._log or self._tally).relieved()

    def say(self, sentence: str) -> None:
        """For people, who do not read logs."""
        if self._log is None and not self._tally.as_json:
            click.echo(sentence, err=True)

    def __enter__(self) -> Service:
        if self._log is not None:
            self._log.started()
        if self._port:
            self.meter.serve(self._port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._traces is not None:
            self._traces.close()
        if self._log is not None:
            self._log.stopped()
        elif error is None:
            self._tally.close()
