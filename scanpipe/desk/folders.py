"""The folders that a process works in, each holder's own: what a dead process left behind can be told from what is in work.

<data_dir>/claimed/<holder>/…   taken out of the inbox, not yet on record
<data_dir>/work/<holder>/…      private copies and pictures; worthless once the holder is dead
<data_dir>/aside/…              files that came again
<data_dir>/holders/<holder>     locked as long as the holder lives
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scanpipe.faults import FolderFault, FolderUnavailable

_READ_ONLY = 0o444
_PASSING = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EROFS,
    errno.ESTALE,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
    errno.ETIMEDOUT,
}
_OLD_LOCK_S = 86_400
"""A younger one may be that of a process that is just about to lock it."""
_WATCHING = "watching"
_LONGEST_NAME_BYTES = 200
"""Of the 255 that a file system allows, so that there is room for what is put before a name."""


@dataclass(frozen=True, slots=True)
class Folders:
    inbox: Path
    claimed: Path
    aside: Path
    work: Path
    holders: Path
    holder: str
    _lock: IO[str]
    _elsewhere: Callable[[str], bool]

    @property
    def own_claimed(self) -> Path:
        return self.claimed / self.holder

    @property
    def own_work(self) -> Path:
        return self.work / self.holder

    def close(self) -> None:
        """Lets go of the folders; what is still in them is for the next process to finish."""
        shutil.rmtree(self.own_work, ignore_errors=True)
        remove_empty(self.own_claimed, self.claimed)
        if not self.own_claimed.exists():
            (self.holders / self.holder).unlink(missing_ok=True)
        self._lock.close()  # last: whoever is dead is inherited from

    def alive(self, holder: str) -> bool:
        """Does the process of this name still live? Where it has no lock here, it may be one of another machine."""
        if holder == self.holder:
            return True
        try:
            with open(self.holders / holder) as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who ask at once do not see each other
                return False
        except FileNotFoundError:
            return self._elsewhere(holder)
        except BlockingIOError:
            return True

    def begin_watching(self) -> None:
        """From now on this process counts as a watcher, as long as it lives."""
        self._lock.seek(0)
        self._lock.write(_WATCHING)
        self._lock.flush()

    def watchers(self) -> int:
        """How many processes of this machine work the hot folder."""
        return sum(_says(lock) == _WATCHING and self.alive(lock.name) for lock in self.holders.iterdir())

    def orphans(self) -> Iterator[Path]:
        """Files that a process claimed which is dead now; they become this process's."""
        for folder in sorted(self.claimed.iterdir()):
            if folder.is_dir() and not self.alive(folder.name):
                yield from self._adopt(folder)
        self.sweep()

    def sweep(self) -> None:
        """Removes what dead processes left that is worth nothing: private copies, pictures that were not put, locks."""
        for folder in self.work.iterdir():
            if not self.alive(folder.name):
                shutil.rmtree(folder, ignore_errors=True)
        for lock in self.holders.iterdir():
            if _is_old(lock) and not self.alive(lock.name):
                self._forget(lock)

    def _adopt(self, folder: Path) -> list[Path]:
        """Moves what lies in a dead process's folder into the own one, piece by piece, since another may do the same."""
        files: list[Path] = []
        for piece in _content(folder):
            target = self.own_claimed / piece.name
            try:
                os.rename(piece, target)
            except FileNotFoundError:
                continue  # another process was faster
            inside = sorted(target.rglob("*"))
            files += [p for p in (target, *inside) if p.is_file()]
            for hollow in (*reversed(inside), target):
                remove_empty(hollow, self.own_claimed)
        remove_empty(folder, self.claimed)
        self._forget(self.holders / folder.name)
        return files

    def _forget(self, lock: Path) -> None:
        """Removes a dead process's lock; not while its last sign of life, in the ledger, could still make it pass for alive."""
        if not self._elsewhere(lock.name):
            lock.unlink(missing_ok=True)


def _says(lock: Path) -> str:
    try:
        return lock.read_text()
    except FileNotFoundError:
        return ""


def _is_old(lock: Path) -> bool:
    try:
        return time.time() - lock.stat().st_mtime > _OLD_LOCK_S
    except FileNotFoundError:
        return False


def _content(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def open_folders(
    data_dir: Path, inbox: Path, claimed: Path, elsewhere: Callable[[str], bool] = lambda _: False
) -> Folders:
    """Makes the folders and takes this process's name. `elsewhere` says whether a process of another machine lives.

    Raises FolderFault.
    """
    holder = f"{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"
    aside, work, holders = data_dir / "aside", data_dir / "work", data_dir / "holders"
    try:
        holders.mkdir(parents=True, exist_ok=True)
        lock = open(holders / holder, "w")  # noqa: SIM115 - held as long as the process lives
        fcntl.flock(lock, fcntl.LOCK_EX)  # before there is a folder that could pass for a dead process's
        for folder in (inbox, claimed / holder, aside, work / holder):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        kind = FolderUnavailable if e.errno in _PASSING else FolderFault
        raise kind(f"{e.filename}: {e.strerror}", "Check data_dir, inbox.path, their rights and free space.") from e
    _check_places(inbox, claimed, (aside, work))
    return Folders(inbox, claimed, aside, work, holders, holder, lock, elsewhere)


def _machine() -> str:
    """This machine's name, as it can stand in that of a file."""
    return re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:30] or "machine"


def _check_places(inbox: Path, claimed: Path, others: tuple[Path, ...]) -> None:
    if inbox.stat().st_dev != claimed.stat().st_dev:
        hint = "Set inbox.claimed to a folder on the inbox's file system (outside the inbox itself)."
        raise FolderFault(f"{inbox} and {claimed} are not on one file system", hint)
    inside = [f for f in (claimed, *others) if f.resolve().is_relative_to(inbox.resolve())]
    if inside:
        hint = "Set inbox.path to a folder of its own: what lies in it is taken in, again and again."
        raise FolderFault(f"{inside[0]} is inside the inbox {inbox}", hint)


def claim(folders: Folders, path: Path, relative: Path) -> Path | None:
    """Takes a file out of the inbox by an atomic rename, keeping its folder's name; None when it is gone already."""
    place = folders.own_claimed / secrets.token_hex(6) / relative
    try:
        place.parent.mkdir(parents=True)
        os.rename(path, place)
    except FileNotFoundError:
        remove_empty(place.parent, folders.own_claimed)
        return None
    except OSError as e:
        raise FolderFault(f"{path}: cannot be taken out of the inbox: {e.strerror}", "Run `scanpipe doctor`.") from e
    return place


def second_name(folders: Folders, path: Path, name: Path) -> bool:
    """Gives a claimed file a second name, instead of a copy, if nobody else can write to it; else False, and no name.

    Nobody can: it has left the inbox and has no other name; no process has it open for writing, or the kernel would not
    grant a read lease on it (fcntl(2)); it is this user's, and read-only from here on.
    """
    if not path.is_relative_to(folders.own_claimed):
        return False
    with open(path, "rb", opener=_without_following) as f:
        about = os.fstat(f.fileno())
        if about.st_nlink != 1 or about.st_uid != os.geteuid():
            return False
        try:
            fcntl.fcntl(
                f, fcntl.F_SETSIG, signal.SIGURG
            )  # whoever opens it now: the usual SIGIO would end this process
            fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            os.fchmod(f.fileno(), _READ_ONLY)
            os.link(path, name, follow_symlinks=False)
            fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError:  # somebody writes to it, or the file system has no leases or no links
            return False
    return True


def _without_following(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def let_go(folders: Folders, path: Path) -> None:
    """Removes a claimed file whose bytes are in the store and on record."""
    path.unlink(missing_ok=True)
    remove_empty(path.parent, folders.own_claimed)


def set_aside(folders: Folders, path: Path, scan: str) -> None:
    """Moves a file that came again out of the way; its name gets the start of its digest. Raises FolderFault."""
    end_of_name = os.fsencode(path.name)[-_LONGEST_NAME_BYTES:].decode("utf-8", "ignore")
    try:
        shutil.move(path, folders.aside / f"{scan[:12]}-{secrets.token_hex(3)}-{end_of_name}")
    except OSError as e:
        raise FolderFault(f"{path}: cannot be set aside: {e.strerror}", "Run `scanpipe doctor`.") from e
    remove_empty(path.parent, folders.own_claimed)


def files_below(folder: Path) -> Iterator[Path]:
    """All files in a folder and its folders, also while others take them away."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


def remove_empty(folder: Path, top: Path) -> None:
    """Removes empty folders from here upwards, up to but not including `top`."""
    while folder != top and top in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
