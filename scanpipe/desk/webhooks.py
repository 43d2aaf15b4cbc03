"""Where the changes of a test are sent to: registered, removed, and what came of it. `delivering.py` sends.

The secret that a receiver checks signatures with is derived from the installation's signing key and the webhook's id: it is shown
once, and stands nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import UTC, datetime
from urllib.parse import urlsplit

from scanpipe.codes import Keyring
from scanpipe.desk.defining import find_test
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.feed import PER_EVENT
from scanpipe.ledgers.webhooks import Webhook
from scanpipe.saying import say
from scanpipe.sending import check_url

MOST_OF_A_TEST = 10
_PURPOSE = "scanpipe webhook "


def add_webhook(
    parts: Parts, test: str, url: str, by: str, allow_private: bool, after: int | None = None
) -> tuple[Webhook, str]:
    """Registers a receiver and answers it with its secret: the only time that it is shown. It is sent the changes that come
    from now on, or those with a number above `after`. Raises UnknownThing, UsageFault, Refused.
    """
    check_url(url, allow_private)
    known = find_test(parts, test).id
    cursor = _end(parts) if after is None else after
    active = parts.keyring.active.id
    webhook = Webhook(secrets.token_hex(8), known, url, active, moment(datetime.now(UTC)), by, cursor)

    def record(tx: Transaction) -> None:
        there = tx.webhooks().of_test(known)
        if any(other.url == url for other in there):
            raise Refused(
                say("changes of %(known)s are sent there already", known=known), say("Remove that webhook first.")
            )
        if len(there) >= MOST_OF_A_TEST:
            raise Refused(
                say("%(known)s has %(most_of_a_test)s webhooks", known=known, most_of_a_test=MOST_OF_A_TEST),
                say("Remove one first."),
            )
        tx.webhooks().add(webhook)
        tx.append("webhook_added", webhook=webhook.id, test=known, url=shown(url), by=by)

    parts.ledger.write(record)
    return webhook, secret_of(parts.keyring, webhook)


def find_webhook(parts: Parts, id: str) -> Webhook:
    """Raises UnknownThing."""
    with parts.ledger.read() as r:
        found = r.webhooks().one(id)
    if found is None:
        raise UnknownThing(say("there is no webhook %(page)s", page=id), say("`scanpipe webhooks list` shows them."))
    return found


def remove_webhook(parts: Parts, id: str, by: str) -> None:
    """Ends it, with all that was still to be sent there. Raises UnknownThing."""
    webhook = find_webhook(parts, id)
    parts.ledger.write(lambda tx: end_webhook(tx, webhook, by))


def end_webhook(tx: Transaction, webhook: Webhook, by: str) -> None:
    """Once; a second time changes nothing."""
    if tx.webhooks().one(webhook.id) is not None:
        tx.webhooks().remove(webhook.id)
        tx.append("webhook_removed", webhook=webhook.id, test=webhook.test, by=by)


def resend(parts: Parts, id: str, changes: Collection[int] | None, by: str) -> int:
    """Sends changes again, by their numbers, or all that nobody took for three days; answers how many. Raises UnknownThing."""
    webhook = find_webhook(parts, id)

    def record(tx: Transaction) -> int:
        revived = tx.webhooks().revive(id, changes, moment(datetime.now(UTC)))
        if changes is not None and (missing := set(changes) - set(revived)):
            raise UnknownThing(
                say("nothing is known of change %(what)s there", what=min(missing)),
                say("`webhooks deliveries` lists them."),
            )
        if revived:
            tx.append("webhook_resent", webhook=id, test=webhook.test, changes=revived, by=by)
        return len(revived)

    return parts.ledger.write(record)


def secret_of(keyring: Keyring, webhook: Webhook) -> str:
    """Raises UnknownThing where the signing key is not here."""
    key = keyring.keys.get(webhook.key)
    if key is None:
        raise UnknownThing(
            say("the signing key %(key)s is not here", key=webhook.key),
            say("Put keys.json of the installation in place."),
        )
    derived = hmac.digest(key.secret, f"{_PURPOSE}{webhook.id}".encode(), hashlib.sha256)
    return "whs_" + base64.urlsafe_b64encode(derived).decode().rstrip("=")


def signature(secret: str, at: datetime, body: bytes) -> str:
    """What stands in the header: the time in seconds, and the HMAC-SHA256 of `<time>.<body>` in hexadecimal."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def shown(url: str) -> str:
    """Without its query, in which receivers have secrets."""
    return urlsplit(url)._replace(query="").geturl()


def _end(parts: Parts) -> int:
    """The number of the feed behind which everything is new."""
    parts.ledger.link()
    with parts.ledger.read() as r:
        return (r.feed().head() + 1) * PER_EVENT - 1
