"""Notices and who is told of them; what the log is searched by."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_CHUNK = 2000


def upgrade() -> None:
    op.create_index("event_type", "event", ["type", "id"])
    mentioned = op.create_table(
        "mentioned",
        sa.Column("what", sa.String(12), primary_key=True),
        sa.Column("value", sa.String(120), primary_key=True),
        sa.Column("event", _big, primary_key=True, autoincrement=False),
    )
    _fill(op.get_bind(), mentioned)
    op.create_table(
        "notice",
        sa.Column("id", _big, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("ended", sa.String(32)),
    )
    op.create_index("notice_ended", "notice", ["ended"])
    op.create_index("notice_subject", "notice", ["kind", "subject"])
    op.create_table(
        "notice_choice",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("mail", sa.Text, nullable=False),
        sa.Column("browser", sa.Text, nullable=False),
    )
    op.create_table(
        "letter",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("notice", _big, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("urgent", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("not_before", sa.String(32), nullable=False),
        sa.Column("problem", sa.Text),
    )
    op.create_index("letter_state", "letter", ["state", "name"])
    op.create_table(
        "keeper",
        sa.Column("task", sa.String(20), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until", sa.String(32), nullable=False),
    )


def _fill(c: sa.Connection, mentioned: sa.Table) -> None:
    """What the events so far name, as `ledgers/events.py` had it at this revision."""
    event = sa.table("event", *(sa.column(n) for n in ("id", "type", "scan", "data")))
    own = sa.or_(event.c.scan.is_(None), event.c.data.contains('"by":'), event.c.data.contains('"decided_by":"'))
    query = sa.select(event).where(sa.or_(own, event.c.type.in_(_OF_SLOTS))).order_by(event.c.id)
    last = 0
    while rows := c.execute(query.where(event.c.id > last).limit(_CHUNK)).fetchall():
        last = rows[-1].id
        found = [
            {"what": what, "value": value, "event": row.id}
            for row in rows
            for what, value in sorted(set(_mentions(row.type, row.scan, json.loads(row.data))))
        ]
        if found:
            c.execute(sa.insert(mentioned), found)


_OF_SLOTS = ("page_also", "page_not_also")
_OF_ROOMS = ("sheets_handed_out", "sheets_collected", "attendance_noted")


def _mentions(type: str, scan: str | None, data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in (data.get("by") or data.get("decided_by"), data.get("name")):
        if name:
            yield "by", name[:120]
    own = [data] if scan is None or type in _OF_SLOTS else []
    for values in own + ([v for _, _, _, v in data["inverse"]] if type == "decision_made" else []):
        if values.get("test"):
            yield "test", str(values["test"]).upper()[:120]
        for key in ("candidate", "printed_for", "handed_to"):
            if values.get(key):
                yield "candidate", str(values[key]).upper()[:120]
    for entry in data["entries"] if type in _OF_ROOMS else ():
        if entry[0]:
            yield "candidate", str(entry[0]).upper()[:120]
