"""The language that a person chose, by name; which questions events name, to search the log by.

No language is carried over: sessions that last keep theirs.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
_CHUNK = 2000
_OF_SLOTS = ("page_also", "page_not_also")


def upgrade() -> None:
    op.create_table(
        "chosen_language",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("language", sa.String(5), nullable=False),
    )
    _fill(op.get_bind())


def _fill(c: sa.Connection) -> None:
    """The questions that the events so far name, as `ledgers/events.py` had it at this revision."""
    event = sa.table("event", *(sa.column(n) for n in ("id", "type", "scan", "data")))
    mentioned = sa.table("mentioned", *(sa.column(n) for n in ("what", "value", "event")))
    own = sa.or_(event.c.scan.is_(None), event.c.type.in_(_OF_SLOTS))
    query = sa.select(event).where(own, event.c.data.contains('"question":"')).order_by(event.c.id)
    last = 0
    while rows := c.execute(query.where(event.c.id > last).limit(_CHUNK)).fetchall():
        last = rows[-1].id
        found = [
            {"what": "question", "value": value, "event": row.id}
            for row in rows
            for value in sorted(set(_questions(row.type, json.loads(row.data))))
        ]
        if found:
            c.execute(sa.insert(mentioned), found)


def _questions(type: str, data: dict[str, Any]) -> Iterator[str]:
    for values in [data, *([v for _, _, _, v in data["inverse"]] if type == "decision_made" else [])]:
        if values.get("question"):
            yield str(values["question"]).upper()[:120]


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken back; restore a backup")
