"""Six days of a receiver that fails, hangs, answers garbage, moves, and is killed: everything arrives, in order within a slot.

Real processes: the receiver, `serve` with its clock ahead by days, and the command line.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.feed import Change
from tests.clock import DAY_S, shift
from tests.installation import Installation
from tests.programs.conftest import MATHEMATICS
from tests.programs.receiver_process import ReceiverProcess
from tests.serving import MortalServer

__all__ = ["shift"]
ALLOWED = {"SCANPIPE__WEBHOOKS__ALLOW_PRIVATE": "true"}
SLOTS, A_STEP, STEPS_A_DAY = 4, 6, 4
PATIENCE_S = 300.0


class Days:
    """Time passes in steps, in each of which some pages are filed."""

    def __init__(self, parts: Parts, shift: Path, server: MortalServer) -> None:
        self._parts, self._shift, self.server = parts, shift, server
        self._ahead_s, self._numbers = 0, count(1)

    def happens(self) -> None:
        """Pages are filed, here and there."""
        for n in (next(self._numbers) for _ in range(A_STEP)):
            self._parts.ledger.write(lambda tx, n=n: _file(tx, n))  # type: ignore[misc]

    def pass_with(self, webhook: str, days: int = 1) -> None:
        """As many days; after each step the receiver is asked at least once if anything is left for it."""
        for _ in range(days * STEPS_A_DAY):
            self.happens()
            self._goes_on(DAY_S // STEPS_A_DAY)
            now = (datetime.now(UTC) + timedelta(seconds=self._ahead_s)).isoformat()
            self.wait(lambda now=now: self._asked_since(webhook, now))  # type: ignore[misc]

    def arrived(self, webhook: str) -> None:
        """Two hours, and until nothing waits any more: no pause is longer."""
        self._goes_on(2 * 3600)
        self.wait(lambda: self._noted(webhook) and not self.states(webhook).get("waiting"))

    def wait(self, done: Any) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < end_s and self.server.process.poll() is None, self.server.log.read_text()[-2000:]
            time.sleep(0.1)

    def events(self) -> list[Change]:
        with self._parts.ledger.read() as r:
            return list(r.feed().after(0, 100_000).changes)

    def states(self, webhook: str) -> dict[str, int]:
        with self._parts.ledger.read() as r:
            return r.webhooks().counts(webhook)

    def dead(self, webhook: str) -> set[int]:
        with self._parts.ledger.read() as r:
            return {d.change for d in r.webhooks().deliveries(webhook, "dead", 100_000)}

    def _noted(self, webhook: str) -> bool:
        return sum(self.states(webhook).values()) == len(self.events())

    def _asked_since(self, webhook: str, now: str) -> bool:
        with self._parts.ledger.read() as r:
            known = r.webhooks().deliveries(webhook, None, 100_000)
        noted = len(known) == len(self.events())
        return noted and (any((d.at or "") >= now for d in known) or all(d.state != "waiting" for d in known))

    def _goes_on(self, by_s: int) -> None:
        self._ahead_s += by_s
        part = self._shift.with_suffix(".part")
        part.write_text(str(self._ahead_s))
        part.rename(self._shift)


def _file(tx: Transaction, n: int) -> None:
    scan, slot = f"{n:064x}", {"test": MATHEMATICS, "candidate": f"1000{n % SLOTS + 1}", "question": "2a"}
    tx.append("scan_taken_in", scan=scan, file="f", stack="s", position=n, size=1, key="k", holder="h")
    tx.append("scan_unpacked", scan=scan, pages=1)
    tx.append("page_placing", scan=scan, page=1, key=f"key {n}", serial=f"{n:08d}", sha256=scan, **slot)
    tx.append("page_filed", scan=scan, page=1)


def add(home: Installation, url: str, *more: str) -> str:
    """Registers a receiver; answers the webhook's id."""
    home.run("webhooks", "add", MATHEMATICS, url, *more)
    (webhook,) = home.lines("webhooks", "list")
    return str(webhook["webhook"])


def firsts(took: list[dict[str, Any]], slot: str) -> list[int]:
    """The numbers that came of a slot, where they came first."""
    return list(dict.fromkeys(c["id"] for c in took if c["slot"]["candidate"] == slot))


def in_order(took: list[dict[str, Any]], without: set[int] = frozenset()) -> bool:  # type: ignore[assignment]
    slots = {c["slot"]["candidate"] for c in took}
    lives = [[n for n in firsts(took, slot) if n not in without] for slot in slots]
    return all(a < b for life in lives for a, b in pairwise(life))


@pytest.mark.proof
def test_days_of_a_receiver_in_trouble(home: Installation, parts: Parts, tmp_path: Path, shift: Path) -> None:
    home = Installation(home.data_dir, home.pdf, home.sheets, ALLOWED)
    receiver = ReceiverProcess(tmp_path / "receiver")
    webhook = add(home, receiver.url)
    with MortalServer(home) as server:
        days = Days(parts, shift, server)
        trouble(days, receiver, webhook)
        recover(home, days, receiver, webhook)
        move(home, days, receiver, webhook)
        server.stop()
    print(f"\n{len(days.events())} changes in six days and some hours; {len(receiver.took())} taken")


def trouble(days: Days, receiver: ReceiverProcess, webhook: str) -> None:
    """Five days: each kind for one of them, and one on which nobody listens. In the end the server dies, too."""
    days.happens()
    days.arrived(webhook)
    for kind in ("fails", "hangs", "garbage", "moved"):
        receiver.feels(kind)
        days.pass_with(webhook)
    receiver.kill()
    days.pass_with(webhook)
    assert days.server.kill()
    days.server.start()
    assert len(receiver.took()) == A_STEP, "nothing was taken in all this time"


def recover(home: Installation, days: Days, receiver: ReceiverProcess, webhook: str) -> None:
    """What is not three days old arrives by itself, the rest when a person sends it again."""
    receiver.feels("well")
    receiver.start()
    days.arrived(webhook)
    dead, told = days.dead(webhook), {e.id for e in days.events()}
    assert dead and {c["id"] for c in receiver.took()} == told - dead
    assert in_order(receiver.took())
    home.run("webhooks", "resend", webhook)
    days.arrived(webhook)
    assert {c["id"] for c in receiver.took()} == told and not days.dead(webhook)
    assert in_order(receiver.took(), dead) and in_order([c for c in receiver.took() if c["id"] in dead])


def move(home: Installation, days: Days, receiver: ReceiverProcess, webhook: str) -> None:
    """It leaves for another address with changes under way; a person registers that one after the last change that it had."""
    receiver.kill()
    days.pass_with(webhook)
    had = len(receiver.took())
    last = max(c["id"] for c in receiver.took())
    home.run("webhooks", "remove", webhook)
    receiver.moves()
    receiver.start()
    moved = add(home, receiver.url, "--after", str(last))
    days.happens()
    days.wait(lambda: {c["id"] for c in receiver.took()} == {e.id for e in days.events()})
    fresh = receiver.took()[had:]
    assert in_order(fresh) and len(fresh) == (STEPS_A_DAY + 1) * A_STEP and not days.dead(moved)
    receiver.kill()
