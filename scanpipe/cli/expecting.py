"""`scanpipe expect …`: what a test expects, and how what came differs from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person, read_csv
from scanpipe.desk import completeness, expected_lists, expecting
from scanpipe.differing import TELLING
from scanpipe.ledgers.expected import Closed
from scanpipe.stages.completeness import Found

_LIST = click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
_TEST = click.argument("test")


@click.group()
def expect() -> None:
    """Say what a test expects, and list how what came differs from it.

    Lists are CSV files; columns may have English or Norwegian names. The last word stands, every earlier one is kept on record.

    \b
    Example: scanpipe expect collected MA0001-2026H collected.csv
             scanpipe expect differences MA0001-2026H
    """


@expect.command("handed-out")
@_TEST
@_LIST
@pass_door
def handed_out(door: Door, test: str, file: Path) -> None:
    """Record which sheets were handed out: room or candidate, and serial or count.

    The list says all about the rooms in it: what was said of them before, and is not in it, is said no more.

    \b
    Example: scanpipe expect handed-out MA0001-2026H handed-out.csv
    """
    _sheets(door, test, "handed_out", file)


@expect.command()
@_TEST
@_LIST
@pass_door
def collected(door: Door, test: str, file: Path) -> None:
    """Record which sheets were collected: room or candidate, and serial or count.

    The list says all about the rooms in it: what was said of them before, and is not in it, is said no more.

    \b
    Example: scanpipe expect collected MA0001-2026H collected.csv
    """
    _sheets(door, test, "collected", file)


def _sheets(door: Door, test: str, what: expecting.What, file: Path) -> None:
    with door.parts() as parts:
        n = expected_lists.sheets_from(parts, test, what, file.name, read_csv(file), person())
    click.echo(f"{n} entries recorded.")


@expect.command()
@_TEST
@_LIST
@pass_door
def declared(door: Door, test: str, file: Path) -> None:
    """Record what candidates declared at hand-in: candidate, question, and serial or count.

    \b
    Example: scanpipe expect declared MA0001-2026H declared.csv
    """
    with door.parts() as parts:
        n = expected_lists.declared_from(parts, test, file.name, read_csv(file), person())
    click.echo(f"{n} declarations recorded.")


@expect.command()
@_TEST
@_LIST
@pass_door
def attendance(door: Door, test: str, file: Path) -> None:
    """Record who was there: candidate, and present or absent.

    \b
    Example: scanpipe expect attendance MA0001-2026H attendance.csv
    """
    with door.parts() as parts:
        n = expected_lists.attendance_from(parts, test, file.name, read_csv(file), person())
    click.echo(f"{n} candidates recorded.")


@expect.command()
@click.argument("name")
@click.argument("pages", type=click.IntRange(0, expecting.MOST_SHEETS))
@click.option("--test", help="The test that the stack is of, so that it is missed even if nothing of it comes.")
@pass_door
def stack(door: Door, name: str, pages: int, test: str | None) -> None:
    """Record how many PAGES a stack must have; blank sides do not count. NAME is as `scanpipe queue` shows it;
    a file of several pages is called by its stack and its own name.

    \b
    Example: scanpipe expect stack "S4 2026-12-03" 118 --test MA0001-2026H
             scanpipe expect stack "S4 2026-12-03 / scan0007.tif" 43
    """
    with door.parts() as parts:
        expecting.expect_stacks(parts, {name: pages}, person(), test)
    click.echo(f"{name}: {pages} pages are expected.")


@expect.command()
@_LIST
@click.option("--test", help="The test that the stacks are of, so that they are missed even if nothing of them comes.")
@pass_door
def stacks(door: Door, file: Path, test: str | None) -> None:
    """Record how many pages stacks must have: stack, count.

    \b
    Example: scanpipe expect stacks stacks.csv --test MA0001-2026H
    """
    with door.parts() as parts:
        n = expected_lists.stacks_from(parts, test, file.name, read_csv(file), person())
    click.echo(f"{n} stacks recorded.")


@expect.command()
@_TEST
@click.option("--closed", is_flag=True, help="Those that persons closed, too.")
@json_option
@pass_door
def differences(door: Door, test: str, closed: bool, as_json: bool) -> None:
    """List how what came differs from what was expected, each with what to do next.

    \b
    Example: scanpipe expect differences MA0001-2026H
    """
    with door.parts() as parts, parts.ledger.read() as r:
        view = completeness.look(r, test)
    for found in view.open:
        _say(found, None, as_json)
    for found, by in view.closed if closed else ():
        _say(found, by, as_json)
    if not as_json:
        whole = view.whole
        said = "–" if whole.collected is None else whole.collected
        click.echo(f"{whole.printed} printed, {said} collected, {whole.received} received, {whole.filed} filed")
        standing, closed_by_persons = view.standing, f"{len(view.closed)} closed by persons"
        if standing.complete:
            click.secho(f"Nothing is missing; no difference is open, {closed_by_persons}.", fg="green")
            return
        click.secho(f"{len(view.open)} differences are open, {closed_by_persons}.", fg="yellow")
        if standing.undecided:
            click.echo(f"{standing.undecided} pages are on their way or held.")
        if standing.unaccounted:
            n = len(standing.unaccounted)
            click.echo(f"Of {n} candidates nobody said what they handed in, and not every sheet of theirs has come.")


def row(found: Found, closed: Closed | None = None) -> dict[str, Any]:
    """A difference for programs."""
    names = ("kind", "subject", "room", "candidate", "question", "expected", "received", "other")
    told: dict[str, Any] = {name: getattr(found, name) for name in names} | {"kind": str(found.kind)}
    told |= {"serials": list(found.serials), "pages": list(found.pages), "open": closed is None}
    return told | ({"closed_by": closed.by, "why": closed.why, "closed_at": closed.at} if closed else {})


def _say(found: Found, closed: Closed | None, as_json: bool) -> None:
    if as_json:
        emit(row(found, closed))
        return
    where = [f"{k} {v}" for k in ("room", "candidate", "question") if (v := getattr(found, k))]
    telling = TELLING[found.kind]
    click.secho(f"{found.kind} {found.subject!r}", bold=closed is None, nl=False)
    click.echo(f"  {', '.join(where)}" if where else "")
    figures = f" Expected {found.expected}, received {found.received}." if found.expected is not None else ""
    other = f" The other side: {found.other}." if found.other else ""
    click.echo(
        f"    {telling.en}{figures}{other}" + (f" Serials: {', '.join(found.serials)}." if found.serials else "")
    )
    if closed is not None:
        click.echo(f"    closed by {closed.by}: {closed.why}")
    else:
        click.echo(f"    next: {telling.next_en}")


@expect.command()
@_TEST
@click.argument("kind", type=click.Choice(completeness.KINDS), metavar="KIND")
@click.argument("subjects", nargs=-1, required=True, metavar="SUBJECT...")
@click.option("--why", required=True, help="The reason, for the record.")
@pass_door
def close(door: Door, test: str, kind: str, subjects: tuple[str, ...], why: str) -> None:
    """Close differences with a reason. KIND and SUBJECT are as `scanpipe expect differences` shows them.

    A difference stays closed as long as its figures are the same; `reopen` takes it back.

    \b
    Example: scanpipe expect close MA0001-2026H collected_not_scanned 00000412 --why "torn up by the candidate, seen by two"
    """
    with door.parts() as parts:
        for subject in subjects:
            completeness.close(parts, test, kind, subject, why, person())
            click.echo(f"{kind} {subject}: closed")


@expect.command()
@_TEST
@click.argument("kind", type=click.Choice(completeness.KINDS), metavar="KIND")
@click.argument("subject")
@pass_door
def reopen(door: Door, test: str, kind: str, subject: str) -> None:
    """Open a difference again that was closed.

    \b
    Example: scanpipe expect reopen MA0001-2026H collected_not_scanned 00000412
    """
    with door.parts() as parts:
        completeness.reopen(parts, test, kind, subject, person())
    click.echo(f"{kind} {subject}: open again")


COMMANDS = (expect,)
