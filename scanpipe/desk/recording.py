"""What is put on record of a verdict: the columns of the page, and the labels of its object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scanpipe.desk.decisions import told_slot
from scanpipe.desk.phones import evidence_of_phone
from scanpipe.model import Blank, Filed, Held, PageId, PageRecord, Separator, Slot
from scanpipe.saying import kept
from scanpipe.sight import Sight


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a page, with its digest. `path` is None when it is the scan's own bytes."""

    path: str | None
    sha256: str
    media_type: str
    extension: str
    width_px: int
    height_px: int


def slot_key(slot: Slot, serial: str | None, sha256: str, extension: str) -> str:
    """Named by serial and content: another picture has another key, the same one the same, however often it is put."""
    return slot.key(f"{serial or 'page'}-{sha256[:12]}.{extension}")


def key_in_slot(slot: Slot, serial: str | None, page: PageRecord) -> str:
    """The key under which the picture of a page on record goes into a slot."""
    assert page.key is not None and page.sha256 is not None
    return slot_key(slot, serial, page.sha256, page.key.rpartition(".")[2])


def filed_columns(verdict: Filed, sight: Sight, picture: Picture) -> dict[str, Any]:
    """Of a page that takes its place in a slot."""
    slot = verdict.slot
    return _picture_columns(sight, picture) | {
        **told_slot(slot),
        "serial": verdict.serial,
        "side": verdict.side,
        "key": slot_key(slot, verdict.serial, picture.sha256, picture.extension),
        "revision": verdict.revision,
        "evidence": evidence_json(dict(verdict.evidence) | _of_scanner(sight)),
        "reason": None,
        "decided_by": None,
    }


def unfiled_columns(page: PageId, verdict: Held | Blank | Separator, sight: Sight, picture: Picture) -> dict[str, Any]:
    """Of a page that lies in no slot, with the key of its picture."""
    folder = {Blank: "blank", Held: "held", Separator: "separators"}[type(verdict)]
    key = f"{folder}/{page.scan[:2]}/{page.scan}/{page.index}-{picture.sha256[:12]}.{picture.extension}"
    size = {"size_px": [sight.width_px, sight.height_px]}
    held = _columns_of(verdict)
    held["evidence"] = evidence_json({**verdict.evidence, **size, **evidence_of_phone(sight)})
    return held | _picture_columns(sight, picture) | {"key": key}


def _columns_of(verdict: Held | Blank | Separator) -> dict[str, Any]:
    if isinstance(verdict, Separator):
        return {"serial": verdict.serial, "decided_by": None}
    return held_columns(verdict) if isinstance(verdict, Held) else _blank_columns(verdict)


def held_columns(verdict: Held) -> dict[str, Any]:
    """Of a page that waits for a person, as far as it has no picture."""
    claims = verdict.claims
    return {
        "reason": str(verdict.reason),
        "evidence": evidence_json(verdict.evidence),
        "test": claims.test,
        "candidate": claims.candidate,
        "question": claims.question,
        "serial": claims.serial,
        "side": claims.side,
        "revision": verdict.revision,
        "decided_by": None,
    }


def _blank_columns(verdict: Blank) -> dict[str, Any]:
    """Of an empty sheet one knows whose it is, unless it is nobody's."""
    if verdict.slot is None:
        return {"serial": verdict.serial} if verdict.serial else {}
    return told_slot(verdict.slot) | {"serial": verdict.serial, "side": verdict.side, "revision": verdict.revision}


def _of_scanner(sight: Sight) -> dict[str, Any]:
    """What the scan says of the scanner: `sources.py` sums it up. Of a phone's picture, how it was taken."""
    told = {"paper_share": sight.paper_share, "blur_mm": sight.blur_mm, "streaks_mm": list(sight.streaks_mm)}
    known = {k: round(v, 3) if isinstance(v, float) else v for k, v in told.items() if v not in (None, [])}
    size, phone = {"size_px": [sight.width_px, sight.height_px]}, evidence_of_phone(sight)
    return (phone or ({"scanner": known} if known else {})) | size


def _picture_columns(sight: Sight, picture: Picture) -> dict[str, Any]:
    return {
        "sha256": picture.sha256,
        "media_type": picture.media_type,
        "skew_deg": sight.skew_deg,
        "turn_deg": sight.turn_deg,
        "dpi": _dpi(sight),
        "width_px": picture.width_px,
        "height_px": picture.height_px,
    }


def _dpi(sight: Sight) -> float | None:
    return None if sight.dpi is None else round(sight.dpi, 1)


def metadata_of(page: PageId, sight: Sight, picture: Picture, filed: Filed | None) -> dict[str, str]:
    """The labels of the object: what a ledger is made anew from (`rebuilding.py`)."""
    about: dict[str, Any] = {"scan": page.scan, "page": page.index}
    about |= {"serial": filed.serial, "side": filed.side, "revision": filed.revision} if filed else {}
    about |= {"link": filed.evidence["upload"]["link"]} if filed and "upload" in filed.evidence else {}
    about |= {"skew-deg": sight.skew_deg, "turn-deg": sight.turn_deg, "dpi": _dpi(sight)}
    about |= {"width-px": picture.width_px, "height-px": picture.height_px}
    return {k: str(v) for k, v in about.items() if v is not None}


def evidence_json(evidence: Mapping[str, Any]) -> str:
    """Evidence as the ledger keeps it; beside it, under `said`, what its sentences were made of."""
    said = {**evidence.get("said", {}), **kept(evidence)}
    value = {**evidence, "said": said} if said else evidence
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
