"""Files that come through the browser: kept in pieces until they are whole, then moved into the inbox as one job folder.

<data_dir>/uploads/<batch>/batch.json   who, when, which files; once it was handed in: their digests
<data_dir>/uploads/<batch>/files/<n>    what has come of a file so far

A piece is put behind what is there already or not taken at all, so a connection may drop at any time. Handing in puts on record
what is handed in, then moves the files; whatever was interrupted is done by the next try, and the same bytes count once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from scanpipe.desk.parts import Parts
from scanpipe.faults import FolderUnavailable, Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.saying import of_system, say

ENDINGS = (".pdf", ".jpg", ".jpeg", ".png", ".heic", ".heif", ".tif", ".tiff")
MOST_FILES = 500
_KEPT_DAYS = 30
SPARE_BYTES = 2 * 2**30


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """`stamp` tells it from another one of this name: when it was changed last, say. `sha256` is empty until it was handed in.
    `kept`: it was handed in before, and its bytes are not here.
    """

    name: str
    size: int
    stamp: str
    sha256: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """`handed_in` is empty until it was; `job` is the name of its stack. `order` are numbers of files, if it has one."""

    id: str
    by: str
    at: str
    job: str
    files: tuple[UploadedFile, ...] = ()
    handed_in: str = ""
    order: tuple[int, ...] = ()

    @property
    def ordered(self) -> list[int]:
        """The numbers of the files that are in it, in their order."""
        there = [n for n, file in enumerate(self.files) if file.name]
        return [n for n in self.order if n in there] + [n for n in there if n not in self.order]


Record = Callable[[Transaction, Batch], object]


class Overlap(Exception):
    """A piece does not begin where the file ends. `size` is what is there."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


@dataclass(frozen=True, slots=True)
class Uploads:
    """`root` is the folder of the batches; a file may have `most_bytes`."""

    root: Path
    inbox: Path
    most_bytes: int

    def begin(self, by: str, job: str = "upload") -> Batch:
        """A new one. `job` is how the name of its folder begins: `phones.JOB` where it will be pictures from a phone."""
        self.sweep()
        now, id = datetime.now(UTC), secrets.token_hex(16)
        return self.begin_as(Batch(id, by, now.isoformat(timespec="seconds"), f"{job} {now:%Y-%m-%d %H%M} {id[:6]}"))

    def begin_as(self, batch: Batch) -> Batch:
        """Begins this one, unless it was begun before."""
        (self._folder(batch.id) / "files").mkdir(parents=True, exist_ok=True)
        with self._locked(batch.id):
            if (self._folder(batch.id) / "batch.json").exists():
                return self.batch(batch.id)
            for n in range(len(batch.files)):
                self.path(batch.id, n).touch()
            self._write(batch)
        return batch

    def batch(self, id: str) -> Batch:
        """Raises UnknownThing."""
        try:
            said = json.loads((self._folder(id) / "batch.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UnknownThing(say("there is no such upload"), say("Begin a new one.")) from None
        files = tuple(UploadedFile(**f) for f in said["files"])
        return Batch(**said | {"files": files, "order": tuple(said.get("order", ()))})

    def batches(self, by: str | None) -> list[Batch]:
        """Those of a person, or of all, the newest first."""
        folders = self.root.iterdir() if self.root.exists() else iter(())
        found = [self.batch(f.name) for f in folders if (f / "batch.json").exists()]
        return sorted((b for b in found if by in (None, b.by)), key=lambda b: b.at, reverse=True)

    def add(self, id: str, file: UploadedFile) -> int:
        """Announces a file; answers its number. The same file again has the same one. Raises Refused."""
        with self._locked(id):
            batch = self._open_batch(id)
            file = replace(file, name=plain_name(file.name), sha256="")
            if file in batch.files:
                return batch.files.index(file)
            self._check(batch, file.name, file.size)
            self._write(replace(batch, files=(*batch.files, file)))
            (self._folder(id) / "files" / str(len(batch.files))).touch()
            return len(batch.files)

    def remove(self, id: str, n: int) -> None:
        """Takes a file out of a batch again; the numbers of the others stay."""
        with self._locked(id):
            batch = self._open_batch(id)
            file = self._file(batch, n)
            files = [replace(file, name="", size=0) if i == n else f for i, f in enumerate(batch.files)]
            self._write(replace(batch, files=tuple(files)))
            os.truncate(self.path(id, n), 0)

    def put_in_order(self, id: str, order: Sequence[int]) -> Batch:
        """Gives the files of a batch an order, by their numbers. Raises Refused."""
        with self._locked(id):
            batch = replace(self._open_batch(id), order=tuple(order))
            self._write(batch)
            return batch

    def there(self, id: str, n: int) -> int:
        """How many bytes of a file have come. Raises UnknownThing."""
        file = self._file(self.batch(id), n)
        return file.size if file.kept else self.path(id, n).stat().st_size

    def is_whole(self, batch: Batch, n: int) -> bool:
        """Has all of a file come?"""
        file = self._file(batch, n)
        return file.kept or self.path(batch.id, n).stat().st_size == file.size

    def put(self, id: str, n: int, offset: int, piece: bytes) -> int:
        """Puts a piece behind what is there; answers how many bytes that makes. Raises Overlap, Refused, UnknownThing."""
        file = self._file(self._open_batch(id), n)
        try:
            with open(self.path(id, n), "r+b") as f:
                fcntl.flock(f, fcntl.LOCK_EX)
                there = f.seek(0, os.SEEK_END)
                if there != offset:
                    raise Overlap(there)
                if offset + len(piece) > file.size:
                    raise Refused(say("the file is larger than was announced"), say("Choose it again."))
                f.write(piece)
                return f.tell()
        except OSError as e:
            message = say("the upload cannot be kept: %(error)s", error=of_system(e))
            raise FolderUnavailable(message, say("Is the disk full? Try again.")) from e

    def hand_in(self, parts: Parts, id: str, record: Record | None = None) -> Batch:
        """Moves the files into the inbox, as one job folder. What was handed in before stays as it is. Raises Refused.

        `record` puts on record what is handed in; it is asked again where the process died after it did.
        """
        with self._locked(id):
            batch = self.batch(id)
            if not batch.handed_in:
                batch = self._sealed(batch)
                parts.ledger.write(lambda tx: (record or _note)(tx, batch))
                self._write(batch)
            self._move(batch)
        return batch

    def _sealed(self, batch: Batch) -> Batch:
        """With the digests of its files, which are whole and on the disk."""
        files = []
        for n, file in enumerate(batch.files):
            path = self.path(batch.id, n)
            if file.kept:
                files.append(file)
                continue
            if path.stat().st_size != file.size:
                raise Refused(
                    say("%(name)s has not come in whole", name=file.name),
                    say("Choose it again: it goes on where it ended."),
                )
            files.append(replace(file, sha256=_digest_on_disk(path)) if file.name else file)
        if not any(f.name for f in files):
            raise Refused(say("there is no file to hand in"), say("Choose some."))
        return replace(batch, files=tuple(files), handed_in=datetime.now(UTC).isoformat(timespec="seconds"))

    def _move(self, batch: Batch) -> None:
        """Into the inbox in one step: through a folder there that no watcher looks at, since it may be another file system."""
        source, hidden = self._folder(batch.id) / "files", self.inbox / f".{batch.job}"
        if not source.exists():
            return
        new = [n for n in batch.ordered if not batch.files[n].kept]
        try:
            shutil.rmtree(hidden, ignore_errors=True)
            hidden.mkdir()
            for place, n in enumerate(new, 1):
                shutil.copyfile(source / str(n), hidden / f"{place:03d} {batch.files[n].name}")
            _sync(hidden.iterdir())
            hidden.rename(self.inbox / batch.job) if new else hidden.rmdir()
        except OSError as e:
            message = say("the inbox does not take the files: %(error)s", error=of_system(e))
            raise FolderUnavailable(message, say("Hand in again.")) from e
        shutil.rmtree(source)

    def _check(self, batch: Batch, name: str, size: int) -> None:
        if not name.lower().endswith(ENDINGS):
            raise Refused(
                say("%(name)s: such files are not taken", name=name), say("Send %(what)s.", what=", ".join(ENDINGS))
            )
        if not 0 < size <= self.most_bytes:
            raise Refused(
                say("%(name)s is empty or too large", name=name),
                say("A file may have %(what)s MB.", what=self.most_bytes // 10**6),
            )
        if len(batch.files) >= MOST_FILES:
            raise Refused(
                say("more than %(most_files)s files", most_files=MOST_FILES), say("Hand these in, then begin anew.")
            )
        if shutil.disk_usage(self.root).free < 2 * size + SPARE_BYTES:
            raise Refused(say("the disk has no room for it"), say("Tell those who run this installation."))

    def drop(self, id: str) -> None:
        """Forgets a batch that was not handed in."""
        shutil.rmtree(self._folder(id), ignore_errors=True)

    def _open_batch(self, id: str) -> Batch:
        batch = self.batch(id)
        if batch.handed_in:
            raise Refused(say("this upload was handed in"), say("Begin a new one."))
        return batch

    def _file(self, batch: Batch, n: int) -> UploadedFile:
        if not 0 <= n < len(batch.files) or not batch.files[n].name:
            raise UnknownThing(say("there is no such file in this upload"), say("Choose it again."))
        return batch.files[n]

    def _folder(self, id: str) -> Path:
        if not re.fullmatch("[0-9a-f]{32}", id):
            raise UnknownThing(say("there is no such upload"), say("Begin a new one."))
        return self.root / id

    def path(self, id: str, n: int) -> Path:
        """What has come of a file so far."""
        return self._folder(id) / "files" / str(n)

    def _locked(self, id: str) -> _Lock:
        return _Lock(self._folder(id) / "lock")

    def _write(self, batch: Batch) -> None:
        """The whole of it, or what was there before."""
        path = self._folder(batch.id) / "batch.json"
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(batch), ensure_ascii=False), encoding="utf-8")
        _sync([new])
        os.replace(new, path)

    def sweep(self) -> None:
        """Forgets batches that nobody has touched for a month; what was handed in is on record."""
        self.root.mkdir(parents=True, exist_ok=True)
        for folder in self.root.iterdir():
            if time.time() - folder.stat().st_mtime > 86_400 * _KEPT_DAYS:
                shutil.rmtree(folder, ignore_errors=True)


def _note(tx: Transaction, batch: Batch) -> None:
    files = [{name: value for name, value in asdict(f).items() if name != "kept"} for f in batch.files if f.name]
    tx.append("upload_handed_in", by=batch.by, stack=batch.job, files=files)


class _Lock:
    """One request at a time changes a batch, whichever process serves it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        try:
            self._file = open(self._path, "w")
        except FileNotFoundError:
            raise UnknownThing(say("there is no such upload"), say("Begin a new one.")) from None
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        self._file.close()


def plain_name(name: str) -> str:
    """A name that is safe in any folder: no path, nothing that does not print, not hidden. What is plain stays as it is."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(". ")
    return kept.encode()[-180:].decode(errors="ignore").strip(". ") or "file"


def _digest_on_disk(path: Path) -> str:
    with open(path, "rb") as f:
        os.fsync(f.fileno())
        return hashlib.file_digest(f, "sha256").hexdigest()


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        with open(path, "rb") as f:
            os.fsync(f.fileno())
