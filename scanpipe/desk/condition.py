"""How it goes at this moment: who watches, how much room the disk has, what waits, and for how long."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scanpipe.desk.folders import files_below
from scanpipe.desk.parts import Parts


@dataclass(frozen=True, slots=True)
class Condition:
    """`in_inbox` files were not taken in yet, the oldest since `oldest_in_inbox`; `in_work` scans are not worked off, the oldest
    since `oldest_in_work` (times in ISO 8601, None where nothing waits).
    """

    watchers: int
    free_gb: float | None
    in_inbox: int
    oldest_in_inbox: str | None
    in_work: int
    oldest_in_work: str | None


def condition(parts: Parts) -> Condition:
    """Looks. Raises LedgerFault; a share that is away counts as one without files (`readiness` says that it is away)."""
    with parts.ledger.read() as r:
        unfinished = r.unfinished()
    arrived = _arrivals(parts.folders.inbox)
    return Condition(
        watchers=parts.ledger.watchers() or parts.folders.watchers(),
        free_gb=_free_gb(parts.folders.work),
        in_inbox=len(arrived),
        oldest_in_inbox=_moment(min(arrived)) if arrived else None,
        in_work=len(unfinished),
        oldest_in_work=min((s.at for s in unfinished), default=None),
    )


def _arrivals(inbox: Path) -> list[float]:
    """When each file in the inbox was last written."""
    found = []
    with suppress(OSError):
        for path in files_below(inbox):
            with suppress(FileNotFoundError):  # it was taken meanwhile
                found.append(path.stat().st_mtime)
    return found


def _free_gb(folder: Path) -> float | None:
    try:
        return shutil.disk_usage(folder).free / 1e9
    except OSError:
        return None


def _moment(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="seconds")
