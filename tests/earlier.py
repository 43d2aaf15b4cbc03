"""A ledger as version 0.1.0 left it: for the tests of an upgrade."""

from __future__ import annotations

import sqlite3
from pathlib import Path

_TABLES = (
    "change",
    "holder",
    "decision",
    "decided",
    "also",
    "place",
    "pack",
    "compared",
    "print_read",
    "locked",
    "session",
    "looking",
    "received",
    "webhook",
    "delivery",
    "lease",
)
_TABLES += ("counted", "declared", "attendance", "stack_count", "closed")
_TABLES += ("mentioned", "notice", "notice_choice", "letter")
_TABLES += ("generic_print", "coded")
_TABLES += ("link", "submission", "submitted", "link_key", "visit")
_TABLES += ("separator_print", "separator", "chosen_language")
_INDEXES = ("scan_unopened", "event_link", "scan_stack", "page_queue", "event_type")


def make_earlier(ledger: Path) -> None:
    """Takes away what later versions added: an event's place in the chain was its number then."""
    with sqlite3.connect(ledger) as c:
        for table in _TABLES:
            c.execute(f"DROP TABLE {table}")
        for index in _INDEXES:
            c.execute(f"DROP INDEX {index}")
        c.execute("ALTER TABLE event DROP COLUMN link")
        for column in ("tests", "rooms", "ended"):
            c.execute(f"ALTER TABLE account DROP COLUMN {column}")
        c.execute("ALTER TABLE sheet DROP COLUMN sides")
        for column in ("width_px", "height_px", "side"):
            c.execute(f"ALTER TABLE page DROP COLUMN {column}")
        c.execute("UPDATE alembic_version SET version_num = '0002'")
    c.close()
