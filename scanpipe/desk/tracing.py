"""The life of a scan in plain sentences, and what every other event says; scans and pages: `tracing_pages.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scanpipe.desk.parts import Parts
from scanpipe.desk.tracing_pages import SENTENCES, slot_words
from scanpipe.faults import UnknownThing
from scanpipe.ledgers.chain import Event
from scanpipe.model import ScanRecord
from scanpipe.saying import joined, say


def find_scan(parts: Parts, name: str) -> ScanRecord:
    """The scan whose digest starts with `name` (at least 6 characters; a page's name will do). Raises UnknownThing."""
    start = name.lower().split("-")[0]
    with parts.ledger.read() as r:
        scans = r.scans_like(start) if len(start) >= 6 else []
    if len(scans) == 1:
        return scans[0]
    if scans:
        raise UnknownThing(say("several scans start with %(start)s", start=start), say("Give more of the digest."))
    raise UnknownThing(
        say("there is no scan %(name)s", name=name),
        say("Give at least 6 characters of the digest that `ingest` or `queue` shows."),
    )


def trace(parts: Parts, name: str) -> Iterator[tuple[str, str]]:
    """Pairs of time and sentence, from the day the scan came. Raises UnknownThing."""
    scan = find_scan(parts, name)
    with parts.ledger.read() as r:
        events = r.history(scan.scan)
    for event in events:
        yield event.at, sentence(event)


def sentence(event: Event) -> str:
    """What an event says, for a person."""
    data = json.loads(event.data)
    return _SENTENCES[event.type](event, data)


def _pack(d: dict[str, Any]) -> str:
    both = say(" and the other way round") if d["swap"] else ""
    return say(
        "the sheets of candidate %(printed_for)s to %(handed_to)s%(both)s, test %(test)s",
        printed_for=d["printed_for"],
        handed_to=d["handed_to"],
        both=both,
        test=d["test"],
    )


def _noticed(d: dict[str, Any]) -> str:
    """Test, stack or disk, and the figures."""
    told = [f"{name} {value}" for name, value in sorted(d["params"].items()) if value not in ("", d["subject"])]
    return "".join(f", {x}" for x in ([d["subject"]] if d["subject"] else []) + told)


def _role(d: dict[str, Any]) -> str:
    bound = [say("tests %(tests)s", tests=d["tests"])] if d.get("tests") else []
    bound += [say("rooms %(rooms)s", rooms=d["rooms"])] if d.get("rooms") else []
    role = say("%(role)s", role=d["role"])
    return say("%(role)s for %(what)s", role=role, what=joined(bound)) if bound else role


def _told(d: dict[str, Any], what: str) -> str:
    of = [_of_whom(c, _how_many(n, serials)) for c, n, serials in d["entries"]]
    return say(
        "Test %(test)s, room %(room)s: %(by)s recorded as %(what)s: %(what2)s.",
        test=d["test"],
        room=d["room"] or "–",
        by=d["by"],
        what=what,
        what2=joined(of, "; "),
    )


def _of_whom(candidate: str | None, how_many: str) -> str:
    if not candidate:
        return how_many
    return say("candidate %(candidate)s: %(how_many)s", candidate=candidate, how_many=how_many)


def _how_many(count: int | None, serials: list[str]) -> str:
    if serials:
        return say("sheets %(what)s", what=", ".join(serials))
    return say("nothing any more") if count is None else say("%(count)s sheets", count=count)


def _difference(d: dict[str, Any]) -> str:
    return say(
        "Test %(test)s, difference %(kind)s %(subject)s",
        test=d["test"],
        kind=d["kind"],
        subject=d["subject"],
    )


_SENTENCES: Mapping[str, Callable[[Event, dict[str, Any]], str]] = {
    **SENTENCES,
    "upload_handed_in": lambda e, d: say(
        "%(by)s handed in %(n)s files as stack %(stack)s.", by=d["by"], n=len(d["files"]), stack=d["stack"]
    ),
    "definition_registered": lambda e, d: say(
        "Test %(test)s: %(what)s registered revision %(revision)s of its definition.",
        test=d["test"],
        what=d.get("by") or say("somebody"),
        revision=d["revision"],
    ),
    "sheets_printed": lambda e, d: say(
        "Test %(test)s: %(by)s printed %(n)s sheets.", test=d["test"], by=d["by"], n=len(d["sheets"])
    ),
    "separators_printed": lambda e, d: say(
        "%(by)s printed %(n)s separators, serials %(first)s to %(last)s.",
        by=d["by"],
        n=len(d["separators"]),
        first=d["separators"][0][0],
        last=d["separators"][-1][0],
    ),
    "labels_printed": lambda e, d: say(
        "Test %(test)s: %(by)s printed %(n)s labels.", test=d["test"], by=d["by"], n=d["count"]
    ),
    "sheet_bound": lambda e, d: say(
        "Sheet %(serial)s became candidate %(candidate)s's, question %(question)s: %(by)s bound it.",
        serial=d["serial"],
        candidate=d["candidate"],
        question=d["question"],
        by=d["by"],
    ),
    "sheet_unbound": lambda e, d: say(
        "Sheet %(serial)s is nobody's again: %(by)s took the binding back (%(why)s).",
        serial=d["serial"],
        by=d["by"],
        why=d["why"],
    ),
    "generic_sheets_printed": lambda e, d: say(
        "%(by)s printed generic sheets, serials %(first)s to %(last)s.", by=d["by"], first=d["first"], last=d["last"]
    ),
    "codes_given_out": lambda e, d: say(
        "Test %(test)s: %(by)s gave out %(n)s codes.", test=d["test"], by=d["by"], n=len(d["codes"])
    ),
    "codes_reserved": lambda e, d: say(
        "Test %(test)s: its %(n)s codes are given to no other test.", test=d["test"], n=len(d["codes"])
    ),
    "codes_released": lambda e, d: say(
        "Test %(test)s: %(by)s let its codes be given out again.", test=d["test"], by=d["by"]
    ),
    "links_given_out": lambda e, d: say(
        "Test %(test)s: %(by)s gave out %(n)s links to hand in by.", test=d["test"], by=d["by"], n=len(d["links"])
    ),
    "link_ended": lambda e, d: say(
        "Link %(link)s: %(by)s ended it: %(why)s.", link=d["link"], by=d["by"], why=d["why"]
    ),
    "submission_handed_in": lambda e, d: say(
        "%(n)s files were handed in by link %(link)s for %(slot)s, as version %(version)s%(late)s.",
        n=len(d["files"]),
        link=d["link"],
        slot=slot_words(d),
        version=d["version"],
        late=say(", late") if d["late"] else "",
    ),
    "retirement_asked": lambda e, d: say(
        "Test %(test)s: %(by)s asked to retire it after %(after)s.", test=d["test"], by=d["by"], after=d["after"]
    ),
    "test_retired": lambda e, d: say("Test %(test)s: %(by)s retired it.", test=d["test"], by=d["by"]),
    "ledger_rebuilt": lambda e, d: say("%(by)s had the ledger told again from the store's objects.", by=d["by"]),
    "key_made": lambda e, d: say("Signing key %(page)s was made.", page=d["id"]),
    "user_added": lambda e, d: say(
        "%(by)s made the account %(name)s (%(role)s).", by=d["by"], name=d["name"], role=d["role"]
    ),
    "token_added": lambda e, d: say("%(by)s made the token %(name)s.", by=d["by"], name=d["name"]),
    "token_revoked": lambda e, d: say("%(by)s revoked the token %(name)s.", by=d["by"], name=d["name"]),
    "webhook_added": lambda e, d: say(
        "Test %(test)s: %(by)s has its changes sent to %(url)s (%(webhook)s).",
        test=d["test"],
        by=d["by"],
        url=d["url"],
        webhook=d["webhook"],
    ),
    "webhook_removed": lambda e, d: say(
        "Test %(test)s: %(by)s removed the webhook %(webhook)s.", test=d["test"], by=d["by"], webhook=d["webhook"]
    ),
    "webhook_resent": lambda e, d: say(
        "%(by)s had %(n)s changes sent again to the webhook %(webhook)s.",
        by=d["by"],
        n=len(d["changes"]),
        webhook=d["webhook"],
    ),
    "user_changed": lambda e, d: say("%(by)s made %(name)s %(role)s.", by=d["by"], name=d["name"], role=_role(d)),
    "password_set": lambda e, d: say("%(by)s gave %(name)s a new password.", by=d["by"], name=d["name"]),
    "user_ended": lambda e, d: say("%(by)s ended the account of %(name)s.", by=d["by"], name=d["name"]),
    "signed_in": lambda e, d: say("%(name)s signed in.", name=d["name"]),
    "signed_out": lambda e, d: (
        say("%(name)s was signed out: %(why)s.", name=d["name"], why=d["why"])
        if d.get("why")
        else say("%(name)s signed out.", name=d["name"])
    ),
    "sign_in_failed": lambda e, d: (
        say("%(name)s came from the identity provider, which gives no role.", name=d["name"])
        if d.get("why") == "no role"
        else (
            say("%(name)s came from the identity provider under the name of an account here.", name=d["name"])
            if d.get("why")
            else say("Somebody tried to sign in as %(name)s.", name=d["name"])
        )
    ),
    "pack_move_asked": lambda e, d: say("%(by)s asked to move %(pack)s.", by=d["by"], pack=_pack(d)),
    "pack_move_settled": lambda e, d: say(
        "%(by)s settled the move of a pack (event %(pack)s): %(state)s.", by=d["by"], pack=d["pack"], state=d["state"]
    ),
    "grading_locked": lambda e, d: say(
        "Test %(test)s: %(by)s locked its slots for grading.", test=d["test"], by=d["by"]
    ),
    "grading_unlocked": lambda e, d: say("Test %(test)s: %(by)s unlocked its slots.", test=d["test"], by=d["by"]),
    "results_exported": lambda e, d: say(
        "Test %(test)s: %(by)s exported %(pages)s pages in %(files)s files; digest of the list: %(digest)s.",
        test=d["test"],
        by=d["by"],
        pages=d["pages"],
        files=d["files"],
        digest=d["digest"],
    ),
    "notice_begun": lambda e, d: say(
        "Noticed (%(kind)s)%(noticed)s; so since %(what)s.", kind=d["kind"], noticed=_noticed(d), what=d["since"][:16]
    ),
    "notice_ended": lambda e, d: say("What was noticed (event %(notice)s) is over.", notice=d["notice"]),
    "sheets_handed_out": lambda e, d: _told(d, say("handed out")),
    "sheets_collected": lambda e, d: _told(d, say("collected")),
    "hand_in_declared": lambda e, d: say(
        "%(by)s recorded for %(slot)s: %(how_many)s declared.",
        by=d["by"],
        slot=slot_words(d),
        how_many=_how_many(d["count"], d["serials"]),
    ),
    "attendance_noted": lambda e, d: say(
        "Test %(test)s: %(by)s recorded of %(n)s candidates whether they were there.",
        test=d["test"],
        by=d["by"],
        n=len(d["entries"]),
    ),
    "stack_expected": lambda e, d: say(
        "Stack %(stack)s: %(by)s recorded that it has %(count)s pages.", stack=d["stack"], by=d["by"], count=d["count"]
    ),
    "difference_closed": lambda e, d: say(
        "%(difference)s: %(by)s closed it: %(why)s.", difference=_difference(d), by=d["by"], why=d["why"]
    ),
    "difference_reopened": lambda e, d: say(
        "%(difference)s: %(by)s opened it again.", difference=_difference(d), by=d["by"]
    ),
    "report_signed": lambda e, d: say(
        "Test %(test)s: %(name)s signed a report off; its digest is %(digest)s.",
        test=d["test"],
        name=d["name"],
        digest=d["digest"],
    ),
}
