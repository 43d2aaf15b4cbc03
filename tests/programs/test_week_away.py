"""A client that was away for a week misses nothing and sees nothing twice.

While it is away and while it catches up the server is killed and started again, the clock goes on and back, and more happens.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.wiring import open_parts
from tests.clock import DAY_S, shift
from tests.installation import ROOT, Installation
from tests.postgresql_server import PostgresqlServer, postgresql
from tests.programs.conftest import MATHEMATICS, token
from tests.serving import MortalServer

sys.path.insert(0, str(ROOT / "examples"))
from scanpipe_client import Scanpipe  # type: ignore[import-not-found]

__all__ = ["postgresql", "shift"]
DAYS_BY_THE_CLOCK = (0, 1, 2, 3, 2, 4, 5, 6, 7)
"""On the fourth day the clock is set back, for a day."""


@dataclass
class Office:
    """Where things happen: pages are filed, some leave their slots, and some come back. `day` is what the clock says."""

    parts: Parts
    chance: random.Random = field(default_factory=lambda: random.Random(2))
    filed: int = 0

    def works(self, pages: int) -> None:
        for _ in range(0, pages, 50):
            self.parts.ledger.write(lambda tx: [self._file(tx) for _ in range(min(50, pages))])

    def _file(self, tx: Transaction) -> None:
        self.filed += 1
        n, scan = self.filed, f"{self.filed:064x}"
        slot = {"test": MATHEMATICS, "candidate": f"1000{n % 4 + 1}", "question": "2a"}
        tx.append("scan_taken_in", scan=scan, file="f", stack="s", position=n, size=1, key=f"o{n}", holder="h")
        tx.append("scan_unpacked", scan=scan, pages=1)
        tx.append("page_placing", scan=scan, page=1, **slot, serial=f"{n:08d}", sha256=scan, key=f"key {n}")
        tx.append("page_filed", scan=scan, page=1)
        if n % 5 == 0:
            other = f"{self.chance.randint(1, n):064x}"
            tx.append("page_withdrawn", scan=other, page=1, decided_by="kari", why="wrong tray")
            if n % 10 == 0:
                tx.append("page_restored", scan=other, page=1, state="filed")


class Client:
    """Asks for `limit` changes at a time, and knows from nothing but the changes what lies in the slots."""

    def __init__(self, url: str, secret: str, limit: int) -> None:
        self._client, self._limit = Scanpipe(url, secret), limit
        self.at = 0
        self.seen: list[dict[str, Any]] = []

    def ask(self) -> int:
        """Answers how many came."""
        told = json.loads(self._client.get(f"/api/v1/events?after={self.at}&limit={self._limit}"))
        self.seen += told["events"]
        self.at = told["next"]
        return len(told["events"])

    def catches_up(self) -> None:
        while self.ask():
            pass

    def pages(self) -> Counter[str]:
        """Digests of what is filed."""
        lies = Counter[str]()
        for event in self.seen:
            lies[event["sha256"]] += {"page_filed": 1, "page_left": -1}[event["type"]]
        return +lies


@pytest.fixture
def on_sqlite(home: Installation) -> Installation:
    return home


@pytest.fixture
def on_postgresql(home: Installation, postgresql: PostgresqlServer) -> Installation:
    url = postgresql.new_database()
    home.run("ledger", "copy", "-", url)
    return replace(home, more={"SCANPIPE__LEDGER__URL": url})


Set = Callable[[int], None]


@pytest.fixture
def set_clock(shift: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Set]:
    """Sets the clock of servers and that of this process's ledger so many days ahead."""
    days = 0

    def set_to(ahead: int) -> None:
        nonlocal days
        days = ahead
        shift.write_text(str(ahead * DAY_S))

    told = SimpleNamespace(now=lambda tz: datetime.now(UTC) + timedelta(days=days))
    monkeypatch.setattr("scanpipe.ledgers.transaction.datetime", told)
    return set_to


def week_away(home: Installation, set_clock: Set, pages_a_day: int, limit: int, kill_every: int) -> None:
    with open_parts(home.settings) as parts, MortalServer(home) as server:
        office, client = Office(parts), Client(server.url, token(parts, "events:read"), limit)
        office.works(pages_a_day)
        client.catches_up()
        before = len(client.seen)
        for day in DAYS_BY_THE_CLOCK:
            set_clock(day)
            office.works(pages_a_day)
            if day == 3:
                assert server.kill()
                server.start()
        answers = catch_up_while_more_comes(office, client, server, pages_a_day, kill_every)
        parts.ledger.link()
        client.catches_up()
        server.stop()
        check(parts, client)
    assert before and len(client.seen) - before > len(DAYS_BY_THE_CLOCK) * pages_a_day and answers > kill_every
    print(f"\n{len(client.seen)} changes, {answers} answers, {server.log.read_text().count('Serving')} starts")


def catch_up_while_more_comes(office: Office, client: Client, server: MortalServer, pages: int, kill_every: int) -> int:
    """The server is killed four times at most, every so many answers. Answers how many there were."""
    arriving = threading.Thread(target=lambda: [office.works(10) for _ in range(pages // 10)], daemon=True)
    arriving.start()
    answers = 0
    while client.ask() or arriving.is_alive():
        answers += 1
        if answers % kill_every == 0 and answers <= 4 * kill_every:
            assert server.kill()
            server.start()
    arriving.join()
    return answers


def check(parts: Parts, client: Client) -> None:
    ids = [e["id"] for e in client.seen]
    with parts.ledger.read() as r:
        kept = [c.id for c in r.feed().after(0, 1_000_000).changes]
        filed = Counter(p.sha256 for p in r.pages_in("filed"))
    assert ids == kept == sorted(set(ids)), "nothing is missing, nothing came twice"
    assert client.pages() == filed, "the changes add up to what the slots have"
    times = [e["at"] for e in client.seen]
    assert any(earlier > later for earlier, later in pairwise(times)), "the clock really went back"
    assert max(times) > (datetime.now(UTC) + timedelta(days=6)).isoformat()


def test_a_week_away(on_sqlite: Installation, set_clock: Set) -> None:
    week_away(on_sqlite, set_clock, pages_a_day=10, limit=20, kill_every=5)


@pytest.mark.proof
@pytest.mark.parametrize("kept_in", ["on_sqlite", "on_postgresql"])
def test_a_week_of_2000_pages_a_day_away(kept_in: str, set_clock: Set, request: pytest.FixtureRequest) -> None:
    week_away(request.getfixturevalue(kept_in), set_clock, pages_a_day=2000, limit=200, kill_every=20)
