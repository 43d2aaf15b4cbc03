"""Pictures from phones: which files are some, and what is kept of how their pages were taken out of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from scanpipe.model import PageRecord
from scanpipe.sight import Sight

JOB = "phone upload"
"""How the job folder of an upload begins that consists of pictures from a phone: its name is on record with every page."""
BY_LINK = f"{JOB} by link"
"""How that of a candidate at home begins: a home exam has thousands, each of a few pages."""


def is_from_phone(file: str, folders: Iterable[str]) -> bool:
    """Whether a file of this name in the inbox is known to come from a phone; `folders` are those of phones."""
    return file.startswith(f"{JOB} ") or any(file.startswith(f"{folder}/") for folder in folders)


def is_rectified(record: PageRecord) -> bool:
    """Whether the page was taken out of a picture: then the original is that picture, and the page its own."""
    return "corners" in json.loads(record.evidence or "{}").get("phone", {})


def evidence_of_phone(sight: Sight) -> dict[str, Any]:
    """What is kept with the page; nothing of a scan."""
    taken = sight.taken
    if taken is None:
        return {}
    told: dict[str, Any] = {"how": taken.how}
    if taken.corners is not None:
        told["corners"] = [[round(x, 1), round(y, 1)] for x, y in taken.corners]
    if taken.why is not None:
        told["why"] = taken.why
    if taken.advice:
        told["advice"] = {what: dict(measured) for what, measured in taken.advice}
    return {"phone": told}
