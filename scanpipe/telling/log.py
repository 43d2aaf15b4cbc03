"""The structured log: one line for each thing that happened, with a fixed name, on standard error.

scan_carried         scan, pages, again, file_digits: nothing; a file is worked off
page_filed           scan, page
page_held            scan, page, reason
page_blank           scan, page
page_separator       scan, page
fault                kind, message, hint: the machine is at fault with something, which is tried again
works_again          what was wrong with the machine is over
started, stopped     command
"""

from __future__ import annotations

import sys
from typing import Any

import structlog

from scanpipe.desk.conveyor import Carried
from scanpipe.faults import Fault


class Log:
    """Hears what a watcher has to say (`watching.Listener`)."""

    def __init__(self, command: str, out: Any = None) -> None:
        self._logger = structlog.wrap_logger(
            structlog.WriteLogger(out or sys.stderr),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
                structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False),
            ],
        )
        self._command = command

    def started(self) -> None:
        self._logger.info("started", command=self._command)

    def stopped(self) -> None:
        self._logger.info("stopped", command=self._command)

    def count(self, carried: Carried) -> None:
        scan = carried.scan.scan
        self._logger.info("scan_carried", scan=scan, pages=len(carried.pages), again=carried.again)
        for page in () if carried.again else carried.pages:
            more = {"reason": page.reason} if page.reason else {}
            self._logger.info(f"page_{page.state}", scan=scan, page=page.page, **more)

    def complain(self, fault: Fault) -> None:
        self._logger.error("fault", kind=type(fault).__name__, message=fault.message, hint=fault.hint)

    def relieved(self) -> None:
        self._logger.info("works_again")
