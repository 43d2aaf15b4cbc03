"""Taking a file in: a private copy, its fingerprint, the original into the store, and the first line in the ledger.

After that the file that came is not needed any more: whatever happens, the scan can be worked off from its original.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
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
    "heic": ("heic", "image/heic"),
    "tiff": ("tif", "image/tiff"),
    "pdf": ("pdf", "application/pdf"),
    None: ("bin", "application/octet-stream"),
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file to take in: where it is, its name as people know it, and its place in what was fed together.

    `begun`: it was tried before, by this process or by one that is dead. If it is on record under this name, it did not come
    again.
    """

    path: Path
    file: str
    stack: Stack
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Original:
    """The bytes of a file: in the store under `key`, and as a private copy to work on."""

    scan: str
    size: int
    kind: str | None
    key: str
    copy: Path


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A scan on record, and its pages as far as it is known how many there are. `again`: the same bytes came before."""

    scan: ScanRecord
    pages: tuple[PageRecord, ...]
    again: bool


def shown_name(path: Path) -> str:
    """A file's name as it can be stored and shown: what is not text or not printable becomes a question mark in a diamond."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def store_original(parts: Parts, incoming: Incoming, work: Path) -> Original:
    """Puts the file's bytes into the store. `work` is the folder for the copy, which the caller empties.

    Raises FolderFault, StoreFault.
    """
    copy, digest, size, head = _private_copy(parts, incoming.path, work)
    kind = sniff(head)
    extension, media_type = _TYPES[kind]
    key = f"originals/{digest[:2]}/{digest}.{extension}"
    stack = incoming.stack
    about = {"file": incoming.file[-100:], "stack": stack.name[:100], "position": str(stack.position)}
    if parts.store.put_new(key, copy, sha256=digest, media_type=media_type, metadata=about) is Put.TAKEN:
        raise StoreFault(f"{key} holds other bytes than its name says", "Run `scanpipe verify`.")
    return Original(digest, size, kind, key, copy)


def put_on_record(parts: Parts, incoming: Incoming, original: Original) -> TakenIn:
    """The scan's first line in the ledger, or that it came again. Raises LedgerFault."""
    name = original.scan
    where: dict[str, Any] = {"file": incoming.file, "stack": incoming.stack.name, "position": incoming.stack.position}

    def record(tx: Transaction) -> tuple[ScanRecord | None, list[PageRecord], bool]:
        known = tx.scan(name)
        if known is None:
            holder = parts.folders.holder
            tx.append("scan_taken_in", scan=name, size=original.size, key=original.key, holder=holder, **where)
            if original.kind in ("jpeg", "png", "heic"):
                tx.append("scan_unpacked", scan=name, pages=1)
            return tx.scan(name), tx.pages(name), False
        again = not (incoming.begun and known.file == incoming.file)
        if again:
            tx.append("scan_seen_again", scan=name, **where)
        return tx.scan(name), tx.pages(name), again

    scan, pages, again = parts.ledger.write(record)
    assert scan is not None
    return TakenIn(scan, tuple(pages), again)


def count_on_record(parts: Parts, scan: ScanRecord, pages: int) -> list[PageRecord]:
    """How many pages the scan has, unless that is on record already; answers them. Raises LedgerFault."""

    def record(tx: Transaction) -> list[PageRecord]:
        known = tx.scan(scan.scan)
        if known is not None and known.pages is None:
            tx.append("scan_unpacked", scan=scan.scan, pages=pages)
        return tx.pages(scan.scan)

    return parts.ledger.write(record)


def take_over(parts: Parts, scan: ScanRecord) -> ScanRecord | None:
    """Makes a scan, whose process is dead, this process's own; None when another one was faster. Raises LedgerFault."""
    holder = parts.folders.holder

    def record(tx: Transaction) -> ScanRecord | None:
        known = tx.scan(scan.scan)
        if known is None or known.holder != scan.holder:
            return known if known is not None and known.holder == holder else None
        tx.append("scan_taken_over", scan=scan.scan, holder=holder)
        return tx.scan(scan.scan)

    return parts.ledger.write(record)


def fetch(parts: Parts, key: str, work: Path) -> Path:
    """A private copy of an original, from the store: to finish what a dead process began."""
    copy = _new_copy(work)
    with parts.store.open(key) as source, open(copy, "wb") as out:
        while chunk := source.read(_CHUNK):
            out.write(chunk)
    return copy


def _private_copy(parts: Parts, path: Path, work: Path) -> tuple[Path, str, int, bytes]:
    """Bytes that nobody else can change, with SHA-256, size and first bytes: what is on record is what is worked on.

    A claimed file serves as it is where nobody else can write to it; any other is copied. One that was written to meanwhile is
    copied once more, until it was not.
    """
    copy = _new_copy(work)
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
        raise FolderFault(f"{path}: {e.strerror}", "Check the file's rights and the free space.") from e


def _told(copy: Path) -> tuple[str, int, bytes]:
    with open(copy, "rb", buffering=0) as f:
        digest = hashlib.file_digest(f, "sha256").hexdigest()
        return digest, f.tell(), os.pread(f.fileno(), HEAD_BYTES, 0)


def _new_copy(work: Path) -> Path:
    return work / secrets.token_hex(8)
