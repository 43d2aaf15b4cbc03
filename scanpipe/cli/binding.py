"""`scanpipe bind` and `scanpipe unbind`: whose a sheet is that was printed for nobody."""

from __future__ import annotations

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person
from scanpipe.cli.queueing import work_off
from scanpipe.codes import Keyring
from scanpipe.desk import binding
from scanpipe.faults import UsageFault
from scanpipe.model import Claims


@click.command()
@click.argument("serial")
@click.argument("candidate")
@click.option("--question", help="The question's id, where the sheet is of an open pad.")
@json_option
@pass_door
def bind(door: Door, serial: str, candidate: str, question: str | None, as_json: bool) -> None:
    """Make a sheet of a pad, or a spare one, CANDIDATE's: from then on it is as if it had been printed for them.

    SERIAL and CANDIDATE may be typed, or be the texts of codes as a hand scanner reads them. A page of the sheet that is held for
    want of a candidate takes its journey again, with the same checks.

    \b
    Example: scanpipe bind 00000412 10001
             scanpipe bind 00000517 10001 --question 2a
    """
    with door.parts() as parts:
        bound = binding.bind(parts, _wish(parts.keyring, serial, candidate, question), person())
        sheet = bound.sheet
        if as_json:
            told = {
                "serial": sheet.serial,
                "test": sheet.test,
                "candidate": sheet.candidate,
                "question": sheet.question,
            }
            emit(told | {"new": bound.new, "again": [str(page) for page in bound.again]})
        else:
            said = f"sheet {sheet.serial} is candidate {sheet.candidate}'s, for question {sheet.question}"
            click.echo(said if bound.new else f"{said}, as it was before")
        if bound.again:
            work_off(door, parts, sorted({page.scan for page in bound.again}), as_json)


def _wish(keyring: Keyring, serial: str, candidate: str, question: str | None) -> binding.Wish:
    sheet = binding.understood(serial, keyring)
    if sheet is None or sheet.serial is None:
        raise UsageFault(f"{serial[:40]} is no sheet", "Give the eight digits on it, or the text of one of its codes.")
    whose = binding.understood(candidate, keyring)
    whose = whose if whose is not None and whose.candidate else Claims(candidate=candidate)
    assert whose.candidate is not None
    return binding.Wish(sheet.serial, whose.candidate, question, label=whose.test)


@click.command()
@click.argument("serial")
@click.option("--why", required=True, help="The reason, for the record.")
@pass_door
def unbind(door: Door, serial: str, why: str) -> None:
    """Take a binding back: the sheet is nobody's again. Not for a sheet whose page is filed.

    \b
    Example: scanpipe unbind 00000412 --why "read the neighbour's label"
    """
    with door.parts() as parts:
        sheet = binding.unbind(parts, serial, person(), why)
    click.echo(f"sheet {sheet.serial} is nobody's again")


COMMANDS = (bind, unbind)
