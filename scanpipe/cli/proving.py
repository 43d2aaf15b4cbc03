"""`scanpipe verify`, `scanpipe trace`, `scanpipe doctor`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, progress
from scanpipe.desk.reporting import check_report
from scanpipe.desk.sources import health
from scanpipe.desk.tracing import trace as trace_scan
from scanpipe.desk.verifying import STATES
from scanpipe.desk.verifying import verify as verify_all
from scanpipe.doctor import examine_installation
from scanpipe.faults import Fault, VerifyFailed


@click.command()
@click.option(
    "--report",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Check a report that `scanpipe report` wrote, and nothing else.",
)
@json_option
@pass_door
def verify(door: Door, report: Path | None, as_json: bool) -> None:
    """Prove that nothing is missing, nothing was changed, and every object in a slot is explained.

    Ends with 0 only when all of it holds; else says precisely what is wrong and ends with 7.

    \b
    Example: scanpipe verify
             scanpipe verify --report report.json
    """
    if report is not None:
        _verify_report(door, report, as_json)
        return
    with door.parts() as parts, progress("verifying", None, not as_json) as advance:
        finding = verify_all(parts, lambda _, done, __: advance(done))
    if as_json:
        emit(asdict(finding) | {"holds": finding.holds})
    else:
        states = ", ".join(f"{finding.states[s]} {s}" for s in STATES if s in finding.states)
        click.echo(f"{finding.scans} scans, {finding.pages} pages: {states or 'none'}")
        click.echo(
            f"{finding.objects} objects are there with their digests; {finding.in_inbox} files wait in the inbox"
        )
        click.echo(f"{finding.events} events, chain head {finding.head[:16]}")
        for problem in finding.problems:
            click.secho(f"  {problem}", fg="red")
        if finding.holds:
            click.secho("Nothing is missing, nothing was changed.", fg="green")
    if not finding.holds:
        hint = "Restore what is missing from a backup; `scanpipe trace SCAN` tells the life of a scan."
        raise VerifyFailed(f"{len(finding.problems)} problems", hint)


def _verify_report(door: Door, file: Path, as_json: bool) -> None:
    """It is ours, unchanged, and follows from the events up to the head that it names."""
    with door.parts() as parts:
        problems = check_report(parts, file.read_bytes())
    if as_json:
        emit({"report": str(file), "problems": problems, "holds": not problems})
    for problem in problems if not as_json else ():
        click.secho(f"  {problem}", fg="red")
    if problems:
        raise VerifyFailed(f"{len(problems)} problems", "Compare it with a report that is made now: `scanpipe report`.")
    if not as_json:
        click.secho("The report is unchanged and follows from the ledger.", fg="green")


@click.command()
@click.argument("scan")
@json_option
@pass_door
def trace(door: Door, scan: str, as_json: bool) -> None:
    """Tell the life of a scan in plain sentences. SCAN is the start of its digest, or the name of one of its pages.

    \b
    Example: scanpipe trace 3f9a0c1e22b7
    """
    with door.parts() as parts:
        for at, sentence in trace_scan(parts, scan):
            if as_json:
                emit({"at": at, "sentence": sentence})
            else:
                click.echo(f"{at[:19].replace('T', ' ')}  {sentence}")


@click.command()
@json_option
@pass_door
def doctor(door: Door, as_json: bool) -> None:
    """Probe what the installation needs, each with its real operation, and say how to mend it.

    \b
    Example: scanpipe doctor
    """
    bad = 0
    for probe in examine_installation(door.settings):
        bad += not probe.ok
        if as_json:
            emit(_plain(probe))
            continue
        click.secho("  ok   " if probe.ok else "  BAD  ", fg="green" if probe.ok else "red", nl=False)
        click.echo(f"{probe.name}: {probe.message}" + ("" if probe.ok else f"\n         → {probe.hint}"))
    if bad:
        raise Fault(f"{bad} things are not as they should be", "Each says above how to mend it.")


@click.command()
@json_option
@pass_door
def sources(door: Door, as_json: bool) -> None:
    """Say how well each scanner scans, and what to mend: skew, streaks, cut edges, codes that are hard to read.

    A scanner is a [[source]] of the settings file: a name, and the folder of the inbox that its files come in.

    \b
    Example: scanpipe sources
    """
    if not door.settings.sources and not as_json:
        click.echo(
            "No source is set. Add a [[source]] to the settings file for each scanner: config/scanpipe.toml shows how."
        )
    with door.parts() as parts:
        for found in health(parts, door.settings.sources):
            if as_json:
                emit(asdict(found))
                continue
            click.secho(f"{found.name}: {found.pages} pages", bold=True, nl=False)
            click.echo(f", the last {found.last_at[:16].replace('T', ' ')} UTC" if found.last_at else " yet")
            for sentence in found.advice:
                click.secho(f"  {sentence}", fg="yellow")
            if found.pages and not found.advice:
                click.secho("  Nothing to mend.", fg="green")


def _plain(probe: Any) -> dict[str, Any]:
    return {"name": probe.name, "ok": probe.ok, "message": probe.message, "hint": probe.hint}


COMMANDS = (verify, trace, doctor, sources)
