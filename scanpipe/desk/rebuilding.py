"""A ledger made anew from the store alone: all that the store has and the ledger does not.

Pages in slots are filed again as the labels of their objects say. All others wait, and go their way again from the original: what
was held is held again for the same reason, what a person discarded comes back to the queue. `LOST` is what the
store does not have.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from scanpipe.desk.handed_in import give_way
from scanpipe.desk.intake import fetch
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import (
    BINDINGS,
    CODES,
    DEFINITIONS,
    GENERIC,
    LINKS,
    LOCKS,
    RESERVED,
    SEPARATORS,
    SHEETS,
    SUBMISSIONS,
)
from scanpipe.engines import Engine, TaskLost
from scanpipe.ledgers import Transaction
from scanpipe.model import PageId, Slot
from scanpipe.stores import ObjectInfo

Progress = Callable[[int], None]
LOST = (
    "what was said to be expected (sheets handed out and collected, declarations, attendance, stacks)",
    "closed differences, and who signed reports off",
    "decisions of persons, further slots of a page, and the order in a slot",
    "accounts, tokens, webhooks, what opens links, and the history of all that happened",
)
"""Stands in the ledger alone, and in its backups: is to be told again, where no backup was taken back before."""
_ONE_PAGE = ("image/jpeg", "image/png")


@dataclass(slots=True)
class Rebuilt:
    """How many were added; `odd` are objects that lie in a slot and could not be explained by their labels."""

    definitions: int = 0
    sheets: int = 0
    scans: int = 0
    filed: int = 0
    waiting: int = 0
    odd: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PageCounter:
    """Opens originals with workers of this machine. A file that cannot be opened has one page, which will be held."""

    parts: Parts
    engine: Engine
    work: Path

    def __call__(self, key: str) -> int:
        copy = fetch(self.parts, key, self.work)
        try:
            counted = self.engine.submit("scanpipe.hands:count_pages", str(copy), self.parts.errand).result()
        except TaskLost:
            return 1
        finally:
            copy.unlink()
        return counted if isinstance(counted, int) else 1


def rebuild(parts: Parts, count_pages: Callable[[str], int], by: str, progress: Progress) -> Rebuilt:
    """Adds what is missing. `count_pages` opens an original, by its key, of perhaps more than one page.

    `progress` hears objects done. Raises LedgerFault, StoreFault.
    """
    done = Rebuilt()
    parts.ledger.write(lambda tx: tx.append("ledger_rebuilt", by=by))
    for key in sorted(parts.store.keys(DEFINITIONS)):
        done.definitions += parts.ledger.write(partial(_define, data=_data(parts, key)))
    for key in sorted(parts.store.keys(SHEETS)):
        done.sheets += parts.ledger.write(partial(_print, data=_data(parts, key)))
    for key in sorted(parts.store.keys(BINDINGS)):
        parts.ledger.write(partial(_bind, data=_data(parts, key), number=int(key[-9:-5])))
    for key in sorted(parts.store.keys(LOCKS)):
        number, _, became = key.rpartition("/")[2].removesuffix(".json").partition("-")
        parts.ledger.write(partial(_lock, data=_data(parts, key), became=became, number=int(number)))
    kept = ((GENERIC, _print_generic), (CODES, _give_out), (RESERVED, _reserve), (SEPARATORS, _print_separators))
    for folder, restore in kept:
        for key in sorted(parts.store.keys(folder)):
            parts.ledger.write(partial(restore, data=_data(parts, key)))
    for key in sorted(parts.store.keys(LINKS), key=_is_end):
        parts.ledger.write(partial(_end_link if _is_end(key) else _give_links, data=_data(parts, key)))
    for data in sorted((_data(parts, key) for key in parts.store.keys(SUBMISSIONS)), key=lambda d: int(d["version"])):
        parts.ledger.write(partial(_submit, data=data))
    seen = 0
    for key in parts.store.keys("originals/"):
        done.scans += _take_in(parts, key, count_pages)
        progress(seen := seen + 1)
    for key in sorted(parts.store.keys("tests/")):
        _file(parts, key, done)
        progress(seen := seen + 1)
    with parts.ledger.read() as r:
        done.waiting = r.counts().get("waiting", 0)
    return done


def _data(parts: Parts, key: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(parts.store.read(key))
    return data


def _define(tx: Transaction, data: dict[str, Any]) -> int:
    if tx.definition(data["test"], data["revision"]) is not None:
        return 0
    tx.append("definition_registered", **data)
    return 1


def _print(tx: Transaction, data: dict[str, Any]) -> int:
    if tx.printed(data["sheets"][0][0]) is not None:
        return 0
    tx.append("sheets_printed", **data)
    return len(data["sheets"])


def _bind(tx: Transaction, data: dict[str, Any], number: int) -> None:
    """`number` says the how many-th change it is of whose the sheet is."""
    events = tx.events_of("sheet_bound", "sheet_unbound")
    known = sum(json.loads(event.data)["serial"] == data["serial"] for event in events)
    if known < number and tx.printed(data["serial"]) is not None:
        tx.append("sheet_unbound" if data["candidate"] is None else "sheet_bound", **data)


def _lock(tx: Transaction, data: dict[str, Any], became: str, number: int) -> None:
    """`number` says the how many-th time it is that the test was locked or unlocked."""
    events = tx.events_of("grading_locked", "grading_unlocked")
    known = sum(json.loads(event.data)["test"] == data["test"] for event in events)
    if known < number and tx.definition(data["test"]) is not None:
        tx.append(became, **data)


def _print_generic(tx: Transaction, data: dict[str, Any]) -> None:
    if not tx.shaded().printed(data["first"]):
        tx.append("generic_sheets_printed", **data)


def _print_separators(tx: Transaction, data: dict[str, Any]) -> None:
    if tx.spans().printed(data["separators"][0][0]) is None:
        tx.append("separators_printed", **data)


def _give_out(tx: Transaction, data: dict[str, Any]) -> None:
    if all(c.test != data["test"] for c in tx.shaded().given_out(data["codes"][0][0])):
        tx.append("codes_given_out", **data)


def _reserve(tx: Transaction, data: dict[str, Any]) -> None:
    if data["test"] not in tx.shaded().reserved().get(data["codes"][0], ()):
        tx.append("codes_reserved", **data)


def _is_end(key: str) -> bool:
    return key.endswith("-ended.json")


def _give_links(tx: Transaction, data: dict[str, Any]) -> None:
    if tx.links().one(data["links"][0][0]) is None:
        tx.append("links_given_out", **data)


def _end_link(tx: Transaction, data: dict[str, Any]) -> None:
    link = tx.links().one(data["link"])
    if link is not None and link.ended is None:
        tx.append("link_ended", **data)


def _submit(tx: Transaction, data: dict[str, Any]) -> None:
    slot = Slot(data["test"], data["candidate"], data["question"])
    if all(s.version != data["version"] for s in tx.links().submissions(slot)):
        tx.append("submission_handed_in", **data)


def _take_in(parts: Parts, key: str, count_pages: Callable[[str], int]) -> int:
    scan = key.rpartition("/")[2].partition(".")[0]
    with parts.ledger.read() as r:
        if r.scan(scan) is not None:
            return 0
    info = parts.store.stat(key)
    assert info is not None
    pages = 1 if info.media_type in _ONE_PAGE else count_pages(key)

    def record(tx: Transaction) -> int:
        if tx.scan(scan) is None:
            label = info.metadata
            about: dict[str, Any] = {"file": label.get("file", ""), "stack": label.get("stack", ""), "key": key}
            about |= {"size": info.size}
            position = int(label.get("position", "0"))
            tx.append("scan_taken_in", scan=scan, holder=parts.folders.holder, position=position, **about)
            tx.append("scan_unpacked", scan=scan, pages=pages)
        return 1

    return parts.ledger.write(record)


def _file(parts: Parts, key: str, done: Rebuilt) -> None:
    """Files the page of an object in a slot, if it is not, and if no other page with its serial is."""
    info = parts.store.stat(key)
    slot = _slot(key)
    page = _page(info) if info else None
    if info is None or slot is None or page is None:
        done.odd.append(key)
        return

    def record(tx: Transaction) -> str:
        known = tx.page(page)
        if known is None:
            return "odd"
        if known.settled or known.state == "placing":
            return "known" if known.key == key else "odd"
        tx.append("page_placing", scan=page.scan, page=page.index, **_columns(info, slot))
        tx.append("page_filed", scan=page.scan, page=page.index)
        filed = tx.page(page)
        assert filed is not None
        give_way(tx, filed)  # of a version that was replaced
        return "filed"

    became = parts.ledger.write(record)
    done.filed += became == "filed"
    if became == "odd":
        done.odd.append(key)


def _columns(info: ObjectInfo, slot: Slot) -> dict[str, Any]:
    label = info.metadata
    upload = {"upload": {"link": label["link"]}} if "link" in label else {}
    return {
        "test": slot.test,
        "candidate": slot.candidate,
        "question": slot.question,
        "serial": label.get("serial"),
        "side": int(label["side"]) if "side" in label else None,
        "key": info.key,
        "sha256": info.sha256,
        "media_type": info.media_type,
        "reason": None,
        "evidence": json.dumps({"rebuilt": True} | upload),
        "revision": int(label["revision"]) if "revision" in label else None,
        "skew_deg": float(label["skew-deg"]) if "skew-deg" in label else None,
        "turn_deg": int(label["turn-deg"]) if "turn-deg" in label else None,
        "dpi": float(label["dpi"]) if "dpi" in label else None,
        "width_px": int(label["width-px"]) if "width-px" in label else None,
        "height_px": int(label["height-px"]) if "height-px" in label else None,
        "decided_by": label.get("decided-by"),
    }


def _slot(key: str) -> Slot | None:
    parts = key.split("/")
    ok = len(parts) == 7 and (parts[0], parts[2], parts[4]) == ("tests", "candidates", "questions")
    return Slot(parts[1], parts[3], parts[5]) if ok else None


def _page(info: ObjectInfo) -> PageId | None:
    label = info.metadata
    return PageId(label["scan"], int(label["page"])) if "scan" in label and label.get("page", "").isdigit() else None
