"""Decisions of persons: put on record with what takes them back, and taken back.

A decision is one event, `decision_made`, followed in the same transaction by the events that it consists of. It carries their
inverse, so that undoing needs to know nothing about kinds of decisions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from scanpipe.desk.parts import Parts
from scanpipe.faults import Overtaken, Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.decisions import DecisionRecord, Inverse
from scanpipe.ledgers.events_pages import PAGE_COLUMNS
from scanpipe.model import Claims, Held, PageId, PageRecord, Slot
from scanpipe.reasons import WORDING
from scanpipe.saying import say
from scanpipe.stages.validate import validate

_TAKES_PART = ("filed", "held", "blank")
STAYS = say("What lies in them stays as it is until somebody unlocks them.")


def page_or_fault(tx: Transaction, page: PageId) -> PageRecord:
    """Raises UnknownThing."""
    record = tx.page(page)
    if record is None:
        raise UnknownThing(
            say("there is no page %(page)s", page=page), say("`scanpipe queue` lists the held pages by their names.")
        )
    return record


def check_seen(tx: Transaction, record: PageRecord, seen: int | None) -> None:
    """`seen` is the `event` of the record that a person looked at. Raises Overtaken when it changed since."""
    if seen is None or record.event == seen:
        return
    standing = next((d for d in tx.decisions().about(record.id) if d.undone is None), None)
    who = say("%(by)s decided: %(kind)s", by=standing.by, kind=standing.kind) if standing else say("it was worked on")
    raise Overtaken(
        say("page %(page)s is %(state)s meanwhile (%(who)s)", page=record.id, state=record.state, who=who),
        say("Look at it again; nothing of yours was done."),
    )


def other_sides(tx: Transaction, page: PageRecord) -> list[PageRecord]:
    """The pages of the same sheet of paper that lie in the same slot: what a person does with one is done with the paper."""
    if page.state != "filed" or page.serial is None:
        return []
    beside = [p for p, _ in tx.queue().same_serial(page.serial, 1 if page.side == 2 else 2, page.id)]
    return [page_or_fault(tx, p.id) for p in beside if p.state == "filed" and p.slot == page.slot]


def kept_beside(page: PageRecord) -> bool:
    """Did a person say that this scan is to be kept beside another one of its serial?"""
    return page.decided_by is not None and bool(json.loads(page.evidence or "{}").get("twice"))


def made_for(tx: Transaction, page: PageRecord) -> str | None:
    """The candidate for whom a page's sheet was printed: by the record of printing, else by its codes."""
    sheet = tx.printed(page.serial) if page.serial else None
    if sheet is not None:
        return sheet.candidate
    claims = (code.get("claims", {}) for code in json.loads(page.evidence or "{}").get("codes", []))
    return next((claim["candidate"] for claim in claims if "candidate" in claim), None)


def of_rehearsal(tx: Transaction, record: PageRecord, serial: str | None) -> bool | None:
    """Was the sheet printed for a rehearsal? By its codes, else by the record of printing; None: nobody knows."""
    codes = [c for c in json.loads(record.evidence or "{}").get("codes", []) if c.get("standing") == "authentic"]
    if codes:
        return any(c.get("rehearsal") for c in codes)
    sheet = tx.printed(serial) if serial else None
    printed_with = tx.definition(sheet.test, sheet.revision) if sheet else None
    return printed_with.rehearsal if printed_with else None


def check_unlocked(tx: Transaction, test: str, hint: str = STAYS) -> None:
    """Raises Refused when grading of the test began; `hint` is what the person can do instead."""
    if tx.locked(test):
        raise Refused(say("grading of %(test)s has begun: its slots are locked", test=test), hint)


def make(
    tx: Transaction,
    kind: str,
    by: str,
    pages: Sequence[PageRecord],
    why: str | None = None,
    inverse: Inverse | None = None,
    loses: Sequence[tuple[PageRecord, Slot]] = (),
) -> int:
    """Puts a decision on record; `pages` as they are before. Without another `inverse`, they become again what they were.

    `loses` are further slots that pages do not belong to any more by this decision; undone, they do again.
    """
    back: Inverse = [*map(restoring, pages)] if inverse is None else [*inverse]
    back += [("page_also", p.scan, p.page, told_slot(slot)) for p, slot in loses]
    id = tx.append(
        "decision_made",
        scan=pages[0].scan if len({p.scan for p in pages}) == 1 else None,
        page=pages[0].page if len(pages) == 1 else None,
        kind=kind,
        by=by,
        why=why,
        pages=[[p.scan, p.page] for p in pages],
        inverse=[list(e) for e in back],
    )
    for page, slot in loses:
        tx.append("page_not_also", scan=page.scan, page=page.page, **told_slot(slot))
    return id


def lost_slots(tx: Transaction, page: PageRecord, to: Slot | None) -> list[tuple[PageRecord, Slot]]:
    """The further slots that a page loses when it moves: those of another candidate or test, and the one that it moves to.

    `to` is None where the machine is asked anew: then it loses all.
    """
    kept = None if to is None else (to.test, to.candidate)
    also = tx.decisions().also(page.id)
    return [(page, slot) for slot in also if slot == to or (slot.test, slot.candidate) != kept]


def by_machine(page: PageRecord) -> bool:
    """Does it lie where the machine put it? What a person decided stands."""
    return page.state in _TAKES_PART and page.decided_by is None


def give_way_to(tx: Transaction, pages: Sequence[PageRecord], by: str, version: int) -> None:
    """Pages that were handed in give way to a newer version that they are not in: `by` is the link that it came by."""
    if not pages:
        return
    make(tx, "hand_in_anew", by, pages, loses=[lost for p in pages for lost in lost_slots(tx, p, None)])
    for page in pages:
        tx.append("page_replaced", scan=page.scan, page=page.page, decided_by=by, version=version)


def told_slot(slot: Slot) -> dict[str, Any]:
    """A slot as events carry it."""
    return {"test": slot.test, "candidate": slot.candidate, "question": slot.question}


def restoring(page: PageRecord) -> tuple[str, str | None, int | None, dict[str, Any]]:
    """The event that makes a page what this record says."""
    columns = {name: value for name, value in asdict(page).items() if name in PAGE_COLUMNS}
    return "page_restored", page.scan, page.page, columns | {"state": page.state}


def undo(parts: Parts, id: int, by: str) -> list[PageRecord]:
    """Takes a decision back; answers its pages as they are then. Raises UnknownThing, Refused."""

    def take_back(tx: Transaction) -> list[PageRecord]:
        decision = tx.decisions().one(id)
        if decision is None:
            raise UnknownThing(
                say("there is no decision %(page)s", page=id), say("`scanpipe queue decisions` lists them.")
            )
        pages = [page_or_fault(tx, p) for p in tx.decisions().pages(id)]
        _check_standing(tx, decision, pages)
        tx.append("decision_undone", scan=_scan(pages), page=None, decision=id, by=by)
        for type, scan, index, data in decision.takes_back:
            tx.append(type, scan=scan, page=index, **data)
        for page in pages:
            _give_way(tx, page_or_fault(tx, page.id), decision)
        restored = [page_or_fault(tx, p.id) for p in pages]
        for page in restored:
            if page.state == "filed":
                _check_place(tx, page, id)
        return restored

    return parts.ledger.write(take_back)


def undo_last(parts: Parts, by: str) -> tuple[DecisionRecord, list[PageRecord]]:
    """Takes back the last decision of a person that stands. Raises Refused."""
    with parts.ledger.read() as r:
        last = r.decisions().latest_by(by)
    if last is None:
        raise Refused(say("you have decided nothing that could be taken back"), say("The history shows all decisions."))
    return last, undo(parts, last.id, by)


def _give_way(tx: Transaction, page: PageRecord, undone: DecisionRecord) -> None:
    """Where a newer version without this page was handed in since the decision, it would have given way to it."""
    links = tx.links()
    found = links.named(page.scan) if by_machine(page) else None
    if found is None:
        return
    links.hold(found.slot)  # whoever hands in meanwhile sees this page, or is seen here
    found = links.named(page.scan)
    newer = next((s for s in links.submissions(found.slot) if s.version == found.current), None) if found else None
    if found is not None and newer is not None and found.superseded and newer.id > undone.id:
        give_way_to(tx, [page], f"link {newer.link}", newer.version)


def _check_standing(tx: Transaction, decision: DecisionRecord, pages: Iterable[PageRecord]) -> None:
    if decision.undone is not None:
        raise Refused(say("this decision was taken back before"), say("The history shows by whom."))
    for test in _tests_touched(decision, pages):
        check_unlocked(tx, test)
    _check_pack(tx, decision)
    for page in pages:
        later = [d for d in tx.decisions().about(page.id) if d.id > decision.id and d.undone is None]
        if later:
            raise Refused(
                say(
                    "%(by)s decided about page %(page)s since: %(kind)s",
                    by=later[0].by,
                    page=page.id,
                    kind=later[0].kind,
                ),
                say("Take that back first."),
            )
        if not page.settled:
            raise Refused(say("page %(page)s is on its way", page=page.id), say("Try again when it has arrived."))
        if page.state == "retired":
            raise Refused(say("page %(page)s is retired", page=page.id), say("What is erased does not come back."))


def _tests_touched(decision: DecisionRecord, pages: Iterable[PageRecord]) -> list[str]:
    """The tests whose slots change when a decision is taken back: where its pages lie now, and where they lay before."""
    now = {page.test for page in pages if page.state == "filed"}
    before = {data.get("test") for type, _, _, data in decision.takes_back if data.get("state", "filed") == "filed"}
    return sorted(test for test in now | before if test is not None)


def _check_pack(tx: Transaction, decision: DecisionRecord) -> None:
    """A pack does not go back without the sheets of it that came later, and that a person put with the others."""
    asked = next((data["pack"] for type, _, _, data in decision.takes_back if type == "pack_move_settled"), None)
    pack = tx.packs().one(asked) if asked is not None else None
    if pack is None:
        return
    moved = set(tx.decisions().pages(decision.id))
    ways = [(pack.printed_for, pack.handed_to), (pack.handed_to, pack.printed_for)]
    for printed_for, handed_to in ways if pack.swap else ways[:1]:
        for page in tx.filed_of(pack.test, handed_to):
            if page.id not in moved and (made_for(tx, page) or "").upper() == printed_for.upper():
                raise Refused(
                    say(
                        "sheet %(serial)s of this pack came later and lies with candidate %(handed_to)s",
                        serial=page.serial,
                        handed_to=handed_to,
                    ),
                    say("Take the decision about page %(page)s back first.", page=page.id),
                )


def _check_place(tx: Transaction, page: PageRecord, decision: int) -> None:
    """May the page lie again where it lay? Its serial or its place may have been taken since the decision, its sheet be bound."""
    sheet = tx.printed(page.serial) if page.serial else None
    if sheet is not None and (sheet.bound or 0) > decision and sheet.candidate != page.candidate:
        raise Refused(
            say(
                "sheet %(serial)s is candidate %(candidate)s's meanwhile", serial=page.serial, candidate=sheet.candidate
            ),
            say("`scanpipe unbind` takes a binding back; or assign the page."),
        )
    claims = Claims(page.test, page.candidate, page.question, page.serial, page.side)
    rehearsal = of_rehearsal(tx, page, page.serial)
    facts = replace(tx.facts(claims, page.id), handed_to=None, rehearsal=rehearsal)
    other = tx.page(facts.first) if facts.first is not None else None
    if kept_beside(page) or (other is not None and kept_beside(other)):
        facts = replace(facts, first=None)
    verdict = validate(claims, facts, {})
    if isinstance(verdict, Held):
        raise Refused(WORDING[verdict.reason].en, say("Its place was taken meanwhile: look at what lies in the slot."))


def _scan(pages: Sequence[PageRecord]) -> str | None:
    return pages[0].scan if len({p.scan for p in pages}) == 1 else None
