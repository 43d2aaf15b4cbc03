"""The language that a person chose, by name. Nothing is carried over: sessions that last keep theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "chosen_language",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("language", sa.String(5), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken back; restore a backup")
