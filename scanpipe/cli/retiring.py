"""`scanpipe retire`."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person, progress
from scanpipe.desk.links import forget_drafts
from scanpipe.desk.retiring import ask, confirm
from scanpipe.faults import UsageFault
from scanpipe.wiring import open_submissions


@click.command()
@click.argument("test")
@click.option("--after", type=click.DateTime(["%Y-%m-%d"]), help="Step one: ask; it may go after this day.")
@click.option("--confirm", "code", metavar="CODE", help="Step two: erase, with the code that step one gave.")
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    help="Where to write what was erased [default: retired-TEST.json].",
)
@json_option
@pass_door
def retire(
    door: Door, test: str, after: datetime | None, code: str | None, certificate: Path | None, as_json: bool
) -> None:
    """Erase the pictures of a test, when the law says that they must go. Nothing ever goes by itself.

    In two steps, both on record: one person asks and names the day; on a later day somebody confirms with the code. What is
    erased is listed in a certificate, with digests. Backups of the store are not reached; the ledger keeps what happened, with
    the numbers of candidates.

    \b
    Example: scanpipe retire MA0001-2026H --after 2027-07-01
    Example: scanpipe retire MA0001-2026H --confirm 12345678
    """
    if (after is None) == (code is None):
        raise UsageFault(
            "give either --after DATE or --confirm CODE", "First ask with --after; `scanpipe retire --help`."
        )
    if after is not None:
        _ask(door, test, after.date(), as_json)
        return
    file = certificate or Path(f"retired-{test}.json")
    if file.exists():
        raise UsageFault(f"{file} is there already", "Name another file with --certificate.")
    with door.parts() as parts, progress("erasing", None, not as_json) as told:
        made = confirm(parts, test, code or "", person(), told)
        forget_drafts(parts, open_submissions(door.settings), made["test"])
    file.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if as_json:
        emit(made)
    else:
        click.echo(f"{made['objects']} objects of {made['test']} are erased; {file} lists them.")


def _ask(door: Door, test: str, after: date, as_json: bool) -> None:
    with door.parts() as parts:
        code, found = ask(parts, test, after, person())
    if as_json:
        emit({"test": found.test, "after": after.isoformat(), "code": code, "objects": len(found.objects)})
        return
    click.echo(
        f"{len(found.objects)} objects of {found.test} would go: {len(found.pages)} pages of {len(found.scans)} scans."
    )
    if found.mixed:
        click.echo(f"{len(found.mixed)} originals stay: they have pages of other tests, too.")
    click.echo(f"Nothing is erased yet. After {after}: scanpipe retire {found.test} --confirm {code}")


COMMANDS = (retire,)
