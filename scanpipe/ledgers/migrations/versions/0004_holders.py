"""Which processes live, for those of other machines; and scans that nobody has opened are found without reading all."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "holder",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("beat", sa.DateTime(timezone=True), nullable=False),
    )
    unopened = sa.text("pages IS NULL")
    op.create_index("scan_unopened", "scan", ["scan"], sqlite_where=unopened, postgresql_where=unopened)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken back; restore a backup")
