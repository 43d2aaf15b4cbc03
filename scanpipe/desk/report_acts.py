"""What persons decided about a test beside its pages: closings, bindings, packs, locks, and what was taken back.

Told from the events, since the tables keep only how things stand in the end.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from scanpipe.desk.parts import Parts
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.chain import Event

_OF_A_TEST = (
    "difference_closed",
    "difference_reopened",
    "sheet_bound",
    "sheet_unbound",
    "pack_move_asked",
    "grading_locked",
    "grading_unlocked",
)
_OF_ANOTHER = ("pack_move_settled", "decision_undone")
"""They name the event that they are about, and no test."""
ACTS = (*_OF_A_TEST, *_OF_ANOTHER)
_TOLD_APART = ("test", "by", "why")


def acts_up_to(parts: Parts, link: int) -> list[Event]:
    """The acts of all tests up to a link of the chain, in its order."""
    with parts.ledger.read() as r:
        found = [(e.link, e) for e in r.events_of(*ACTS) if e.link is not None and e.link <= link]
    return [e for _, e in sorted(found, key=lambda pair: pair[0])]


def acts_about(tx: Transaction, test: str) -> list[Event]:
    """The acts about a test as a whole, in their order, for who reads them on a page."""
    return [e for e, _ in _about(tx.events_of(*_OF_A_TEST, "pack_move_settled"), test)]


def told_acts(tx: Transaction, events: Iterable[Event], test: str, decisions: Collection[int]) -> list[dict[str, Any]]:
    """The acts about a test as plain values; of decisions that were taken back those in `decisions`, and moves of its packs."""
    events = list(events)
    of_decisions = {id: {"decision": id} for id in decisions} | _of_packs(tx, test)
    found = [(e, about) for e, about in _about((e for e in events if e.type in _OF_A_TEST + _OF_ANOTHER[:1]), test)]
    for e in events:
        if e.type == "decision_undone" and (data := json.loads(e.data))["decision"] in of_decisions:
            found.append((e, data | of_decisions[data["decision"]]))
    return [_told(e, about) for e, about in sorted(found, key=lambda pair: pair[0].link or 0)]


def _about(events: Iterable[Event], test: str) -> Iterable[tuple[Event, dict[str, Any]]]:
    """Those about the test, each with what it says; what became of a pack comes with the pack."""
    packs: dict[int, dict[str, Any]] = {}
    for e in events:
        data = json.loads(e.data)
        if e.type == "pack_move_settled":
            if data["pack"] not in packs or data["state"] == "asked":  # by the machine, after the move was taken back
                continue
            data = packs[data["pack"]] | data
        elif data["test"] != test:
            continue
        elif e.type == "pack_move_asked":
            packs[e.id] = {name: data[name] for name in ("test", "printed_for", "handed_to", "swap")}
        yield e, data


def _of_packs(tx: Transaction, test: str) -> dict[int, dict[str, Any]]:
    """The decisions by which packs of the test were moved, also where there was no page to move."""
    found: dict[int, dict[str, Any]] = {}
    for told, _ in tx.expected().decisions():
        decision = tx.decisions().one(told.id) if told.kind == "pack" else None
        for type, _, _, data in decision.takes_back if decision else ():
            pack = tx.packs().one(data["pack"]) if type == "pack_move_settled" else None
            if pack is not None and pack.test == test:
                found[told.id] = {"decision": told.id, "pack": pack.id}
    return found


def _told(e: Event, data: dict[str, Any]) -> dict[str, Any]:
    about = {name: value for name, value in data.items() if name not in _TOLD_APART}
    return {"id": e.id, "at": e.at, "kind": e.type, "by": data["by"], "why": data.get("why"), "about": about}
