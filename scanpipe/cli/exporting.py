"""`scanpipe export`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import cast

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person, progress
from scanpipe.desk.exporting import Only, Wish, plan_export
from scanpipe.desk.handing_over import hand_over


@click.command()
@click.argument("test")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A folder, or a file that ends with .zip.")
@click.option(
    "--pattern",
    help="Names of the files [default: {candidate}/{question}/{n}.{ext}, or {candidate}_{question}.{ext} with one file each].",
)
@click.option("--one-file-per-slot", is_flag=True, help="Several pages of a slot become one PDF.")
@click.option(
    "--only",
    type=click.Choice(["all", "complete", "locked"]),
    default="all",
    show_default=True,
    help="complete: slots of which nothing is missing and nothing is on its way; locked: only when grading began.",
)
@json_option
@pass_door
def export(
    door: Door, test: str, out: Path, pattern: str | None, one_file_per_slot: bool, only: str, as_json: bool
) -> None:
    """Hand the results of a test over as files: a folder or a ZIP, with a list of what is in it (manifest.csv, manifest.json).

    A pattern has the fields test, candidate, question, label, serial, n, ext. With one file per slot n is how many pages the file
    has, and serial that of its first. All names are checked before anything is written. A file that is there and differs is never
    written over; called again, only what is missing is added. What was handed over is on record.

    \b
    Example: scanpipe export MA0001-2026H --out results.zip --one-file-per-slot --pattern "{candidate}_{question}.{ext}"
    """
    with door.parts() as parts:
        plan = plan_export(parts, test, Wish(pattern, one_file_per_slot, cast(Only, only)))
        with progress("exporting", len(plan.files), not as_json) as told:
            done = hand_over(parts, plan, out, person(), told)
    if as_json:
        emit(asdict(done) | {"out": str(out)})
        return
    new = "nothing new" if not done.new else f"{done.new} new, the list included"
    click.echo(f"{done.pages} pages in {done.files} files in {out} ({new}).")
    if done.left_out:
        click.echo(f"{done.left_out} slots were left out: they are not complete.")
    click.echo(f"The digest of manifest.json is on record: {done.digest}")


COMMANDS = (export,)
