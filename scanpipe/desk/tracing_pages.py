"""The part of `tracing.py` about scans, pages and decisions: what their events say, for a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from scanpipe.ledgers.chain import Event
from scanpipe.model import Reason
from scanpipe.reasons import WORDING
from scanpipe.saying import joined, recalled, say


def _taken_in(e: Event, d: dict[str, Any]) -> str:
    return say(
        "Taken in as %(file)s, number %(position)s of stack %(stack)s; the original is kept as %(key)s.",
        file=d["file"],
        position=d["position"],
        stack=d["stack"],
        key=d["key"],
    )


def _again(e: Event, d: dict[str, Any]) -> str:
    return say(
        "The same bytes came again, as %(file)s (stack %(stack)s, number %(position)s); nothing was changed.",
        file=d["file"],
        stack=d["stack"],
        position=d["position"],
    )


def _placing(e: Event, d: dict[str, Any]) -> str:
    if d.get("decided_by"):
        although = say(", although a code on it says otherwise") if d.get("contradict") else ""
        return say(
            "Page %(page)s: %(decided_by)s assigned it to %(slot)s%(although)s.",
            page=e.page,
            decided_by=d["decided_by"],
            slot=slot_words(d),
            although=although,
        )
    return say(
        "Page %(page)s: belongs to %(slot)s%(turned)s%(link)s; read under revision %(revision)s of the definition.",
        page=e.page,
        slot=slot_words(d),
        turned=_turned(d),
        link=_by_link(json.loads(d["evidence"])),
        revision=d["revision"],
    )


def _held(e: Event, d: dict[str, Any]) -> str:
    evidence = json.loads(d["evidence"])
    detail = recalled(evidence.get("conflict") or evidence.get("detail") or "", evidence.get("said", {}))
    why = WORDING[Reason(d["reason"])].en
    link = _by_link(evidence)
    held = say("Page %(page)s: held (%(reason)s)%(link)s. %(why)s", page=e.page, reason=d["reason"], link=link, why=why)
    return say("%(held)s %(detail)s", held=held, detail=detail) if detail else held


def _decided(e: Event, d: dict[str, Any]) -> str:
    why = say(": %(why)s", why=d["why"]) if d["why"] else ""
    return say(
        "%(by)s decided (%(kind)s)%(why)s. It is decision %(id)s.",
        by=d["by"],
        kind=d["kind"],
        why=why,
        id=e.id,
    )


def _turned(d: dict[str, Any]) -> str:
    return say(", stood %(turn_deg)s° and %(skew_deg)s° from upright", turn_deg=d["turn_deg"], skew_deg=d["skew_deg"])


def _by_link(evidence: dict[str, Any]) -> str:
    told = evidence.get("upload", {})
    if "version" not in told:
        return ""
    return say(", handed in by link %(link)s as version %(version)s", link=told["link"], version=told["version"])


def _replaced(e: Event, d: dict[str, Any]) -> str:
    if "version" in d:
        return say(
            "Page %(page)s: gave way to version %(version)s, which %(decided_by)s brought. It is kept.",
            page=e.page,
            version=d["version"],
            decided_by=d["decided_by"],
        )
    return say(
        "Page %(page)s: %(decided_by)s took another scan of the sheet instead. It is kept.",
        page=e.page,
        decided_by=d["decided_by"],
    )


def slot_words(d: dict[str, Any]) -> str:
    return say(
        "test %(test)s, candidate %(candidate)s, question %(question)s",
        test=d["test"],
        candidate=d["candidate"],
        question=d["question"],
    )


SENTENCES: Mapping[str, Callable[[Event, dict[str, Any]], str]] = {
    "scan_taken_in": _taken_in,
    "scan_unpacked": lambda e, d: say(
        "Opened: %(pages)s page%(what)s.", pages=d["pages"], what=say("s") if d["pages"] != 1 else ""
    ),
    "scan_seen_again": _again,
    "scan_taken_over": lambda e, d: say("The process that was at work on it was gone; another one took it over."),
    "page_placing": _placing,
    "page_filed": lambda e, d: say("Page %(page)s: filed, the picture is in its slot.", page=e.page),
    "page_held": _held,
    "page_blank": lambda e, d: say("Page %(page)s: blank; its picture is kept as %(key)s.", page=e.page, key=d["key"]),
    "page_separator": lambda e, d: say(
        "Page %(page)s: separator %(serial)s; what follows is stack %(name)s.",
        page=e.page,
        serial=d["serial"],
        name=d["name"],
    ),
    "page_discarded": lambda e, d: say(
        "Page %(page)s: %(decided_by)s discarded it: %(why)s. It is kept.",
        page=e.page,
        decided_by=d["decided_by"],
        why=d["why"],
    ),
    "page_retired": lambda e, d: say("Page %(page)s: retired; its picture is erased.", page=e.page),
    "scan_retired": lambda e, d: say("Retired; the original is erased."),
    "page_replaced": _replaced,
    "page_to_rescan": lambda e, d: say(
        "Page %(page)s: %(decided_by)s asked for the paper to be scanned again: %(why)s.",
        page=e.page,
        decided_by=d["decided_by"],
        why=d["why"],
    ),
    "page_withdrawn": lambda e, d: say(
        "Page %(page)s: %(decided_by)s withdrew its stack: %(why)s. It is kept.",
        page=e.page,
        decided_by=d["decided_by"],
        why=d["why"],
    ),
    "page_turned": lambda e, d: say("Page %(page)s: it has a new picture, turned by hand.", page=e.page),
    "page_restored": lambda e, d: say(
        "Page %(page)s: it is %(state)s again, as before.", page=e.page, state=d["state"]
    ),
    "page_also": lambda e, d: say("Page %(page)s: belongs to %(slot)s as well.", page=e.page, slot=slot_words(d)),
    "page_not_also": lambda e, d: say("Page %(page)s: belongs to %(slot)s no longer.", page=e.page, slot=slot_words(d)),
    "decision_made": _decided,
    "decision_undone": lambda e, d: say("%(by)s took decision %(decision)s back.", by=d["by"], decision=d["decision"]),
    "drawing_viewed": lambda e, d: say("Page %(page)s: %(by)s looked at it.", page=e.page, by=d["by"]),
    "pictures_compared": lambda e, d: say(
        "Page %(page)s: it shows %(what)s the scan that is filed.",
        page=e.page,
        what=say("the same drawing as") if d["same"] else say("something else than"),
    ),
    "print_read": lambda e, d: say(
        "Page %(page)s: the print on it names %(what)s.",
        page=e.page,
        what=say("sheet %(serial)s", serial=d["serial"]) if d["serial"] else say("no sheet for certain"),
    ),
    "slot_ordered": lambda e, d: (
        say("The pages of %(slot)s have a new order.", slot=slot_words(d))
        if d["pages"]
        else say("The pages of %(slot)s lie in the order of filing.", slot=slot_words(d))
    ),
    "page_split": lambda e, d: say(
        "Page %(page)s: %(decided_by)s cut it in two, %(what)s; it is kept.",
        page=e.page,
        decided_by=d["decided_by"],
        what=joined((h[:12] for h in d["halves"]), say(" and ")),
    ),
    "page_retried": lambda e, d: say("Page %(page)s: %(by)s sent it on its journey again.", page=e.page, by=d["by"]),
}
