"""`scanpipe bench`."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import click

from scanpipe.bench.comparing import CONTENDERS, Plan, Ring, compare
from scanpipe.bench.machine import describe_machine
from scanpipe.bench.measure import clean_environment, measured, python
from scanpipe.bench.pages import INPUTS, scan_sheets
from scanpipe.bench.printing import print_sheets
from scanpipe.bench.report import Findings, as_object, lines
from scanpipe.cli.door import emit, json_option, progress
from scanpipe.faults import UsageFault
from scanpipe.settings import Settings

_SEED = 2026
_PAGES_A_WORKER = 4
"""At least; below it the figures would be those of the start alone."""
_PROFILED_PAGES = 5


@click.command()
@click.option("--pages", type=click.IntRange(8, 100_000), default=64, show_default=True, help="Pages of each input.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Worker processes [default: one a core].")
@click.option("--inputs", default=",".join(INPUTS), show_default=True, help="Comma-separated.")
@click.option("--repeat", type=click.IntRange(1, 100), default=3, show_default=True, help="Interleaved repeats.")
@json_option
def bench(pages: int, workers: int | None, inputs: str, repeat: int, as_json: bool) -> None:
    """Measure the speed, against what the codecs alone cost and against the textbook script, in one run.

    Sheets are printed and scanned (seeded) into a temporary folder, with an installation of its own for every run; the
    settings of this installation play no part. TMPDIR says where.

    \b
    Example: scanpipe bench --inputs gray-skewed,gray-straight --repeat 5
    """
    names = _checked(inputs)
    plan = Plan(pages, workers or len(os.sched_getaffinity(0)), repeat, Settings().render.jpeg_quality)
    if plan.pages < _PAGES_A_WORKER * plan.workers:
        least = _PAGES_A_WORKER * plan.workers
        raise UsageFault(f"{pages} pages are too few for {plan.workers} workers", f"Give at least --pages {least}.")
    with tempfile.TemporaryDirectory(prefix="scanpipe-bench-") as room:
        result = as_object(_measure(plan, names, Path(room), not as_json))
    if as_json:
        emit(result)
        return
    for line in lines(result):
        click.echo(line)


def _checked(inputs: str) -> list[str]:
    names = list(dict.fromkeys(n.strip() for n in inputs.split(",") if n.strip()))
    unknown = [n for n in names if n not in INPUTS]
    if unknown or not names:
        raise UsageFault(
            f"there is no input {', '.join(unknown) or '(none named)'}", f"There are: {', '.join(INPUTS)}."
        )
    return names


def _measure(plan: Plan, names: list[str], room: Path, shown: bool) -> Findings:
    machine: dict[str, Any] = describe_machine()
    printed = print_sheets(room, plan.pages)
    with progress("printing and scanning", plan.pages, shown) as advance:
        stacks = scan_sheets(printed.pdf, plan.pages, names, room / "scans", _SEED, advance)
    with progress("measuring", plan.repeat * len(stacks) * len(CONTENDERS), shown) as advance:
        runs, start_ups = compare(Ring(plan, printed, room), stacks, advance)
    with progress("stage by stage", len(stacks), shown) as advance:
        profiles = {}
        for done, stack in enumerate(stacks, 1):
            command = python("scanpipe.bench.profile", plan.quality, *stack.pages[:_PROFILED_PAGES])
            profiles[stack.name] = json.loads(measured(command, clean_environment()).out)
            advance(done)
    return Findings(machine, plan, runs, start_ups, profiles)


COMMANDS = (bench,)
