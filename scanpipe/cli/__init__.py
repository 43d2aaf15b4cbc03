"""The command line: one door to the desk. Each module of this folder has the commands of one subject."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from scanpipe import __version__
from scanpipe.cli import (
    accounts,
    binding,
    calibrating,
    coding,
    configuring,
    deciding,
    defining,
    expecting,
    exporting,
    keeping,
    linking,
    looking,
    noticing,
    printing,
    proving,
    rehearsing,
    reporting,
    retiring,
    serving,
    stationing,
    webhooks,
    working,
)
from scanpipe.cli.door import Door, exit_with
from scanpipe.faults import Fault

_EPILOG = """\b
Exit codes: 0 done · 1 machine problem · 2 wrong call · 3 setting · 4 test definition · 5 no such thing · 6 refused by the
rules · 7 verify failed · 8 object store · 9 ledger · 10 folder · 11 system library missing ·
12 workers not reached · 13 mail · 130 interrupted

\b
Example, from nothing to a filed sheet:
  scanpipe tests add config/tests/mathematics.yaml
  scanpipe sheets MA0001-2026H --out sheets.pdf --manifest sheets.csv
  scanpipe ingest scans/
  scanpipe queue
  scanpipe verify
"""


class _Commands(click.Group):
    """`bench` is loaded when it is called: it would cost every other command a tenth of its start."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "bench"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "bench":
            command: click.Command = import_module("scanpipe.cli.benching").bench
            return command
        return super().get_command(ctx, cmd_name)


@click.group(
    cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
@click.version_option(__version__, prog_name="scanpipe")
@click.option(
    "--config", "config_file", metavar="FILE", help="Settings file (TOML); else SCANPIPE_CONFIG, else defaults."
)
@click.option("--debug", is_flag=True, help="Show stack traces.")
@click.pass_context
def cli(context: click.Context, config_file: str | None, debug: bool) -> None:
    """Files scanned exam sheets into the right answer slot, and holds what it cannot place with certainty."""
    context.obj = Door(config_file, debug)


for subject in (
    defining,
    printing,
    rehearsing,
    binding,
    coding,
    linking,
    working,
    stationing,
    serving,
    looking,
    calibrating,
    deciding,
    expecting,
    proving,
    exporting,
    reporting,
    keeping,
    retiring,
    accounts,
    webhooks,
    noticing,
    configuring,
):
    for command in subject.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """The console script. Errors are one sentence and the next step; a stack trace only with --debug."""
    debug = "--debug" in sys.argv
    try:
        cli.main(prog_name="scanpipe", standalone_mode=False)
    except Fault as fault:
        if debug:
            raise
        exit_with(fault)
    except click.UsageError as e:
        e.show()
        sys.exit(2)
    except click.ClickException as e:
        e.show()
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. What was begun is finished at the next start; nothing is lost.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
