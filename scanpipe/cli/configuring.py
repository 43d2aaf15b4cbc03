"""`scanpipe config show`."""

from __future__ import annotations

import re

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door


@click.group()
def config() -> None:
    """Look at the settings.

    \b
    Example: scanpipe config show
    """


@config.command()
@json_option
@pass_door
def show(door: Door, as_json: bool) -> None:
    """Show every setting with its value and the place it came from; passwords are hidden.

    \b
    Example: SCANPIPE__ENGINE__WORKERS=1 scanpipe config show
    """
    for v in door.loaded[1]:
        value = hidden(v.value) if isinstance(v.value, str) else v.value
        value = "***" if value and v.key.endswith(("secret", "password")) else value
        if as_json:
            emit({"key": v.key, "value": value, "origin": v.origin})
        else:
            click.echo(f"{v.key:<28} {value!r:<40} {v.origin}")


def hidden(text: str) -> str:
    """Without the passwords of the addresses in it."""
    without = re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", text)
    return re.sub(r"(password=)[^&\s]*", r"\1***", without)


COMMANDS = (config,)
