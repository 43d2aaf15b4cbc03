"""`scanpipe tests import`: a test that was made in another system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person
from scanpipe.definitions.problems import fault
from scanpipe.definitions.qti import (
    CandidateList,
    Heading,
    Imported,
    Rules,
    Wish,
    import_path,
    read_kinds,
    read_question,
)
from scanpipe.definitions.vocabulary import COLUMN_KEYS, LANGUAGES
from scanpipe.desk.defining import register
from scanpipe.faults import UsageFault
from scanpipe.sheets.writing import whole_file


@dataclass(frozen=True, slots=True)
class _Options:
    test: str
    title: str
    date: str
    language: str
    sketches: str
    question: tuple[str, ...]
    assessment: str
    candidates: Path | None
    columns: str
    header: bool


@click.command("import")
@click.argument("package", type=click.Path(path_type=Path, exists=True))
@click.option("--test", default="", help="The id of the test [default: the package's].")
@click.option("--title", default="", help="The name of the test [default: the package's].")
@click.option("--date", required=True, help="The day of the test, such as 2026-12-03.")
@click.option("--language", type=click.Choice(["", *LANGUAGES]), default="", help="[default: the package's, else nb]")
@click.option(
    "--sketches",
    default="drawing,upload",
    show_default=True,
    help="Kinds of interactions that take sketches, each with =allowed (when left out) or =expected.",
)
@click.option(
    "--question", multiple=True, help="What one question takes, such as 3=expected:2 or 4=none; may be repeated."
)
@click.option("--assessment", default="", help="Which test, where the package has several.")
@click.option(
    "--candidates", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A CSV with the candidates."
)
@click.option("--columns", default="", help="Which column of the CSV holds what: number=Kandidatnr,room=Rom.")
@click.option(
    "--header/--no-header", default=True, help="Without a row of names the columns have places: number=1,room=3."
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("definition.yaml"), show_default=True, help="What to write."
)
@click.option("--register", "registering", is_flag=True, help="Register it as well, without looking it through.")
@json_option
@pass_door
def import_package(
    door: Door, /, package: Path, out: Path, registering: bool, as_json: bool, **options: object
) -> None:
    """Make a test definition from a QTI package (2.1, 2.2, 3.0): a ZIP, a folder, or an XML file.

    Its items become questions in the order of the test; those with a drawing or an upload take sketches, unless told otherwise.
    What is written is to be looked through; then `scanpipe tests add` registers it. docs/formats.md says more.

    \b
    Example: scanpipe tests import exam.zip --test MA0001-2026H --date 2026-12-03 --candidates candidates.csv
    """
    wished = _Options(**options)  # type: ignore[arg-type]
    if registering and wished.candidates is None:
        raise UsageFault("a test without candidates cannot be registered", "Name a CSV with --candidates.")
    imported = import_path(package, _wish(wished))
    if imported.problems:
        raise fault(imported.problems, package.name)
    _write(out, imported.text)
    _tell(imported, out, as_json)
    if registering and imported.definition is not None:
        with door.parts() as parts:
            done = register(parts, imported.definition, person())
        if as_json:
            emit({"test": done.test, "revision": done.revision, "new": done.new, "changes": list(done.changes)})
        else:
            click.echo(f"{done.test} is registered: revision {done.revision}.")


def _wish(options: _Options) -> Wish:
    heading = Heading(options.test, options.date, options.title, options.language)
    rules = Rules(read_kinds(options.sketches), dict(map(read_question, options.question)))
    columns, file = _columns(options.columns), options.candidates
    listed = CandidateList(file.name, file.read_bytes(), columns, options.header) if file else None
    return Wish(heading, rules, options.assessment, listed)


def _columns(text: str) -> dict[str, str] | None:
    """`number=Kandidatnr,room=Rom` as a table; None when nothing is said."""
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        key, _, name = part.partition("=")
        if key.strip() not in COLUMN_KEYS or not name.strip():
            raise UsageFault(f"{part!r} names no column", f"Write KEY=NAME with one of: {', '.join(COLUMN_KEYS)}.")
        found[key.strip()] = name.strip()
    return found or None


def _write(out: Path, text: str) -> None:
    """The same text again changes nothing; another one is never written over."""
    if out.exists():
        if not out.is_file() or out.read_bytes() != text.encode():
            raise UsageFault(f"{out} is there already and differs", "Name another file with --out.")
        return
    with whole_file(out) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def _tell(imported: Imported, out: Path, as_json: bool) -> None:
    found = imported.found
    assert found is not None
    if as_json:
        told = [
            {"id": q.id, "label": q.label, "sketches": q.sketches, "item": item.identifier, "kinds": list(item.kinds)}
            for q, item in imported.questions
        ]
        emit({"version": found.version, "questions": told, "notes": found.notes, "out": str(out)})
        return
    click.echo(f"QTI {found.version}, {len(imported.questions)} questions:")
    for q, item in imported.questions:
        click.echo(f"  {q.id:<6} {q.label:<40} sketches {q.sketches:<9} ({', '.join(item.kinds)})")
    for note in found.notes:
        click.echo(f"  {note}")
    click.echo(f"Look through {out}" + ("" if imported.definition else " and put candidates.csv beside it"))
    click.echo(f"  → scanpipe tests add {out}")
