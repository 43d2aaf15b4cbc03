"""`scanpipe codes …`: the codes that candidates shade on generic sheets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person, read_csv
from scanpipe.desk.coding import (
    GivenOut,
    check_codes,
    import_codes,
    make_codes,
    nowhere_to_shade,
    release_codes,
    write_codes,
)
from scanpipe.desk.defining import find_test
from scanpipe.shaded_codes import DISTANCE, MOST_PAIRS, Coded

_MOST_SHOWN = 20
_TEST = click.argument("test")


@click.group()
def codes() -> None:
    """The codes that candidates shade on generic sheets: each names a candidate and a question.

    \b
    Example: scanpipe codes make MA0001-2026H --out codes.csv
             scanpipe sheets --generic --count 500 --out generic.pdf
    """


@codes.command()
@_TEST
@click.option("--question", multiple=True, help="Only for this question; may be repeated.")
@click.option("--out", type=click.Path(path_type=Path), help="A CSV of all codes of the test, for the exam system.")
@pass_door
def make(door: Door, test: str, question: tuple[str, ...], out: Path | None) -> None:
    """Give every candidate a code for each question that takes sketches.

    Any two differ in three digits at least, so that no slip in one or two of them names somebody else. Codes that were given out
    stay; called again, it makes those that are missing.

    \b
    Example: scanpipe codes make MA0001-2026H --out codes.csv
    """
    with door.parts() as parts:
        given = make_codes(parts, test, question, person())
        if out is not None:
            write_codes(check_codes(parts, test).codes, find_test(parts, test), out)
    click.echo(f"{len(given.codes)} codes made" + (f"; all of them in {out}" if out else ""))


@codes.command("import")
@_TEST
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@pass_door
def import_(door: Door, test: str, file: Path) -> None:
    """Add the codes that the exam system gave out: code, candidate, question.

    Columns may have English or Norwegian names. Codes that are there already are left as they are. Pairs that differ in one or
    two digits only are reported: a slip makes one of them the other.

    \b
    Example: scanpipe codes import MA0001-2026H codes.csv
    """
    with door.parts() as parts:
        given = import_codes(parts, test, file.name, read_csv(file), person())
        unfit = nowhere_to_shade(parts, test, given.codes)
    click.echo(f"{len(given.codes)} codes added.")
    _tell(given, unfit)


@codes.command("list")
@_TEST
@click.option("--out", type=click.Path(path_type=Path), help="A CSV to write instead.")
@json_option
@pass_door
def list_(door: Door, test: str, out: Path | None, as_json: bool) -> None:
    """List the codes of a test, and what is risky about them.

    \b
    Example: scanpipe codes list MA0001-2026H --out codes.csv
    """
    with door.parts() as parts:
        given = check_codes(parts, test)
        unfit = nowhere_to_shade(parts, test, given.codes)
        if out is not None:
            write_codes(given.codes, find_test(parts, test), out)
    if as_json:
        for coded in given.codes:
            emit({"code": coded.code, "test": coded.test, "candidate": coded.candidate, "question": coded.question})
        return
    if out is None:
        for coded in given.codes:
            click.echo(f"{coded.code}  {coded.candidate}  {coded.question}")
    _tell(given, unfit)


@codes.command()
@_TEST
@pass_door
def release(door: Door, test: str) -> None:
    """Let the codes of a retired test be given out again.

    They are kept back, since sheets that were shaded with one of them may turn up years later. There are some 82,000 codes:
    release those of the tests that were retired longest ago when they run out.

    \b
    Example: scanpipe codes release MA0001-2021H
    """
    with door.parts() as parts:
        n = release_codes(parts, test, person())
    click.echo(f"{n} codes can be given out again.")


def _tell(given: GivenOut, unfit: Sequence[Coded]) -> None:
    """What is risky about the codes, and which can be shaded nowhere, on standard error."""
    for coded in unfit[:_MOST_SHOWN]:
        said = f"{coded.code} has {len(coded.code)} digits: no sheet in use has so many places (sheets.layouts)"
        click.secho(said, fg="yellow", err=True)
    if len(unfit) > _MOST_SHOWN:
        click.echo(f"  … and {len(unfit) - _MOST_SHOWN} more", err=True)
    if given.close:
        count = f"{len(given.close)} pairs" if len(given.close) < MOST_PAIRS else f"{MOST_PAIRS} pairs and more"
        click.secho(f"{count} of codes differ in fewer than {DISTANCE} digits:", fg="yellow", err=True)
    for one, other, places in given.close[:_MOST_SHOWN]:
        click.echo(f"  {one}  {other}  {places}", err=True)
    if len(given.close) > _MOST_SHOWN:
        click.echo(f"  … and {len(given.close) - _MOST_SHOWN} more", err=True)
    for coded in given.elsewhere[:_MOST_SHOWN]:
        whose = f"was one of {coded.test}, which is retired" if coded.reserved else f"is a code of {coded.test} as well"
        click.secho(f"{coded.code} {whose}: a sheet is held unless it was printed for its test", fg="yellow", err=True)


COMMANDS = (codes,)
