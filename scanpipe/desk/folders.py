"""The folders that a process works in, each holder's own: what a dead process left behind can be told from what is in work.

<data_dir>/claimed/<holder>/…   taken out of the inbox, not yet on record
<data_dir>/work/<holder>/…      private copies and pictures; worthless once the holder is dead
<data_dir>/aside/…              files that came again
<data_dir>/holders/<holder>     locked as long as the holder lives
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scanpipe.faults import FolderFault


@dataclass(frozen=True, slots=True)
class Folders:
    inbox: Path
    claimed: Path
    aside: Path
    work: Path
    holders: Path
    holder: str
    _lock: IO[str]

    @property
    def own_claimed(self) -> Path:
        return self.claimed / self.holder

    @property
    def own_work(self) -> Path:
        return self.work / self.holder

    def close(self) -> None:
        """Lets go of the folders; what is still in them is for the next process to finish."""
        shutil.rmtree(self.own_work, ignore_errors=True)
        self._lock.close()
        if not any(self.own_claimed.iterdir()):
            self.own_claimed.rmdir()
            (self.holders / self.holder).unlink(missing_ok=True)

    def alive(self, holder: str) -> bool:
        """Does the process of this name still live?"""
        if holder == self.holder:
            return True
        try:
            with open(self.holders / holder) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return False
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True

    def orphans(self) -> Iterator[Path]:
        """Files that a process claimed which is dead now; they become this process's."""
        for folder in sorted(self.claimed.iterdir()):
            if folder.name != self.holder and not self.alive(folder.name):
                yield from self._adopt(folder)
        for folder in self.work.iterdir():
            if not self.alive(folder.name):
                shutil.rmtree(folder, ignore_errors=True)

    def _adopt(self, folder: Path) -> Iterator[Path]:
        target = self.own_claimed / f"from-{folder.name}"
        try:
            os.rename(folder, target)
        except FileNotFoundError:
            return  # another process was faster
        (self.holders / folder.name).unlink(missing_ok=True)
        yield from sorted(p for p in target.rglob("*") if p.is_file())


def open_folders(data_dir: Path, inbox: Path, claimed: Path) -> Folders:
    """Makes the folders and takes this process's name. Raises FolderFault."""
    holder = f"{os.getpid()}-{secrets.token_hex(4)}"
    aside, work, holders = data_dir / "aside", data_dir / "work", data_dir / "holders"
    try:
        for folder in (inbox, claimed / holder, aside, work / holder, holders):
            folder.mkdir(parents=True, exist_ok=True)
        lock = open(holders / holder, "w")  # noqa: SIM115 - held as long as the process lives
    except OSError as e:
        raise FolderFault(f"{e.filename}: {e.strerror}", "Check data_dir, inbox.path and their rights.") from e
    fcntl.flock(lock, fcntl.LOCK_EX)
    if inbox.stat().st_dev != claimed.stat().st_dev:
        hint = "Set inbox.claimed to a folder on the inbox's file system (outside the inbox itself)."
        raise FolderFault(f"{inbox} and {claimed} are not on one file system", hint)
    return Folders(inbox, claimed, aside, work, holders, holder, lock)


def claim(folders: Folders, path: Path, relative: Path) -> Path | None:
    """Takes a file out of the inbox by an atomic rename, keeping its folder's name; None when it is gone already."""
    place = folders.own_claimed / secrets.token_hex(6) / relative
    place.parent.mkdir(parents=True)
    try:
        os.rename(path, place)
    except FileNotFoundError:
        remove_empty(place.parent, folders.own_claimed)
        return None
    except OSError as e:
        raise FolderFault(f"{path}: cannot be taken out of the inbox: {e.strerror}", "Run `scanpipe doctor`.") from e
    return place


def let_go(folders: Folders, path: Path) -> None:
    """Removes a claimed file whose bytes are in the store and on record."""
    path.unlink(missing_ok=True)
    remove_empty(path.parent, folders.own_claimed)


def set_aside(folders: Folders, path: Path, scan: str) -> None:
    """Moves a file that came again out of the way; its name gets the start of its digest."""
    target = folders.aside / f"{scan[:12]}-{secrets.token_hex(3)}-{path.name}"
    os.rename(path, folders.aside / target.name[-200:])
    remove_empty(path.parent, folders.own_claimed)


def remove_empty(folder: Path, top: Path) -> None:
    """Removes empty folders from here upwards, up to but not including `top`."""
    while folder != top and top in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
