"""`scanpipe ledger …`, `scanpipe store …`: what is to be kept, and moved."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person, progress
from scanpipe.cli.tally import Tally
from scanpipe.desk.backing_up import back_up
from scanpipe.desk.backing_up import restore as take_back
from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.moving import copy_store
from scanpipe.desk.rebuilding import LOST, PageCounter, rebuild
from scanpipe.desk.shelving import shelve
from scanpipe.desk.verifying import verify
from scanpipe.desk.working import finish_own
from scanpipe.faults import UsageFault, VerifyFailed
from scanpipe.ledgers import copy_ledger, open_ledger
from scanpipe.wiring import key_file, open_carriers, open_store_at, open_workers


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


@ledger.command("rebuild")
@json_option
@pass_door
def rebuild_ledger(door: Door, as_json: bool) -> None:
    """Make a lost ledger anew from the store's objects and their labels, or add to a restored one what came after its backup.

    Pages in slots are filed again; all others go their way again from the original, which is done here, too. What is not told by
    any object is lost with the ledger: what a person discarded comes back to the queue, and accounts and tokens have to be made
    again. keys.json must be there: restore it from a backup first.

    \b
    Example: scanpipe restore /backup/2026-12-03 && scanpipe ledger rebuild
    """
    if not key_file(door.settings).path.exists():
        raise UsageFault(
            "there are no signing keys", "Restore keys.json from a backup: without it no sheet can be read."
        )
    tally = Tally(as_json=False)
    with door.parts() as parts, open_carriers(door.settings) as engine, tempfile.TemporaryDirectory() as work:
        counting = PageCounter(parts, open_workers(door.settings), Path(work))
        with progress("rebuilding", None, not as_json) as told, counting.engine:
            done = rebuild(parts, counting, person(), told)
        conveyor = Conveyor(parts, engine)
        try:
            for carried in finish_own(parts, conveyor):
                tally.count(carried)
        finally:
            conveyor.abandon()
    if as_json:
        emit(asdict(done) | {"not_rebuilt": LOST})
        return
    click.echo(
        f"Added {done.definitions} definitions, {done.sheets} sheets, {done.scans} scans, {done.filed} filed pages."
    )
    click.echo(f"{done.waiting} pages were worked off from their originals.")
    for key in done.odd:
        click.secho(f"  {key} lies in a slot, and its label does not say of which page it is", fg="red")
    click.echo(
        "Not rebuilt, since the store does not have it (a backup that was restored before has it up to its day):"
    )
    for what in LOST:
        click.echo(f"  {what}")
    click.echo("  → scanpipe verify; then say again what is expected")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
@pass_door
def backup(door: Door, folder: Path, as_json: bool) -> None:
    """Copy ledger and keys into a new FOLDER, and prove the copy. Work may go on meanwhile.

    The objects are not in it: the store has backups of its own, or `scanpipe store copy`. Keep the folder as secret as data_dir.

    \b
    Example: scanpipe backup /backup/$(date +%F)
    """
    with door.parts() as parts, progress("copying", None, not as_json) as told:
        shelve(parts)
        made = back_up(parts.ledger, key_file(door.settings).path, folder, lambda _, done, __: told(done))
    if as_json:
        emit(asdict(made))
    else:
        click.echo(f"{folder} has {made.events} events and the keys; the chain ends with {made.head[:16]}.")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@json_option
@pass_door
def restore(door: Door, folder: Path, as_json: bool) -> None:
    """Take ledger and keys back from a FOLDER that `scanpipe backup` made, into an empty ledger; then verify the store.

    What came after the backup is in the store: `scanpipe ledger rebuild` adds it. Ends with 7 when the two differ.

    \b
    Example: scanpipe restore /backup/2026-12-03
    """
    door.settings.root.mkdir(parents=True, exist_ok=True)
    with open_ledger(door.settings.ledger_url) as ledger, progress("copying", None, not as_json) as told:
        taken = take_back(folder, ledger, key_file(door.settings).path, lambda _, done, __: told(done))
    if not as_json:
        click.echo(f"{taken.events} events of {taken.at} are back; the chain ends with {taken.head[:16]}.")
    with door.parts() as parts, progress("verifying", None, not as_json) as told:
        finding = verify(parts, lambda _, done, __: told(done))
    if as_json:
        emit(asdict(taken) | {"problems": finding.problems})
    for problem in () if as_json else finding.problems:
        click.secho(f"  {problem}", fg="red")
    if finding.problems:
        hint = "Run `scanpipe ledger rebuild`: it adds what came after the backup; then `scanpipe verify`."
        raise VerifyFailed(f"{len(finding.problems)} things differ between backup and store", hint)


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


COMMANDS = (ledger, store, backup, restore)
