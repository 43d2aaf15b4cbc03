"""What the directory store notes beside an object: digest, media type, metadata, as JSON in a tree of its own.

A note is not synced: the ledger carries the same, and an object without a readable note is still whole (its digest is
taken from its bytes then). A put writes the note into a private file first, so that a full disk shows before the object is
there, and moves it into place after its object won the key: a note never describes bytes of another put.

Notes are named by the digest of their key, in 256 folders: a folder for every slot would cost more than the note.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scanpipe.stores._disk import fresh_name, make_folders, remove, sweep, write_all


@dataclass(frozen=True, slots=True)
class Note:
    """What is noted of one object."""

    key: str
    sha256: str
    media_type: str
    metadata: Mapping[str, str]


class Notes:
    """The tree of notes. All methods raise OSError."""

    def __init__(self, directory: Path) -> None:
        self._root = os.fspath(directory.absolute())
        self._incoming = f"{self._root}/.incoming"
        os.makedirs(self._incoming, exist_ok=True)
        sweep(self._incoming)

    def prepare(self, note: Note) -> str:
        """Writes the note into a private file and gives its path, for `place` or to be removed."""
        fields = {
            "key": note.key,
            "sha256": note.sha256,
            "media_type": note.media_type,
            "metadata": dict(note.metadata),
        }
        path = fresh_name(self._incoming)
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        try:
            write_all(fd, json.dumps(fields).encode())
        finally:
            os.close(fd)
        return path

    def place(self, prepared: str, key: str) -> None:
        """Moves a prepared note to its object."""
        path = self._path(key)
        try:
            os.replace(prepared, path)
        except FileNotFoundError:
            make_folders(os.path.dirname(path))
            os.replace(prepared, path)

    def read(self, key: str) -> Note | None:
        """The note of an object; None when there is none, or a power cut left half of one."""
        try:
            with open(self._path(key), encoding="utf-8") as f:
                fields = json.load(f)
            return Note(key, fields["sha256"], fields["media_type"], dict(fields["metadata"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def remove(self, key: str) -> None:
        """Removes the note of an object that is to end."""
        remove(self._path(key))

    def _path(self, key: str) -> str:
        name = hashlib.sha256(key.encode()).hexdigest()
        return f"{self._root}/{name[:2]}/{name}.json"
