"""The tables. `event` is the truth; the state tables are what the events add up to, kept so that one can look things up.

Accounts and tokens stand beside them: what is secret about them belongs into no event. The file is long because it is a list: no
table is of use to somebody who does not see those that it is joined with.
"""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA = "0016"
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
    sa.Index("event_type", "type", "id"),
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
    sa.Column("candidate", sa.String(20)),
    sa.Column("question", sa.String(20)),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("of", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("bound", _big),
    sa.Column("sides", sa.Integer, nullable=False, server_default="1"),
    sa.Index("sheet_slot", "test", "candidate", "question"),
)
"""A sheet of a pad has no candidate, and one of an open pad no question, until it is bound: `bound` is the event that did.
`sides` is 2 where both are printed, each with codes of its own.
"""

separator_print = sa.Table(
    "separator_print",
    metadata,
    sa.Column("serial", sa.String(16), primary_key=True),
    sa.Column("room", sa.String(100), nullable=False),
    sa.Column("source", sa.String(100), nullable=False),
    sa.Column("count", sa.Integer),
    sa.Column("person", sa.String(100), nullable=False),
    sa.Column("test", sa.String(40)),
)
"""Pages that open a stack, as printed: `count` is how many sheets follow, `test` whose they are, where somebody said."""

separator = sa.Table(
    "separator",
    metadata,
    sa.Column("scan", sa.String(64), primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True),
    sa.Column("serial", sa.String(16), nullable=False, index=True),
    sa.Column("stack", sa.Text, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False, index=True),
    sa.Column("event", _big, nullable=False),
)
"""Separators that came: `stack` is what they were fed in, `name` that of the stack that each opens within it."""

generic_print = sa.Table(
    "generic_print",
    metadata,
    sa.Column("first", sa.String(16), primary_key=True),
    sa.Column("last", sa.String(16), nullable=False),
    sa.Column("layout", sa.String(40), nullable=False),
    sa.Column("test", sa.String(40)),
)
"""Generic sheets that were printed at once, from their first serial to their last; `test` where they count for one alone."""

coded = sa.Table(
    "coded",
    metadata,
    sa.Column("code", sa.String(12), primary_key=True),
    sa.Column("test", sa.String(40), primary_key=True),
    sa.Column("candidate", sa.String(20), nullable=False),
    sa.Column("question", sa.String(20), nullable=False),
    sa.Index("coded_test", "test", "candidate", "question"),
)
"""The codes that candidates shade on generic sheets, and the place that each names. Those of a test that is retired are reserved:
candidate and question are empty.
"""

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
    sa.Index("scan_stack", "stack", "position"),
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
    sa.Column("width_px", sa.Integer),
    sa.Column("height_px", sa.Integer),
    sa.Column("side", sa.Integer),
    sa.Index("page_slot", "test", "candidate", "question", "state"),
    sa.Index("page_state", "state", "event"),
    sa.Index("page_queue", "state", "reason", "test"),
)
"""`state` is waiting, placing, filed, held, blank, discarded, replaced, split, rescan, withdrawn, separator or retired
(`model.PageRecord`). `event` is the last event that changed the row; `width_px` and `height_px` are of its picture, null where an
earlier version made it; `side` is that of its sheet of paper, where both count.
"""

change = sa.Table(
    "change",
    metadata,
    sa.Column("event", _big, primary_key=True, autoincrement=False),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("test", sa.String(40), nullable=False),
    sa.Column("candidate", sa.String(20)),
    sa.Column("question", sa.String(20)),
    sa.Column("scan", sa.String(64)),
    sa.Column("page", sa.Integer),
    sa.Column("serial", sa.String(16)),
    sa.Column("sha256", sa.String(64)),
)
"""What an event changed in the slots (`changes.py`): a slot, or all of a test where `candidate` is null. `n` counts within
the event.
"""

decision = sa.Table(
    "decision",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("why", sa.Text),
    sa.Column("inverse", sa.Text, nullable=False),
    sa.Column("undone", _big),
)
"""What a person decided: `id` is its event, `inverse` the events that take it back (JSON), `undone` the event that did."""

decided = sa.Table(
    "decided",
    metadata,
    sa.Column("decision", _big, primary_key=True, autoincrement=False),
    sa.Column("scan", sa.String(64), primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True),
    sa.Index("decided_page", "scan", "page"),
)
"""The pages that a decision is about."""

also = sa.Table(
    "also",
    metadata,
    sa.Column("scan", sa.String(64), primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True),
    sa.Column("test", sa.String(40), primary_key=True),
    sa.Column("candidate", sa.String(20), primary_key=True),
    sa.Column("question", sa.String(20), primary_key=True),
    sa.Index("also_slot", "test", "candidate", "question"),
)
"""Further slots of a page, by reference: the same object, as long as the page is filed."""

place = sa.Table(
    "place",
    metadata,
    sa.Column("test", sa.String(40), primary_key=True),
    sa.Column("candidate", sa.String(20), primary_key=True),
    sa.Column("question", sa.String(20), primary_key=True),
    sa.Column("scan", sa.String(64), primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True),
    sa.Column("rank", sa.Integer, nullable=False),
)
"""The order of pages within a slot where a person gave one; others follow in the order of filing."""

pack = sa.Table(
    "pack",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("test", sa.String(40), nullable=False),
    sa.Column("printed_for", sa.String(20), nullable=False),
    sa.Column("handed_to", sa.String(20), nullable=False),
    sa.Column("swap", sa.Integer, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Index("pack_state", "state"),
)
"""A candidate who wrote on the sheets of another: `id` is the event in which somebody asked for the move, `state` asked, moved or
dropped. `swap`: 1 where the other one wrote on this one's sheets in turn.
"""

compared = sa.Table(
    "compared",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("other", sa.String(64), primary_key=True),
    sa.Column("same", sa.Integer, nullable=False),
)
"""Pictures that were laid over each other: `same` is 1 where they show the same drawing."""

print_read = sa.Table(
    "print_read",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("serial", sa.String(16)),
)
"""Pictures of held pages whose print was read: `serial` is the sheet that it names, null where it names none for certain."""

locked = sa.Table(
    "locked",
    metadata,
    sa.Column("test_id", sa.String(40), primary_key=True),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)
"""Tests whose grading began: what lies in their slots is not changed by a person's decision any more."""


def _said() -> tuple[sa.Column[str] | sa.Column[int], ...]:
    """By whom, when, and in which event."""
    return (
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("event", _big, nullable=False),
    )


counted = sa.Table(
    "counted",
    metadata,
    sa.Column("test", sa.String(40), primary_key=True),
    sa.Column("what", sa.String(12), primary_key=True),
    sa.Column("room", sa.String(100), primary_key=True),
    sa.Column("candidate", sa.String(20), primary_key=True),
    sa.Column("count", sa.Integer),
    sa.Column("serials", sa.Text, nullable=False),
    *_said(),
)
"""What an invigilator says of a room: `what` is handed_out or collected, `candidate` empty where the room as a whole is meant,
`serials` a JSON list.
"""

declared = sa.Table(
    "declared",
    metadata,
    sa.Column("test", sa.String(40), primary_key=True),
    sa.Column("candidate", sa.String(20), primary_key=True),
    sa.Column("question", sa.String(20), primary_key=True),
    sa.Column("count", sa.Integer),
    sa.Column("serials", sa.Text, nullable=False),
    *_said(),
)
"""What a candidate declared at hand-in, by question."""

attendance = sa.Table(
    "attendance",
    metadata,
    sa.Column("test", sa.String(40), primary_key=True),
    sa.Column("candidate", sa.String(20), primary_key=True),
    sa.Column("present", sa.Integer, nullable=False),
    *_said(),
)

stack_count = sa.Table(
    "stack_count",
    metadata,
    sa.Column("stack", sa.Text, primary_key=True),
    sa.Column("test", sa.String(40)),
    sa.Column("count", sa.Integer, nullable=False),
    *_said(),
)
"""How many pages a stack must have; `test` where it was said whose they are."""

closed = sa.Table(
    "closed",
    metadata,
    sa.Column("test", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("expected", sa.Integer),
    sa.Column("received", sa.Integer),
    *_said(),
)
"""Differences that a person closed, with the figures that they had then: with others they are open again."""

mentioned = sa.Table(
    "mentioned",
    metadata,
    sa.Column("what", sa.String(12), primary_key=True),
    sa.Column("value", sa.String(120), primary_key=True),
    sa.Column("event", _big, primary_key=True, autoincrement=False),
)
"""Whom and what an event names, where neither its type nor its page tells: `what` is by, test (in capitals), candidate or
question (the same). To search the log by; see `ledgers/log.py`.
"""

notice = sa.Table(
    "notice",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("since", sa.String(32), nullable=False),
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("params", sa.Text, nullable=False),
    sa.Column("ended", sa.String(32)),
    sa.Index("notice_ended", "ended"),
    sa.Index("notice_subject", "kind", "subject"),
)
"""What people were told: `id` is the event with which it began, `ended` when it was over; null: it stands. `params` (JSON) go
into its sentence.
"""

session = sa.Table(
    "session",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(80), nullable=False, index=True),
    sa.Column("role", sa.String(40)),
    sa.Column("made", sa.String(32), nullable=False),
    sa.Column("seen", sa.String(32), nullable=False),
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("language", sa.String(5)),
    sa.Column("grant", sa.Text),
    sa.Column("checked", sa.String(32)),
)
"""Who is signed in: `digest` is the SHA-256 of the cookie, `secret` guards forms (CSRF). `role` is what an identity provider
said when it was `checked`; null means that the account says it. `grant` is what the provider is asked again with, sealed with the
cookie, which is nowhere here.
"""

looking = sa.Table(
    "looking",
    metadata,
    sa.Column("by", sa.String(80), primary_key=True),
    sa.Column("scan", sa.String(64), nullable=False),
    sa.Column("page", sa.Integer, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)
"""Who has a held page open. No part of the record."""

chosen_language = sa.Table(
    "chosen_language",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("language", sa.String(5), nullable=False),
)
"""In which language a person reads the pages, with an account or by an identity provider. No part of the record."""

account = sa.Table(
    "account",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("role", sa.String(40), nullable=False),
    sa.Column("password", sa.String(200), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("tests", sa.Text, nullable=False, server_default=""),
    sa.Column("rooms", sa.Text, nullable=False, server_default=""),
    sa.Column("ended", sa.String(32)),
)
"""`password` is an Argon2id hash with its parameters; empty where an identity provider lets the person in. `tests` and `rooms`,
separated by commas, are those that the person works on, where their role is bound to some.
"""

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

received = sa.Table(
    "received",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("by", sa.String(100), nullable=False),
    sa.Column("key", sa.String(255)),
    sa.Column("scan", sa.String(64), nullable=False, index=True),
    sa.Column("size", _big, nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("handed_in", sa.String(32)),
    sa.Index("received_key", "by", "key", unique=True),
)
"""Scans that programs sent through the API, for a month: `id` is the upload, `key` its Idempotency-Key,
`handed_in` when it was moved into the inbox. The record of it is the event upload_handed_in.
"""

link = sa.Table(
    "link",
    metadata,
    sa.Column("id", sa.String(24), primary_key=True),
    sa.Column("test", sa.String(40), nullable=False),
    sa.Column("candidate", sa.String(20), nullable=False),
    sa.Column("question", sa.String(20), nullable=False),
    sa.Column("closes", sa.String(32), nullable=False),
    sa.Column("grace_minutes", sa.Integer, nullable=False),
    sa.Column("most_pages", sa.Integer, nullable=False),
    sa.Column("most_bytes", _big, nullable=False),
    sa.Column("ended", sa.String(32)),
    *_said(),
    sa.Index("link_slot", "test", "candidate", "question"),
)
"""Ways in for candidates who hand in from home: each to one slot, until `closes` and its minutes of grace."""

submission = sa.Table(
    "submission",
    metadata,
    sa.Column("id", _big, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("link", sa.String(24), nullable=False, index=True),
    sa.Column("test", sa.String(40), nullable=False),
    sa.Column("candidate", sa.String(20), nullable=False),
    sa.Column("question", sa.String(20), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("late", sa.Integer, nullable=False),
    sa.Column("files", sa.Text, nullable=False),
    sa.Index("submission_slot", "test", "candidate", "question", "version", unique=True),
)
"""What was handed in at once by a link: `id` is its event, `version` counts within the slot, `files` a JSON list in its order.
`late`: 1 where it came after the deadline and its grace, or after grading began: it replaces nothing.
"""

submitted = sa.Table(
    "submitted",
    metadata,
    sa.Column("scan", sa.String(64), primary_key=True),
    sa.Column("submission", _big, nullable=False, index=True),
    sa.Column("position", sa.Integer, nullable=False),
)
"""The file that came by a link, and the last submission in time that has it: this is what names the slot of its pages."""

link_key = sa.Table(
    "link_key",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("link", sa.String(24), nullable=False, index=True),
    sa.Column("made", sa.String(32), nullable=False),
)
"""`digest` is the SHA-256 of a link's secret. No part of the record."""

visit = sa.Table(
    "visit",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("link", sa.String(24), nullable=False),
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("made", sa.String(32), nullable=False),
)
"""A browser in which a link was opened: `digest` is the SHA-256 of its cookie, `secret` guards forms. No part of the record."""

webhook = sa.Table(
    "webhook",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("test", sa.String(40), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("key", sa.String(8), nullable=False),
    sa.Column("made", sa.String(32), nullable=False),
    sa.Column("by", sa.String(100), nullable=False),
    sa.Column("cursor", _big, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("rests_until", sa.String(32)),
)
"""Receivers of a test's changes: `key` is the id of the signing key that its secret is derived from, `cursor` the number of the
feed up to which its deliveries were noted. `failures` is how often in a row it could not be reached; then it rests. Who
registered and removed it are events.
"""

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("webhook", sa.String(16), primary_key=True),
    sa.Column("change", _big, primary_key=True, autoincrement=False),
    sa.Column("place", sa.String(41), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("made", sa.String(32), nullable=False),
    sa.Column("due", sa.String(32), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("at", sa.String(32)),
    sa.Column("status", sa.Integer),
    sa.Column("problem", sa.String(80)),
    sa.Index("delivery_due", "webhook", "state", "due"),
    sa.Index("delivery_place", "webhook", "place", "state", "change"),
)
"""What is sent to a webhook: `change` is a number of the feed, `place` candidate and question, within which the order is kept.
`state` is waiting, delivered or dead. What was delivered is forgotten after a month. No part of the record.
"""

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("until", sa.String(32), nullable=False),
)
"""What one process at a time does, and which one. No part of the record."""

notice_choice = sa.Table(
    "notice_choice",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("role", sa.String(40), nullable=False),
    sa.Column("address", sa.String(254), nullable=False),
    sa.Column("language", sa.String(5), nullable=False),
    sa.Column("mail", sa.Text, nullable=False),
    sa.Column("browser", sa.Text, nullable=False),
    sa.Column("gather_minutes", sa.Integer),
    sa.Column("quiet_hours", sa.String(11)),
)
"""How a person wants to be told. `mail` and `browser` are kinds of notices, separated by commas; `role` is what the person was
when they chose; no times of their own: the installation's. The address is personal: it is in no event.
"""

letter = sa.Table(
    "letter",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("notice", _big, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("urgent", sa.Integer, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("not_before", sa.String(32), nullable=False),
    sa.Column("problem", sa.Text),
    sa.Index("letter_state", "state", "name"),
)
"""A notice that a person is to be told by mail: `state` is waiting, sent, dropped (it was over, or the person does not want it
any more) or given_up. No part of the record.
"""

holder = sa.Table(
    "holder",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("beat", sa.DateTime(timezone=True), nullable=False),
    sa.Column("watching", sa.Integer, nullable=False, server_default="0"),
)
"""The processes at work, where they may be on several machines: `beat` is when one last said that it lives, by the clock of the
database, `watching` whether it works the hot folder. No part of the record: who is at work on a scan stands with the scan."""
