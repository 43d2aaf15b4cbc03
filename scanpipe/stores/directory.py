"""The embedded store: each object is a plain, read-only file `<directory>/<key>`.

An object is written elsewhere, synced, and linked into place: a link fails when the name exists, so that nothing is ever
overwritten, and a name never shows a half-written file. `<directory>/.incoming` has what is being written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from scanpipe.faults import StoreFault, UnknownThing
from scanpipe.stores import ObjectInfo, Probe, Put, StoreOptions
from scanpipe.stores._checks import check_key, check_put
from scanpipe.stores._disk import (
    copy_hashing,
    disk_faults,
    fresh_name,
    fsync_folder,
    make_folders,
    remove,
    sha256_of,
    sweep,
    write_all,
)
from scanpipe.stores._notes import Note, Notes
from scanpipe.stores._probing import PROBE_KEY, probe_store

_INCOMING = ".incoming"
_READ_ONLY = 0o444
_UNNOTED_MEDIA_TYPE = "application/octet-stream"
_CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP}
"""Another file system, a file of somebody else, too many names: then the bytes are copied."""
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP}
_MOST_REMEMBERED = 10_000


def open_store(options: StoreOptions) -> DirectoryStore:
    """The store in `options.directory`, made if it is not there. Raises StoreFault."""
    with disk_faults(str(options.directory)):
        return DirectoryStore(options.directory, options.metadata_directory)


class DirectoryStore:
    """See `ObjectStore`. `fsyncs` counts the calls to fsync, for those who want to know what a put costs."""

    def __init__(self, directory: Path, metadata_directory: Path) -> None:
        self._root = os.fspath(directory.absolute())
        self._incoming = f"{self._root}/{_INCOMING}"
        self._synced: set[str] = set()  # folders whose own names survive a power cut; spares syncing them again
        self.fsyncs = 0
        os.makedirs(self._incoming, exist_ok=True)
        self._sync_folder(os.path.dirname(self._root))
        sweep(self._incoming)
        self._notes = Notes(metadata_directory)

    def put_new(
        self, key: str, body: bytes | Path, *, sha256: str, media_type: str, metadata: Mapping[str, str]
    ) -> Put:
        check_put(key, sha256, media_type, metadata)
        note = Note(key, sha256, media_type, metadata)
        with disk_faults(self._root):
            if isinstance(body, bytes):
                return self._put_bytes(body, note)
            return self._put_file(os.fspath(body), note)

    def copy_new(self, source_key: str, key: str, *, sha256: str, media_type: str, metadata: Mapping[str, str]) -> Put:
        check_put(key, sha256, media_type, metadata)
        source = self.stat(source_key)
        if source is None:
            raise _absent(source_key)
        if source.sha256 != sha256:
            raise _other_bytes(source_key)
        note = Note(key, sha256, media_type, metadata)
        with disk_faults(self._root):
            return self._link_or_copy(self._path(source_key), note)

    def read(self, key: str) -> bytes:
        with self.open(key) as f, disk_faults(self._root):
            return f.read()

    def open(self, key: str) -> BinaryIO:
        check_key(key)
        with disk_faults(self._root):
            try:
                return open(self._path(key), "rb")
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise _absent(key) from None

    def link(self, key: str, seconds: int, media_type: str) -> None:
        check_key(key)

    def stat(self, key: str) -> ObjectInfo | None:
        check_key(key)
        with disk_faults(self._root):
            try:
                status = os.stat(self._path(key))
            except (FileNotFoundError, NotADirectoryError):
                return None
            if not stat.S_ISREG(status.st_mode):
                return None
            note = self._notes.read(key) or Note(key, sha256_of(self._path(key)), _UNNOTED_MEDIA_TYPE, {})
            return ObjectInfo(key, status.st_size, note.sha256, note.media_type, note.metadata)

    def digest(self, key: str) -> str | None:
        check_key(key)
        with disk_faults(self._root):
            try:
                return sha256_of(self._path(key))
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None

    def keys(self, prefix: str = "") -> Iterator[str]:
        start = prefix.rpartition("/")[0]
        if start:
            check_key(start)
        folders = [start]
        while folders:
            with disk_faults(self._root):
                files, deeper = self._look_into(folders.pop())
            folders += [f for f in deeper if f.startswith(prefix)]
            yield from (f for f in files if f.startswith(prefix))

    def erase(self, key: str, sha256: str) -> None:
        found = self.digest(key)
        if found is None:
            return
        if found != sha256:
            raise StoreFault(f"`{key}` has other bytes than are to be erased.", "Run `scanpipe verify`.")
        with disk_faults(self._root):
            self._notes.remove(key)
            remove(self._path(key))
            self._sync_folder(os.path.dirname(self._path(key)))

    def probe(self) -> list[Probe]:
        probes = probe_store(self)
        if all(p.ok for p in probes):
            probes.append(self._probe_case())
        return probes

    def _put_bytes(self, body: bytes, note: Note) -> Put:
        if hashlib.sha256(body).hexdigest() != note.sha256:
            raise _other_bytes(note.key)
        path = fresh_name(self._incoming)
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        try:
            write_all(fd, body)
            self._finish(fd)
            return self._link_own(path, note)
        finally:
            os.close(fd)
            remove(path)

    def _put_file(self, file: str, note: Note) -> Put:
        fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            self._finish(fd)
        except PermissionError:  # it belongs to somebody else, who could still change it: take a copy
            return self._put_copy(file, note)
        finally:
            os.close(fd)
        return self._link_or_copy(file, note)

    def _put_copy(self, source: str, note: Note) -> Put:
        path = fresh_name(self._incoming)
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            writing = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            try:
                if copy_hashing(reading, writing) != note.sha256:
                    raise _other_bytes(note.key)
                self._finish(writing)
            finally:
                os.close(writing)
            return self._link_own(path, note)
        finally:
            os.close(reading)
            remove(path)

    def _link_or_copy(self, source: str, note: Note) -> Put:
        try:
            return self._link(source, note)
        except OSError as e:
            if e.errno not in _CANNOT_LINK:
                raise
        return self._put_copy(source, note)

    def _link_own(self, path: str, note: Note) -> Put:
        try:
            return self._link(path, note)
        except OSError as e:
            if e.errno not in _NO_LINKS:
                raise
            raise StoreFault(
                f"Object store: files in {self._root} cannot be linked: {e.strerror}",
                "The whole folder must be on one file system that has hard links (ext4, XFS, NTFS, APFS; not exFAT).",
            ) from e

    def _link(self, source: str, note: Note) -> Put:
        """Gives a synced file its key, unless the key is taken, and syncs the folders it stands in."""
        target = self._path(note.key)
        prepared = self._notes.prepare(note)
        try:
            won = self._try_link(source, target)
            if not won and sha256_of(target) != note.sha256:
                return Put.TAKEN
            if won or self._notes.read(note.key) is None:
                self._notes.place(prepared, note.key)
            # Also when somebody else put it: only then it is safe to say SAME.
            self._sync_folders_of(target)
            return Put.CREATED if won else Put.SAME
        finally:
            remove(prepared)

    def _try_link(self, source: str, target: str) -> bool:
        """Links, and makes the folders that are missing. False when the name is taken."""
        try:
            try:
                os.link(source, target, follow_symlinks=False)
            except FileNotFoundError:
                folder = os.path.dirname(target)
                self._synced.difference_update(make_folders(folder))
                os.link(source, target, follow_symlinks=False)
        except FileExistsError:
            return False
        return True

    def _sync_folders_of(self, target: str) -> None:
        """Syncs the folder of a new name, and above it those that were perhaps made for it, also by another process."""
        folder = os.path.dirname(target)
        self._sync_folder(folder)
        fresh = [f for f in self._folders_up(folder) if f not in self._synced]
        for f in fresh:
            self._sync_folder(os.path.dirname(f))
        if len(self._synced) > _MOST_REMEMBERED:
            self._synced.clear()
        self._synced.update(fresh)

    def _folders_up(self, folder: str) -> list[str]:
        """The folder and those above it, without the store's own."""
        folders = []
        while len(folder) > len(self._root):
            folders.append(folder)
            folder = os.path.dirname(folder)
        return folders

    def _finish(self, fd: int) -> None:
        os.fchmod(fd, _READ_ONLY)
        os.fsync(fd)
        self.fsyncs += 1

    def _sync_folder(self, folder: str) -> None:
        fsync_folder(folder)
        self.fsyncs += 1

    def _look_into(self, folder: str) -> tuple[list[str], list[str]]:
        """The keys of the files and of the folders in a folder. No key begins with a dot: such are not objects."""
        files: list[str] = []
        folders: list[str] = []
        start = f"{folder}/" if folder else ""
        try:
            with os.scandir(f"{self._root}/{folder}") as entries:
                for entry in entries:
                    if folder or not entry.name.startswith("."):
                        into = folders if entry.is_dir(follow_symlinks=False) else files
                        into.append(start + entry.name)
        except (FileNotFoundError, NotADirectoryError):
            pass
        return files, folders

    def _probe_case(self) -> Probe:
        if os.path.exists(self._path(PROBE_KEY.upper())):
            return Probe(
                "case", True, "The file system takes capitals for small letters; ids are unique either way.", ""
            )
        return Probe("case", True, "The file system tells capitals from small letters.", "")

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"


def _absent(key: str) -> UnknownThing:
    return UnknownThing(
        f"The object store has no object `{key}`.", "`scanpipe verify` says what is missing, and since when."
    )


def _other_bytes(key: str) -> StoreFault:
    return StoreFault(
        f"Object store: the bytes for `{key}` do not have the digest that was announced; nothing was put.",
        "The file was changed or damaged on the way. Take it in again; if it comes back, check memory and disk.",
    )
