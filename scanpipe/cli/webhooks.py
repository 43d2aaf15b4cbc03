"""`scanpipe webhooks …`."""

from __future__ import annotations

from typing import Any

import click

from scanpipe.cli.door import Door, emit, json_option, pass_door, person
from scanpipe.desk import webhooks as desk
from scanpipe.ledgers.webhooks import Delivery


@click.group()
def webhooks() -> None:
    """Where the changes of a test are sent to.

    \b
    Example: scanpipe webhooks list
    """


@webhooks.command()
@click.argument("test")
@click.argument("url")
@click.option("--after", type=click.IntRange(0), help="Send the changes with a number above this, too; 0: all.")
@pass_door
def add(door: Door, test: str, url: str, after: int | None) -> None:
    """Have every change of a test's slots sent to a URL, and print the secret of its signatures: the only time it is shown.

    \b
    Example: scanpipe webhooks add MA0001-2026H https://grading.example/hook
    """
    with door.parts() as parts:
        allow_private = door.settings.webhooks.allow_private
        webhook, secret = desk.add_webhook(parts, test, url, person(), allow_private, after)
    click.echo(f"Webhook {webhook.id} of {webhook.test}. Keep its secret safe, it is not shown again:", err=True)
    click.echo(secret)


@webhooks.command("list")
@click.argument("test", required=False)
@json_option
@pass_door
def list_webhooks(door: Door, test: str | None, as_json: bool) -> None:
    """List the webhooks, of a test or of all, and how much was taken, waits or is given up.

    \b
    Example: scanpipe webhooks list MA0001-2026H
    """
    with door.parts() as parts, parts.ledger.read() as r:
        for webhook in r.webhooks().all():
            if test is not None and webhook.test.upper() != test.upper():
                continue
            counts = {
                state: r.webhooks().counts(webhook.id).get(state, 0) for state in ("waiting", "delivered", "dead")
            }
            told: dict[str, Any] = {"webhook": webhook.id, "test": webhook.test, "url": desk.shown(webhook.url)}
            told |= {"made": webhook.made, "by": webhook.by, "rests_until": webhook.rests_until} | counts
            if as_json:
                emit(told)
                continue
            sums = ", ".join(f"{n} {state}" for state, n in counts.items())
            rests = f"; not reached, rests until {webhook.rests_until[:19]}" if webhook.rests_until else ""
            click.echo(f"{webhook.id}  {webhook.test}  {told['url']}  {sums}{rests}")


@webhooks.command()
@click.argument("webhook")
@pass_door
def remove(door: Door, webhook: str) -> None:
    """End a webhook, with all that was still to be sent there.

    \b
    Example: scanpipe webhooks remove 3f9a0c1e22b7d410
    """
    with door.parts() as parts:
        desk.remove_webhook(parts, webhook, person())
    click.echo(f"Nothing is sent to {webhook} any more.")


@webhooks.command()
@click.argument("webhook")
@click.option("--state", type=click.Choice(("waiting", "delivered", "dead")), help="Only these.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many, the newest first.")
@json_option
@pass_door
def deliveries(door: Door, webhook: str, state: str | None, limit: int, as_json: bool) -> None:
    """List what was sent to a webhook, or is to be, with what came of the last try.

    \b
    Example: scanpipe webhooks deliveries 3f9a0c1e22b7d410 --state dead
    """
    with door.parts() as parts:
        desk.find_webhook(parts, webhook)
        with parts.ledger.read() as r:
            found = r.webhooks().deliveries(webhook, state, limit)
    for delivery in found:
        if as_json:
            emit(_delivery(delivery))
        else:
            came = delivery.problem or delivery.status or ""
            click.echo(f"{delivery.change:>12}  {delivery.state:<9}  {delivery.tries} tries  {came}".rstrip())


def _delivery(d: Delivery) -> dict[str, Any]:
    told = {"change": d.change, "state": d.state, "tries": d.tries, "noted": d.made, "tried": d.at, "due": d.due}
    return told | {"status": d.status, "problem": d.problem}


@webhooks.command()
@click.argument("webhook")
@click.argument("changes", type=int, nargs=-1)
@pass_door
def resend(door: Door, webhook: str, changes: tuple[int, ...]) -> None:
    """Send changes again, by their numbers; without any, all that nobody took for three days.

    \b
    Example: scanpipe webhooks resend 3f9a0c1e22b7d410
    """
    with door.parts() as parts:
        n = desk.resend(parts, webhook, changes or None, person())
    click.echo(f"{n} changes are sent again." if n != 1 else "1 change is sent again.")


COMMANDS = (webhooks,)
