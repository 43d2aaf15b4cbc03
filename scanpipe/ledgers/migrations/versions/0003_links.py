"""The place of an event in the chain is a column of its own: where many write at once it is known only after the commit."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


_KEPT = """
CREATE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.link IS NULL AND NEW.link IS NOT NULL AND (OLD.id, OLD.at, OLD.type, OLD.scan, OLD.page, OLD.data)
      IS NOT DISTINCT FROM (NEW.id, NEW.at, NEW.type, NEW.scan, NEW.page, NEW.data)
    THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the ledger is append-only';
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql()
    else:
        _on_sqlite()


def _on_sqlite() -> None:
    trigger = "CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    op.add_column("event", sa.Column("link", sa.BigInteger))
    op.execute("DROP TRIGGER event_no_update")
    op.execute("UPDATE event SET link = id")
    op.execute(trigger)
    op.create_index("event_link", "event", ["link"], unique=True)


def _on_postgresql() -> None:
    op.add_column("event", sa.Column("link", sa.BigInteger))
    op.create_index("event_link", "event", ["link"], unique=True)
    op.create_index("event_unlinked", "event", ["id"], postgresql_where=sa.text("link IS NULL"))
    for table, column in (("event", "id"), ("page", "event"), ("scan", "size")):
        op.alter_column(table, column, type_=sa.BigInteger)
    op.execute("CREATE SEQUENCE event_id")
    op.execute(_KEPT)
    each_row = "FOR EACH ROW EXECUTE FUNCTION event_is_kept()"
    op.execute(f"CREATE TRIGGER event_is_kept BEFORE UPDATE OR DELETE ON event {each_row}")
    all_of_it = "FOR EACH STATEMENT EXECUTE FUNCTION event_is_kept()"
    op.execute(f"CREATE TRIGGER event_is_not_emptied BEFORE TRUNCATE ON event {all_of_it}")


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken back; restore a backup")
