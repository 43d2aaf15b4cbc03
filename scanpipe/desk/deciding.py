"""What a person decides about a page. The same checks as for the machine, and who and why on record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from scanpipe.desk.filing import conclude
from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused, StoreFault, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.model import Claims, Filed, Held, PageId, PageRecord
from scanpipe.reasons import WORDING
from scanpipe.stages.validate import validate
from scanpipe.stores import Put

_DECIDABLE = ("held", "blank", "discarded")


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's choice for a page. `contradict`: they know that a code on the page says otherwise."""

    candidate: str
    question: str
    test: str | None
    by: str
    contradict: bool = False


def assign(parts: Parts, page: PageId, decision: Decision) -> PageRecord:
    """Files a held page where a person says. Raises UnknownThing, Refused (the rules forbid it), StoreFault."""

    def decide(tx: Transaction) -> PageRecord:
        record = _decidable(tx, page)
        if record.key is None:
            raise Refused(f"page {page} has no picture that could be filed", "Scan the sheet again.")
        filed = _checked(tx, record, decision)
        name = f"{filed.serial or 'page'}-{(record.sha256 or '')[:12]}.{record.key.rsplit('.', 1)[-1]}"
        evidence = dict(filed.evidence) | {"held_as": record.reason, "held_key": record.key}
        columns: dict[str, Any] = {
            "test": filed.slot.test,
            "candidate": filed.slot.candidate,
            "question": filed.slot.question,
        }
        columns |= {
            "serial": filed.serial,
            "key": filed.slot.key(name),
            "evidence": json.dumps(evidence, sort_keys=True),
        }
        tx.append(
            "page_placing",
            scan=page.scan,
            page=page.index,
            **columns,
            revision=filed.revision,
            reason=None,
            decided_by=decision.by,
            contradict=decision.contradict,
        )
        placed = tx.page(page)
        assert placed is not None
        return placed

    return finish_decision(parts, parts.ledger.write(decide))


def finish_decision(parts: Parts, record: PageRecord) -> PageRecord:
    """Puts the picture of a page that a person assigned into its slot; also after the process died in between."""
    evidence = json.loads(record.evidence or "{}")
    assert record.key is not None and record.sha256 is not None
    about = {"scan": record.scan, "page": record.page, "decided-by": record.decided_by, "serial": record.serial}
    about |= {"revision": record.revision, "skew-deg": record.skew_deg, "turn-deg": record.turn_deg, "dpi": record.dpi}
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
    return conclude(parts, record.id, "page_filed", {})


def discard(parts: Parts, page: PageId, by: str, why: str) -> PageRecord:
    """Marks a held page as belonging nowhere. Its picture and its original are kept. Raises UnknownThing, Refused."""

    def decide(tx: Transaction) -> PageRecord:
        _decidable(tx, page)
        tx.append("page_discarded", scan=page.scan, page=page.index, decided_by=by, why=why)
        record = tx.page(page)
        assert record is not None
        return record

    return parts.ledger.write(decide)


def give_back(parts: Parts, page: PageId, by: str) -> None:
    """Sends a held page on its journey again: after a definition was mended, say. Raises UnknownThing, Refused."""

    def decide(tx: Transaction) -> None:
        _decidable(tx, page)
        tx.append("page_retried", scan=page.scan, page=page.index, by=by)

    parts.ledger.write(decide)


def find_page(tx: Transaction, name: str) -> PageId:
    """The page that a person means: `<start of the scan's digest>-<page>`. Raises UnknownThing."""
    start, _, index = name.rpartition("-")
    scans = tx.scans_like(start.lower()) if len(start) >= 6 and index.isdigit() else []
    if len(scans) > 1:
        raise UnknownThing(f"{name}: several scans start so", "Give more of the scan's digest.")
    page = PageId(scans[0].scan, int(index)) if scans else None
    if page is None or tx.page(page) is None:
        raise UnknownThing(f"there is no page {name}", "`scanpipe queue` lists the held pages by their names.")
    return page


def _decidable(tx: Transaction, page: PageId) -> PageRecord:
    record = tx.page(page)
    if record is None:
        raise UnknownThing(f"there is no page {page}", "`scanpipe queue` lists the held pages by their names.")
    if record.state not in _DECIDABLE:
        raise Refused(f"page {page} is {record.state}, not held", f"`scanpipe trace {page.scan[:12]}` tells its life.")
    return record


def _checked(tx: Transaction, record: PageRecord, decision: Decision) -> Filed:
    """The slot that the definition allows for the choice; raises Refused for any other answer."""
    test = decision.test or record.test
    if test is None:
        raise Refused("nothing on the page says which test it belongs to", "Name it: --test.")
    against = _contradiction(record, decision, test)
    if against and not decision.contradict:
        raise Refused(f"a code on the page says otherwise: {against}", "If you are sure, repeat with --contradict.")
    claims = Claims(test, decision.candidate, decision.question, record.serial)
    evidence = json.loads(record.evidence or "{}")
    verdict = validate(claims, tx.facts(claims, record.id), evidence | ({"contradicts": against} if against else {}))
    if isinstance(verdict, Held):
        detail = {k: v for k, v in verdict.evidence.items() if k not in evidence}
        raise Refused(WORDING[verdict.reason].en, ", ".join(f"{k}: {v}" for k, v in detail.items()))
    return verdict


def _contradiction(record: PageRecord, decision: Decision, test: str) -> str | None:
    """What an authentic code on the page claims against the choice, as words; None where none does."""
    chosen = {"test": test, "candidate": decision.candidate, "question": decision.question}
    for code in json.loads(record.evidence or "{}").get("codes", []):
        for field, value in code.get("claims", {}).items():
            if field in chosen and value.upper() != chosen[field].upper():
                return f"{field} {value}"
    return None
