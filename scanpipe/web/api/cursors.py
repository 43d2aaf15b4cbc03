"""Cursors of lists: opaque to those who ask, readable to nobody but us, and refused when somebody made one up."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any

from fastapi import Query

from scanpipe.web.api.problems import ApiProblem

MOST_CHARACTERS = 400
After = Annotated[
    str | None,
    Query(max_length=MOST_CHARACTERS, description="The `next` of the answer before; none: from the start."),
]
Limit = Annotated[int, Query(ge=1, le=500)]


def told(*where: str | int) -> str:
    """A cursor that says where a list goes on."""
    return base64.urlsafe_b64encode(json.dumps(where, ensure_ascii=False).encode()).decode().rstrip("=")


def read(cursor: str, *kinds: type[str] | type[int]) -> list[Any]:
    """What `told` was given, if it is of these kinds. Raises ApiProblem."""
    try:
        where = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        where = None
    fits = isinstance(where, list) and [type(w) for w in where] == list(kinds)
    if not fits or any(w < 0 or w > 2**31 for w in where if isinstance(w, int)):
        raise ApiProblem("invalid", "This cursor is none that a list gave: begin without `after`.")
    return list(where)
