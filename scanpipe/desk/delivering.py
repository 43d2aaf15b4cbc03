"""Sends the changes of tests to whoever registered for them: in order within a slot, tried for three days, then put aside.

Beside the server, in a thread of its own, by one process at a time. A change is sent at least once: who dies between an answer
and its record sends again, with the same number.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from scanpipe import __version__
from scanpipe.desk.feeding import read_feed, told
from scanpipe.desk.leasing import Lease
from scanpipe.desk.parts import Parts
from scanpipe.desk.webhooks import moment, secret_of, signature
from scanpipe.faults import UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.feed import PER_EVENT, Change
from scanpipe.ledgers.webhooks import Delivery, Webhook
from scanpipe.sending import Outcome, Sender

GIVE_UP = timedelta(days=3)
KEPT = timedelta(days=30)
_LEASE, _LASTS, _AT_LEAST = "webhooks", timedelta(seconds=90), timedelta(seconds=60)
_PASS_S = 15.0
"""A pass ends a try after this: with what is left of the lease, nobody else has begun meanwhile."""
_NOTED_AT_ONCE, _SENT_AT_ONCE, _WEBHOOKS_AT_ONCE = 500, 20, 4
_FORGET_EVERY_S = 3600.0
_FAR_BEHIND = 100 * PER_EVENT
"""What is of other tests need not be passed again and again."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Doubles from `first_s` to `longest_s`, less up to a quarter by chance."""

    first_s: float
    longest_s: float

    def after(self, tries: int) -> timedelta:
        pause_s = min(self.longest_s, self.first_s * 2.0 ** min(tries - 1, 20))
        return timedelta(seconds=pause_s * (1 - random.random() / 4))


OF_A_SLOT = Pause(10.0, 3600.0)
"""The receiver answers, and does not take this change: other slots go on."""
OF_A_WEBHOOK = Pause(5.0, 300.0)
"""The receiver does not answer: it is asked by one change at a time."""


class Deliverer:
    """`work` is a chore. `clock` says what time it is, UTC."""

    def __init__(self, parts: Parts, sender: Sender, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._parts, self._sender, self._clock = parts, sender, clock
        self._lease = Lease(parts, _LEASE, _LASTS, _AT_LEAST, clock)
        self._forgot_at = datetime.min.replace(tzinfo=UTC)
        self._closed = threading.Event()

    def work(self) -> bool:
        """Notes what is to be sent, and sends what may be sent now; answers whether there was anything. Raises LedgerFault."""
        with self._parts.ledger.read() as r:
            webhooks = r.webhooks().all()
        if self._closed.is_set() or not webhooks or not self._lease.keep():
            return False
        self._forget()
        noted = [self._note(webhook) for webhook in webhooks]
        with ThreadPoolExecutor(_WEBHOOKS_AT_ONCE, "webhook") as threads:
            sent = list(threads.map(self._send, webhooks))
        return any(noted) or any(sent)

    def close(self) -> None:
        """Breaks off what is under way, and lets another process go on."""
        self._closed.set()
        self._sender.close()
        self._lease.end()

    def _note(self, webhook: Webhook) -> bool:
        """Notes changes that came since; answers whether there were any."""
        stretch = read_feed(self._parts, webhook.cursor, _NOTED_AT_ONCE, [webhook.test.upper()])
        now = moment(self._clock())
        new = [Delivery(webhook.id, c.id, _place(c), "waiting", now, now) for c in stretch.changes]
        if new or stretch.more or stretch.next - webhook.cursor > _FAR_BEHIND:
            self._parts.ledger.write(lambda tx: tx.webhooks().note(webhook, new, stretch.next))
        return bool(new)

    def _send(self, webhook: Webhook) -> bool:
        """Sends what may be sent to one receiver; answers whether it took anything. What came of it goes on record together."""
        now = moment(self._clock())
        if webhook.rests_until is not None and webhook.rests_until > now:
            return False
        with self._parts.ledger.read() as r:
            due = r.webhooks().due(webhook.id, now, 1 if webhook.failures else _SENT_AT_ONCE)
        came = list(self._outcomes(webhook, due))
        if came:
            self._parts.ledger.write(lambda tx: self._record(tx, webhook, came))
        return any(outcome.taken for _, outcome in came)

    def _outcomes(self, webhook: Webhook, due: list[Delivery]) -> Iterator[tuple[Delivery, Outcome]]:
        """Until the receiver does not answer, or the time of a pass is over."""
        end_s = time.monotonic() + _PASS_S
        for delivery in due:
            if self._closed.is_set() or time.monotonic() > end_s:
                return
            outcome = self._post(webhook, delivery)
            if self._closed.is_set() and not outcome.taken:
                return  # it was broken off from here
            yield delivery, outcome
            if outcome.status is None:
                return

    def _post(self, webhook: Webhook, delivery: Delivery) -> Outcome:
        change = self._change(webhook, delivery)
        if change is None:
            return Outcome(0)  # of a slot that there is no more
        body = json.dumps(told(change), ensure_ascii=False).encode()
        try:
            secret = secret_of(self._parts.keyring, webhook)
        except UnknownThing as e:
            return Outcome(None, e.message[:80])
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"scanpipe/{__version__}",
            "Scanpipe-Webhook": webhook.id,
            "Scanpipe-Signature": signature(secret, self._clock(), body),
        }
        return self._sender.post(webhook.url, body, headers)

    def _change(self, webhook: Webhook, delivery: Delivery) -> Change | None:
        found = read_feed(self._parts, delivery.change - 1, 1, [webhook.test.upper()]).changes
        return found[0] if found and found[0].id == delivery.change else None

    def _record(self, tx: Transaction, webhook: Webhook, came: list[tuple[Delivery, Outcome]]) -> None:
        now = self._clock()
        for delivery, outcome in came:
            tx.webhooks().tried(tried(delivery, outcome, now))
        silent = came[-1][1].status is None
        if silent:
            failures = webhook.failures + 1
            tx.webhooks().rest(webhook.id, failures, moment(now + OF_A_WEBHOOK.after(failures)))
        elif webhook.failures:
            tx.webhooks().rest(webhook.id, 0, None)

    def _forget(self) -> None:
        now = self._clock()
        if now - self._forgot_at >= timedelta(seconds=_FORGET_EVERY_S):
            self._parts.ledger.write(lambda tx: tx.webhooks().forget(moment(now - KEPT)))
            self._forgot_at = now


def tried(delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
    """The delivery after a try: delivered, waiting for the next one, or dead."""
    tries = delivery.tries + 1
    after = replace(
        delivery, tries=tries, at=moment(now), status=outcome.status or None, problem=outcome.problem or None
    )
    if outcome.taken:
        return replace(after, state="delivered")
    if now - datetime.fromisoformat(delivery.made) >= GIVE_UP:
        return replace(after, state="dead")
    return replace(after, due=moment(now + OF_A_SLOT.after(tries)))


def _place(change: Change) -> str:
    """Within which the order is kept; what concerns a whole test has its own."""
    return "" if change.candidate is None else f"{change.candidate}/{change.question}"
