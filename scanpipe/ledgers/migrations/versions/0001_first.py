"""The first schema: events, and what they add up to."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("scan", sa.String(64), index=True),
        sa.Column("page", sa.Integer),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "definition",
        sa.Column("test_id", sa.String(40), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("test", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_table(
        "sheet",
        sa.Column("serial", sa.String(16), primary_key=True),
        sa.Column("test", sa.String(40), nullable=False),
        sa.Column("candidate", sa.String(20), nullable=False),
        sa.Column("question", sa.String(20), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("of", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Index("sheet_slot", "test", "candidate", "question"),
    )
    op.create_table(
        "scan",
        sa.Column("scan", sa.String(64), primary_key=True),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("stack", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("pages", sa.Integer),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_table(
        "page",
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
        sa.Column("event", sa.Integer, nullable=False),
        sa.Index("page_slot", "test", "candidate", "question", "state"),
        sa.Index("page_state", "state", "event"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER event_no_{deed.lower()} BEFORE {deed} ON event "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken back; restore a backup")
