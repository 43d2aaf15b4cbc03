"""One sweep of the folder: what is in it now. Links are never followed, nothing is opened."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from scanpipe.stages.settle import FileState, is_ignored, is_temporary

_LINK = "This is a link. Links are not followed: put the file itself into the inbox."
_SPECIAL = "This is not an ordinary file (a pipe, a socket or a device) and is left alone."
_STALE = "This name says that the file is still on its way, but it has not changed for {minutes:.0f} minutes. "
_STALE += "If it is whole, rename it; else send it again."
_CLOSED_FOLDER = "This folder cannot be listed ({error}). Allow user id {user} to read it and to go into it."
_CLOSED_FILE = "This file cannot be read ({error}). Allow user id {user} to read it."
_NO_ROOT = "The inbox cannot be listed ({error}). Is its share mounted? Files are taken as soon as it is back."


@dataclass(frozen=True, slots=True)
class Listing:
    """By path below the inbox, with slashes; the inbox itself is "". `ignored` and `troubles` hold sentences."""

    files: dict[str, FileState] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)


def state_of(stat: os.stat_result) -> FileState:
    return FileState(stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns)


def unreadable_file(error: OSError) -> str:
    return _CLOSED_FILE.format(error=error.strerror, user=os.geteuid())


def list_folder(root: str, stale_after_s: float) -> Listing:
    """All files below `root` that may be taken some day. Raises nothing for a folder that is gone or cannot be read."""
    listing = Listing()
    stale_before_s = time.time() - stale_after_s
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in _entries(root, folder, listing):
            relative = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if _sort_in(entry, relative, listing, stale_before_s):
                    folders.append(relative)
            except FileNotFoundError:
                continue
            except OSError as error:
                listing.troubles[relative] = unreadable_file(error)
    return listing


def _entries(root: str, folder: str, listing: Listing) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(os.path.join(root, folder)) as entries:
            return list(entries)
    except OSError as error:
        if not folder:
            listing.troubles[folder] = _NO_ROOT.format(error=error.strerror)
        elif not isinstance(error, FileNotFoundError):
            listing.troubles[folder] = _CLOSED_FOLDER.format(error=error.strerror, user=os.geteuid())
        return []


def _sort_in(entry: os.DirEntry[str], relative: str, listing: Listing, stale_before_s: float) -> bool:
    """Puts one entry where it belongs. Answers whether it is a folder to go into."""
    if entry.name.startswith("."):
        return False
    if entry.is_symlink():
        listing.ignored[relative] = _LINK
    elif entry.is_dir(follow_symlinks=False):
        return True
    elif not entry.is_file(follow_symlinks=False):
        listing.ignored[relative] = _SPECIAL
    elif not is_ignored(entry.name):
        listing.files[relative] = state_of(entry.stat(follow_symlinks=False))
    elif is_temporary(entry.name) and entry.stat(follow_symlinks=False).st_mtime < stale_before_s:
        minutes = (time.time() - entry.stat(follow_symlinks=False).st_mtime) / 60
        listing.ignored[relative] = _STALE.format(minutes=minutes)
    return False
