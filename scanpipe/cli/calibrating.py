"""`scanpipe calibrate`: what scans of the calibration sheet, or of printed sheets, say of printer and scanner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, progress
from scanpipe.cli.looking import each_page
from scanpipe.faults import Refused
from scanpipe.stages.calibration import Calibration, Finding, Unmeasured, findings
from scanpipe.stages.unpack import Problem
from scanpipe.wiring import errand, open_workers

_COLOURS = {"good": "green", "watch": "yellow", "bad": "red", "open": "blue"}
_FIRST_STEP = "Print the page of `scanpipe sheets --calibration --out calibration.pdf` at 100 % and scan it whole."


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@json_option
@pass_door
def calibrate(door: Door, paths: tuple[Path, ...], as_json: bool) -> None:
    """Say how well a printer and a scanner get on, from scans of the calibration sheet or of any printed sheet.

    Measures resolution, skew, stretch, edges cut off, streaks, contrast, the faintest pencil that survives, and how much worse
    each code may become before it cannot be read. Nothing is filed. An ordinary sheet says all but the pencil; scan some before
    an exam. Exit code 6 when a page could not be measured.

    \b
    Example: scanpipe sheets --calibration --out calibration.pdf, print, scan, scanpipe calibrate scan.jpg
    """
    told, failed, done = errand(door.settings), 0, 0
    with open_workers(door.settings) as engine, progress("measuring", None, not as_json) as advance:
        for path, index, answer in each_page(engine, paths, "scanpipe.hands:calibrate_page", told):
            failed += not isinstance(answer, Calibration)
            advance(done := done + 1)
            if as_json:
                emit(_record(path, index, answer))
            else:
                for line in _lines(answer):
                    click.echo(line if line else f"{os.fsdecode(path)} page {index}: ", nl=bool(line))
    if failed:
        raise Refused(f"{failed} of {done} pages could not be measured", _FIRST_STEP)


def _lines(answer: Calibration | Unmeasured | Problem) -> Iterator[str]:
    """An empty line stands for the name of the page."""
    yield ""
    if not isinstance(answer, Calibration):
        yield click.style(_error(answer), fg="red")
        return
    yield f"{'calibration sheet' if answer.calibration_sheet else 'printed sheet'}, {answer.paper.capitalize()}"
    yield from map(_line, findings(answer))


def _line(finding: Finding) -> str:
    advice = f"  → {finding.advice}" if finding.advice else ""
    return f"  {click.style(f'{finding.verdict:<5}', fg=_COLOURS[finding.verdict])}  {finding.what:<18} {finding.value}{advice}"


def _error(answer: Unmeasured | Problem) -> str:
    if isinstance(answer, Problem):
        return f"{answer.reason}: {answer.detail}"
    return f"all three codes of a sheet are needed; read: {', '.join(answer.found) or 'none'}"


def _record(path: Path, index: int, answer: Calibration | Unmeasured | Problem) -> dict[str, Any]:
    record: dict[str, Any] = {"file": os.fsdecode(path), "page": index}
    if not isinstance(answer, Calibration):
        return record | {"measured": None, "findings": [], "error": _error(answer)}
    return record | {"measured": asdict(answer), "findings": [asdict(f) for f in findings(answer)], "error": None}


COMMANDS = (calibrate,)
