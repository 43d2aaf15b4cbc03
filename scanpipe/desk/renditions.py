"""Smaller pictures of pages that are filed, and one that does not say whose it is: made once, and kept under `renditions/`.

They are named for the digest of the picture that they were made of, so that they never change; `retire` erases them with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Literal

import cv2
import numpy as np

from scanpipe.desk.parts import Parts
from scanpipe.faults import StoreFault
from scanpipe.model import Code
from scanpipe.readers import open_reader
from scanpipe.sheets.geometry import drawing
from scanpipe.stages.conceal import conceal, cover
from scanpipe.stages.preview import preview

Kind = Literal["web", "thumbnail", "blind"]
FOLDER = "renditions/"
MEDIA_TYPE = "image/jpeg"
_LONGEST_PX: Mapping[str, int] = {"web": 1600, "thumbnail": 260}
_MADE_AS = "1"
"""Raised when a kind is made in another way: what was kept is not asked for any more then."""
_QUALITY = 88
_READERS = {"zxing": frozenset({"qr", "datamatrix", "code128"}), "zbar": frozenset({"qr"})}
"""ZBar sees bars in hatching, which would cost the drawing a piece."""
_LOOKS = 3


def rendition(parts: Parts, key: str, sha256: str, kind: Kind) -> str:
    """The key of the rendition of a picture, which is made when nobody asked for it before. Raises StoreFault, UnknownThing."""
    kept = rendition_key(sha256, kind)
    if parts.store.stat(kept) is None:
        body = _MAKE[kind](parts.store.read(key))
        if body is None:
            raise StoreFault(f"{key} is no picture", "Run `scanpipe verify`.")
        about = {"picture": sha256, "kind": kind}
        digest = hashlib.sha256(body).hexdigest()
        parts.store.put_new(kept, body, sha256=digest, media_type=MEDIA_TYPE, metadata=about)  # TAKEN: it is there
    return kept


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


def blind(body: bytes) -> bytes | None:
    """A JPEG without the imprint. What can still be read on it is painted over, too, until nothing can."""
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        return None
    painted = np.asarray(picture, np.uint8)
    painted = conceal(painted, _codes(painted), drawing)
    for _ in range(_LOOKS):
        left = _codes(painted)
        if not left:
            break
        painted = cover(painted, left)
    return bytes(cv2.imencode(".jpg", painted, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])


def _codes(picture: np.ndarray) -> list[Code]:
    """With all that both readers can do: what one does not see, another program might."""
    gray = np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    return [code for name, asked in _READERS.items() for code in open_reader(name).search(gray, asked)]


_MAKE: Mapping[Kind, Callable[[bytes], bytes | None]] = {
    "web": lambda body: preview(body, _LONGEST_PX["web"]),
    "thumbnail": lambda body: preview(body, _LONGEST_PX["thumbnail"]),
    "blind": blind,
}
