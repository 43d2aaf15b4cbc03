"""`scanpipe queue …`: what else a person decides, and how it is taken back. The pages use the same functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from scanpipe.cli.door import Door, asked_password, emit, json_option, pass_door, password_stdin_option, person
from scanpipe.cli.queueing import queue, say_decided
from scanpipe.desk import arranging, comparing, deciding, duplicates, packs, stacks
from scanpipe.desk.decisions import undo as take_back
from scanpipe.desk.decisions import undo_last
from scanpipe.desk.parts import Parts
from scanpipe.desk.signing_in import prove
from scanpipe.model import PageId


@queue.command()
@click.argument("decision", type=int, required=False)
@json_option
@pass_door
def undo(door: Door, decision: int | None, as_json: bool) -> None:
    """Take a decision back: your last one, or the one with this number (`scanpipe queue decisions` lists them).

    \b
    Example: scanpipe queue undo
    """
    with door.parts() as parts:
        pages = undo_last(parts, person())[1] if decision is None else take_back(parts, decision, person())
    for record in pages:
        say_decided(record, f"{record.state} again", as_json)


@queue.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many, the newest first.")
@json_option
@pass_door
def decisions(door: Door, limit: int, as_json: bool) -> None:
    """List what was decided, the newest first, with the numbers that `undo` takes.

    \b
    Example: scanpipe queue decisions --limit 10
    """
    with door.parts() as parts, parts.ledger.read() as r:
        for d in r.decisions().recent(limit):
            pages = [str(p) for p in r.decisions().pages(d.id)]
            if as_json:
                row = {"decision": d.id, "at": d.at, "kind": d.kind, "by": d.by, "why": d.why}
                emit(row | {"undone": d.undone is not None, "pages": pages})
            else:
                about = pages[0] if len(pages) == 1 else f"{len(pages)} pages"
                click.echo(f"{d.id:>8}  {d.at[:16]}  {d.by}: {d.kind} {about}" + (" (undone)" if d.undone else ""))


@queue.command("scan-again")
@click.argument("page")
@click.option("--why", default="not readable", show_default=True, help="The reason, for the record.")
@json_option
@pass_door
def scan_again(door: Door, page: str, why: str, as_json: bool) -> None:
    """Put the paper on the list of those to be found and fed again; the next scan of its serial closes the entry.

    \b
    Example: scanpipe queue scan-again 3f9a0c1e22b7-1 --why "cut off at the bottom"
    """
    with door.parts() as parts:
        record = deciding.scan_again(parts, _find(parts, page), person(), why)
    say_decided(record, "to be scanned again", as_json)


@queue.command("to-rescan")
@json_option
@pass_door
def to_rescan(door: Door, as_json: bool) -> None:
    """List the papers to find and feed again.

    \b
    Example: scanpipe queue to-rescan
    """
    with door.parts() as parts, parts.ledger.read() as r:
        for page, scan in r.queue().to_rescan():
            row: dict[str, Any] = {"page": str(page.id), "stack": scan.stack, "position": scan.position}
            if as_json:
                emit(row | {"file": scan.file, "serial": page.serial})
            else:
                click.echo(f"{page.id}  number {scan.position} of stack {scan.stack}, {scan.file}")


@queue.command("take-new")
@click.argument("page")
@json_option
@pass_door
def take_new(door: Door, page: str, as_json: bool) -> None:
    """Take a second scan of a sheet as the current version; the first is kept, out of its slot.

    \b
    Example: scanpipe queue take-new 3f9a0c1e22b7-1
    """
    with door.parts() as parts:
        record = duplicates.take_new(parts, _find(parts, page), person())
    say_decided(record, f"filed as {record.key}", as_json)


@queue.command()
@click.option("--settle", is_flag=True, help="Set all of them aside, in one decision. They are kept.")
@json_option
@pass_door
def copies(door: Door, settle: bool, as_json: bool) -> None:
    """List held scans that show the same drawing as the one that is filed: their stack was fed twice.

    \b
    Example: scanpipe queue copies --settle
    """
    with door.parts() as parts:
        while comparing.compare(parts):
            pass
        with parts.ledger.read() as r:
            found = r.copies().same()
        if settle and found:
            comparing.settle_copies(parts, [page.id for page, _, _ in found], person())
    for page, scan, first in found:
        row = {"page": str(page.id), "same_as": str(first.id), "stack": scan.stack, "position": scan.position}
        if as_json:
            emit(row | {"settled": settle})
        else:
            done = "set aside: it shows the same as" if settle else "shows the same drawing as"
            click.echo(f"{page.id}  {done} {first.id}; number {scan.position} of stack {scan.stack}")


@queue.command()
@click.argument("stack")
@click.option("--why", required=True, help="The reason, for the record.")
@pass_door
def withdraw(door: Door, stack: str, why: str) -> None:
    """Take all pages of a stack out of slots and queue: wrong tray, fed twice. They are kept, and `undo` brings them back.

    \b
    Example: scanpipe queue withdraw "loose files 2026-12-03" --why "rehearsal"
             scanpipe queue withdraw "loose files 2026-12-03 / scan0007.tif" --why "fed twice"
    """
    with door.parts() as parts:
        n = stacks.withdraw_stack(parts, stack, person(), why)
    click.echo(f"{n} pages withdrawn; `scanpipe queue undo` brings them back.")


@queue.command()
@click.argument("page")
@click.option("--question", required=True, help="The further question's id.")
@pass_door
def also(door: Door, page: str, question: str) -> None:
    """Say that a filed page belongs to another question of its candidate as well, by reference.

    \b
    Example: scanpipe queue also 3f9a0c1e22b7-1 --question 2b
    """
    with door.parts() as parts:
        slot = arranging.add_slot(parts, _find(parts, page), question, person())
    click.echo(f"belongs to {slot} as well")


def _who(act: Callable[..., None]) -> Callable[..., None]:
    """Two people must do this: each says who they are by their password, since the environment can say anything."""
    name = click.option("--as", "name", required=True, help="Your account; it must have the role exam_office.")
    return name(password_stdin_option(act))


def _proven(parts: Parts, name: str, password_stdin: bool) -> str:
    return prove(parts, name, asked_password(password_stdin, new=False), "exam_office")


@queue.command("move-pack")
@click.option("--test", required=True, help="The test.")
@click.option("--printed-for", required=True, help="The candidate whose sheets they are by their codes.")
@click.option("--handed-to", required=True, help="The candidate who wrote on them.")
@click.option("--swap", is_flag=True, help="And the other way round.")
@_who
@pass_door
def move_pack(door: Door, /, name: str, password_stdin: bool, swap: bool, test: str, **candidates: str) -> None:
    """Ask for all sheets of one candidate to be moved to another. A second person confirms it: `confirm-pack`, or on the page.

    Both say who they are by the password of their account.

    \b
    Example: scanpipe queue move-pack --test MA0001-2026H --printed-for 10001 --handed-to 10002 --as kari
    """
    with door.parts() as parts:
        by = _proven(parts, name, password_stdin)
        id = packs.ask(parts, packs.Exchange(test, **candidates, swap=swap), by)
    click.echo(
        f"Asked for. A second person confirms it, on the page or here: scanpipe queue confirm-pack {id} --as NAME"
    )


@queue.command("confirm-pack")
@click.argument("number", type=int)
@_who
@pass_door
def confirm_pack(door: Door, number: int, name: str, password_stdin: bool) -> None:
    """Confirm a move of a pack that somebody else asked for.

    You say who you are by the password of your account.

    \b
    Example: scanpipe queue confirm-pack 1234 --as ola
    """
    with door.parts() as parts:
        pages = packs.confirm(parts, number, _proven(parts, name, password_stdin))
    click.echo(f"{len(pages)} pages moved; `scanpipe queue undo` brings them back.")


@queue.command("packs")
@json_option
@pass_door
def list_packs(door: Door, as_json: bool) -> None:
    """List the moves of packs that wait for a second person.

    \b
    Example: scanpipe queue packs
    """
    with door.parts() as parts, parts.ledger.read() as r:
        for pack in r.packs().in_state("asked"):
            row = {"number": pack.id, "test": pack.test, "printed_for": pack.printed_for, "handed_to": pack.handed_to}
            if as_json:
                emit(row | {"swap": bool(pack.swap), "by": pack.by, "at": pack.at})
            else:
                arrow = "and" if pack.swap else "to"
                click.echo(f"{pack.id}  {pack.test}: {pack.printed_for} {arrow} {pack.handed_to}, asked by {pack.by}")


def _find(parts: Parts, page: str) -> PageId:
    with parts.ledger.read() as r:
        return deciding.find_page(r, page)


COMMANDS = (queue,)
"""With what this module adds to it."""
