"""What is expected of a test: sheets handed out and collected, declared at hand-in, attendance, stacks; closed differences."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _key(**sizes: int) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.String(size), primary_key=True) for name, size in sizes.items())


def _said() -> tuple[sa.Column[str] | sa.Column[int], ...]:
    """By whom, when, and in which event."""
    return (
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("event", _big, nullable=False),
    )


def _how_many() -> tuple[sa.Column[str] | sa.Column[int], ...]:
    return sa.Column("count", sa.Integer), sa.Column("serials", sa.Text, nullable=False)


def upgrade() -> None:
    op.create_table("counted", *_key(test=40, what=12, room=100, candidate=20), *_how_many(), *_said())
    op.create_table("declared", *_key(test=40, candidate=20, question=20), *_how_many(), *_said())
    present = sa.Column("present", sa.Integer, nullable=False)
    op.create_table("attendance", *_key(test=40, candidate=20), present, *_said())
    stack = sa.Column("stack", sa.Text, primary_key=True), sa.Column("test", sa.String(40))
    op.create_table("stack_count", *stack, sa.Column("count", sa.Integer, nullable=False), *_said())
    op.create_table(
        "closed",
        *_key(test=40, kind=32),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("expected", sa.Integer),
        sa.Column("received", sa.Integer),
        *_said(),
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken back; restore a backup")
