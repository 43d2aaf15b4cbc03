"""Scans that programs send: kept until they are whole, then handed in once, however often they are sent, as by the browser."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from scanpipe.desk.parts import Parts
from scanpipe.desk.tokens import may_see
from scanpipe.desk.uploads import ENDINGS, SPARE_BYTES, UploadedFile, Uploads, plain_name
from scanpipe.faults import FolderUnavailable, Refused, UnknownThing, UsageFault
from scanpipe.ledgers.accounts import Token
from scanpipe.ledgers.received import ReceivedScan
from scanpipe.model import PageRecord, ScanRecord


class TooLarge(Refused):
    """More bytes than a file may have."""


class KeyUsedBefore(Refused):
    """The sender has sent other bytes under this key."""


class Arriving:
    """A file that is on its way in: pieces go to the disk as they come. One thread at a time."""

    def __init__(self, uploads: Uploads, by: str, name: str) -> None:
        """Raises UsageFault for a name that is of no kind that is taken, FolderUnavailable."""
        self._uploads, self.name = uploads, plain_name(name)
        if not self.name.lower().endswith(ENDINGS):
            raise UsageFault("the file's name does not say what it is", f"It ends with {', '.join(ENDINGS)}.")
        self.batch = uploads.begin(by).id
        self.by = by
        self.size = 0
        self._digest = hashlib.sha256()
        self._file: IO[bytes] = open(uploads.path(self.batch, 0), "wb")  # noqa: SIM115

    def write(self, piece: bytes) -> None:
        """Raises TooLarge, FolderUnavailable."""
        self.size += len(piece)
        if self.size > self._uploads.most_bytes:
            raise TooLarge("the file is too large", f"It may have {self._uploads.most_bytes // 10**6} MB.")
        try:
            if shutil.disk_usage(self._uploads.root).free < SPARE_BYTES:
                raise FolderUnavailable("the disk has no room for it", "Try again later.")
            self._file.write(piece)
        except OSError as e:
            raise FolderUnavailable(f"the scan cannot be kept: {e.strerror}", "Try again later.") from e
        self._digest.update(piece)

    @property
    def scan(self) -> str:
        """The SHA-256 of what has come."""
        return self._digest.hexdigest()

    def close(self) -> None:
        self._file.close()

    def drop(self) -> None:
        """Forgets what has come."""
        self._file.close()
        self._uploads.drop(self.batch)


def hand_in(parts: Parts, uploads: Uploads, file: Arriving, key: str | None) -> ReceivedScan:
    """Hands in a file that has come whole. The same bytes under the same key are handed in once, and answered the same.

    Raises KeyUsedBefore, UsageFault when there is nothing in it, FolderUnavailable, LedgerFault.
    """
    if not file.size:
        file.drop()
        raise UsageFault("the file is empty", "Send it again.")
    file.close()
    try:
        uploads.add(file.batch, UploadedFile(file.name, file.size, ""))
    except Refused as e:  # its name and size were looked at before: the disk is full meanwhile
        file.drop()
        raise FolderUnavailable(e.message, "Try again later.") from e
    now = datetime.now(UTC).isoformat(timespec="seconds")
    new = ReceivedScan(file.batch, file.by, key, file.scan, file.size, now)
    noted = parts.ledger.write(lambda tx: tx.received().claim(new))
    if noted.scan != new.scan:
        file.drop()
        raise KeyUsedBefore("this key came with another file before", "Use a new key for each file.")
    if noted.handed_in is None:
        if noted.id == new.id or not _finished(parts, uploads, noted):
            uploads.hand_in(parts, new.id)
        parts.ledger.write(lambda tx: tx.received().mark(noted.id, now))
    for batch in {noted.id, new.id}:
        uploads.drop(batch)
    return noted


def _finished(parts: Parts, uploads: Uploads, noted: ReceivedScan) -> bool:
    """Hands in what died between its note and the inbox. False where it is not here: of another machine, or swept."""
    try:
        uploads.hand_in(parts, noted.id)
    except UnknownThing:
        return False
    return True


@dataclass(frozen=True, slots=True)
class ScanView:
    """What became of a scan. `record` is None as long as it waits in the inbox."""

    scan: str
    size: int
    record: ScanRecord | None
    pages: Sequence[PageRecord]

    @property
    def settled(self) -> bool:
        """Nothing is left to do for the machine."""
        known = self.record is not None and self.record.pages is not None
        return known and all(page.settled for page in self.pages)


def view_scan(parts: Parts, token: Token, scan: str) -> ScanView | None:
    """The scan, if the program sent it or may see the test of one of its pages; None else, and where there is none."""
    with parts.ledger.read() as r:
        record, pages = r.scan(scan), r.pages(scan)
        sent = r.received().of_scan(scan)
    own = not token.tests or any(received.by == token.who for received in sent)
    if (record is None and not sent) or not (own or any(p.test and may_see(token, p.test) for p in pages)):
        return None
    return ScanView(scan, record.size if record else sent[0].size, record, pages)
