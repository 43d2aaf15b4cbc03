"""When a person wants their mails. NULL, as with all who chose before: when the installation says."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("notice_choice", sa.Column("gather_minutes", sa.Integer))
    op.add_column("notice_choice", sa.Column("quiet_hours", sa.String(11)))
