"""`scanpipe report`: what was printed, what came, what persons decided, and what is missing, sealed and signed off."""

from __future__ import annotations

from pathlib import Path

import click

from scanpipe.cli.door import Door, pass_door, person
from scanpipe.desk.reporting import draw, make_report
from scanpipe.sheets.writing import whole_file


@click.command()
@click.argument("test")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE.pdf", help="Write it as PDF, the JSON file inside."
)
@click.option("--json", "as_json", type=click.Path(path_type=Path), metavar="FILE.json", help="Write it as JSON.")
@click.option("--sign-off", metavar="NAME", help="Who vouches for it; goes on record with the report's digest.")
@pass_door
def report(door: Door, test: str, out: Path | None, as_json: Path | None, sign_off: str | None) -> None:
    """Report where every printed sheet and every scan of a test ended, and what persons decided.

    The report is sealed with a key of this installation and names the head of the ledger's hash chain: `scanpipe verify --report
    FILE.json` checks later that it is unchanged and follows from the ledger. Without --sign-off it is a draft.

    \b
    Example: scanpipe report MA0001-2026H --out report.pdf --json report.json --sign-off "Kari Åsmund"
    """
    with door.parts() as parts:
        made = make_report(parts, test, person(), sign_off)
    for file, body in ((as_json, made.body), (out, draw(made) if out else b"")):
        if file is not None:
            with whole_file(file) as temporary:
                temporary.write_bytes(body)
    content = made.content
    whole, differences = content["figures"]["test"], content["differences"]
    click.echo(f"{whole['printed']} printed, {whole['received']} received, {whole['filed']} filed")
    click.echo(f"{len(differences['open'])} differences are open, {len(differences['closed'])} closed by persons")
    click.echo(f"chain head {content['head']['hash'][:16]} (event {content['head']['event']}), report {made.digest}")


COMMANDS = (report,)
