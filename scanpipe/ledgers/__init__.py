"""The ledger behind one contract: an append-only, hash-chained record of all that happened, and the state it adds up to.

`sql.py` has reading and writing; `sqlite.py` and `postgresql.py` what differs between the two (`database.py`: the port).
`tables.py` has the tables, `events.py` what each event changes in the state, `chain.py` the hash chain, `copying.py` the move to
another database.
"""

from __future__ import annotations

from scanpipe.ledgers.copying import Copied, copy_ledger
from scanpipe.ledgers.sql import SqlLedger
from scanpipe.ledgers.transaction import Transaction

__all__ = ["Copied", "SqlLedger", "Transaction", "copy_ledger", "open_ledger"]


def open_ledger(url: str) -> SqlLedger:
    """The ledger at an SQLAlchemy URL, made or brought up to date if need be. Raises LedgerFault."""
    return SqlLedger(url)
