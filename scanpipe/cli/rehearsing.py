"""`scanpipe rehearse`: the evening before the evening."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person
from scanpipe.cli.working import stop_signal
from scanpipe.desk import rehearsing
from scanpipe.desk.defining import find_test
from scanpipe.desk.parts import Parts
from scanpipe.desk.printing import print_sheets
from scanpipe.model import Reason, Sheet, TestDefinition
from scanpipe.reasons import WORDING
from scanpipe.sheets import A4, LETTER, Style

_LOOK_EVERY_S = 1.0


@click.command()
@click.argument("test")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The PDF to write; else those printed last count.",
)
@click.option(
    "--candidates", type=click.IntRange(1, 999), default=5, show_default=True, help="Print for so many of them."
)
@click.option(
    "--wait", type=click.IntRange(0, 1440), default=60, show_default=True, help="Minutes to wait for the scans."
)
@json_option
@pass_door
def rehearse(door: Door, test: str, out: Path | None, candidates: int, wait: int, as_json: bool) -> None:
    """Rehearse an evening: print sheets, wait for their scans, and report what a real evening would meet.

    TEST has `rehearsal: true` in its definition: its sheets say so, and never reach a real test. Let some people draw on the
    sheets, stick labels, forget one, scan them where and as they will be scanned, with `scanpipe up` running. Ctrl-C ends the
    waiting.

    \b
    Example: scanpipe rehearse MA0001-2026H-REHEARSAL --out rehearsal.pdf
             scanpipe rehearse MA0001-2026H-REHEARSAL --wait 0
    """
    with door.parts() as parts:
        definition = find_test(parts, test)
        sheets = rehearsing.printed_last(parts, definition)
        if out is not None:
            sheets = _print(door, parts, definition, candidates, out)
        found = _wait_for(parts, definition, sheets, wait * 60)
    if as_json:
        emit({"test": definition.id, **asdict(found), "over": found.over})
    else:
        _tell(found)


def _print(door: Door, parts: Parts, definition: TestDefinition, candidates: int, out: Path) -> list[Sheet]:
    planned = rehearsing.plan_rehearsal(parts, definition, candidates)
    area: Any = door.settings.sheets.area
    style = Style(LETTER if door.settings.sheets.paper == "letter" else A4, area)
    sheets = print_sheets(parts, definition, planned, out, person(), style)
    click.echo(f"{len(sheets)} sheets in {out}: print them, have them drawn on, and scan them.", err=True)
    return sheets


def _wait_for(parts: Parts, definition: TestDefinition, sheets: list[Sheet], longest_s: float) -> rehearsing.Rehearsed:
    stop, found = stop_signal(), rehearsing.look(parts, definition, sheets)
    while longest_s > 0 and not found.over and not stop.wait(_LOOK_EVERY_S):
        longest_s -= _LOOK_EVERY_S
        found = rehearsing.look(parts, definition, sheets)
    return found


def _tell(found: rehearsing.Rehearsed) -> None:
    click.echo(f"{found.printed} sheets printed, {found.filed} filed, {sum(found.held.values())} held")
    for reason, n in sorted(found.held.items()):
        click.echo(f"  held {n:4}  {reason}: {WORDING[Reason(reason)].en}")
    for n, what in (
        (len(found.missing), f"never came: {', '.join(found.missing[:20])}"),
        (found.on_the_way, "still on their way"),
        (found.twice, "scanned more than once"),
        (found.empty, "empty: nobody drew on them"),
        (found.others, "pages of the test beside these sheets"),
        (found.skewed, "more than 2° askew: set the paper guides closer"),
        (found.weak, "whose codes were read with help only: look at print, exposure and glass"),
    ):
        if n:
            click.echo(f"  {n:9}  {what}")
    if found.wait_s is not None:
        click.echo(
            f"From the scanner to the slot: {found.wait_s[0]} s as a rule, {found.wait_s[1]} s at most", nl=False
        )
        click.echo(f"; {found.dpi} dpi" if found.dpi else "")
    click.secho(
        "A real evening would end well." if found.over and not found.held else "A real evening would leave work.",
        fg="green" if found.over and not found.held else "yellow",
    )


COMMANDS = (rehearse,)
