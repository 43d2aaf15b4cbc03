"""What part of a content a request asks for, and whether it has it already (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Unsatisfiable(Exception):
    """The content does not reach that far."""


def has_it(etag: str, if_none_match: str | None) -> bool:
    """Does the caller have what this entity tag stands for?"""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or tags == ["*"]


def wanted(asked: str | None, if_range: str | None, etag: str, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last of the part that is asked for; None: all of it, as also where several parts are, or
    where the question is no range. Raises Unsatisfiable.
    """
    match = _RANGE.fullmatch(asked.replace(" ", "")) if asked else None
    if match is None or match[0] == "bytes=-" or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise Unsatisfiable
    return start, end
