"""`scanpipe serve` and `scanpipe up`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module

import click

from scanpipe.cli.door import Door, pass_door
from scanpipe.cli.service import Service
from scanpipe.cli.tally import Tally
from scanpipe.cli.working import parts_when_there, stop_signal, watch_until
from scanpipe.desk.chores import Chores
from scanpipe.desk.comparing import Comparer
from scanpipe.desk.deciding import finish_decisions
from scanpipe.desk.delivering import Deliverer
from scanpipe.desk.parts import Parts
from scanpipe.desk.resuming import Resumer
from scanpipe.desk.signing_in import SessionRules
from scanpipe.wiring import open_access, open_drafts, open_provider, open_sender, open_uploads, open_workers

_host = click.option("--host", help="Address to listen on [default: web.host].")
_port = click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes any free one [default: web.port].")

_DELIVER_EVERY_S = 1.0


@click.command()
@_host
@_port
@pass_door
def serve(door: Door, host: str | None, port: int | None) -> None:
    """Serve the pages for people and the API for the grading system, until SIGTERM or Ctrl-C.

    The pages: the queue of held sheets, and what is around it. `scanpipe users add` makes an account to sign in with. The API's
    description is at /api/v1/openapi.json; a token comes from `scanpipe tokens add`. /healthz says whether the process lives,
    /readyz whether ledger, store and inbox can be used, /metrics has numbers for Prometheus.

    \b
    Example: scanpipe serve --port 8080
    """
    stop, service = stop_signal(), Service(door.settings, "serve", Tally(as_json=True))
    with service, door.parts(service) as parts, _serving(door, parts, service, host, port):
        stop.wait()


@click.command()
@_host
@_port
@pass_door
def up(door: Door, host: str | None, port: int | None) -> None:
    """Work the hot folder and serve pages and API, in one process, until SIGTERM or Ctrl-C.

    \b
    Example: scanpipe up
    """
    stop, service = stop_signal(), Service(door.settings, "up", Tally(as_json=False))
    with service, parts_when_there(door, service, stop) as parts:
        if parts is not None:
            with _serving(door, parts, service, host, port):
                watch_until(door, parts, service, stop)


@contextmanager
def _serving(door: Door, parts: Parts, service: Service, host: str | None, port: int | None) -> Iterator[None]:
    """While a server runs. What it needs is loaded by name: it costs half a second that no other command should pay for."""
    web = door.settings.web
    service.meter.look_at(parts, door.settings.sources)
    finish_decisions(parts)
    resumer = Resumer(parts, lambda: open_workers(door.settings))
    rules = SessionRules(timedelta(minutes=web.idle_minutes), timedelta(hours=web.session_hours))
    provider, api = open_provider(door.settings), door.settings.api
    site = import_module("scanpipe.web.site").Site(
        resumer.resume, rules, provider, open_uploads(door.settings), open_drafts(door.settings)
    )
    may = import_module("scanpipe.web.api.door").ApiRules(
        web.presigned_s,
        api.requests_per_minute,
        api.burst,
        open_access(door.settings, provider),
        door.settings.webhooks.allow_private,
    )
    app = import_module("scanpipe.web.app").make_app(parts, service.meter, site, may)
    serving = import_module("scanpipe.web.serving")
    server = serving.Server(app, host or web.host, web.port if port is None else port, web.proxies)
    comparer = Comparer(parts)
    deliverer = Deliverer(parts, open_sender(door.settings))
    deliveries = Chores([deliverer.work], _DELIVER_EVERY_S)
    click.echo(f"Serving {server.start()}/ (pages) and /api/v1", err=True)
    try:
        yield
    finally:
        server.close()
        comparer.close()
        deliverer.close()
        deliveries.close()
        resumer.close()


COMMANDS = (serve, up)
