"""`scanpipe notices …` and `scanpipe log`."""

from __future__ import annotations

import json
import secrets
from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door
from scanpipe.desk import looking_back
from scanpipe.desk.tracing import sentence
from scanpipe.faults import ConfigFault
from scanpipe.ledgers.log import LogFilter
from scanpipe.ledgers.notices import NoticeRecord
from scanpipe.mail import Letter, checked_address
from scanpipe.wiring import open_post

_LATELY = 50


@click.group()
def notices() -> None:
    """What people are told: what waits too long, what fails, what is complete.

    \b
    Example: scanpipe notices list
    """


@notices.command("list")
@click.option("--all", "also_ended", is_flag=True, help=f"Also the {_LATELY} that were over last.")
@json_option
@pass_door
def list_notices(door: Door, also_ended: bool, as_json: bool) -> None:
    """List the notices that stand, the newest first.

    \b
    Example: scanpipe notices list --all
    """
    with door.parts() as parts, parts.ledger.read() as r:
        found = r.notices().standing() + (r.notices().lately_ended(_LATELY) if also_ended else [])
    for notice in found:
        if as_json:
            emit(_row(notice))
        else:
            told = " ".join(f"{k}={v}" for k, v in notice.values.items() if v != "")
            until = f"over {notice.ended[:16]}" if notice.ended else "stands"
            click.echo(f"{notice.since[:16]}  {notice.severity:<7} {notice.kind:<9} {told}  {until}")
    if not found and not as_json:
        click.echo("No notice stands.")


def _row(notice: NoticeRecord) -> dict[str, Any]:
    row = {"notice": notice.id, "kind": notice.kind, "subject": notice.subject, "severity": notice.severity}
    return row | {"since": notice.since, "at": notice.at, "ended": notice.ended, "params": notice.values}


@notices.command("test-mail")
@click.argument("address")
@pass_door
def test_mail(door: Door, address: str) -> None:
    """Send a mail by the mail server of the settings, and say what it answers.

    \b
    Example: scanpipe notices test-mail kari@example.org
    """
    to, post = checked_address(address), open_post(door.settings)
    if post is None:
        raise ConfigFault("no mail server is set", "Set smtp_host and sender in [notices].")
    post.send(Letter(to, "scanpipe: test", "This is a test of the mail server's settings.\n", secrets.token_hex(16)))
    click.echo(f"The mail server took it: look into the mailbox of {to}.")


@click.command()
@click.option("--kind", default="", help=f"A type of event, or a group: {', '.join(looking_back.GROUPS)}.")
@click.option("--by", default="", help="Events of this person, or about their account.")
@click.option("--test", default="", help="Events about this test and its pages.")
@click.option("--candidate", default="", help="Events about pages of this candidate.")
@click.option(
    "--question", default="", help="Events about pages of this question; with --test and --candidate, a slot."
)
@click.option("--serial", default="", help="Events about scans of this sheet.")
@click.option("--file", default="", help="Events about scans whose file's name has this in it.")
@click.option("--since", default="", metavar="TIME", help="From a day or a local time on, as 2026-12-03T14:30.")
@click.option("--until", default="", metavar="TIME", help="Before a local time; a day: to its end.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="So many at most.")
@json_option
@pass_door
def log(door: Door, /, limit: int, as_json: bool, kind: str, since: str, until: str, **words: str) -> None:
    """Search the record of everything that happened, the newest first.

    \b
    Example: scanpipe log --kind decisions --by kari --since 2026-12-03
    """
    times = {"since": looking_back.moment(since), "until": looking_back.moment(until, end=True)}
    wanted = looking_back.filter_for("exam_office", LogFilter(**words, **times), kind)  # type: ignore[arg-type]
    with door.parts() as parts:
        events = looking_back.search(parts, wanted, limit)
    for e in events:
        if as_json:
            about = {"event": e.id, "at": e.at, "type": e.type, "scan": e.scan, "page": e.page}
            emit(about | {"sentence": sentence(e), "data": json.loads(e.data)})
        else:
            click.echo(f"{e.at[:19]}  {sentence(e)}")
    if not events and not as_json:
        click.echo("Nothing was found.")


COMMANDS = (notices, log)
