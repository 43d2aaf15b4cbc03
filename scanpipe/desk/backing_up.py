"""A copy of the ledger and the keys in a folder of its own, proven when it is made and again when it is taken back.

<folder>/ledger.db     the whole ledger, as an SQLite file, whatever database it came from
<folder>/keys.json     the signing keys: keep the folder as secret as data_dir
<folder>/backup.json   when, how many events, the end of the chain, and the digests of the two
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from scanpipe.faults import FolderFault, LedgerFault, LedgerUnavailable, UsageFault
from scanpipe.ledgers import SqlLedger, copy_ledger, open_ledger

_LEDGER, _KEYS, _ABOUT = "ledger.db", "keys.json", "backup.json"
_TRIES, _PAUSE_S = 200, 0.02
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Backup:
    """What stands in `backup.json`. `head` is the hash at the end of the chain."""

    at: str
    events: int
    head: str
    digests: dict[str, str]


def back_up(ledger: SqlLedger, keys: Path, folder: Path, progress: Progress) -> Backup:
    """Copies into a new folder; work goes on meanwhile. Raises UsageFault, FolderFault, LedgerFault."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError as e:
        raise UsageFault(f"{folder} is there already", "Name a new folder: a backup overwrites nothing.") from e
    except OSError as e:
        raise FolderFault(f"{folder}: {e.strerror}", "Name a folder that can be written.") from e
    with open_ledger(f"sqlite:///{folder / _LEDGER}") as copy:
        copied = _copy_in_a_quiet_moment(ledger, copy, progress)
    shutil.copy(keys, folder / _KEYS)
    digests = {name: _digest(folder / name) for name in (_LEDGER, _KEYS)}
    backup = Backup(datetime.now(UTC).isoformat(timespec="seconds"), copied.rows["event"], copied.head, digests)
    (folder / _ABOUT).write_text(json.dumps(asdict(backup), indent=1) + "\n", encoding="utf-8")
    return backup


def _copy_in_a_quiet_moment(ledger: SqlLedger, copy: SqlLedger, progress: Progress):  # type: ignore[no-untyped-def]
    """In PostgreSQL an event is linked into the chain a moment after its commit: a copy needs a moment without such a one."""
    for _ in range(_TRIES):
        try:
            return copy_ledger(ledger, copy, progress)
        except LedgerUnavailable:
            time.sleep(_PAUSE_S)
    return copy_ledger(ledger, copy, progress)


def look_at(folder: Path) -> Backup:
    """What is in a backup, whose files are what they were. Raises UsageFault, LedgerFault."""
    try:
        backup = Backup(**json.loads((folder / _ABOUT).read_text(encoding="utf-8")))
        damaged = [name for name, digest in backup.digests.items() if _digest(folder / name) != digest]
    except (OSError, ValueError, TypeError) as e:
        raise UsageFault(
            f"{folder} is no backup, or not a whole one: {e}", "Name a folder of `scanpipe backup`."
        ) from e
    if damaged:
        raise LedgerFault(f"the backup is damaged: {', '.join(damaged)}", "Use another one.")
    return backup


def restore(folder: Path, ledger: SqlLedger, keys: Path, progress: Progress) -> Backup:
    """Copies a backup into an empty ledger, and its keys to where there are none. Raises UsageFault, LedgerFault."""
    backup = look_at(folder)
    if keys.exists() and keys.read_bytes() != (folder / _KEYS).read_bytes():
        hint = "Move that file away first, if its keys signed no sheet that is still to be read."
        raise UsageFault(f"{keys} has other keys than the backup", hint)
    with open_ledger(f"sqlite:///{folder / _LEDGER}") as copy:
        copied = copy_ledger(copy, ledger, progress)
    if copied.head != backup.head:
        raise LedgerFault("the backup's ledger does not end as it did when it was made", "Use another one.")
    shutil.copy(folder / _KEYS, keys)
    return backup


def _digest(file: Path) -> str:
    with file.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
