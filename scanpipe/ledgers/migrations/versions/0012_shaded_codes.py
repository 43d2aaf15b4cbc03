"""Generic sheets that were printed, and the codes that candidates shade on them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "generic_print",
        sa.Column("first", sa.String(16), primary_key=True),
        sa.Column("last", sa.String(16), nullable=False),
        sa.Column("layout", sa.String(40), nullable=False),
        sa.Column("test", sa.String(40)),
    )
    op.create_table(
        "coded",
        sa.Column("code", sa.String(12), primary_key=True),
        sa.Column("test", sa.String(40), primary_key=True),
        sa.Column("candidate", sa.String(20), nullable=False),
        sa.Column("question", sa.String(20), nullable=False),
    )
    op.create_index("coded_test", "coded", ["test", "candidate", "question"])
