"""Where results are put: a folder, or a ZIP. Neither ever writes over a file that is there and differs.

Files come as pieces of bytes, one file after the other, so that memory does not grow with them.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import platform
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from scanpipe.faults import FolderFault, FolderUnavailable, Refused
from scanpipe.saying import say

Pieces = Iterator[bytes]
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a ZIP, so that the same content gives the same bytes."""
_PLAIN_FILE = 0o100644 << 16
_WORKSHOP, _UNFINISHED = ".export-", "unfinished"
_NEW_PLACE = "Name another place with --out; nothing there was changed."


class Outlet(Protocol):
    """One hand-over."""

    written: int
    """How many files are new there."""

    def digest(self, name: str) -> str | None:
        """The SHA-256 of the file that is there under this name; None when there is none."""
        ...

    def read(self, name: str) -> bytes | None:
        """The bytes of the file that is there under this name; None when there is none."""
        ...

    def put(self, name: str, pieces: Pieces) -> str:
        """Puts a file and answers its SHA-256. Raises Refused where another one has its name, FolderFault."""
        ...


@contextmanager
def open_outlet(out: Path) -> Iterator[Outlet]:
    """A ZIP where `out` is called so, else a folder, made where it is missing. Raises FolderFault."""
    with _faults(out):
        if out.suffix.lower() == ".zip":
            with _archive(out) as archive:
                yield archive
        else:
            out.mkdir(parents=True, exist_ok=True)
            with _workshop(out) as workshop:
                yield Folder(out, workshop)


class Folder:
    def __init__(self, root: Path, workshop: Path) -> None:
        self._root = root
        self._workshop = workshop
        self.written = 0

    def digest(self, name: str) -> str | None:
        path = self._root / name
        return _digest(path) if os.path.lexists(path) else None

    def read(self, name: str) -> bytes | None:
        path = self._root / name
        return path.read_bytes() if path.is_file() else None

    def put(self, name: str, pieces: Pieces) -> str:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._workshop / _UNFINISHED
        with temporary.open("wb") as file:
            digest = _write(file, pieces)
        self.written += _settle(temporary, path)
        temporary.unlink(missing_ok=True)
        return digest


class Archive:
    """What a ZIP had before does not matter to its files: it is compared as a whole when it is finished."""

    def __init__(self, zip: zipfile.ZipFile) -> None:
        self._zip = zip
        self.written = 0

    def digest(self, name: str) -> str | None:
        return None

    def read(self, name: str) -> bytes | None:
        return None

    def put(self, name: str, pieces: Pieces) -> str:
        info = zipfile.ZipInfo(name, _EPOCH)
        info.external_attr = _PLAIN_FILE
        hash = hashlib.sha256()
        with self._zip.open(info, "w") as file:
            for piece in pieces:
                hash.update(piece)
                file.write(piece)
        self.written += 1
        return hash.hexdigest()


@contextmanager
def _archive(out: Path) -> Iterator[Archive]:
    out.parent.mkdir(parents=True, exist_ok=True)
    with _workshop(out.parent) as workshop:
        temporary = workshop / _UNFINISHED
        with temporary.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as zip:
                archive = Archive(zip)
                yield archive
            _flush(file)
        archive.written *= _settle(temporary, out)


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder in `folder` for what is not finished, gone at the end; those that killed exports of this machine left go first."""
    here = f"@{platform.node()}"
    for left in folder.glob(f"{_WORKSHOP}*{glob.escape(here)}"):
        if not _lives(left.name.removeprefix(_WORKSHOP).split("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    own = folder / f"{_WORKSHOP}{os.getpid()}-{secrets.token_hex(4)}{here}"
    own.mkdir()
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _lives(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _write(file: BinaryIO, pieces: Pieces) -> str:
    hash = hashlib.sha256()
    for piece in pieces:
        hash.update(piece)
        file.write(piece)
    _flush(file)
    return hash.hexdigest()


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _settle(temporary: Path, path: Path) -> bool:
    """Gives a finished file its name; False where it is there already. Raises Refused for another one of that name."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return _already(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _rename(temporary, path)
    return True


def _rename(temporary: Path, path: Path) -> bool:
    """For file systems without hard links, such as those of memory sticks."""
    if os.path.lexists(path):
        return _already(temporary, path)
    temporary.rename(path)
    return True


def _already(temporary: Path, path: Path) -> bool:
    if _digest(path) != _digest(temporary):
        raise Refused(say("%(path)s is there and differs", path=path), _NEW_PLACE)
    return False


def _digest(path: Path) -> str:
    """Of something that is no plain file, what no file has."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _faults(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = FolderUnavailable if error.errno in _FULL else FolderFault
        hint = "Name a place that you may write to and with space left; call it again, and it goes on."
        raise kind(f"{error.filename or out} cannot be written: {error.strerror or error}.", hint) from error
