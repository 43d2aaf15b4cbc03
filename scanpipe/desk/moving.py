"""Moving an installation's objects to another store: whatever is not there yet, each checked on its way."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scanpipe.faults import StoreFault
from scanpipe.stores import ObjectStore, Put

_AT_ONCE = 8
_CHUNK = 1 << 20
_PROBES = "probe/"
"""What `doctor` leaves in a store belongs to that store."""


@dataclass(frozen=True, slots=True)
class Copied:
    """How many objects were brought, with how many bytes, and how many had been there before with the same bytes."""

    brought: int
    bytes: int
    there: int


def copy_store(source: ObjectStore, target: ObjectStore, progress: Callable[[int, int], None]) -> Copied:
    """Copies every object that `target` does not have. Can be broken off and called again; overwrites nothing.

    `progress` hears (objects done, of how many). What was there before is read and compared, and so is every object that is
    brought: with the digest on its label while it is read, by the target's checksum when it is put. Raises StoreFault when an
    object is not what its label says, or when the target has other bytes under a key.
    """
    keys = [key for key in source.keys("") if not key.startswith(_PROBES)]
    sizes: list[int | None] = []
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for size in threads.map(lambda key: _bring(source, target, key), keys):
            sizes.append(size)
            progress(len(sizes), len(keys))
    brought = [size for size in sizes if size is not None]
    return Copied(len(brought), sum(brought), len(sizes) - len(brought))


def _bring(source: ObjectStore, target: ObjectStore, key: str) -> int | None:
    """Its size, or None when it was there."""
    info = source.stat(key)
    if info is None:
        raise StoreFault(f"{key} vanished while it was copied", "Nothing may be deleted meanwhile; then copy again.")
    there = target.digest(key)
    if there is not None and there == info.sha256:
        return None
    with tempfile.NamedTemporaryFile(prefix="scanpipe-") as file:
        digest = hashlib.sha256()
        with source.open(key) as body:
            while chunk := body.read(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
        file.flush()
        if digest.hexdigest() != info.sha256:
            raise StoreFault(f"{key} is not what its label says", "Run `scanpipe verify` on the store that it is from.")
        label = {"sha256": info.sha256, "media_type": info.media_type, "metadata": info.metadata}
        put = target.put_new(key, Path(file.name), **label)  # type: ignore[arg-type]
    if put is Put.TAKEN:
        raise StoreFault(f"{key} holds other bytes in the store to copy to", "Name an empty one, or another prefix.")
    return info.size
