"""`scanpipe serve` and `scanpipe up`."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from importlib import import_module
from typing import Any

import click

from scanpipe.cli.door import Door, pass_door
from scanpipe.cli.service import Service
from scanpipe.cli.tally import Tally
from scanpipe.cli.working import parts_when_there, stop_signal, watch_until
from scanpipe.desk.alarming import Alarms, LedgerProbe
from scanpipe.desk.binding import send_bound
from scanpipe.desk.camera import Camera
from scanpipe.desk.chores import Chores
from scanpipe.desk.comparing import compare
from scanpipe.desk.deciding import finish_decisions
from scanpipe.desk.delivering import Deliverer
from scanpipe.desk.mailing import Mailroom
from scanpipe.desk.parts import Parts
from scanpipe.desk.recognising import recognise
from scanpipe.desk.resuming import Resumer
from scanpipe.desk.signing_in import SessionRules
from scanpipe.desk.submitting import Desk, finish_left, try_again
from scanpipe.faults import Fault, LedgerFault
from scanpipe.identity import IdentityProvider
from scanpipe.ocr import open_text_reader
from scanpipe.settings import Settings
from scanpipe.wiring import (
    digest_rules,
    link_rules,
    one_worker,
    open_access,
    open_alarms,
    open_desk,
    open_drafts,
    open_lookout,
    open_post,
    open_provider,
    open_sender,
    open_uploads,
    open_workers,
)

_LEFT_S = 30.0
"""A decision that is not carried out after so long was not: the store was away."""
_DELIVER_EVERY_S = 1.0
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
    with service, _parts(door, service) as parts, _serving(door, parts, service, host, port) as resumer:
        with suppress(Fault):  # a chore tries again
            resumer.inherit()
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
    alarms = _alarms(door)
    with service, parts_when_there(door, service, stop, lambda fault: _hear(alarms, fault)) as parts:
        if parts is not None:
            with _serving(door, parts, service, host, port):
                watch_until(door, parts, service, stop)


@contextmanager
def _parts(door: Door, service: Service) -> Iterator[Parts]:
    """The installation. Where the ledger is away at the start, operators are told as well: this is started again and again."""
    with ExitStack() as stack:
        try:
            parts = stack.enter_context(door.parts(service))
        except Fault as fault:
            _hear(_alarms(door), fault)
            raise
        yield parts


def _alarms(door: Door) -> Alarms | None:
    words, base_url = import_module("scanpipe.web.notice_words"), door.settings.notices.base_url
    return open_alarms(door.settings, lambda *told: words.alarm_mail(*told, socket.gethostname(), base_url))


def _hear(alarms: Alarms | None, fault: Fault) -> None:
    if alarms is not None and isinstance(fault, LedgerFault):
        alarms.hear(fails=True)


@contextmanager
def _serving(door: Door, parts: Parts, service: Service, host: str | None, port: int | None) -> Iterator[Resumer]:
    """While a server runs. What it needs is loaded by name: it costs half a second that no other command should pay for."""
    web = door.settings.web
    service.meter.look_at(parts, door.settings.sources)
    finish_decisions(parts)
    resumer = Resumer(parts, lambda: open_workers(door.settings))
    sessions = SessionRules(timedelta(minutes=web.idle_minutes), timedelta(hours=web.session_hours))
    provider = open_provider(door.settings)
    opened = provider, open_uploads(door.settings), open_drafts(door.settings)
    worker = one_worker(door.settings)
    desk = open_desk(door.settings, parts, worker, resumer.resume)
    finish_left(desk)
    told = door.settings.sources, digest_rules(door.settings), desk, link_rules(door.settings), Camera(parts, worker)
    site = import_module("scanpipe.web.site").Site(resumer.resume, sessions, *opened, *told)
    rules = _api_rules(door.settings, provider)
    app = import_module("scanpipe.web.app").make_app(parts, service.meter, site, rules)
    serving = import_module("scanpipe.web.serving")
    server = serving.Server(app, host or web.host, web.port if port is None else port, web.proxies)
    deliverer = Deliverer(parts, open_sender(door.settings))
    chores = Chores(_chores(parts, resumer, desk)), Chores([deliverer.work], _DELIVER_EVERY_S)
    click.echo(f"Serving {server.start()}/ (pages) and /api/v1", err=True)
    try:
        with _telling(door, parts):
            yield resumer
    finally:
        server.close()
        deliverer.close()
        for each in chores:
            each.close()
        worker.close()
        resumer.close()


def _api_rules(settings: Settings, provider: IdentityProvider | None) -> Any:
    api = settings.api
    access = open_access(settings, provider)
    private = settings.webhooks.allow_private
    rules = import_module("scanpipe.web.api.door").ApiRules
    return rules(settings.web.presigned_s, api.requests_per_minute, api.burst, access, private)


def _chores(parts: Parts, resumer: Resumer, desk: Desk) -> list[Callable[[], object]]:
    """What the store or the ledger kept from being done comes first."""
    read_text = open_text_reader()
    reading: list[Callable[[], object]] = [] if read_text is None else [lambda: recognise(parts, read_text, 1)]
    left: list[Callable[[], object]] = [lambda: finish_decisions(parts, _LEFT_S), resumer.try_again]
    left.append(lambda: resumer.resume(send_bound(parts)))
    left.append(lambda: try_again(desk))
    return [*left, lambda: compare(parts, 1), *reading]


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

    alarms, probe = _alarms(door), LedgerProbe(parts)
    chores = [Chores([tell], _LOOK_S, _PATIENCE_S)]
    if alarms is not None:
        chores.append(Chores([lambda: alarms.hear(probe.fails()) and False], _LOOK_S, _PATIENCE_S))
    try:
        yield
    finally:
        for each in chores:
            each.close()
        lookout.close()


COMMANDS = (serve, up)
