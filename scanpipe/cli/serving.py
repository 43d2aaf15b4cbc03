"""`scanpipe serve` and `scanpipe up`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from scanpipe.cli.door import Door, pass_door
from scanpipe.cli.service import Service
from scanpipe.cli.tally import Tally
from scanpipe.cli.working import parts_when_there, stop_signal, watch_until
from scanpipe.desk.parts import Parts

_host = click.option("--host", help="Address to listen on [default: web.host].")
_port = click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes any free one [default: web.port].")


@click.command()
@_host
@_port
@pass_door
def serve(door: Door, host: str | None, port: int | None) -> None:
    """Serve the API for the grading system, until SIGTERM or Ctrl-C.

    Its description is at /api/v1/openapi.json; a token comes from `scanpipe tokens add`. /healthz says whether the process lives,
    /readyz whether ledger, store and inbox can be used, /metrics has numbers for Prometheus.

    \b
    Example: scanpipe serve --port 8080
    """
    stop, service = stop_signal(), Service(door.settings, "serve", Tally(as_json=True))
    with service, door.parts(service) as parts:
        server = _server(door, parts, service, host, port)
        try:
            stop.wait()
        finally:
            server.close()


@click.command()
@_host
@_port
@pass_door
def up(door: Door, host: str | None, port: int | None) -> None:
    """Work the hot folder and serve the API, in one process, until SIGTERM or Ctrl-C.

    \b
    Example: scanpipe up
    """
    stop, service = stop_signal(), Service(door.settings, "up", Tally(as_json=False))
    with service, parts_when_there(door, service, stop) as parts:
        if parts is not None:
            server = _server(door, parts, service, host, port)
            try:
                watch_until(door, parts, service, stop)
            finally:
                server.close()


def _server(door: Door, parts: Parts, service: Service, host: str | None, port: int | None) -> Any:
    """A running `web.serving.Server`, loaded by name: it costs half a second that no other command should pay for."""
    web = door.settings.web
    service.meter.look_at(parts, door.settings.sources)
    app = import_module("scanpipe.web.app").make_app(parts, service.meter)
    server = import_module("scanpipe.web.serving").Server(app, host or web.host, web.port if port is None else port)
    click.echo(f"Serving {server.start()}/api/v1", err=True)
    return server


COMMANDS = (serve, up)
