"""What all commands share: settings and parts on demand, JSON lines, errors in one sentence, progress for people."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scanpipe.desk.observing import Observer
from scanpipe.desk.parts import Parts
from scanpipe.faults import Fault, FolderFault, UsageFault
from scanpipe.settings import Settings, Value, load_settings, variable
from scanpipe.wiring import open_parts


@dataclass
class Door:
    """Carried by click through every command."""

    config_file: str | None
    debug: bool
    _said: dict[str, str] = field(default_factory=dict)

    def set(self, key: str, value: str | None) -> None:
        """A setting that was given with the call; None: it was not. Before the settings are looked at."""
        if value is not None:
            self._said[variable(key)] = value

    @cached_property
    def loaded(self) -> tuple[Settings, list[Value]]:
        return load_settings(Path(self.config_file) if self.config_file else None, os.environ | self._said)

    @property
    def settings(self) -> Settings:
        return self.loaded[0]

    @contextmanager
    def parts(self, observer: Observer | None = None) -> Iterator[Parts]:
        with open_parts(self.settings, observer) as parts:
            yield parts


pass_door = click.make_pass_decorator(Door)
password_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")


def emit(record: dict[str, Any]) -> None:
    """One JSON object on a line of its own, out at once."""
    click.echo(json.dumps(record, ensure_ascii=False))
    sys.stdout.flush()


def exit_with(fault: Fault) -> NoReturn:
    """Says what is wrong and what to do next, and ends with the fault's exit code."""
    click.secho(f"Error: {fault.message}", fg="red", err=True)
    if fault.hint:
        click.echo(f"  → {fault.hint}", err=True)
    sys.exit(fault.exit_code)


def person() -> str:
    """Who decides, for the record: SCANPIPE_USER or the account's name. Where two people must act, that is not enough:
    `signing_in.prove`.
    """
    return os.environ.get("SCANPIPE_USER") or getpass.getuser()


def asked_password(from_stdin: bool, new: bool = True) -> str:
    """A password that a person types; a `new` one twice."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=new))


@contextmanager
def progress(what: str, total: int | None, shown: bool = True) -> Iterator[Any]:
    """A progress bar on standard error for people at a terminal; yields `advance(n)`."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    visible = shown and sys.stderr.isatty()
    with Progress(*columns, disable=not visible, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def read_csv(file: Path) -> bytes:
    """The bytes of a CSV file that a person named. Raises UsageFault, FolderFault."""
    try:
        return file.read_bytes()
    except FileNotFoundError as e:
        raise UsageFault(f"there is no file {file}", "Name a CSV file.") from e
    except OSError as e:
        raise FolderFault(f"{file} cannot be read: {e.strerror}", "Check the file and its rights.") from e
