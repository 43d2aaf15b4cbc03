"""`scanpipe worker`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from scanpipe.cli.door import Door, pass_door
from scanpipe.cli.working import stop_signal
from scanpipe.faults import ConfigFault
from scanpipe.wiring import open_parts, open_stations, tls


@click.command()
@click.option("--scheduler", metavar="ADDRESS", help="Of Dask: tls://host:8786 [default: engine.scheduler].")
@click.option("--workers", type=click.IntRange(0), help="Processes; 0: one for every core [default: engine.workers].")
@pass_door
def worker(door: Door, scheduler: str | None, workers: int | None) -> None:
    """Carry pages for watchers on other machines, until SIGTERM or Ctrl-C: a Dask worker with scanpipe's settings.

    It needs the same ledger.url, store.* and keys.json as the watcher (`scanpipe watch --engine dask`), and a data_dir of its
    own. What it had in hand when it is killed, another worker does. The scheduler is Dask's: `dask scheduler`.

    \b
    Example: scanpipe worker --scheduler tls://dask.example:8786
    """
    door.set("engine.scheduler", scheduler)
    door.set("engine.workers", None if workers is None else str(workers))
    settings = door.settings
    if not settings.engine.scheduler:
        raise ConfigFault("there is no scheduler to work for", "Give --scheduler, or set engine.scheduler.")
    stop = stop_signal()
    with open_parts(settings) as parts:  # says at once what is wrong with them
        parts.folders.sweep()
    serve = _dask().serve
    with open_stations(settings, door.config_file) as engine:
        click.echo(
            f"Working for {settings.engine.scheduler} with {engine.workers} processes. Ctrl-C ends it.", err=True
        )
        serve(settings.engine.scheduler, tls(settings), engine, stop, lambda told: click.echo(told, err=True))


def _dask() -> Any:
    """Loaded by name: it costs a second that no other command should pay for."""
    try:
        return import_module("scanpipe.engines._dask_worker")
    except ImportError as e:
        raise ConfigFault(f"a worker needs a package: {e}", "Install it: pip install 'scanpipe[dask]'.") from e


COMMANDS = (worker,)
