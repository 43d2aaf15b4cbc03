"""`scanpipe links …`: links by which candidates hand in from home."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person
from scanpipe.desk.defining import find_test
from scanpipe.desk.links import Given, end_link, give_out_to_all, links_of
from scanpipe.faults import UsageFault
from scanpipe.model import TestDefinition
from scanpipe.sheets.writing import whole_file
from scanpipe.wiring import link_rules

_OWNER_ONLY = 0o600
_TEST = click.argument("test")


@click.group()
def links() -> None:
    """Links by which candidates hand in from home: each opens one question of one candidate until a time.

    \b
    Example: scanpipe links make MA0001-2026H --closes "2026-12-01 14:00" --base-url https://scan.example --out links.csv
    """


@links.command()
@_TEST
@click.option(
    "--closes", required=True, metavar="TIME", help="The deadline: 2026-12-01 14:00, by the clock of this house."
)
@click.option(
    "--grace", type=click.IntRange(0, 1440), help="Minutes after it that still count [default: links.grace_minutes]."
)
@click.option("--candidate", multiple=True, help="Only for this candidate; may be repeated.")
@click.option("--question", multiple=True, help="Only for this question; may be repeated.")
@click.option("--base-url", help="Where candidates reach this installation [default: notices.base_url].")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The CSV: the only place that has the links."
)
@pass_door
def make(
    door: Door,
    test: str,
    closes: str,
    grace: int | None,
    candidate: tuple[str, ...],
    question: tuple[str, ...],
    base_url: str | None,
    out: Path,
) -> None:
    """Make a link for every candidate and question that takes sketches, and write them into a CSV.

    Whoever has more time than others has it here, too. Who has a link that is open keeps it and is not in the CSV: end it
    first, then make it anew. Here only digests are kept, so nobody can show a link a second time.

    \b
    Example: scanpipe links make MA0001-2026H --closes "2026-12-01 14:00" --base-url https://scan.example --out links.csv
    """
    base = base_url or door.settings.notices.base_url
    if not base.startswith(("http://", "https://")):
        raise UsageFault(
            "nobody says where candidates reach this installation", "Give --base-url, or set notices.base_url."
        )
    rules, moment = link_rules(door.settings), _moment(closes)
    with door.parts() as parts, whole_file(out) as temporary:
        temporary.touch(_OWNER_ONLY)
        definition = find_test(parts, test)
        given = give_out_to_all(parts, rules, test, moment, person(), candidate, question, grace)
        _write(given, definition, base, temporary)
    click.echo(f"{len(given)} links made; they are in {out}, and nowhere else")


def _write(given: list[Given], definition: TestDefinition, base: str, out: Path) -> None:
    with out.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("candidate", "question", "name", "closes", "link_id", "link"))
        for one in given:
            known = definition.candidate(one.candidate)
            name = known.name if known is not None else None
            rows.writerow((one.candidate, one.question, name, one.closes, one.id, one.address(base)))


@links.command("list")
@_TEST
@json_option
@pass_door
def list_(door: Door, test: str, as_json: bool) -> None:
    """List the links of a test, without what opens them.

    \b
    Example: scanpipe links list MA0001-2026H
    """
    with door.parts() as parts:
        found = links_of(parts, test)
        with parts.ledger.read() as r:
            versions = r.links().counts(test)
    for link in found:
        told: dict[str, Any] = {
            "link": link.id,
            "candidate": link.candidate,
            "question": link.question,
            "closes": link.closes,
        }
        told |= {"grace_minutes": link.grace_minutes, "ended": link.ended, "handed_in": versions[link.id]}
        if as_json:
            emit(told)
            continue
        ended = "  ended" if link.ended else ""
        click.echo(
            f"{link.id}  {link.candidate}  {link.question}  until {link.closes} + {link.grace_minutes} min  "
            f"handed in {versions[link.id]} times{ended}"
        )


@links.command()
@click.argument("link")
@click.option("--why", required=True, help="For the record.")
@pass_door
def end(door: Door, link: str, why: str) -> None:
    """End a link at once. What was handed in by it stays.

    \b
    Example: scanpipe links end 3fa85f6457174562b3fc2c96 --why "sent to the wrong address"
    """
    with door.parts() as parts:
        end_link(parts, link, person(), why)
    click.echo(f"link {link} is ended")


def _moment(text: str) -> datetime:
    """Without a time zone it is the clock of this machine that tells."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as e:
        raise UsageFault(f"{text} is no time", "Write it as 2026-12-01 14:00, or as 2026-12-01T14:00+01:00.") from e


COMMANDS = (links,)
