"""What programs send, where changes are sent to, and what one process at a time does."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "received",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("key", sa.String(255)),
        sa.Column("scan", sa.String(64), nullable=False),
        sa.Column("size", _big, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("handed_in", sa.String(32)),
    )
    op.create_index("ix_received_scan", "received", ["scan"])
    op.create_index("received_key", "received", ["by", "key"], unique=True)
    op.create_table(
        "webhook",
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
    op.create_table(
        "delivery",
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
    )
    op.create_index("delivery_due", "delivery", ["webhook", "state", "due"])
    op.create_index("delivery_place", "delivery", ["webhook", "place", "state", "change"])
    op.create_table(
        "lease",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken back; restore a backup")
