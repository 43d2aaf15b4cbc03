"""Every change to a slot has its row, for the grading system's feed; the size of a picture stands with its page."""

import sqlalchemy as sa
from alembic import op

from scanpipe.ledgers.replaying import replayed

revision = "0006"
down_revision = "0005"

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_CHUNK = 1000


def upgrade() -> None:
    for column in ("width_px", "height_px"):
        op.add_column("page", sa.Column(column, sa.Integer))
    change = op.create_table(
        "change",
        sa.Column("event", _big, primary_key=True, autoincrement=False),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("test", sa.String(40), nullable=False),
        sa.Column("candidate", sa.String(20)),
        sa.Column("question", sa.String(20)),
        sa.Column("scan", sa.String(64)),
        sa.Column("page", sa.Integer),
        sa.Column("serial", sa.String(16)),
        sa.Column("sha256", sa.String(64)),
    )
    _fill(change)


def _fill(change: sa.Table) -> None:
    """With what the events that there are would have written."""
    kept = op.get_bind()
    with replayed(kept) as fresh:
        rows = fresh.execute(sa.select(change).order_by(change.c.event, change.c.n))
        for chunk in rows.partitions(_CHUNK):
            kept.execute(sa.insert(change), [row._asdict() for row in chunk])
        page = sa.table("page", *(sa.column(name) for name in ("scan", "page", "width_px", "height_px")))
        sized = sa.select(page).where(page.c.width_px.is_not(None))
        for row in fresh.execute(sized):
            here = sa.and_(page.c.scan == row.scan, page.c.page == row.page)
            kept.execute(sa.update(page).where(here).values(width_px=row.width_px, height_px=row.height_px))


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken back; restore a backup")
