"""Changes are sent to receivers that fail, hang, answer garbage, move and come back: in order within a slot, none left out."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from click.testing import CliRunner

from scanpipe.cli import cli
from scanpipe.desk import retiring
from scanpipe.desk.delivering import GIVE_UP, Deliverer
from scanpipe.desk.parts import Parts
from scanpipe.desk.webhooks import add_webhook, remove_webhook, resend, secret_of
from scanpipe.faults import Refused, UnknownThing, UsageFault
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.webhooks import Delivery, Webhook
from scanpipe.sending import Sender
from tests.installation import Installation
from tests.programs.conftest import CHEMISTRY, MATHEMATICS, Caller
from tests.programs.receiver import Receiver, check, nobody_listens, receiver
from tests.serving import serving

Make = Callable[..., Caller]


@dataclass
class Clock:
    """A time that goes on when a test says so."""

    now: datetime = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Post:
    """Everything between an event and a receiver."""

    parts: Parts
    receiver: Receiver
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.sender = Sender(allow_private=True)
        self.deliverer = Deliverer(self.parts, self.sender, self.clock)

    def register(self, test: str = MATHEMATICS, url: str | None = None, after: int | None = None) -> Webhook:
        return add_webhook(self.parts, test, url or self.receiver.url, "kari", True, after)[0]

    def change(self, n: int, slot: str = "10001", test: str = MATHEMATICS) -> None:
        """A page of this serial is filed in a slot."""

        def file(tx: Transaction) -> None:
            scan = f"{n:064x}"
            tx.append("scan_taken_in", scan=scan, file="f", stack="s", position=n, size=1, key="k", holder="h")
            tx.append("scan_unpacked", scan=scan, pages=1)
            about = {"test": test, "candidate": slot, "question": "2a", "serial": f"{n:08d}", "sha256": scan}
            tx.append("page_placing", scan=scan, page=1, key=f"key {n}", **about)
            tx.append("page_filed", scan=scan, page=1)

        self.parts.ledger.write(file)

    def work_off(self) -> None:
        while self.deliverer.work():
            pass

    def deliveries(self, webhook: Webhook, state: str | None = None) -> list[Delivery]:
        with self.parts.ledger.read() as r:
            return r.webhooks().deliveries(webhook.id, state, 1000)[::-1]


@pytest.fixture
def post(parts: Parts) -> Iterator[Post]:
    with receiver() as got:
        post = Post(parts, got)
        yield post
        post.deliverer.close()


def serials(changes: list[dict[str, Any]], slot: str | None = None) -> list[int]:
    return [int(c["serial"]) for c in changes if slot in (None, c["slot"]["candidate"])]


def test_what_the_feed_says_and_no_more_signed(post: Post, caller: Make) -> None:
    webhook = post.register()
    for n in (1, 2):
        post.change(n)
    post.change(3, "10001", CHEMISTRY)
    post.work_off()
    told = caller("events:read", tests=(MATHEMATICS,))("GET", "/api/v1/events").json()["events"]
    assert post.receiver.got == told and serials(told) == [1, 2]
    secret, headers = secret_of(post.parts.keyring, webhook), post.receiver.headers[0]
    body, now = post.receiver.bodies[0], post.clock().timestamp()
    assert headers["Scanpipe-Webhook"] == webhook.id and headers["Content-Type"] == "application/json"
    assert check(secret, headers, body, now)
    assert not check(secret, headers, body + b" ", now) and not check(secret + "x", headers, body, now)
    assert not check(secret, headers, body, now + 301), "a replay is too old"
    assert secret not in json.dumps(headers)


def test_only_what_comes_after_it_was_registered_unless_told_otherwise(post: Post) -> None:
    post.change(1)
    post.register()
    post.register(url=post.receiver.url + "&all", after=0)
    post.change(2)
    post.work_off()
    assert sorted(serials(post.receiver.got)) == [1, 2, 2]


def test_a_slot_waits_for_its_earlier_change_and_other_slots_go_on(post: Post) -> None:
    webhook = post.register()
    for n in range(1, 7):
        post.change(n, "10001" if n % 2 else "10002")
    post.receiver.answer = lambda change: 500 if change["serial"] == "00000001" else 200
    post.work_off()
    assert serials(post.receiver.got) == [2, 4, 6] and serials(post.receiver.asked).count(1) == 1
    waiting = post.deliveries(webhook, "waiting")
    assert [d.tries for d in waiting] == [1, 0, 0] and (waiting[0].status, waiting[0].problem) == (500, "not taken")
    post.receiver.answer = lambda change: 200
    post.work_off()
    assert serials(post.receiver.got) == [2, 4, 6], "not before its time"
    post.clock.passes(seconds=10)
    post.work_off()
    assert serials(post.receiver.got, "10001") == [1, 3, 5]


def test_the_pauses_grow_and_after_three_days_it_is_dead_and_seen_and_sent_again_by_a_person(post: Post) -> None:
    webhook = post.register()
    post.change(1)
    post.change(2)
    post.receiver.answer = lambda change: 500 if change["serial"] == "00000001" else 200
    start, tried = post.clock(), [0.0]
    post.work_off()
    while waiting := [d for d in post.deliveries(webhook, "waiting") if d.tries]:
        post.clock.now = datetime.fromisoformat(waiting[0].due)
        tried.append((post.clock() - start).total_seconds())
        post.deliverer.work()
    pauses = [after - before for before, after in pairwise(tried)]
    assert GIVE_UP.total_seconds() <= tried[-1] < GIVE_UP.total_seconds() + 3600
    assert 7.5 <= pauses[0] <= 10 and 2700 <= pauses[-1] <= 3600 and 75 < len(tried) < 115
    assert len(set(pauses)) > 70, "by chance, too"
    post.work_off()
    assert serials(post.receiver.got) == [2], "what waited for it goes on"
    assert [d.status for d in post.deliveries(webhook, "dead")] == [500]
    post.receiver.answer = lambda change: 200
    assert resend(post.parts, webhook.id, None, "ola") == 1
    post.work_off()
    assert serials(post.receiver.got) == [2, 1] and not post.deliveries(webhook, "dead")
    with post.parts.ledger.read() as r:
        (event,) = r.events_of("webhook_resent")
    assert '"by":"ola"' in event.data
    with pytest.raises(UnknownThing):
        resend(post.parts, webhook.id, [7], "ola")


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200" + b"x" * 100_000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 10_000,
        b"HTTP/1.1 999999 no\r\n\r\n",
        404,
        "http://127.0.0.1:1/elsewhere",
    ],
)
def test_garbage_and_moves_are_no_answers_and_nothing_is_lost(post: Post, bad: bytes | int | str) -> None:
    post.register()
    for n in (1, 2, 3):
        post.change(n, f"1000{n % 2}")
    moved = post.receiver.url if isinstance(bad, str) else bad
    post.receiver.answer = lambda change: moved
    post.work_off()
    assert post.receiver.got == [] and post.receiver.asked
    assert len(post.receiver.asked) == len({c["id"] for c in post.receiver.asked}), "nobody follows a redirect"
    post.receiver.answer = lambda change: 200
    post.clock.passes(minutes=6)
    post.work_off()
    assert serials(post.receiver.got, "10001") == [1, 3] and serials(post.receiver.got, "10000") == [2]


def test_one_that_does_not_answer_is_asked_by_one_change_at_a_time(post: Post) -> None:
    webhook = post.register(url=nobody_listens())
    post.register(CHEMISTRY)
    for n in range(20):
        post.change(n, f"1{n:04d}")
        post.change(100 + n, f"1{n:04d}", CHEMISTRY)
    post.work_off()
    assert len(post.receiver.got) == 20, "another receiver is not held up"
    assert sum(d.tries for d in post.deliveries(webhook)) == 1
    post.clock.passes(seconds=6)
    post.work_off()
    assert sum(d.tries for d in post.deliveries(webhook)) == 2
    with post.parts.ledger.read() as r:
        known = r.webhooks().one(webhook.id)
    assert known is not None and known.failures == 2 and known.rests_until


def test_one_that_hangs_or_drips_is_left_after_a_while(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanpipe.sending._WHOLE_S", 0.3)
    sender = Sender(allow_private=True)
    post.receiver.answer = lambda change: None
    start = time.monotonic()
    assert sender.post(post.receiver.url, b"{}", {}, 0.3).status is None
    dripping = threading.Event()

    def drips(change: dict[str, Any]) -> bytes:
        dripping.wait(0.2)
        return b"HTTP/1.1 "

    post.receiver.answer = drips
    assert sender.post(post.receiver.url, b"{}", {}, 0.3).status is None
    assert time.monotonic() - start < 3


def test_whoever_closes_breaks_off_what_hangs(post: Post) -> None:
    post.register()
    post.change(1)
    post.receiver.answer = lambda change: None
    thread = threading.Thread(target=post.deliverer.work)
    thread.start()
    while not post.receiver.asked:
        time.sleep(0.01)
    start = time.monotonic()
    for n in (2, 3):
        post.change(n)  # intake goes on meanwhile
    post.deliverer.close()
    thread.join()
    assert time.monotonic() - start < 5
    post.receiver.answer = lambda change: 200
    other = Deliverer(post.parts, Sender(allow_private=True), post.clock)
    other.work()
    assert serials(post.receiver.got)[0] == 1, "it counts as not tried, and the next process goes on at once"


def test_one_process_at_a_time(post: Post, home: Installation) -> None:
    post.register()
    post.change(1)
    assert post.deliverer.work()
    folders = replace(post.parts.folders, holder="another one")
    other = Deliverer(replace(post.parts, folders=folders), Sender(allow_private=True), post.clock)
    post.change(2)
    assert not other.work() and serials(post.receiver.got) == [1]
    post.clock.passes(seconds=91)
    assert other.work() and serials(post.receiver.got) == [1, 2]
    post.change(3)
    assert post.deliverer.work(), "a process that is dead has nothing any more"


def test_order_and_completeness_hold_with_a_receiver_that_does_as_it_likes(post: Post) -> None:
    webhook, chance = post.register(), random.Random(7)
    answers: list[Any] = [200, 200, 200, 500, 429, b"", b"HTTP", "http://127.0.0.1:1/"]
    post.receiver.answer = lambda change: chance.choice(answers)
    for n in range(60):
        post.change(n, f"1000{n % 5}")
        if n % 20 == 0:
            post.work_off()
            post.clock.passes(seconds=20)
    while post.deliveries(webhook, "waiting"):
        post.work_off()
        post.clock.passes(minutes=30)
    for slot in range(5):
        assert serials(post.receiver.got, f"1000{slot}") == [n for n in range(60) if n % 5 == slot]


def test_a_week_away_and_then_all_of_it_in_order(post: Post) -> None:
    webhook = post.register(url=nobody_listens())
    for n in range(5):
        post.change(n)
        post.clock.passes(days=1.5)
        post.work_off()
    dead = post.deliveries(webhook, "dead")
    assert [d.tries > 0 for d in dead] == [True] * len(dead) and len(dead) >= 2
    with post.parts.ledger.writing() as c:
        c.exec_driver_sql("UPDATE webhook SET url = ?", (post.receiver.url,))
    resend(post.parts, webhook.id, None, "ola")
    post.clock.passes(minutes=6)
    post.work_off()
    assert serials(post.receiver.got) == [0, 1, 2, 3, 4]


def test_removed_and_registered_are_on_record_and_nothing_is_sent_any_more(post: Post) -> None:
    webhook = post.register()
    with pytest.raises(Refused, match="already"):
        post.register()
    post.change(1)
    post.deliverer._note(webhook)
    remove_webhook(post.parts, webhook.id, "ola")
    post.work_off()
    assert post.receiver.asked == [] and post.deliveries(webhook) == []
    with post.parts.ledger.read() as r:
        events = [json.loads(e.data) for e in r.events_of("webhook_added", "webhook_removed")]
    assert [e["by"] for e in events] == ["kari", "ola"] and "receivers-own" not in str(events)
    assert post.parts.ledger.difference() == []
    with pytest.raises(UnknownThing):
        remove_webhook(post.parts, webhook.id, "ola")
    for n in range(10):
        post.register(url=f"http://127.0.0.1/{n}")
    with pytest.raises(Refused, match="10 webhooks"):
        post.register()


def test_a_test_that_is_retired_leaves_nothing_to_send(post: Post) -> None:
    webhook = post.register(CHEMISTRY)
    there = Delivery(webhook.id, 1, "20001/1", "dead", "1", "1")
    post.parts.ledger.write(lambda tx: tx.webhooks().note(webhook, [there], 1))
    code, _ = retiring.ask(post.parts, CHEMISTRY, date.today() - timedelta(days=1), "kari")
    retiring.confirm(post.parts, CHEMISTRY, code, "ola", lambda done: None)
    assert post.deliveries(webhook) == [] and not post.deliverer.work()
    with post.parts.ledger.read() as r:
        assert [json.loads(e.data)["by"] for e in r.events_of("webhook_removed")] == ["ola"]


def test_through_the_api_and_the_command_line(home: Installation, post: Post, caller: Make) -> None:
    program, other = caller("webhooks:write"), caller("webhooks:write", tests=(CHEMISTRY,))
    refused = program("POST", "/api/v1/webhooks", json={"test": MATHEMATICS, "url": post.receiver.url})
    assert refused.status_code == 422, "not to private addresses"
    wish = {"test": MATHEMATICS, "url": "https://grading.example/hook?key=secret"}
    assert other("POST", "/api/v1/webhooks", json=wish).status_code == 404
    made = program("POST", "/api/v1/webhooks", json=wish)
    assert made.status_code == 201 and made.json()["secret"].startswith("whs_")
    path = made.headers["location"]
    assert program("GET", path).json()["waiting"] == 0 and "secret" not in program("GET", path).text
    assert [w["id"] for w in program("GET", "/api/v1/webhooks").json()["webhooks"]] == [made.json()["id"]]
    assert other("GET", "/api/v1/webhooks").json() == {"webhooks": [], "next": None}
    for method in ("GET", "DELETE"):
        assert other(method, path).json() == other(method, "/api/v1/webhooks/" + "0" * 16).json()
    assert program("POST", "/api/v1/webhooks", json=wish).json()["code"] == "refused"
    assert program("DELETE", path).status_code == 204 and program("DELETE", path).status_code == 404
    assert program("POST", "/api/v1/webhooks", json=wish | {"more": 1}).status_code == 422
    assert program("POST", "/api/v1/webhooks", json=wish | {"test": "NONE"}).status_code == 404


def test_the_list_is_told_in_stretches(post: Post, caller: Make) -> None:
    there = {
        post.register(test, f"https://grading.example/{n}").id for test in (MATHEMATICS, CHEMISTRY) for n in range(2)
    }
    program = caller("webhooks:write")
    found, after = [], ""
    while after is not None:
        answer = program("GET", f"/api/v1/webhooks?limit=1{after and '&after=' + after}").json()
        assert len(answer["webhooks"]) == 1
        found, after = found + answer["webhooks"], answer["next"]
    assert len(found) == 4 and {w["id"] for w in found} == there
    assert [w["test"] for w in found] == sorted(w["test"] for w in found)
    assert program("GET", f"/api/v1/webhooks?limit=1&test={MATHEMATICS}").json()["next"]
    for wrong in ("limit=501", "limit=0", "after=x"):
        assert program("GET", f"/api/v1/webhooks?{wrong}").status_code == 422


@pytest.mark.parametrize("url", ["https://[::1", "https://[zz]/", "https://ex℀mple.no/"])
def test_addresses_that_nobody_can_read_are_refused_at_both_doors(home: Installation, caller: Make, url: str) -> None:
    answer = caller("webhooks:write")("POST", "/api/v1/webhooks", json={"test": MATHEMATICS, "url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid") and url not in answer.text
    done = home.call("webhooks", "add", MATHEMATICS, url)
    assert done.returncode == 2 and "no address to send to" in done.stderr


def test_beside_a_server_and_by_the_command_line(home: Installation, post: Post) -> None:
    settings = {**home.environ, "SCANPIPE__WEBHOOKS__ALLOW_PRIVATE": "true"}

    def run(*args: str) -> str:
        return str(CliRunner().invoke(cli, args, env=settings, catch_exceptions=False).stdout)

    with pytest.raises(UsageFault):
        add_webhook(post.parts, MATHEMATICS, post.receiver.url, "kari", False)
    secret = run("webhooks", "add", MATHEMATICS, post.receiver.url).strip()
    with serving(home, SCANPIPE__WEBHOOKS__ALLOW_PRIVATE="true"):
        post.change(1)
        end = time.monotonic() + 60
        while not post.receiver.got and time.monotonic() < end:
            time.sleep(0.05)
    assert serials(post.receiver.got) == [1]
    assert check(secret, post.receiver.headers[0], post.receiver.bodies[0], time.time())
    listed = json.loads(run("webhooks", "list", "--json"))
    assert (listed["delivered"], listed["dead"], listed["url"].count("?")) == (1, 0, 0)
    delivery = json.loads(run("webhooks", "deliveries", listed["webhook"], "--json"))
    assert (delivery["state"], delivery["status"]) == ("delivered", 200)
    assert "1 change is" in run("webhooks", "resend", listed["webhook"], str(delivery["change"]))
    assert "1 waiting" in run("webhooks", "list", MATHEMATICS)
    run("webhooks", "remove", listed["webhook"])
    with pytest.raises(UnknownThing):
        run("webhooks", "deliveries", listed["webhook"])
