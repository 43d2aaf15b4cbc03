"""Links by which candidates hand in from home, and what came by them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "link",
        sa.Column("id", sa.String(24), primary_key=True),
        sa.Column("test", sa.String(40), nullable=False),
        sa.Column("candidate", sa.String(20), nullable=False),
        sa.Column("question", sa.String(20), nullable=False),
        sa.Column("closes", sa.String(32), nullable=False),
        sa.Column("grace_minutes", sa.Integer, nullable=False),
        sa.Column("most_pages", sa.Integer, nullable=False),
        sa.Column("most_bytes", _big, nullable=False),
        sa.Column("ended", sa.String(32)),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("event", _big, nullable=False),
    )
    op.create_index("link_slot", "link", ["test", "candidate", "question"])
    op.create_table(
        "submission",
        sa.Column("id", _big, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("link", sa.String(24), nullable=False),
        sa.Column("test", sa.String(40), nullable=False),
        sa.Column("candidate", sa.String(20), nullable=False),
        sa.Column("question", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("late", sa.Integer, nullable=False),
        sa.Column("files", sa.Text, nullable=False),
    )
    op.create_index("ix_submission_link", "submission", ["link"])
    op.create_index("submission_slot", "submission", ["test", "candidate", "question", "version"], unique=True)
    op.create_table(
        "submitted",
        sa.Column("scan", sa.String(64), primary_key=True),
        sa.Column("submission", _big, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_index("ix_submitted_submission", "submitted", ["submission"])
    op.create_table(
        "link_key",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("link", sa.String(24), nullable=False),
        sa.Column("made", sa.String(32), nullable=False),
    )
    op.create_index("ix_link_key_link", "link_key", ["link"])
    op.create_table(
        "visit",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("link", sa.String(24), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("made", sa.String(32), nullable=False),
    )
