"""`scanpipe sheets` and `scanpipe keys …`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click

from scanpipe import sheets as printing
from scanpipe.cli.door import Door, emit, json_option, pass_door, person, progress
from scanpipe.desk.defining import find_test
from scanpipe.desk.generic import print_generic
from scanpipe.desk.printing import Pad, plan_candidateless, plan_sheets, print_labels, print_sheets
from scanpipe.desk.separators import Opening, print_separators
from scanpipe.faults import UsageFault
from scanpipe.layout import Paper
from scanpipe.model import TestDefinition
from scanpipe.wiring import key_file


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the options of `sheets` say."""

    per_question: int | None
    candidate: tuple[str, ...]
    question: tuple[str, ...]
    room: tuple[str, ...]
    order: Any
    paper: str | None
    area: Any
    names: bool
    pad: str | None
    open_pad: bool
    count: int | None
    spare: int | None
    duplex: bool

    @property
    def for_nobody(self) -> Pad | None:
        """The pad that is wished. Raises UsageFault when the options do not fit together."""
        if sum((self.pad is not None, self.open_pad, self.spare is not None)) > 1:
            raise UsageFault("--pad, --open-pad and --spare exclude each other", "Print one after the other.")
        padded = self.pad is not None or self.open_pad
        if padded != (self.count is not None):
            raise UsageFault("a pad has a --count", "Example: scanpipe sheets TEST --pad 2a --count 500 --out pad.pdf")
        if self.duplex and (padded or self.spare):
            raise UsageFault("--duplex is for sheets that are somebody's", "A label is stuck on one side only.")
        if (padded or self.spare) and (self.candidate or self.room or self.per_question):
            raise UsageFault("pads and spare sheets are nobody's yet", "Leave out --candidate, --room, --per-question.")
        return Pad(self.pad, self.count or 0) if padded else None


@click.command()
@click.argument("test", required=False)
@click.option("--calibration", is_flag=True, help="Print the page for `scanpipe calibrate` instead; takes no TEST.")
@click.option(
    "--generic",
    is_flag=True,
    help="Print generic sheets, on which a code is shaded; with TEST they count for it alone.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The PDF to write.")
@click.option("--manifest", type=click.Path(path_type=Path), help="A CSV that says what stands on each page.")
@click.option("--per-question", type=click.IntRange(1, 99), help="Sheets for each candidate and question [default: 1].")
@click.option("--pad", metavar="QUESTION", help="Print a pad for this question instead: sheets that anybody takes.")
@click.option(
    "--open-pad", is_flag=True, help="Print a pad for any question instead; the question comes by label, too."
)
@click.option("--count", type=click.IntRange(1, 20_000), help="Sheets of the pad, or generic ones.")
@click.option("--spare", type=click.IntRange(1, 999), help="Print so many spare sheets of each question instead.")
@click.option("--candidate", multiple=True, help="Only this candidate; may be repeated.")
@click.option("--question", multiple=True, help="Only this question; may be repeated.")
@click.option("--room", multiple=True, help="Only this room; may be repeated.")
@click.option(
    "--order", type=click.Choice(["room", "number"]), default="room", show_default=True, help="Order of the pages."
)
@click.option("--duplex", is_flag=True, help="Both sides of each sheet, with codes on each: print on both sides.")
@click.option("--paper", type=click.Choice(["a4", "letter"]), help="[default: sheets.paper]")
@click.option("--area", type=click.Choice(["plain", "dotted", "lined", "millimetre"]), help="[default: sheets.area]")
@click.option("--names/--no-names", default=True, show_default=True, help="Print names, rooms and seats.")
@pass_door
def sheets(
    door: Door,
    /,
    test: str | None,
    calibration: bool,
    generic: bool,
    out: Path,
    manifest: Path | None,
    **wish: Any,
) -> None:
    """Print the sheets of a test: one for each candidate and question that takes sketches, unless told otherwise.

    Every sheet gets a serial of its own, and the ledger records it. Printing again makes new sheets with new serials. The sheets
    of a pad and spare ones are nobody's until a label is stuck on (`scanpipe labels`) or somebody binds them (`scanpipe bind`).

    \b
    Example: scanpipe sheets MA0001-2026H --out sheets.pdf --manifest sheets.csv --room S4
             scanpipe sheets MA0001-2026H --pad 2a --count 500 --out pad.pdf
             scanpipe sheets --generic --count 500 --out generic.pdf
    """
    wished = _Wish(**wish)
    if generic:
        _check_generic(manifest, wished)
        _print_generic(door, test, out, wished)
        return
    if calibration == (test is not None):
        raise UsageFault("name a test, or --calibration, and not both", "`scanpipe tests list` shows the tests.")
    if test is None:
        printing.draw_calibration(out, _paper(door, wished))
        click.echo(f"Calibration sheet in {out}. Print it at 100 %, scan it, then: scanpipe calibrate FILE")
        return
    count = _print(door, test, out, manifest, wished)
    click.echo(f"{count} sheets in {out}" + (f", manifest in {manifest}" if manifest else ""))


def _check_generic(manifest: Path | None, wish: _Wish) -> None:
    """Raises UsageFault for what generic sheets cannot be."""
    given = {
        "--manifest": manifest,
        "--duplex": wish.duplex,
        "--spare": wish.spare,
        "--pad": wish.pad,
        "--open-pad": wish.open_pad,
        "--per-question": wish.per_question,
        "--candidate": wish.candidate,
        "--question": wish.question,
        "--room": wish.room,
    }
    strange = [option for option, value in given.items() if value]
    if strange:
        raise UsageFault(
            f"generic sheets are all alike, printed on one side, and nobody's: {', '.join(strange)} says nothing of them",
            "Leave it out. `scanpipe sheets --generic --count 500 --out generic.pdf` says which serials they have.",
        )


def _print_generic(door: Door, test: str | None, out: Path, wish: _Wish) -> None:
    count = wish.count
    if count is None:
        raise UsageFault(
            "generic sheets have a --count", "Example: scanpipe sheets --generic --count 500 --out generic.pdf"
        )
    area: Any = wish.area or door.settings.sheets.area
    with door.parts() as parts:
        of = find_test(parts, test) if test is not None else None
        with progress("printing", count) as advance:
            serials = print_generic(parts, count, out, person(), _paper(door, wish), of, area, advance)
    told = f", for {of.id}" if of else ""
    click.echo(f"{count} generic sheets in {out}, serials {serials[0]} to {serials[-1]}{told}")


def _print(door: Door, test: str, out: Path, manifest: Path | None, wish: _Wish) -> int:
    with door.parts() as parts:
        definition = find_test(parts, test)
        selection = printing.Selection(wish.candidate or None, wish.question or None, wish.room or None)
        area: Any = wish.area or door.settings.sheets.area
        style = printing.Style(_paper(door, wish), area, wish.names)
        pad = wish.for_nobody
        if pad is not None or wish.spare is not None:
            planned = plan_candidateless(definition, selection, pad, wish.spare)
        else:
            planned = plan_sheets(parts, definition, selection, wish.per_question, wish.order)
            planned = [replace(sheet, sides=2) for sheet in planned] if wish.duplex else planned
        with progress("printing", sum(sheet.sides for sheet in planned)) as advance:
            given = print_sheets(parts, definition, planned, out, person(), style, advance)
        if manifest:
            printing.write_manifest(given, definition, manifest)
    return len(given)


def _paper(door: Door, wish: _Wish) -> Paper:
    return printing.LETTER if (wish.paper or door.settings.sheets.paper) == "letter" else printing.A4


@click.command()
@click.argument("test")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The PDF to write.")
@click.option(
    "--size",
    type=click.Choice(sorted(printing.LABEL_SHEETS)),
    default="a4-3x8",
    show_default=True,
    help="Label sheets.",
)
@click.option("--each", type=click.IntRange(1, 99), default=1, show_default=True, help="Labels for each.")
@click.option("--questions", is_flag=True, help="Labels of questions instead, for open pads.")
@click.option("--candidate", multiple=True, help="Only this candidate; may be repeated.")
@click.option("--question", multiple=True, help="Only this question; may be repeated.")
@click.option("--room", multiple=True, help="Only this room; may be repeated.")
@click.option(
    "--order", type=click.Choice(["room", "number"]), default="room", show_default=True, help="Order of the labels."
)
@click.option("--names/--no-names", default=True, show_default=True, help="Print names, rooms and seats.")
@click.option("--skip", type=click.IntRange(0, 39), default=0, help="Labels that are gone from the first sheet.")
@pass_door
def labels(door: Door, /, test: str, out: Path, size: str, skip: int, **wish: Any) -> None:
    """Print labels for the sheets of pads: one for each candidate, to be stuck on in the hall.

    Each carries a signed code. Print at 100 %.

    \b
    Example: scanpipe labels MA0001-2026H --out labels.pdf --size a4-3x8 --each 3 --room S4
             scanpipe labels MA0001-2026H --out questions.pdf --questions --each 24
    """
    with door.parts() as parts:
        definition = find_test(parts, test)
        wanted = _labels(definition, **wish)
        pages = print_labels(parts, definition, wanted, out, person(), printing.LABEL_SHEETS[size], skip)
    click.echo(f"{len(wanted)} labels on {pages} sheets in {out}")


def _labels(
    definition: TestDefinition, questions: bool, each: int, order: Any, names: bool, **wish: Any
) -> list[printing.Label]:
    if wish["question"] and not questions:
        raise UsageFault("--question chooses among labels of questions", "Add --questions.")
    selection = printing.Selection(wish["candidate"] or None, wish["question"] or None, wish["room"] or None)
    if questions:
        wanted = [printing.question_label(definition, q) for q in printing.chosen_questions(definition, selection)]
    else:
        chosen = printing.chosen_candidates(definition, selection, order)
        wanted = [printing.candidate_label(definition, c, names) for c in chosen]
    return [label for label in wanted for _ in range(each)]


@click.group()
def keys() -> None:
    """The keys that sign the codes on the sheets.

    \b
    Example: scanpipe keys list
    """


@keys.command("list")
@json_option
@pass_door
def list_keys(door: Door, as_json: bool) -> None:
    """List the keys by their ids; the secrets are never shown.

    \b
    Example: scanpipe keys list
    """
    for key in key_file(door.settings).infos():
        if as_json:
            emit({"id": key.id, "made": key.made, "active": key.active})
        else:
            click.echo(f"{key.id}  made {key.made}" + ("  signs new sheets" if key.active else ""))


@keys.command()
@pass_door
def rotate(door: Door) -> None:
    """Make a new key for the sheets printed from now on; those printed before stay readable.

    \b
    Example: scanpipe keys rotate
    """
    file = key_file(door.settings)
    id = file.rotate()
    with door.parts() as parts:
        parts.ledger.write(lambda tx: tx.append("key_made", id=id, by=person()))
    click.echo(f"{id} signs from now on. Back up {door.settings.root / 'keys.json'}: without it no sheet can be read.")


@click.command()
@click.argument("test", required=False)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The PDF to write.")
@click.option("--number", type=click.IntRange(1, 2000), default=1, show_default=True, help="How many, all alike.")
@click.option("--room", multiple=True, help="The room that the stack comes from; with several, one page for each.")
@click.option("--source", default="", help="The scanner that it is for.")
@click.option("--count", type=click.IntRange(0, 9999), help="How many sheets of paper follow.")
@click.option("--person", "responsible", default="", help="Who counted them.")
@click.option("--paper", type=click.Choice(["a4", "letter"]), help="[default: sheets.paper]")
@json_option
@pass_door
def separators(
    door: Door,
    /,
    test: str | None,
    out: Path,
    number: int,
    room: tuple[str, ...],
    source: str,
    count: int | None,
    responsible: str,
    paper: str | None,
    as_json: bool,
) -> None:
    """Print separators: pages that are laid on a stack and open it for the scanner, whatever lies before.

    With --count the sheets that come are compared with those that were counted. What is not known yet has a line to write on.
    With TEST the stack is expected: the test is not complete before it came.

    \b
    Example: scanpipe separators MA0001-2026H --room S4 --count 43 --person "Kari Åsmund" --out s4.pdf
             scanpipe separators --number 20 --out separators.pdf
    """
    openings = [Opening(r, source, count, responsible) for r in (room or ("",)) for _ in range(number)]
    on = printing.LETTER if (paper or door.settings.sheets.paper) == "letter" else printing.A4
    with door.parts() as parts:
        made = print_separators(parts, openings, out, person(), on, test)
        strange = _no_rooms_of(find_test(parts, test), room) if test is not None else []
    for name in strange:
        click.secho(f"{test} has no room {name}: nobody of the test sits there", fg="yellow", err=True)
    for one in made if as_json else ():
        emit(asdict(one))
    if not as_json:
        click.echo(f"{len(made)} separators in {out}, serials {made[0].serial} to {made[-1].serial}")


def _no_rooms_of(definition: TestDefinition, rooms: tuple[str, ...]) -> list[str]:
    """The rooms in which no candidate of the test sits; they may be used all the same, for somebody who was moved."""
    known = {(one.room or "").upper() for one in definition.candidates}
    return [name for name in rooms if name.upper() not in known]


COMMANDS = (sheets, labels, separators, keys)
