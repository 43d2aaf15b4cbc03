"""What became of each page, said as it happens: as JSON lines, or for people."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections import Counter
from typing import Any

import click

from scanpipe.cli.door import emit
from scanpipe.desk.conveyor import Carried
from scanpipe.faults import Fault
from scanpipe.model import PageRecord, Reason
from scanpipe.reasons import WORDING


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
