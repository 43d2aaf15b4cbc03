"""Under which keys renditions are kept. Apart from their making, which loads what no other command needs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from scanpipe.desk.parts import Parts

Kind = Literal["web", "thumbnail", "blind"]
FOLDER = "renditions/"
_MADE_AS = "1"
"""Raised when a kind is made in another way: what was kept is not asked for any more then."""


def rendition_key(sha256: str, kind: Kind) -> str:
    return f"{FOLDER}{sha256[:2]}/{sha256}/{kind}-{_MADE_AS}.jpg"


def picture_of(key: str) -> str:
    """The digest of the picture that a rendition's key speaks of."""
    return key.split("/")[2] if key.count("/") == 3 else ""


def renditions_of(parts: Parts, pictures: Collection[str]) -> dict[str, dict[str, str]]:
    """All that was ever made of pictures: their digest → key → its digest."""
    found: dict[str, dict[str, str]] = {}
    for key in parts.store.keys(FOLDER):
        info = parts.store.stat(key) if picture_of(key) in pictures else None
        if info is not None:
            found.setdefault(picture_of(key), {})[key] = info.sha256
    return found
