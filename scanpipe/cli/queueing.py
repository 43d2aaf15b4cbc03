"""`scanpipe queue …`: the held pages, and what a person decides about them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person
from scanpipe.cli.tally import Tally
from scanpipe.desk import deciding, splitting
from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.parts import Parts
from scanpipe.model import PageRecord, Reason, ScanRecord
from scanpipe.reasons import WORDING
from scanpipe.wiring import open_carriers


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def queue(context: click.Context, as_json: bool) -> None:
    """List the held pages, the oldest first, or decide about one of them.

    \b
    Example: scanpipe queue
             scanpipe queue assign 3f9a0c1e22b7-1 --candidate 10001 --question 2a
    """
    if context.invoked_subcommand is not None:
        return
    with context.find_object(Door).parts() as parts, parts.ledger.read() as r:  # type: ignore[union-attr]
        rows = [(p, r.scan(p.scan)) for p in r.pages_in("held")]
    for page, scan in rows:
        assert scan is not None
        if as_json:
            emit(_row(page, scan))
        else:
            _say(page, scan)
    if not rows and not as_json:
        click.echo("Nothing is held.")


def _row(page: PageRecord, scan: ScanRecord) -> dict[str, Any]:
    known = {k: getattr(page, k) for k in ("test", "candidate", "question", "serial")}
    where = {"stack": scan.stack, "position": scan.position}
    evidence = json.loads(page.evidence or "{}")
    row = {"page": str(page.id), "scan": page.scan, "index": page.page, "file": scan.file, "reason": page.reason}
    return row | {"since": page.at} | known | where | {"key": page.key, "evidence": evidence}


def _say(page: PageRecord, scan: ScanRecord) -> None:
    wording = WORDING[Reason(page.reason or "")]
    known = [f"{k} {v}" for k in ("candidate", "question", "serial") if (v := getattr(page, k))]
    click.secho(f"{page.id}  {page.reason}", bold=True, nl=False)
    click.echo(f"  waits {_age(page.at)}")
    click.echo(f"    {wording.en}" + (f" Known: {', '.join(known)}." if known else ""))
    click.echo(f"    {scan.file}, page {page.page}; number {scan.position} of stack {scan.stack}")
    click.echo(f"    next: {', '.join(f'scanpipe queue {s} {page.id}' for s in wording.steps)}")


def _age(since: str) -> str:
    minutes = int((datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


@queue.command()
@click.argument("page")
@click.option("--candidate", required=True, help="The candidate's number.")
@click.option("--question", required=True, help="The question's id.")
@click.option("--test", help="The test, where the page does not say.")
@click.option("--contradict", is_flag=True, help="Although a code on the page says otherwise.")
@click.option("--twice", is_flag=True, help="Although another scan of this serial is filed: both are kept.")
@click.option("--late", metavar="REASON", help="Although grading has begun: why it is let in, for the record.")
@json_option
@pass_door
def assign(door: Door, /, page: str, as_json: bool, **choice: Any) -> None:
    """File a page where you say: one that is held, or one that lies in another slot.

    The same checks apply as for the machine; who decided is recorded.

    \b
    Example: scanpipe queue assign 3f9a0c1e22b7-1 --candidate 10001 --question 2a
             scanpipe queue assign 3f9a0c1e22b7-1 --candidate 10001 --question 2a --late "was under the desk"
    """
    with door.parts() as parts:
        with parts.ledger.read() as r:
            id = deciding.find_page(r, page)
        record = deciding.assign(parts, id, deciding.Decision(**choice, by=person()))
    say_decided(record, f"filed as {record.key}", as_json)


@queue.command()
@click.argument("page")
@click.option("--why", required=True, help="The reason, for the record.")
@json_option
@pass_door
def discard(door: Door, page: str, why: str, as_json: bool) -> None:
    """Say that a held page belongs nowhere. It is kept, and marked.

    \b
    Example: scanpipe queue discard 3f9a0c1e22b7-1 --why "cover sheet of the stack"
    """
    with door.parts() as parts:
        with parts.ledger.read() as r:
            id = deciding.find_page(r, page)
        record = deciding.discard(parts, id, person(), why)
    say_decided(record, "discarded; its picture and its original are kept", as_json)


@queue.command()
@click.argument("page")
@json_option
@pass_door
def retry(door: Door, page: str, as_json: bool) -> None:
    """Send a held page on its journey again, for example after the definition was mended.

    \b
    Example: scanpipe queue retry 3f9a0c1e22b7-1
    """
    with door.parts() as parts:
        with parts.ledger.read() as r:
            id = deciding.find_page(r, page)
        deciding.give_back(parts, [id], person())
        work_off(door, parts, [id.scan], as_json)


@queue.command()
@click.argument("page")
@click.option("--cut", required=True, type=click.Choice(["beside", "above"]), help="How the two sheets lie.")
@click.option(
    "--share", default=0.5, show_default=True, type=click.FloatRange(0.1, 0.9), help="Where to cut, of the whole."
)
@json_option
@pass_door
def split(door: Door, page: str, cut: str, share: float, as_json: bool) -> None:
    """Cut a held scan that shows two sheets in two; each half takes the whole journey.

    \b
    Example: scanpipe queue split 3f9a0c1e22b7-1 --cut beside
    """
    with door.parts() as parts:
        with parts.ledger.read() as r:
            id = deciding.find_page(r, page)
        made = splitting.split(parts, id, splitting.cut_of(cut), person(), share=share)
        work_off(door, parts, made, as_json)


def work_off(door: Door, parts: Parts, scans: Sequence[str], as_json: bool) -> None:
    """Scans that are on record as this process's own."""
    tally = Tally(as_json)
    with open_carriers(door.settings) as engine:
        conveyor = Conveyor(parts, engine)
        try:
            for name in scans:
                with parts.ledger.read() as r:
                    scan = r.scan(name)
                assert scan is not None
                tally.count(conveyor.resume(scan).result())
        finally:
            conveyor.close()
    tally.close()


def say_decided(record: PageRecord, what: str, as_json: bool) -> None:
    if as_json:
        row = {k: getattr(record, k) for k in ("scan", "page", "test", "candidate", "question", "serial", "key")}
        emit(row | {"verdict": record.state})
    else:
        click.echo(f"{record.id}: {what}")
