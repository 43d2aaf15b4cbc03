"""The tables. `event` is the truth; the state tables are what the events add up to, kept so that one can look things up.

Accounts and tokens stand beside them: what is secret about them belongs into no event.
"""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA = "0004"
"""The Alembic revision that this code works with."""

metadata = sa.MetaData()

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite's whole numbers have 64 bits by any name, and only one of them makes a quick primary key."""

event = sa.Table(
    "event",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("scan", sa.String(64), index=True),
    sa.Column("page", sa.Integer),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("link", sa.BigInteger),
    sa.Index("event_link", "link", unique=True),
)
"""`link` is the event's place in the chain; null, with `previous` and `hash` empty, until it was linked."""
sa.Index("event_unlinked", event.c.id, postgresql_where=event.c.link.is_(None)).ddl_if(dialect="postgresql")

definition = sa.Table(
    "definition",
    metadata,
    sa.Column("test_id", sa.String(40), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("test", sa.String(40), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)
"""`test_id` is the id in capitals, since ids are unique without regard to case; `test` as it is written."""

sheet = sa.Table(
    "sheet",
    metadata,
    sa.Column("serial", sa.String(16), primary_key=True),
    sa.Column("test", sa.String(40), nullable=False),
    sa.Column("candidate", sa.String(20), nullable=False),
    sa.Column("question", sa.String(20), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("of", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Index("sheet_slot", "test", "candidate", "question"),
)

scan = sa.Table(
    "scan",
    metadata,
    sa.Column("scan", sa.String(64), primary_key=True),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("stack", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("size", _big, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("pages", sa.Integer),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)
sa.Index("scan_unopened", scan.c.scan, sqlite_where=scan.c.pages.is_(None), postgresql_where=scan.c.pages.is_(None))
"""`pages` is null until the file was opened; `seen` counts how often the same bytes came."""

page = sa.Table(
    "page",
    metadata,
    sa.Column("scan", sa.String(64), primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("test", sa.String(40)),
    sa.Column("candidate", sa.String(20)),
    sa.Column("question", sa.String(20)),
    sa.Column("serial", sa.String(16), index=True),
    sa.Column("key", sa.Text),
    sa.Column("sha256", sa.String(64)),
    sa.Column("media_type", sa.String(40)),
    sa.Column("reason", sa.String(40)),
    sa.Column("evidence", sa.Text),
    sa.Column("revision", sa.Integer),
    sa.Column("skew_deg", sa.Float),
    sa.Column("turn_deg", sa.Integer),
    sa.Column("dpi", sa.Float),
    sa.Column("decided_by", sa.Text),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("event", _big, nullable=False),
    sa.Index("page_slot", "test", "candidate", "question", "state"),
    sa.Index("page_state", "state", "event"),
)
"""`state` is waiting, placing, filed, held, blank, discarded or retired. `event` is the last event that changed the row."""

account = sa.Table(
    "account",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("role", sa.String(40), nullable=False),
    sa.Column("password", sa.String(200), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)
"""`password` is an Argon2id hash with its parameters."""

token = sa.Table(
    "token",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("tests", sa.Text, nullable=False),
    sa.Column("made", sa.String(32), nullable=False),
    sa.Column("expires", sa.String(32)),
    sa.Column("revoked", sa.String(32)),
    sa.Column("last_used", sa.String(32)),
)
"""`digest` is the SHA-256 of the token; `scopes` and `tests` are separated by commas, no tests means all of them."""

holder = sa.Table(
    "holder",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("beat", sa.DateTime(timezone=True), nullable=False),
)
"""The processes at work, where they may be on several machines: `beat` is when one last said that it lives, by the clock of the
database. No part of the record: who is at work on a scan stands with the scan."""
