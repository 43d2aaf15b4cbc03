"""The probe of a store, by its public methods alone. It leaves three small objects under `probe/`, always the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from scanpipe.faults import Fault, StoreFault
from scanpipe.stores import ObjectStore, Probe, Put

PROBE_KEY = "probe/object"
COPY_KEY = "probe/copy"
MEDIA_TYPE = "text/plain"
FIRST = b"scanpipe tries out its object store with this object; it may stay.\n"
SECOND = b"This must not be here: it was put over an object that was there before.\n"
_METADATA = {"purpose": "probe"}
OVERWRITES = (
    'Use a server that honours conditional puts (If-None-Match: *), or set store.lock = "ledger": every process then asks the '
    "ledger before it puts."
)


def probe_store(store: ObjectStore) -> list[Probe]:
    """Tries one thing after the other; ends after the first that fails."""
    probes: list[Probe] = []
    for name, step in _STEPS.items():
        try:
            probes.append(Probe(name, True, step(store), ""))
        except Fault as fault:
            probes.append(Probe(name, False, fault.message, fault.hint))
            break
    return probes


def _put(store: ObjectStore) -> str:
    store.put_new(PROBE_KEY, FIRST, sha256=_sha256(FIRST), media_type=MEDIA_TYPE, metadata=_METADATA)
    return f"An object can be put (`{PROBE_KEY}`)."


def _read(store: ObjectStore) -> str:
    body = store.read(PROBE_KEY)
    info = store.stat(PROBE_KEY)
    if body not in (FIRST, SECOND) or info is None or info.sha256 != _sha256(body):
        raise StoreFault(f"`{PROBE_KEY}` reads back other than it was put.", "Check the store for damage.")
    return "It reads back as it was put."


def _refuse(store: ObjectStore) -> str:
    # A store that once overwrote holds SECOND for good: what counts is that it refuses now.
    before = store.read(PROBE_KEY)
    other = FIRST if before == SECOND else SECOND
    put = store.put_new(PROBE_KEY, other, sha256=_sha256(other), media_type=MEDIA_TYPE, metadata=_METADATA)
    if put is not Put.TAKEN or store.read(PROBE_KEY) != before:
        raise StoreFault("The store overwrites objects: a second put under the same key was not refused.", OVERWRITES)
    return "A second put with other bytes is refused, and the first stays."


def _copy(store: ObjectStore) -> str:
    sha256 = _sha256(store.read(PROBE_KEY))
    put = store.copy_new(PROBE_KEY, COPY_KEY, sha256=sha256, media_type=MEDIA_TYPE, metadata=_METADATA)
    return f"An object can be copied to a second key ({put.value})."


def _list(store: ObjectStore) -> str:
    found = set(store.keys("probe/"))
    if not {PROBE_KEY, COPY_KEY} <= found:
        raise StoreFault(
            f"`{PROBE_KEY}` is missing in the list of keys.", "Check that the store lists at once what was put."
        )
    return "The list of keys has it."


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


_STEPS: Mapping[str, Callable[[ObjectStore], str]] = MappingProxyType(
    {"put": _put, "read back": _read, "refuse a second put": _refuse, "copy": _copy, "list": _list}
)
