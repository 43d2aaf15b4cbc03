"""Taking a file in: a private copy, its fingerprint, the original into the store, and the first line in the ledger.

After that the file that came is not needed any more: whatever happens, the scan can be worked off from its original.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanpipe.desk.folders import second_name
from scanpipe.desk.parts import Parts
from scanpipe.faults import FolderFault, StoreFault
from scanpipe.ledgers import Transaction
from scanpipe.model import PageRecord, ScanRecord, Stack
from scanpipe.stages.unpack import HEAD_BYTES, sniff
from scanpipe.stores import Put

_CHUNK = 1 << 20
_TYPES = {
    "jpeg": ("jpg", "image/jpeg"),
    "png": ("png", "image/png"),
    "tiff": ("tif", "image/tiff"),
    "pdf": ("pdf", "application/pdf"),
    None: ("bin", "application/octet-stream"),
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file to take in: where it is, its name as people know it, and its place in what was fed together."""

    path: Path
    file: str
    stack: Stack


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A scan on record, and its pages as far as it is known how many there are.

    `again`: the same bytes came before. `copy` is a private copy of the bytes to work on.
    """

    scan: ScanRecord
    pages: tuple[PageRecord, ...]
    again: bool
    copy: Path


def shown_name(path: Path) -> str:
    """A file's name as it can be stored and shown: what is not text or not printable becomes a question mark in a diamond."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def take_in(parts: Parts, incoming: Incoming) -> TakenIn:
    """Puts the file on record and its bytes into the store. Raises FolderFault, StoreFault, LedgerFault."""
    copy, digest, size, head = _private_copy(parts, incoming.path)
    kind = sniff(head)
    extension, media_type = _TYPES[kind]
    key = f"originals/{digest[:2]}/{digest}.{extension}"
    about = {"file": incoming.file[-100:]}
    if parts.store.put_new(key, copy, sha256=digest, media_type=media_type, metadata=about) is Put.TAKEN:
        raise StoreFault(f"{key} holds other bytes than its name says", "Run `scanpipe verify`.")

    def record(tx: Transaction) -> tuple[ScanRecord | None, list[PageRecord], bool]:
        stack: dict[str, Any] = {
            "file": incoming.file,
            "stack": incoming.stack.name,
            "position": incoming.stack.position,
        }
        if tx.scan(digest) is not None:
            tx.append("scan_seen_again", scan=digest, **stack)
            return tx.scan(digest), tx.pages(digest), True
        tx.append("scan_taken_in", scan=digest, size=size, key=key, holder=parts.folders.holder, **stack)
        if kind in ("jpeg", "png"):
            tx.append("scan_unpacked", scan=digest, pages=1)
        return tx.scan(digest), tx.pages(digest), False

    scan, pages, again = parts.ledger.write(record)
    assert scan is not None
    return TakenIn(scan, tuple(pages), again, copy)


def fetch(parts: Parts, scan: ScanRecord) -> Path:
    """A private copy of a scan's original, from the store: to finish what a dead process began."""
    copy = _new_copy(parts)
    with parts.store.open(scan.key) as source, open(copy, "wb") as out:
        while chunk := source.read(_CHUNK):
            out.write(chunk)
    return copy


def _private_copy(parts: Parts, path: Path) -> tuple[Path, str, int, bytes]:
    """Bytes that nobody else can change, with SHA-256, size and first bytes: what is on record is what is worked on.

    A claimed file serves as it is where nobody else can write to it; any other is copied. One that was written to meanwhile is
    copied once more, until it was not.
    """
    copy = _new_copy(parts)
    try:
        if second_name(parts.folders, path, copy):
            return copy, *_told(copy)
        while True:
            before = path.stat()
            shutil.copyfile(path, copy)
            after = path.stat()
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                return copy, *_told(copy)
    except OSError as e:
        copy.unlink(missing_ok=True)
        raise FolderFault(f"{path}: {e.strerror}", "Check the file's rights and the free space.") from e


def _told(copy: Path) -> tuple[str, int, bytes]:
    with open(copy, "rb", buffering=0) as f:
        digest = hashlib.file_digest(f, "sha256").hexdigest()
        return digest, f.tell(), os.pread(f.fileno(), HEAD_BYTES, 0)


def _new_copy(parts: Parts) -> Path:
    """A new name in the folder of this thread, which has one scan at a time."""
    folder = parts.folders.own_work / threading.current_thread().name
    with suppress(FileExistsError):
        os.mkdir(folder)
    return folder / secrets.token_hex(8)
