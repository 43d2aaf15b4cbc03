"""`scanpipe tests …`: test definitions."""

from __future__ import annotations

import json
from pathlib import Path

import click

from scanpipe import definitions
from scanpipe.cli.door import Door, emit, json_option, pass_door, person
from scanpipe.cli.importing import import_package
from scanpipe.desk import locking
from scanpipe.desk.defining import find_test, register
from scanpipe.faults import DefinitionFault
from scanpipe.model import TestDefinition
from scanpipe.sheets import missing_glyphs


@click.group()
def tests() -> None:
    """Register and look at test definitions.

    \b
    Example: scanpipe tests add config/tests/mathematics.yaml
    """


@tests.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@json_option
@pass_door
def add(door: Door, files: tuple[Path, ...], as_json: bool) -> None:
    """Check and register test definitions (YAML, candidates inline or in a CSV beside it).

    All problems of all files are reported at once, and then nothing is registered. The same content again changes
    nothing; a changed definition becomes a new revision.

    \b
    Example: scanpipe tests add config/tests/mathematics.yaml config/tests/chemistry.yaml
    """
    loaded: list[TestDefinition] = []
    problems: list[str] = []
    for file in files:
        try:
            loaded.append(definitions.load(file))
        except DefinitionFault as e:
            problems.append(e.message)
    if problems:
        raise DefinitionFault(
            "\n".join(problems), "`scanpipe tests schema` prints every key that a definition can have."
        )
    with door.parts() as parts:
        for definition in loaded:
            done = register(parts, definition, person())
            if as_json:
                emit({"test": done.test, "revision": done.revision, "new": done.new, "changes": list(done.changes)})
                continue
            what = "new" if done.new else f"{len(done.changes)} changes" if done.changes else "nothing changed"
            click.echo(f"{done.test}: revision {done.revision} ({what}, {len(definition.candidates)} candidates)")
            for change in done.changes:
                click.echo(f"  {change}")
            for missing in missing_glyphs(definition):
                click.echo(
                    f"  Warning: {missing.where}: {missing.text!r} has letters that cannot be printed: {missing.characters}"
                )


@tests.command("list")
@json_option
@pass_door
def list_tests(door: Door, as_json: bool) -> None:
    """List the registered tests.

    \b
    Example: scanpipe tests list
    """
    with door.parts() as parts, parts.ledger.read() as r:
        for id in r.tests():
            d = r.definition(id)
            assert d is not None
            row = {"test": d.id, "revision": d.revision, "title": d.title, "date": d.date}
            row |= {"questions": len(d.questions), "candidates": len(d.candidates), "sketches": d.sketches}
            if as_json:
                emit(row)
            else:
                click.echo(f"{d.id:<20} r{d.revision:<3} {d.date}  {len(d.candidates):>5} candidates  {d.title}")


@tests.command()
@click.argument("test")
@click.option("--revision", type=int, help="An older revision than the newest.")
@json_option
@pass_door
def show(door: Door, test: str, revision: int | None, as_json: bool) -> None:
    """Show a registered definition.

    \b
    Example: scanpipe tests show MA0001-2026H
    """
    with door.parts() as parts:
        d = find_test(parts, test, revision)
    if as_json:
        emit({"revision": d.revision} | json.loads(definitions.to_json(d)))
        return
    click.echo(f"{d.id}  revision {d.revision}  {d.date}  {d.language}\n{d.title}")
    click.echo("sketches are taken" if d.sketches else "this test takes no sketches")
    for q in d.questions:
        limit = f", at most {q.max_sheets} sheets" if q.max_sheets else ""
        click.echo(f"  question {q.id:<6} {q.label:<24} sketches {q.sketches}{limit}")
    for c in d.candidates:
        extra = f"+{c.extra_time_min} min" if c.extra_time_min else None
        place = " ".join(x for x in (c.room, c.seat, extra) if x)
        click.echo(f"  candidate {c.number:<8} {c.name or '':<32} {place}".rstrip())


@tests.command("diff")
@click.argument("test")
@click.argument("old", type=int, required=False)
@click.argument("new", type=int, required=False)
@pass_door
def diff_revisions(door: Door, test: str, old: int | None, new: int | None) -> None:
    """Show what changed between two revisions (the last two unless named).

    \b
    Example: scanpipe tests diff MA0001-2026H 1 2
    """
    with door.parts() as parts:
        after = find_test(parts, test, new)
        if old is None and after.revision == 1:
            click.echo(f"{after.id} has one revision only.")
            return
        before = find_test(parts, test, old or after.revision - 1)
    changes = definitions.diff(before, after)
    click.echo(f"{after.id}: revision {before.revision} → {after.revision}")
    for change in changes or ["nothing changed"]:
        click.echo(f"  {change}")


@tests.command()
def schema() -> None:
    """Print the JSON schema of a definition, for editors and programs.

    \b
    Example: scanpipe tests schema > test-definition.schema.json
    """
    click.echo(json.dumps(definitions.schema(), indent=2, ensure_ascii=False))


@tests.command()
@click.argument("test")
@pass_door
def lock(door: Door, test: str) -> None:
    """Say that grading began: no decision of a person changes what lies in the slots any more, and later sheets are held.

    \b
    Example: scanpipe tests lock MA0001-2026H
    """
    with door.parts() as parts:
        click.echo(f"{locking.lock(parts, test, person())} is locked.")


@tests.command()
@click.argument("test")
@pass_door
def unlock(door: Door, test: str) -> None:
    """Take a lock back.

    \b
    Example: scanpipe tests unlock MA0001-2026H
    """
    with door.parts() as parts:
        click.echo(f"{locking.unlock(parts, test, person())} is open.")


tests.add_command(import_package)

COMMANDS = (tests,)
