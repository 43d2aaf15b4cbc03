"""Object stores: bytes under keys, never overwritten, never deleted. One file each; the file's name is the registration.

A store module has one public function, `open_store(options)`; modules with a leading underscore are parts of stores.
`tests/contracts/test_stores.py` says what every store keeps to.
"""

from __future__ import annotations

import enum
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Protocol

from scanpipe.faults import ConfigFault
from scanpipe.stores._checks import check_key

__all__ = ["ObjectInfo", "ObjectStore", "Probe", "Put", "StoreOptions", "check_key", "names", "open_store"]


class Put(enum.Enum):
    """What became of a put. After SAME and CREATED the bytes are safe under the key; after TAKEN nothing was changed."""

    CREATED = "created"
    SAME = "same"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store knows of an object without reading it. `size` in bytes, `sha256` in lower-case hex."""

    key: str
    size: int
    sha256: str
    media_type: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that was tried. `message` says what was seen; `hint`, when it is not ok, what to do."""

    name: str
    ok: bool
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """All that stores can be told; each takes what it needs.

    `prefix` is put before every key of a bucket. A call to a server is tried `attempts` times in all, with a random wait
    between that may be twice as long each time, at most from `backoff_s` to `backoff_max_s`.
    """

    directory: Path
    metadata_directory: Path
    endpoint_url: str | None = None
    bucket: str = ""
    region: str | None = None
    prefix: str = ""
    addressing: str = "auto"
    """`path` (host/bucket/key), `virtual` (bucket.host/key), or `auto`: path where there is an endpoint_url."""
    encryption: str = ""
    """What the server is asked to encrypt with: `AES256`, `aws:kms`; empty: as the bucket is set."""
    encryption_key: str = ""
    ca: str = ""
    """A PEM file with the authority of the server's certificate; empty: those that the system trusts."""
    proxy: str = ""
    lock: Callable[[str], AbstractContextManager[None]] | None = None
    """For servers that do not know conditional puts: held around every put, so that no other process puts under the same key."""
    connections: int = 16
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 60.0
    attempts: int = 7
    backoff_s: float = 0.1
    backoff_max_s: float = 5.0


class ObjectStore(Protocol):
    """Bytes under keys. Safe to use from several threads and processes at once.

    Keys are as `check_key` says. Every method raises StoreFault when the store cannot be used, StoreUnavailable when
    trying again can help, and ValueError for a key, digest, media type or metadata that no store can keep (a bug).
    """

    def put_new(
        self, key: str, body: bytes | Path, *, sha256: str, media_type: str, metadata: Mapping[str, str]
    ) -> Put:
        """Puts `body` under `key` unless the key is taken; the bytes survive a power cut when this returns.

        A Path is a finished file that nobody else writes to. It is handed over: a store on the same file system links
        it in as it is, read-only, without reading it again; the caller may remove its own name but never change the file.
        `sha256` is the digest of the bytes; bytes that were moved and do not have it are refused with StoreFault.
        Names in `metadata` are lower-case ASCII letters, digits, `-`, `_`; values any text; together at most 2 kB.
        """
        ...

    def copy_new(self, source_key: str, key: str, *, sha256: str, media_type: str, metadata: Mapping[str, str]) -> Put:
        """Puts the bytes of `source_key` under a second key as `put_new` does, without moving them through here.

        Raises UnknownThing when there is no source, StoreFault when its digest is not `sha256`.
        """
        ...

    def read(self, key: str) -> bytes:
        """The bytes. Raises UnknownThing when there are none."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The bytes as a stream, for the caller to close. Raises UnknownThing when there are none."""
        ...

    def link(self, key: str, seconds: int, media_type: str) -> str | None:
        """A URL that gives the bytes to whoever has it, for so many seconds; None: the store has no such thing."""
        ...

    def stat(self, key: str) -> ObjectInfo | None:
        """What is known of the object, None when absent. The digest is the one noted when it was put."""
        ...

    def digest(self, key: str) -> str | None:
        """The SHA-256 of the bytes as they are now, None when absent."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """All keys that begin with `prefix`, one after the other, in no particular order."""
        ...

    def erase(self, key: str, sha256: str) -> None:
        """Ends an object and every version of it, for good: for what the law says must go, and nothing else (`retiring.py`).

        Raises StoreFault for one whose bytes do not have this digest, and where the server keeps it (a lock). Absent is well.
        """
        ...

    def probe(self) -> list[Probe]:
        """Tries out all that is asked of a store, on objects under `probe/`; ends after the first thing that fails."""
        ...


def names() -> list[str]:
    """The stores there are."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def open_store(kind: str, options: StoreOptions) -> ObjectStore:
    """The store of this kind. Raises ConfigFault when there is no such kind, StoreFault when it cannot be set up."""
    if kind not in names():
        raise ConfigFault(f"store.kind: there is no store {kind!r}", f"Set store.kind to one of: {', '.join(names())}.")
    store: ObjectStore = import_module(f"{__name__}.{kind}").open_store(options)
    return store
