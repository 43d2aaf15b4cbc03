"""What persons decide, and how it is taken back; further slots and the order in slots; who is signed in."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _slot() -> tuple[sa.Column[str], ...]:
    sizes = {"test": 40, "candidate": 20, "question": 20}
    return tuple(sa.Column(name, sa.String(size), primary_key=True) for name, size in sizes.items())


def _page() -> tuple[sa.Column[str], sa.Column[int]]:
    return sa.Column("scan", sa.String(64), primary_key=True), sa.Column("page", sa.Integer, primary_key=True)


def upgrade() -> None:
    for column in ("tests", "rooms"):
        op.add_column("account", sa.Column(column, sa.Text, nullable=False, server_default=""))
    op.add_column("account", sa.Column("ended", sa.String(32)))
    op.add_column("holder", sa.Column("watching", sa.Integer, nullable=False, server_default="0"))
    op.create_index("scan_stack", "scan", ["stack", "position"])
    op.create_index("page_queue", "page", ["state", "reason", "test"])
    op.create_table(
        "decision",
        sa.Column("id", _big, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("inverse", sa.Text, nullable=False),
        sa.Column("undone", _big),
    )
    decided = sa.Column("decision", _big, primary_key=True, autoincrement=False)
    op.create_table("decided", decided, *_page())
    op.create_index("decided_page", "decided", ["scan", "page"])
    op.create_table("also", *_page(), *_slot())
    op.create_index("also_slot", "also", ["test", "candidate", "question"])
    op.create_table("place", *_slot(), *_page(), sa.Column("rank", sa.Integer, nullable=False))
    op.create_table(
        "pack",
        sa.Column("id", _big, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("test", sa.String(40), nullable=False),
        sa.Column("printed_for", sa.String(20), nullable=False),
        sa.Column("handed_to", sa.String(20), nullable=False),
        sa.Column("swap", sa.Integer, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
    )
    op.create_index("pack_state", "pack", ["state"])
    op.create_table(
        "compared",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("other", sa.String(64), primary_key=True),
        sa.Column("same", sa.Integer, nullable=False),
    )
    op.create_table(
        "print_read",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("serial", sa.String(16)),
    )
    op.create_table(
        "locked",
        sa.Column("test_id", sa.String(40), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("role", sa.String(40)),
        sa.Column("made", sa.String(32), nullable=False),
        sa.Column("seen", sa.String(32), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("language", sa.String(5)),
        sa.Column("grant", sa.Text),
        sa.Column("checked", sa.String(32)),
    )
    op.create_index("ix_session_name", "session", ["name"])
    op.create_table(
        "looking",
        sa.Column("by", sa.String(80), primary_key=True),
        sa.Column("scan", sa.String(64), nullable=False),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken back; restore a backup")
