"""What a person decides about a page. The same checks as for the machine, and who and why on record.

Every function takes `seen`, the `event` of the page that the person looked at: who decides second gets told (`Overtaken`).
All raise UnknownThing, Refused (the rules forbid it) and LedgerFault; those that move a picture StoreFault as well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scanpipe.desk.decisions import (
    STAYS,
    check_seen,
    check_unlocked,
    lost_slots,
    make,
    of_rehearsal,
    other_sides,
    page_or_fault,
    told_slot,
)
from scanpipe.desk.filing import conclude
from scanpipe.desk.numbering import order_by_number
from scanpipe.desk.parts import Parts
from scanpipe.desk.recording import evidence_json, key_in_slot
from scanpipe.faults import Refused, StoreFault, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.model import Claims, Filed, Held, PageId, PageRecord, Reason, Sheet
from scanpipe.reasons import WORDING
from scanpipe.saying import joined, say
from scanpipe.stages.validate import validate
from scanpipe.stores import Put

_TO_LET_IN = "`scanpipe queue assign --late REASON` lets a late sheet in; `scanpipe tests unlock` opens all of them."
OUT_OF_SLOTS = ("held", "blank", "discarded", "replaced", "rescan", "withdrawn", "separator")
"""States of a page that a person can decide about, beside `filed`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's choice for a page. `contradict`: they know that a code on the page says otherwise. `twice`: they know that
    another scan of this serial is filed, and both are to be. `serial` is that of the printed sheet which they take the page for,
    where no code on it says so; `ground` is that of the suggestion which they took; `late`: why the page is let in although
    grading has begun.
    """

    candidate: str
    question: str
    test: str | None
    by: str
    contradict: bool = False
    twice: bool = False
    serial: str | None = None
    ground: str | None = None
    late: str | None = None


def assign(parts: Parts, page: PageId, decision: Decision, seen: int | None = None) -> PageRecord:
    """Files a page where a person says: one that was held, or one that lies in another slot."""
    if decision.late is not None and not decision.late.strip():
        raise Refused(say("a late sheet is let in with a reason only"), say("Say why, for the record."))

    def decide(tx: Transaction) -> list[PageRecord]:
        record = _with_picture(decidable(tx, page, seen, *OUT_OF_SLOTS, "filed"))
        filed = checked(tx, record, decision)
        if record.state == "filed" and filed.slot == record.slot:
            raise Refused(say("page %(page)s lies in this slot already", page=page), say("Choose another one."))
        kind = _kind(tx, record, filed, decision)
        others = other_sides(tx, record)
        loses = [lost for p in (record, *others) for lost in lost_slots(tx, p, filed.slot)]
        make(tx, kind, decision.by, [record, *others], decision.late, loses=loses)
        placed = place(tx, record, filed, decision)
        return [placed, *(place(tx, p, checked(tx, p, decision), decision) for p in others)]

    first, *_ = [finish_decision(parts, placed) for placed in parts.ledger.write(decide)]
    return first


def _kind(tx: Transaction, record: PageRecord, filed: Filed, decision: Decision) -> str:
    if record.state == "filed":
        return "move"
    if decision.late and tx.locked(filed.slot.test):
        return "let_in"
    return "keep_both" if decision.twice else "assign"


def finish_decision(parts: Parts, record: PageRecord) -> PageRecord:
    """Puts the picture of a page that a person assigned into its slot; also after the process died in between."""
    evidence = json.loads(record.evidence or "{}")
    assert record.key is not None and record.sha256 is not None
    about = {"scan": record.scan, "page": record.page, "decided-by": record.decided_by, "serial": record.serial}
    about |= {"side": record.side}
    about |= {"revision": record.revision, "skew-deg": record.skew_deg, "turn-deg": record.turn_deg, "dpi": record.dpi}
    about |= {"width-px": record.width_px, "height-px": record.height_px}
    metadata = {name: str(value) for name, value in about.items() if value is not None}
    put = parts.store.copy_new(
        evidence["held_key"],
        record.key,
        sha256=record.sha256,
        media_type=record.media_type or "image/jpeg",
        metadata=metadata,
    )
    if put is Put.TAKEN:
        raise StoreFault(f"{record.key} holds other bytes; nothing was overwritten", "Run `scanpipe verify`.")
    return conclude(parts, record.id, "page_filed", {}, placed=record.key)


def was_held(page: PageRecord) -> bool:
    """Is its picture on its way from where it was held into its slot, without a person's decision?"""
    placing = page.state == "placing" and page.decided_by is None
    return placing and "held_key" in json.loads(page.evidence or "{}")


def finish_decisions(parts: Parts, older_s: float = 0.0) -> int:
    """Finishes what was decided at least so long ago and not carried out, because a process died or the store was away.

    Answers how many pages. Raises StoreFault, LedgerFault.
    """
    until = (datetime.now(UTC) - timedelta(seconds=older_s)).isoformat(timespec="milliseconds")
    with parts.ledger.read() as r:
        left = [p for p in r.pages_in("placing") if (p.decided_by is not None or was_held(p)) and p.at <= until]
    for record in left:
        finish_decision(parts, record)
    return len(left)


def discard(parts: Parts, page: PageId, by: str, why: str, seen: int | None = None) -> PageRecord:
    """Marks a page as belonging nowhere. Its picture and its original are kept."""
    return parts.ledger.write(lambda tx: set_aside(tx, decidable(tx, page, seen, *OUT_OF_SLOTS), by, why))


def scan_again(parts: Parts, page: PageId, by: str, why: str, seen: int | None = None) -> PageRecord:
    """Puts the paper on the list of those to be found and fed again; the next scan of its serial closes the entry."""

    def decide(tx: Transaction) -> PageRecord:
        return set_aside(tx, decidable(tx, page, seen, *OUT_OF_SLOTS, "filed"), by, why, "rescan")

    return parts.ledger.write(decide)


def give_back(parts: Parts, pages: Sequence[PageId], by: str, seen: int | None = None) -> None:
    """Sends held pages on their journey again: after a definition was mended, say. They are this process's work from here on."""

    def decide(tx: Transaction) -> None:
        send_again(tx, [decidable(tx, page, seen, *OUT_OF_SLOTS) for page in pages], by, parts.folders.holder)

    parts.ledger.write(decide)


def send_again(tx: Transaction, records: Sequence[PageRecord], by: str, holder: str) -> None:
    """These pages wait again, and their scans are the work of this process."""
    make(tx, "retry", by, records, loses=[lost for r in records for lost in lost_slots(tx, r, None)])
    for record in records:
        tx.append("page_retried", scan=record.scan, page=record.page, by=by)
    for scan in sorted({r.scan for r in records}):
        tx.append("scan_taken_over", scan=scan, holder=holder)


def find_page(tx: Transaction, name: str) -> PageId:
    """The page that a person means: `<start of the scan's digest>-<page>`. Raises UnknownThing."""
    start, _, index = name.rpartition("-")
    scans = tx.scans_like(start.lower()) if len(start) >= 6 and index.isascii() and index.isdigit() else []
    if len(scans) > 1:
        raise UnknownThing(say("%(name)s: several scans start so", name=name), say("Give more of the scan's digest."))
    page = PageId(scans[0].scan, int(index)) if scans and len(index) < 9 else None
    if page is None or tx.page(page) is None:
        raise UnknownThing(
            say("there is no page %(name)s", name=name), say("`scanpipe queue` lists the held pages by their names.")
        )
    return page


def contradiction(tx: Transaction, record: PageRecord, chosen: Claims) -> list[str]:
    """What speaks against a choice, as words: codes on the page that can be trusted, what was printed under their serial, and
    the slot that it was handed in for.
    """
    said = {"test": chosen.test, "candidate": chosen.candidate, "question": chosen.question}
    evidence = json.loads(record.evidence or "{}")
    claims = [code.get("claims", {}) for code in evidence.get("codes", [])]
    claims += [evidence.get(source, {}).get("names", {}) for source in ("shaded", "upload")]
    sheet = tx.printed(record.serial) if record.serial else None
    if sheet is not None:
        claims.append({"test": sheet.test, "candidate": sheet.candidate, "question": sheet.question})
    against = {
        (field, value.upper()): _said_otherwise(field, value)
        for claim in claims
        for field, value in claim.items()
        if value is not None and said.get(field) is not None and value.upper() != str(said[field]).upper()
    }
    return list(against.values())


def comes_late(tx: Transaction, record: PageRecord, test: str | None) -> bool:
    """Would it come into a slot of this test (None: of its own) after grading began? Then a person is asked why."""
    test = test or record.test
    return record.state != "filed" and test is not None and tx.locked(test)


def _said_otherwise(field: str, value: str) -> str:
    if field == "candidate":
        return say("candidate %(value)s", value=value)
    return say("question %(value)s", value=value) if field == "question" else say("test %(value)s", value=value)


def set_aside(tx: Transaction, record: PageRecord, by: str, why: str, kind: str = "discard") -> PageRecord:
    """The page lies in no slot any more, by a decision that is on record: `discard` or `rescan`."""
    make(tx, kind, by, [record], why)
    event = "page_to_rescan" if kind == "rescan" else "page_discarded"
    tx.append(event, scan=record.scan, page=record.page, decided_by=by, why=why)
    return page_or_fault(tx, record.id)


def decidable(tx: Transaction, page: PageId, seen: int | None, *states: str) -> PageRecord:
    """The page, if it is in one of these states and as it was seen. Raises UnknownThing, Overtaken, Refused."""
    record = page_or_fault(tx, page)
    check_seen(tx, record, seen)
    if record.state == "filed" and record.test is not None:
        check_unlocked(tx, record.test)
    if record.state not in states:
        raise Refused(
            say("page %(page)s is %(state)s, not held", page=page, state=record.state),
            say("`scanpipe trace %(what)s` tells its life.", what=page.scan[:12]),
        )
    return record


def _with_picture(record: PageRecord) -> PageRecord:
    if record.key is None:
        raise Refused(
            say("page %(page)s has no picture that could be filed", page=record.id), say("Scan the sheet again.")
        )
    return record


def place(tx: Transaction, record: PageRecord, filed: Filed, decision: Decision) -> PageRecord:
    """Takes the place in the slot; the picture is on its way to it after the commit."""
    held = {"held_as": record.reason} if record.reason else {}
    evidence = dict(filed.evidence) | held | {"held_key": record.key} | ({"twice": True} if decision.twice else {})
    evidence |= {"ground": decision.ground} if decision.ground else {}
    columns: dict[str, Any] = told_slot(filed.slot) | {
        "serial": filed.serial,
        "side": filed.side,
        "sha256": record.sha256,
        "key": key_in_slot(filed.slot, filed.serial, record),
        "evidence": evidence_json(evidence),
        "revision": filed.revision,
        "reason": None,
        "decided_by": decision.by,
    }
    tx.append("page_placing", scan=record.scan, page=record.page, **columns, contradict=decision.contradict)
    if "page_number" in evidence:
        order_by_number(tx, filed.slot)
    return page_or_fault(tx, record.id)


def _serial(tx: Transaction, record: PageRecord, decision: Decision) -> str | None:
    """The serial that a code says, else that of the sheet which the person takes the page for. Raises Refused."""
    if record.serial is not None or decision.serial is None:
        return record.serial
    sheet = tx.printed(decision.serial)
    if sheet is None or not _may_be(tx, sheet, record, decision):
        raise Refused(
            say("sheet %(serial)s was not printed for this slot", serial=decision.serial),
            say("Assign the page without it."),
        )
    return sheet.serial


def _side(record: PageRecord, serial: str | None) -> int | None:
    """That of the page; writing on a back that is taken for that of a sheet is its second side."""
    return 2 if record.reason == Reason.BACK_OF and serial is not None else record.side


def _may_be(tx: Transaction, sheet: Sheet, record: PageRecord, decision: Decision) -> bool:
    """Is this sheet one of the chosen slot? That of a pad may be anybody's."""
    candidate = sheet.candidate and (tx.packs().handed_to(sheet.test, sheet.candidate) or sheet.candidate)
    chosen = (decision.test or record.test or "", decision.candidate, decision.question)
    made = (sheet.test, candidate or decision.candidate, sheet.question or decision.question)
    return [part.upper() for part in chosen] == [part.upper() for part in made]


def checked(tx: Transaction, record: PageRecord, decision: Decision) -> Filed:
    """The slot that the definition allows for the choice; raises Refused for any other answer."""
    test = decision.test or record.test
    if test is None:
        raise Refused(say("nothing on the page says which test it belongs to"), say("Name it: --test."))
    serial = _serial(tx, record, decision)
    claims = Claims(test, decision.candidate, decision.question, serial, _side(record, serial))
    against = contradiction(tx, record, claims)
    if against and not decision.contradict:
        raise Refused(
            say("a code on the page says otherwise: %(said)s", said=joined(against)),
            say("If you are sure, repeat with --contradict."),
        )
    evidence = json.loads(record.evidence or "{}")
    # whose pack it was is what the person decides, and a lock is no matter of the sheet
    rehearsal = of_rehearsal(tx, record, claims.serial)
    facts = replace(tx.facts(claims, record.id), handed_to=None, locked=False, rehearsal=rehearsal)
    facts = replace(facts, first=None) if decision.twice else facts
    if not decision.late or record.state == "filed":
        check_unlocked(tx, test, STAYS if record.state == "filed" else _TO_LET_IN)
    verdict = validate(claims, facts, evidence | ({"contradicts": ", ".join(against)} if against else {}))
    if isinstance(verdict, Held):
        raise Refused(WORDING[verdict.reason].en, _what_would_do(verdict))
    return verdict


def _what_would_do(held: Held) -> str:
    """What the definition allows instead, as far as it tells."""
    told = held.evidence
    match held.reason:
        case Reason.UNKNOWN_CANDIDATE | Reason.UNKNOWN_QUESTION if told["nearest"]:
            return say("Those that look like it: %(nearest)s.", nearest=", ".join(told["nearest"]))
        case Reason.QUESTION_TAKES_NO_SKETCHES:
            return say("Questions that take sketches: %(fits)s.", fits=", ".join(told["fits"]))
        case Reason.SHEET_SEEN_BEFORE:
            first = PageId(told["first"]["scan"], told["first"]["page"])
            return say("The other one is page %(page)s.", page=first)
        case Reason.TOO_MANY_SHEETS:
            return say("%(n)s of %(most)s sheets lie there.", n=told["in_slot"], most=told["max_sheets"])
    return ""
