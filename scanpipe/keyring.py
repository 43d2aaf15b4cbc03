"""The signing keys of this installation, in a file that only its owner may read: created on first use, rotated, never deleted."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanpipe.codes import Key, Keyring
from scanpipe.faults import ConfigFault

_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ID = re.compile(f"[{_ID_LETTERS}]{{3}}")
_FEWEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as a person may see it."""

    id: str
    made: str
    active: bool


class KeyFile:
    """`<data_dir>/keys.json`, mode 0600. The last key in it signs; all of them verify."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keyring(self) -> Keyring:
        """All keys; makes the first one if there is none yet. Raises ConfigFault for a file that cannot be used."""
        if not self.path.exists():
            self._add(only_first=True)
        return Keyring.of(*(Key(k["id"], bytes.fromhex(k["secret"])) for k in self._read()))

    def infos(self) -> list[KeyInfo]:
        """All keys, oldest first."""
        self.keyring()
        keys = self._read()
        return [KeyInfo(k["id"], k["made"], k is keys[-1]) for k in keys]

    def rotate(self) -> str:
        """Makes a new key that signs from now on; sheets that were signed before stay readable. Answers its id."""
        self.keyring()
        return self._add(only_first=False)

    def _add(self, *, only_first: bool) -> str:
        try:
            return self._add_locked(only_first=only_first)
        except OSError as e:
            raise ConfigFault(f"{self.path}: cannot be written: {e.strerror}", "Check data_dir and its rights.") from e

    def _add_locked(self, *, only_first: bool) -> str:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path.with_suffix(".lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = self._read() if self.path.exists() else []
            if keys and only_first:
                return str(keys[-1]["id"])
            taken = {k["id"] for k in keys}
            id = next(i for i in iter(_new_id, None) if i not in taken)
            made = datetime.now(UTC).isoformat(timespec="seconds")
            self._write([*keys, {"id": id, "secret": secrets.token_hex(32), "made": made}])
            return id

    def _read(self) -> list[dict[str, Any]]:
        try:
            if self.path.stat().st_mode & 0o077:
                raise ConfigFault(f"{self.path}: others may read the signing keys", f"Run: chmod 600 {self.path}")
            keys: list[dict[str, Any]] = json.loads(self.path.read_text(encoding="utf-8"))["keys"]
            if not keys or not all(_usable(k) for k in keys):
                raise ValueError("no usable key in it")
        except (OSError, ValueError, KeyError, TypeError) as e:
            hint = "Restore it from a backup: without it the sheets that were printed cannot be read."
            raise ConfigFault(f"{self.path}: cannot be used: {e}", hint) from e
        return keys

    def _write(self, keys: list[dict[str, Any]]) -> None:
        new = self.path.with_suffix(".new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as f:
            json.dump({"keys": keys}, f, indent=1)
            f.flush()
            os.fsync(f.fileno())
        os.replace(new, self.path)
        _sync_folder(self.path.parent)


def _usable(key: dict[str, Any]) -> bool:
    return bool(_ID.fullmatch(key["id"]) and len(bytes.fromhex(key["secret"])) >= _FEWEST_BYTES and key["made"])


def _sync_folder(folder: Path) -> None:
    """So that a key is still there after a power cut: sheets that it signed may be out already."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _new_id() -> str:
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(3))
