"""Notes in the share for operators without a browser: of each file and of each stack, in `done/` or in `held/`, as text and JSON.

Nothing is kept of what was written: a note follows from the ledger, and is written anew where it says something else, or is gone.
A process that is killed leaves at most a note that is old, and the next look mends it. No candidate is in a note.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scanpipe.desk.note_words import Note, file_note, stack_note
from scanpipe.desk.parts import Parts
from scanpipe.faults import FolderFault
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.figures import Opened
from scanpipe.model import ScanRecord

_DONE, _HELD = "done", "held"
_LOOKED_BACK = timedelta(hours=48)
_OVERLAP = 500
"""Events of several processes can appear a little late, with a number below the last one seen."""
_LONGEST_BYTES = 160
"""Of a note's name, without what is put around it."""


class ShareNotes:
    """Writes what is due, with each look. A stack is at its end at the next separator, and when nothing came for `silent_s`."""

    def __init__(self, parts: Parts, folder: Path, silent_s: float) -> None:
        self._parts, self._folder = parts, folder
        self._silent = timedelta(seconds=silent_s)
        self._last: int | None = None
        self._scans: set[str] = set()
        self._stacks: set[str] = set()

    def look(self, over: bool = False) -> bool:
        """`over`: nothing more comes. Raises LedgerFault, and FolderFault while the share is away: what is due stays due."""
        with self._parts.ledger.read() as r:
            self._follow(r)
            for scan in sorted(self._scans):
                self._of_file(r, scan)
            for stack in sorted(self._stacks):
                self._of_stack(r, stack, over)
        return False

    def _follow(self, r: Transaction) -> None:
        """What happened since the last look."""
        notes, last = r.spans().told, r.expected().last_event()
        if self._last is None:
            since = (datetime.now(UTC) - _LOOKED_BACK).isoformat(timespec="milliseconds")
            self._scans |= notes.scans_since(since)
        else:
            self._scans |= notes.scans_touched(self._last - _OVERLAP)
            self._stacks |= notes.stacks_counted(self._last - _OVERLAP)
        self._last = last

    def _of_file(self, r: Transaction, scan: str) -> None:
        record, pages = r.scan(scan), r.pages(scan)
        if record is None or not record.file:
            self._scans.discard(scan)
            return
        self._stacks.add(record.stack)
        if record.pages is None or not all(page.settled for page in pages):
            return  # it is due as long as it is on its way
        self._write(_place(record), file_note(record, pages))
        counts = _counts(r)
        own = r.spans().of_file(record) if counts else None
        if own is not None and own.name in counts:
            self._stacks.add(own.name)
        self._scans.discard(scan)

    def _of_stack(self, r: Transaction, stack: str, over: bool) -> None:
        """The stack as a whole, or what each separator opened in it. A file ends with its last page."""
        opened = r.figures().opened(stack)
        whole = r.figures().receipt(stack)
        if whole is None:
            self._stacks.discard(stack)
            return
        units = [*opened, Opened(whole, None, r.notices().standings.sheets_in(stack))]
        quiet = over or self._is_quiet(whole.last) or r.spans().file(stack) is not None
        counts = _counts(r)
        for number, unit in enumerate(units, 1):
            receipt, printed = unit.receipt, unit.printed
            moving = (
                receipt.states.get("waiting", 0) + receipt.states.get("placing", 0) + r.queue().unopened(receipt.stack)
            )
            if moving or not (quiet or number < len(opened)):
                continue  # its end is the next separator, or silence
            counted = counts.get(receipt.stack, printed.count if printed else None)
            note = stack_note(receipt, printed, counted, unit.sheets, r.spans().held_because(receipt.stack))
            self._write(Path(_safe(f"stack {receipt.stack}")), note)
        if quiet and not r.queue().unopened(stack):
            self._stacks.discard(stack)

    def _is_quiet(self, at: str) -> bool:
        return datetime.now(UTC) - datetime.fromisoformat(at) >= self._silent

    def _write(self, place: Path, note: Note) -> None:
        """The new note first, then the old one goes: there is never none."""
        here, elsewhere = (_HELD, _DONE) if note.held else (_DONE, _HELD)
        for ending, text in (
            (".txt", note.text),
            (".json", json.dumps(note.told, ensure_ascii=False, indent=1) + "\n"),
        ):
            name = place.with_name(place.name + ending)
            try:
                _put(self._folder / here / name, text)
                (self._folder / elsewhere / name).unlink(missing_ok=True)
            except OSError as e:
                raise FolderFault(f"{e.filename}: a note cannot be written: {e.strerror}", "Check notes.path.") from e


def _counts(r: Transaction) -> dict[str, int]:
    """How many sheets somebody said that stacks have."""
    return {name: count for name, _, count in r.expected().stack_counts()}


def _place(scan: ScanRecord) -> Path:
    """Where the note of a file lies: as the file in the inbox; its digest tells files of one name apart."""
    *folders, name = Path(scan.file).parts
    folders = [] if scan.file.startswith("/") else folders
    return Path(*map(_safe, folders), f"{_safe(name)} {scan.scan[:12]}")


def _safe(name: str) -> str:
    """As it can be the name of a file on any share."""
    told = "".join("_" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in name).strip(" .") or "_"
    return told.encode()[-_LONGEST_BYTES:].decode(errors="ignore")


def _put(path: Path, text: str) -> None:
    """Atomically, and only where something else stands there: whoever reads has all of it."""
    with suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}"[-250:])
    try:
        with open(temporary, "w", encoding="utf-8") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_place(folder: Path, inbox: Path) -> None:
    """Raises FolderFault for a folder whose notes would be taken in as scans."""
    if folder.resolve().is_relative_to(inbox.resolve()):
        raise FolderFault(f"{folder} is inside the inbox {inbox}", "Set notes.path to a folder beside it.")


def listed(folder: Path) -> Iterator[Path]:
    """All notes that lie there."""
    yield from sorted(p for kind in (_DONE, _HELD) for p in (folder / kind).rglob("*") if p.is_file())
