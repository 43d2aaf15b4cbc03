"""What a ledger keeps for programs beside the record: what they sent, where changes go, and who does what one process does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from scanpipe.ledgers import SqlLedger, open_ledger
from scanpipe.ledgers.received import ReceivedScan
from scanpipe.ledgers.webhooks import Delivery, Webhook

WEBHOOK = Webhook("a" * 16, "T", "https://a.example/", "KEY", "2026-12-03", "kari", 0)


def delivery(change: int, place: str, due: str = "1", webhook: str = WEBHOOK.id) -> Delivery:
    return Delivery(webhook, change, place, "waiting", "1", due)


def due(ledger: SqlLedger, now: str = "5", limit: int = 9) -> list[int]:
    with ledger.read() as r:
        return [d.change for d in r.webhooks().due(WEBHOOK.id, now, limit)]


def noted(ledger: SqlLedger, *deliveries: Delivery) -> SqlLedger:
    ledger.write(lambda tx: tx.webhooks().add(WEBHOOK))
    ledger.write(lambda tx: tx.webhooks().note(WEBHOOK, deliveries, 9))
    return ledger


def test_of_each_place_the_first_that_waits_if_its_time_has_come(ledger: SqlLedger) -> None:
    noted(ledger, *(delivery(n, place) for n, place in enumerate("aabbac", 1)), delivery(7, "d", "6"))
    assert due(ledger) == [1, 3, 6] and due(ledger, limit=2) == [1, 3] and due(ledger, now="6") == [1, 3, 6, 7]
    for change, state in ((1, "delivered"), (3, "dead")):
        ledger.write(lambda tx, c=change, s=state: tx.webhooks().tried(replace(delivery(c, ""), state=s, at="4")))
    assert due(ledger) == [2, 4, 6]
    ledger.write(lambda tx: tx.webhooks().tried(replace(delivery(2, "a"), due="8", tries=1)))
    assert due(ledger) == [4, 6], "the next one of its place waits, too"
    assert ledger.write(lambda tx: tx.webhooks().revive(WEBHOOK.id, None, "5")) == [3]
    assert due(ledger) == [6, 3]
    with ledger.read() as r:
        assert r.webhooks().counts(WEBHOOK.id) == {"waiting": 6, "delivered": 1}
    ledger.write(lambda tx: tx.webhooks().forget("5"))
    with ledger.read() as r:
        assert [d.change for d in r.webhooks().deliveries(WEBHOOK.id, None, 9)] == [7, 6, 5, 4, 3, 2]


def test_what_was_noted_by_another_process_is_not_noted_again(ledger: SqlLedger) -> None:
    noted(ledger, delivery(1, "a"))
    ledger.write(lambda tx: tx.webhooks().note(WEBHOOK, [delivery(1, "a")], 9))
    with ledger.read() as r:
        assert len(r.webhooks().deliveries(WEBHOOK.id, None, 9)) == 1
    ledger.write(lambda tx: tx.webhooks().remove(WEBHOOK.id))
    assert due(ledger) == []
    ledger.write(lambda tx: tx.webhooks().note(WEBHOOK, [delivery(2, "a")], 9))
    assert due(ledger) == [], "nothing is noted for one that is gone"


def test_one_holder_at_a_time(ledger: SqlLedger) -> None:
    def lease(holder: str, now: str, until: str, dead: str | None = None) -> bool:
        return ledger.write(lambda tx: tx.leases().take("work", holder, now, until, dead))

    assert lease("a", "1", "3") and lease("a", "2", "4") and not lease("b", "3", "5")
    assert lease("b", "4", "6"), "it has ended"
    assert not lease("a", "5", "7") and lease("a", "5", "7", dead="b")
    ledger.write(lambda tx: tx.leases().end("work", "b"))
    assert not lease("b", "6", "8")
    ledger.write(lambda tx: tx.leases().end("work", "a"))
    assert lease("b", "6", "8")


def test_of_many_who_come_with_one_key_one_is_noted(ledger: SqlLedger, url: str) -> None:
    with open_ledger(url) as other:

        def claim(n: int) -> str:
            new = sent(f"{n:032x}", "key")
            return (ledger, other)[n % 2].write(lambda tx: tx.received().claim(new)).id

        with ThreadPoolExecutor(8) as threads:
            (first,) = set(threads.map(claim, range(16)))
    for new in (sent("x"), sent("y", at="2000"), sent("z", "other")):
        assert ledger.write(lambda tx, new=new: tx.received().claim(new)) == new
    with ledger.read() as r:
        there = [received.id for received in r.received().of_scan("s" * 64)]
    assert there == [first, "x", "z"], "what is older than a month is forgotten"


def sent(id: str, key: str | None = None, at: str = "2999") -> ReceivedScan:
    return ReceivedScan(id, "kari", key, "s" * 64, 1, at)
