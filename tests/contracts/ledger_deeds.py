"""What the desk does to a ledger, in small: shared by the tests of ledgers."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scanpipe.definitions import digest, to_json
from scanpipe.ledgers import SqlLedger, Transaction, open_ledger
from scanpipe.ledgers.chain import first_break
from scanpipe.model import Claims, Filed, Held, PageId, Reason, TestDefinition
from scanpipe.stages.validate import validate


def scan_id(name: object) -> str:
    """A digest for a scan of this name."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def register(tx: Transaction, definition: TestDefinition, revision: int = 1) -> int:
    body, sha = to_json(definition), digest(definition)
    return tx.append("definition_registered", test=definition.id, revision=revision, digest=sha, body=body)


def take_in(tx: Transaction, scan: str, pages: int | None = 1, file: str = "skann å.jpg") -> None:
    stack = {"file": file, "stack": "bunke 1", "position": 1}
    tx.append("scan_taken_in", scan=scan, size=1000, key=f"originals/{scan}", holder="1-a", **stack)
    if pages is not None:
        tx.append("scan_unpacked", scan=scan, pages=pages)


def print_sheets(tx: Transaction, test: str, rows: list[tuple[str, str, str]], revision: int = 1) -> None:
    """Rows of serial, candidate, question."""
    sheets = [[*row, 1, 1] for row in rows]
    tx.append("sheets_printed", test=test, revision=revision, sheets=sheets, by="office")


def columns(claims: Claims, key: str = "k") -> dict[str, object]:
    """All columns of a page that has a place."""
    slot = {"test": claims.test, "candidate": claims.candidate, "question": claims.question, "serial": claims.serial}
    picture = {
        "key": key,
        "sha256": "0" * 64,
        "media_type": "image/jpeg",
        "skew_deg": 0.5,
        "turn_deg": 90,
        "dpi": 300.0,
    }
    return slot | picture | {"evidence": "{}", "revision": 1, "reason": None, "decided_by": None}


def place(ledger: SqlLedger, page: PageId, claims: Claims) -> Reason | None:
    """Judges a page and takes its place in one transaction, as filing does; the reason for holding it, or None."""

    def decide(tx: Transaction) -> Filed | Held:
        verdict = validate(claims, tx.facts(claims, page), {})
        if isinstance(verdict, Filed):
            tx.append("page_placing", scan=page.scan, page=page.index, **columns(claims))
        else:
            held = columns(claims) | {"reason": str(verdict.reason)}
            tx.append("page_held", scan=page.scan, page=page.index, **held)
        return verdict

    verdict = ledger.write(decide)
    return None if isinstance(verdict, Filed) else verdict.reason


def look(url: str, query: str) -> list[tuple[Any, ...]]:
    """What somebody sees who comes to the database without scanpipe."""
    named = sa.make_url(url)
    named = named.set(drivername="postgresql+psycopg") if named.drivername == "postgresql" else named
    engine = sa.create_engine(named, poolclass=sa.NullPool)
    with engine.connect() as c:
        return [tuple(row) for row in c.exec_driver_sql(query)]


def tamper(path: Path, *statements: str, free: bool = True) -> None:
    """What somebody with the file in hand can do to it."""
    c = sqlite3.connect(path)
    try:
        for trigger in ("event_no_update", "event_no_delete") if free else ():
            c.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            c.execute(statement)
        c.commit()
    finally:
        c.close()


def findings(path: Path) -> tuple[int | None, list[str]]:
    """The first event that does not follow, and what of the state is not what the events add up to."""
    with open_ledger(f"sqlite:///{path}") as ledger:
        return first_break(ledger.events()), ledger.difference()
