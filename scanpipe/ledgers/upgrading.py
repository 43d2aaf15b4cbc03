"""Runs the migrations."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from scanpipe.faults import LedgerFault
from scanpipe.ledgers.database import Database
from scanpipe.ledgers.replaying import CannotReplay

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: sa.Engine, database: Database) -> None:
    """Brings the tables of the database to the newest schema, in one transaction.

    Raises LedgerFault for a ledger that a later version of scanpipe made, and for one whose events do not add up.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as c:
            database.lock_schema(c)
            config.attributes["connection"] = c
            command.upgrade(config, "head")
    except CommandError as e:
        raise LedgerFault(f"the ledger is not of this version of scanpipe: {e}", "Install the newest version.") from e
    except CannotReplay as e:
        raise LedgerFault(
            f"the ledger cannot be brought up to date: {e.message}", "Nothing was changed: restore a backup."
        ) from e
