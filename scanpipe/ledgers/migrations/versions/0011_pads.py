"""Sheets of pads: they have no candidate until they are bound."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("sheet") as sheet:
        sheet.alter_column("candidate", existing_type=sa.String(20), nullable=True)
        sheet.alter_column("question", existing_type=sa.String(20), nullable=True)
        sheet.add_column(sa.Column("bound", _big))
