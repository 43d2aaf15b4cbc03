"""`scanpipe ledger …`, `scanpipe store …`: what is to be kept, and moved."""

from __future__ import annotations

from dataclasses import asdict

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, progress
from scanpipe.desk.moving import copy_store
from scanpipe.ledgers import copy_ledger, open_ledger
from scanpipe.wiring import open_store_at


@click.group()
def ledger() -> None:
    """Bring the ledger up to date, or move it to another database.

    \b
    Example: scanpipe ledger copy - postgresql://scanpipe@db.example/scanpipe
    """


@ledger.command()
@json_option
@pass_door
def migrate(door: Door, as_json: bool) -> None:
    """Bring the ledger's tables to the schema of this version.

    Every command does so when it opens the ledger. Here it can be done by itself: after an upgrade, before the watchers start.

    \b
    Example: scanpipe ledger migrate
    """
    with open_ledger(door.settings.ledger_url) as opened:
        schema, events = opened.schema, opened.count_events()
    if as_json:
        emit({"schema": schema, "events": events})
    else:
        click.echo(f"The ledger has schema {schema}, and {events} events.")


@ledger.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
@pass_door
def copy(door: Door, source: str, target: str, as_json: bool) -> None:
    """Copy a ledger into another, empty database, and prove that it arrived. FROM and TO are SQLAlchemy URLs; - is the one of
    the settings.

    Nothing may write to FROM meanwhile: stop every watcher and server. All or nothing: where it fails, TO is as empty as before.
    Afterwards set ledger.url to TO. Let a password stand in ~/.pgpass or PGPASSWORD, not in the URL: others can see the call.

    \b
    Example: scanpipe ledger copy - postgresql://scanpipe@db.example/scanpipe
    """
    own = door.settings.ledger_url
    names = (own if url == "-" else url for url in (source, target))
    with (
        open_ledger(next(names)) as from_,
        open_ledger(next(names)) as to,
        progress("copying", None, not as_json) as told,
    ):
        copied = copy_ledger(from_, to, lambda table, done, of: told(done))
    if as_json:
        emit({"rows": copied.rows, "head": copied.head})
        return
    rows = ", ".join(f"{count} of {table}" for table, count in copied.rows.items() if count)
    click.echo(f"Copied {rows or 'nothing: the ledger is empty'}.")
    click.echo(f"The chain ends with {copied.head[:16]} in both. Now set ledger.url to the new one.")


@click.group()
def store() -> None:
    """Move the objects to another store.

    \b
    Example: scanpipe store copy - s3://exam-scans/2026
    """


@store.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
@pass_door
def copy_objects(door: Door, source: str, target: str, as_json: bool) -> None:
    """Copy every object that TO does not have yet, and check each on its way. Can be broken off and called again.

    FROM and TO are directory:FOLDER (a data_dir), s3://BUCKET/PREFIX?endpoint_url=URL&region=NAME, or - for the store of the
    settings. Nothing is overwritten and nothing is deleted. Stop every watcher for the last run; afterwards set store.* to TO,
    and `scanpipe verify` proves that all is there.

    \b
    Example: scanpipe store copy - "s3://exam-scans/2026?endpoint_url=https://s3.example"
    """
    from_, to = open_store_at(source, door.settings), open_store_at(target, door.settings)
    with progress("copying", None, not as_json) as told:
        copied = copy_store(from_, to, lambda done, of: told(done))
    if as_json:
        emit(asdict(copied))
        return
    click.echo(f"Copied {copied.brought} objects, {copied.bytes / 1e6:.1f} MB; {copied.there} were there already.")


COMMANDS = (ledger, store)
