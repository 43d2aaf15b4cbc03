"""`scanpipe bench`."""

from __future__ import annotations

import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import click

from scanpipe.bench.comparing import CONTENDERS, Plan, Ring, compare
from scanpipe.bench.latency import Latency, drop_to_slot
from scanpipe.bench.long_file import LongFile, long_pdf
from scanpipe.bench.machine import describe_machine
from scanpipe.bench.measure import clean_environment, measured, python
from scanpipe.bench.pages import INPUTS, scan_sheets
from scanpipe.bench.plots import write_report
from scanpipe.bench.printing import print_sheets
from scanpipe.bench.remote import compare_stores
from scanpipe.bench.report import Findings, as_object, lines
from scanpipe.bench.scaling import gain
from scanpipe.cli.door import emit, json_option, progress
from scanpipe.faults import UsageFault
from scanpipe.settings import Settings

_SEED = 2026
_PAGES_A_WORKER = 4
"""At least; below it the figures would be those of the start alone."""
_PROFILED_PAGES = 5
_STEADY_PER_S = 5.0


@click.command()
@click.option("--pages", type=click.IntRange(8, 100_000), default=64, show_default=True, help="Pages of each input.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Worker processes [default: one a core].")
@click.option("--inputs", default=",".join(INPUTS), show_default=True, help="Comma-separated.")
@click.option("--repeat", type=click.IntRange(1, 100), default=3, show_default=True, help="Interleaved repeats.")
@click.option(
    "--drops",
    type=click.IntRange(0, 100_000),
    default=500,
    show_default=True,
    help="Files that the watcher gets at once; a fifth of them again as a steady stream. 0: no such run.",
)
@click.option("--s3", metavar="ENDPOINT/BUCKET", help="Also into this S3 server; AWS_… say who may.")
@click.option(
    "--report", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write tables and plots."
)
@json_option
def bench(
    pages: int,
    workers: int | None,
    inputs: str,
    repeat: int,
    drops: int,
    s3: str | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Measure the speed, against what the codecs alone cost and against the textbook script, in one run.

    Sheets are printed and scanned (seeded) into a temporary folder, with an installation of its own for every run; the
    settings of this installation play no part. TMPDIR says where.

    \b
    Example: scanpipe bench --inputs gray-skewed,gray-straight --repeat 5
    """
    names = _checked(inputs)
    plan = Plan(pages, workers or len(os.sched_getaffinity(0)), repeat, Settings().render.jpeg_quality, drops)
    if plan.pages < _PAGES_A_WORKER * plan.workers:
        least = _PAGES_A_WORKER * plan.workers
        raise UsageFault(f"{pages} pages are too few for {plan.workers} workers", f"Give at least --pages {least}.")
    with tempfile.TemporaryDirectory(prefix="scanpipe-bench-") as room:
        result = as_object(_measure(plan, names, Path(room), s3, not as_json))
    if report is not None:
        write_report(result, report)
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


def _measure(plan: Plan, names: list[str], room: Path, s3: str | None, shown: bool) -> Findings:
    machine: dict[str, Any] = describe_machine()
    printed = print_sheets(room, plan.sheets)
    with progress("printing and scanning", plan.pages, shown) as advance:
        stacks = scan_sheets(printed.pdf, plan.pages, names, room / "scans", _SEED, advance)
    ring = Ring(plan, printed, room)
    with progress("measuring", plan.repeat * len(stacks) * len(CONTENDERS), shown) as advance:
        runs, start_ups = compare(ring, stacks, advance)
    with progress("stage by stage", len(stacks), shown) as advance:
        profiles = {}
        for done, stack in enumerate(stacks, 1):
            command = python("scanpipe.bench.profile", plan.quality, *stack.pages[:_PROFILED_PAGES])
            profiles[stack.name] = json.loads(measured(command, clean_environment()).out)
            advance(done)
    latencies, long_file = _hot_folder(ring, shown) if plan.drops else ({}, None)
    stores = compare_stores(ring, stacks[0], s3) if s3 else {}
    return Findings(machine, plan, runs, start_ups, profiles, gain(ring, stacks[0]), latencies, long_file, stores)


def _hot_folder(ring: Ring, shown: bool) -> tuple[dict[str, Latency], LongFile]:
    """Gray pages askew, arriving in two ways, and all of them as one PDF."""
    plan = ring.plan
    with progress("printing and scanning for the hot folder", plan.drops + 1, shown) as advance:
        (stack,) = scan_sheets(ring.printed.pdf, plan.drops + 1, ["gray-skewed"], ring.room / "drops", _SEED, advance)
    ways: dict[str, tuple[int, float | None]] = {
        f"{plan.drops} at once": (plan.drops, None),
        f"{_STEADY_PER_S:g} a second": (plan.steady, _STEADY_PER_S),
    }
    found = {}
    with progress("hot folder", len(ways) + 1, shown) as advance:
        for done, (way, (files, per_s)) in enumerate(ways.items(), 1):
            arrive = partial(drop_to_slot, stack.pages[: files + 1], workers=plan.workers, per_s=per_s)
            found[way] = ring.on_installation(arrive)
            advance(done)
        long = partial(long_pdf, stack.pages, workers=plan.workers, dpi=stack.recipe.dpi)
        return found, ring.on_installation(long)
