"""The hash chain: every event carries the hash of the one before, so that no past event can be altered unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64


def canonical(data: Mapping[str, Any]) -> str:
    """JSON with one spelling for one content."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `data` is canonical JSON, `at` UTC in ISO 8601.

    `link` is its place in the chain, from 1 without gaps; None as long as it is not linked.
    """

    id: int
    at: str
    type: str
    scan: str | None
    page: int | None
    data: str
    previous: str
    hash: str = ""
    link: int | None = None

    def digest(self) -> str:
        """The hash of this event: over the hash before it and all its own columns, as a JSON list, so that none runs over."""
        columns = [self.previous, self.id, self.at, self.type, self.scan, self.page, self.data]
        return hashlib.sha256(json.dumps(columns, ensure_ascii=False).encode("utf-8")).hexdigest()


def first_break(events: Iterable[Event]) -> int | None:
    """The link of the first event that does not follow from the one before it, or None."""
    last, last_hash = 0, GENESIS
    for e in events:
        if e.link != last + 1 or e.previous != last_hash or e.hash != e.digest():
            return last + 1 if e.link is None else e.link
        last, last_hash = e.link, e.hash
    return None
