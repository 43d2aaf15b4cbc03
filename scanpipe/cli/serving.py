"""`scanpipe serve` and `scanpipe up`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module

import click

from scanpipe.cli.door import Door, pass_door
from scanpipe.cli.service import Service
from scanpipe.cli.tally import Tally
from scanpipe.cli.working import parts_when_there, stop_signal, watch_until
from scanpipe.desk.chores import Chores
from scanpipe.desk.comparing import compare
from scanpipe.desk.deciding import finish_decisions
from scanpipe.desk.mailing import Mailroom
from scanpipe.desk.parts import Parts
from scanpipe.desk.recognising import recognise
from scanpipe.desk.resuming import Resumer
from scanpipe.desk.signing_in import SessionRules
from scanpipe.ocr import open_text_reader
from scanpipe.wiring import (
    digest_rules,
    open_drafts,
    open_lookout,
    open_post,
    open_provider,
    open_uploads,
    open_workers,
)

_LOOK_S = 5.0
_PATIENCE_S = 5.0
"""A mail that is on its way when the server ends goes again at the next start, with the same Message-ID."""
_host = click.option("--host", help="Address to listen on [default: web.host].")
_port = click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes any free one [default: web.port].")


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
    opened = open_provider(door.settings), open_uploads(door.settings), open_drafts(door.settings)
    site = import_module("scanpipe.web.site").Site(resumer.resume, rules, *opened)
    app = import_module("scanpipe.web.app").make_app(parts, service.meter, site)
    serving = import_module("scanpipe.web.serving")
    server = serving.Server(app, host or web.host, web.port if port is None else port, web.proxies)
    chores = Chores(_chores(parts))
    click.echo(f"Serving {server.start()}/ (pages) and /api/v1", err=True)
    try:
        with _telling(door, parts):
            yield
    finally:
        server.close()
        chores.close()
        resumer.close()


def _chores(parts: Parts) -> list[Callable[[], int]]:
    read_text = open_text_reader()
    reading: list[Callable[[], int]] = [] if read_text is None else [lambda: recognise(parts, read_text, 1)]
    return [lambda: compare(parts, 1), *reading]


@contextmanager
def _telling(door: Door, parts: Parts) -> Iterator[None]:
    """Notices and mails, in a thread of their own: a mail server that does not answer keeps nothing else waiting."""
    lookout, post, rules = open_lookout(door.settings, parts), open_post(door.settings), digest_rules(door.settings)
    words = import_module("scanpipe.web.notice_words")
    base_url = door.settings.notices.base_url
    mailroom = Mailroom(parts, post, lambda *said: words.mail(*said, base_url), rules) if post else None

    def tell() -> bool:
        if lookout.look() and mailroom is not None:
            mailroom.deliver()
        return False  # once is enough until the next pause

    chores = Chores([tell], _LOOK_S, _PATIENCE_S)
    try:
        yield
    finally:
        chores.close()
        lookout.close()


COMMANDS = (serve, up)
