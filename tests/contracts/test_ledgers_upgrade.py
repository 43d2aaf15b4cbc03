"""A ledger in PostgreSQL that an early version kept comes up to date, with what the feed would have told."""

from __future__ import annotations

from collections import Counter

from scanpipe.ledgers import open_ledger, tables
from scanpipe.ledgers.chain import first_break
from tests.earlier_postgresql import HELD_EVERY, make_early_postgresql
from tests.postgresql_server import PostgresqlServer

PAGES = 200


def test_an_early_ledger_in_postgresql_comes_up_to_date(postgresql: PostgresqlServer) -> None:
    url = postgresql.new_database()
    events = make_early_postgresql(url, PAGES)
    with open_ledger(url) as ledger:
        assert ledger.schema == tables.SCHEMA and ledger.count_events() == events
        assert first_break(ledger.events()) is None and ledger.difference() == []
        with ledger.read() as r:
            told = r.feed().after(0, 10 * PAGES).changes
        held = PAGES // HELD_EVERY
        assert Counter(c.type for c in told) == {"page_filed": PAGES - held, "page_on_its_way": held}
        about = {"decided_by": "kari", "why": "test print"}
        ledger.write(lambda tx: tx.append("page_discarded", scan=told[1].sha256, page=1, **about))
        assert ledger.difference() == [] and first_break(ledger.events()) is None
