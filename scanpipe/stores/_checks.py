"""What may be a key, and what may be said about an object, so that every store can keep it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

LONGEST_SEGMENT_BYTES = 255
LONGEST_KEY_BYTES = 1024
LONGEST_METADATA_BYTES = 2000

_NOT_IN_KEYS = re.compile("[\x00-\x1f\x7f-\x9f\\\\\ud800-\udfff]")
"""Control characters, the backslash (some S3 servers lose the body), and halves of characters, which no encoding knows."""
_DIGEST = re.compile("[0-9a-f]{64}")
_MEDIA_TYPE = re.compile("[!-~]+/[ -~]*[!-~]")
_NAME = re.compile("[a-z0-9][a-z0-9_-]*")
_PLAIN = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) != "%")

_EMPTY = "%"
"""Stands for an empty text, since some servers drop headers without a value. No other text is encoded so."""


def check_key(key: str) -> None:
    """Raises ValueError unless `key` can be an object's key in every store: relative, segments with `/` between them,
    none empty, `.` or `..`, none over 255 bytes, 1024 bytes in all, no backslash, no control character. The first
    segment does not begin with a dot: such folders are the store's own."""
    problem = _key_problem(key)
    if problem:
        raise ValueError(f"{key[:200]!r} cannot be an object key: {problem}")


def _key_problem(key: str) -> str | None:
    stranger = _NOT_IN_KEYS.search(key)
    if stranger:
        return f"{stranger.group()!r} cannot stand in it"
    if len(key.encode()) > LONGEST_KEY_BYTES:
        return f"it has more than {LONGEST_KEY_BYTES} bytes"
    segments = key.split("/")
    if any(s in ("", ".", "..") for s in segments):
        return "a segment is empty or leads elsewhere"
    if segments[0].startswith("."):
        return "it begins with a dot"
    if any(len(s.encode()) > LONGEST_SEGMENT_BYTES for s in segments):
        return f"a segment has more than {LONGEST_SEGMENT_BYTES} bytes"
    return None


def check_put(key: str, sha256: str, media_type: str, metadata: Mapping[str, str]) -> None:
    """Raises ValueError unless every store can keep an object with these."""
    check_key(key)
    if not _DIGEST.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is not a SHA-256 in lower-case hex")
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise ValueError(f"{media_type!r} is not a media type")
    for name in metadata:
        if not _NAME.fullmatch(name) or name == "sha256":
            raise ValueError(f"{name!r} cannot name metadata")
    size = sum(len(name) + len(to_header(value)) for name, value in metadata.items())
    if size > LONGEST_METADATA_BYTES:
        raise ValueError(f"metadata of {key!r} takes {size} bytes; {LONGEST_METADATA_BYTES} are allowed")


def to_header(text: str) -> str:
    """`text` as an HTTP header can carry it: visible ASCII, all else percent-encoded. Any text round-trips."""
    return _EMPTY if text == "" else quote(text, safe=_PLAIN, errors="surrogatepass")


def from_header(value: str) -> str:
    """The text that `to_header` encoded."""
    return "" if value == _EMPTY else unquote(value, errors="surrogatepass")
