"""Any story that a ledger can be told, beside a model of what it adds up to."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scanpipe.ledgers import open_ledger, tables
from scanpipe.ledgers.chain import first_break
from scanpipe.model import Claims, PageId
from tests.contracts.ledger_deeds import columns, print_sheets, register, scan_id, take_in
from tests.helpers import definition
from tests.postgresql_server import start_server

TEST = "MA0001-2026H"
SCANS = st.integers(0, 4).map(scan_id)
STATES = ("waiting", "placing", "filed", "held", "blank", "discarded")


class Story(RuleBasedStateMachine):
    """Any legal sequence of events, beside a model of what it should add up to."""

    def __init__(self) -> None:
        super().__init__()
        self.url = self.new_url()
        self.ledger = open_ledger(self.url)
        self.states: dict[PageId, str] = {}
        self.scans: dict[str, tuple[int | None, int]] = {}
        self.revisions = self.serials = self.count = 0

    def add(self, type: str, page: PageId | None = None, **data: object) -> None:
        scan, index = (page.scan, page.index) if page else (None, None)
        self.ledger.write(lambda tx: tx.append(type, scan=scan, page=index, **data))
        self.count += 1

    def pages(self, *states: str) -> list[PageId]:
        return sorted(p for p, s in self.states.items() if s in states)

    def change(self, data: st.DataObject, before: tuple[str, ...], type: str, after: str, **values: object) -> None:
        page = data.draw(st.sampled_from(self.pages(*before)))
        self.add(type, page, **values)
        self.states[page] = after

    @rule(sketches=st.booleans())
    def a_definition(self, sketches: bool) -> None:
        self.revisions += 1
        self.ledger.write(lambda tx: register(tx, definition(sketches=sketches), self.revisions))
        self.count += 1

    @rule(count=st.integers(0, 3))
    def sheets(self, count: int) -> None:
        rows = [(f"{self.serials + n:08d}", "10001", "2a") for n in range(1, count + 1)]
        self.serials += count
        self.ledger.write(lambda tx: print_sheets(tx, TEST, rows))
        self.count += 1

    @rule(scan=SCANS)
    def a_scan(self, scan: str) -> None:
        if scan in self.scans:
            pages, seen = self.scans[scan]
            self.scans[scan] = pages, seen + 1
            self.ledger.write(lambda tx: tx.append("scan_seen_again", scan=scan, file="f", stack="s", position=1))
        else:
            self.scans[scan] = None, 1
            self.ledger.write(lambda tx: take_in(tx, scan, None))
        self.count += 1

    @precondition(lambda self: any(pages is None for pages, _ in self.scans.values()))
    @rule(data=st.data(), pages=st.integers(1, 3))
    def unpacked(self, data: st.DataObject, pages: int) -> None:
        scan = data.draw(st.sampled_from([s for s, (p, _) in self.scans.items() if p is None]))
        self.scans[scan] = pages, self.scans[scan][1]
        self.ledger.write(lambda tx: tx.append("scan_unpacked", scan=scan, pages=pages))
        self.states |= {PageId(scan, n): "waiting" for n in range(1, pages + 1)}
        self.count += 1

    @precondition(lambda self: self.pages("waiting"))
    @rule(data=st.data(), how=st.sampled_from(["placing", "held", "blank"]))
    def examined(self, data: st.DataObject, how: str) -> None:
        values = columns(Claims(TEST, "10001", "2a", "00000001"))
        self.change(data, ("waiting",), f"page_{how}", how, **values)

    @precondition(lambda self: self.pages("placing"))
    @rule(data=st.data())
    def filed(self, data: st.DataObject) -> None:
        self.change(data, ("placing",), "page_filed", "filed")

    @precondition(lambda self: self.pages("held", "blank", "discarded"))
    @rule(data=st.data(), deed=st.sampled_from([("page_retried", "waiting"), ("page_discarded", "discarded")]))
    def decided(self, data: st.DataObject, deed: tuple[str, str]) -> None:
        self.change(data, ("held", "blank", "discarded"), *deed, by="kari", why="å", decided_by="kari")

    @rule()
    def a_key(self) -> None:
        self.add("key_made", id="ABC")

    @rule()
    def closed_and_opened(self) -> None:
        self.ledger.close()
        self.ledger = open_ledger(self.url)

    @invariant()
    def the_state_is_that_of_the_model(self) -> None:
        with self.ledger.read() as r:
            assert {p.id: p.state for p in r.pages_in(*STATES)} == self.states
            assert {s.scan: (s.pages, s.seen) for s in r.scans()} == self.scans
            assert r.counts() == Counter(self.states.values())
            assert r.last_serial() == self.serials
            unfinished = {p.scan for p in self.pages("waiting", "placing")}
            unfinished |= {s for s, (pages, _) in self.scans.items() if pages is None}
            assert {s.scan for s in r.unfinished()} == unfinished

    def teardown(self) -> None:
        events = list(self.ledger.events())
        assert len(events) == self.count and first_break(events) is None
        assert self.ledger.difference() == []
        if self.states:
            with self.ledger.writing() as c:
                c.execute(sa.update(tables.page).values(event=tables.page.c.event + 1))
            assert self.ledger.difference() != []
        self.ledger.close()
        self.clean_up()

    def new_url(self) -> str:
        self.folder = tempfile.TemporaryDirectory()
        return f"sqlite:///{Path(self.folder.name) / 'ledger.db'}"

    def clean_up(self) -> None:
        self.folder.cleanup()


class StoryInPostgresql(Story):
    def new_url(self) -> str:
        server = start_server()
        assert not isinstance(server, str)
        return server.new_database()

    def clean_up(self) -> None:
        """The server goes at the end, with all its databases."""


_SETTINGS = settings(max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
TestStory = Story.TestCase
TestStory.settings = _SETTINGS
TestStoryInPostgresql = pytest.mark.usefixtures("postgresql")(StoryInPostgresql.TestCase)
TestStoryInPostgresql.settings = settings(_SETTINGS, max_examples=5)
