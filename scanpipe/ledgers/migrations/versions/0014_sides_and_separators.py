"""Both sides of a sheet of paper; separators, and the stacks that they open."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("sheet", sa.Column("sides", sa.Integer, nullable=False, server_default="1"))
    op.add_column("page", sa.Column("side", sa.Integer))
    op.create_table(
        "separator_print",
        sa.Column("serial", sa.String(16), primary_key=True),
        sa.Column("room", sa.String(100), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("count", sa.Integer),
        sa.Column("person", sa.String(100), nullable=False),
        sa.Column("test", sa.String(40)),
    )
    op.create_table(
        "separator",
        sa.Column("scan", sa.String(64), primary_key=True),
        sa.Column("page", sa.Integer, primary_key=True),
        sa.Column("serial", sa.String(16), nullable=False),
        sa.Column("stack", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("event", _big, nullable=False),
    )
    for name in ("serial", "stack", "name"):
        op.create_index(f"ix_separator_{name}", "separator", [name])
