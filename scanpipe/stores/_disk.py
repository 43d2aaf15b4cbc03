"""The few things that the directory store asks of the operating system, and its errors as faults."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from scanpipe.faults import StoreFault, StoreUnavailable
from scanpipe.saying import of_system, say

STALE_AFTER_S = 86_400.0
_CHUNK = 1 << 20

_PASSING = {
    errno.ENOSPC: (say("the disk is full"), "Free some space there; nothing is lost, and what waits is filed then."),
    errno.EDQUOT: (say("the quota is used up"), "Free some space or raise the quota; what waits is filed then."),
    errno.EMFILE: (say("too many files are open"), "Raise the limit of open files (ulimit -n)."),
    errno.ENFILE: (say("too many files are open on this machine"), "Raise the limit of open files (fs.file-max)."),
    errno.ESTALE: (say("the network share was lost"), "Mount the share again."),
    errno.ETIMEDOUT: (say("the network share does not answer"), "Check the network and the file server."),
}
_LASTING = {
    errno.EROFS: (say("the file system is read-only"), "Mount it writable; after a disk error check the disk first."),
    errno.EACCES: (say("permission denied"), "Give the user that runs scanpipe permission to read and write there."),
    errno.EPERM: (say("not permitted"), "Give the user that runs scanpipe permission to read and write there."),
    errno.EFBIG: (
        say("the file is too large"),
        "Raise the limit of file size (ulimit -f), or use another file system.",
    ),
    errno.EIO: (say("the disk reports an error"), "Check the disk (dmesg) and restore from backup what is damaged."),
    errno.ENOTDIR: (say("a part of the path is a file"), "Two keys stand in each other's way; see what stands there."),
    errno.EISDIR: (
        say("a folder stands where a file belongs"),
        "Two keys stand in each other's way; see what stands there.",
    ),
}


@contextmanager
def disk_faults(path: str) -> Iterator[None]:
    """Errors of the operating system come out as StoreFault, or StoreUnavailable when they may pass."""
    try:
        yield
    except OSError as e:
        code = e.errno or 0
        at = os.fsdecode(e.filename) if isinstance(e.filename, str | bytes) else path
        kind = StoreUnavailable if code in _PASSING else StoreFault
        usual = (of_system(e), f"Check {path}; `scanpipe doctor` tries the store out.")
        what, hint = _PASSING.get(code) or _LASTING.get(code) or usual
        raise kind(say("Object store: %(problem)s: %(place)s", problem=what, place=at), hint) from e


def fsync_folder(path: str) -> None:
    """The names in a folder survive a power cut after this."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folders(path: str) -> list[str]:
    """Makes the folder and those above it that are missing; gives those it made. Cheaper than os.makedirs, which looks first."""
    try:
        os.mkdir(path)
    except FileExistsError:
        return []
    except FileNotFoundError:
        return [*make_folders(os.path.dirname(path)), *make_folders(path)]
    return [path]


def fresh_name(folder: str) -> str:
    """A path in `folder` that nobody else uses."""
    return f"{folder}/{os.getpid()}-{secrets.token_hex(8)}"


def sha256_of(path: str) -> str:
    """The digest of the file, in lower-case hex. Raises OSError."""
    with open(path, "rb", buffering=0) as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def copy_hashing(source: int, target: int) -> str:
    """Copies all bytes from one file descriptor to the other and gives their SHA-256."""
    hash = hashlib.sha256()
    while chunk := os.read(source, _CHUNK):
        hash.update(chunk)
        write_all(target, chunk)
    return hash.hexdigest()


def write_all(fd: int, body: bytes) -> None:
    """Writes every byte; the system may take fewer at a time."""
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(fd, rest) :]


def remove(path: str) -> None:
    """Removes a file that may be gone already."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def sweep(folder: str, now_s: float | None = None) -> None:
    """Removes what a process that was killed left in a folder of temporaries: all that is older than a day."""
    before_s = (time.time() if now_s is None else now_s) - STALE_AFTER_S
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_mtime < before_s:
                    os.unlink(entry.path)
