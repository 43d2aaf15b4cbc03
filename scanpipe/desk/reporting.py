"""Completeness reports: made from the state at the head of the chain, sealed by the installation, signed off by a person."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scanpipe import __version__
from scanpipe.desk.parts import Parts
from scanpipe.desk.report_acts import acts_up_to
from scanpipe.desk.report_facts import FORMATS, first_difference, in_format, report_facts
from scanpipe.differing import TELLING
from scanpipe.faults import Refused, UnknownThing
from scanpipe.ledgers.chain import GENESIS, canonical, first_break
from scanpipe.model import Difference
from scanpipe.saying import say
from scanpipe.seals import is_sealed, seal
from scanpipe.sheets.report import attached, draw_report

_PURPOSE = "report"
_FACTS = ("format", "test", "figures", "standing", "printed", "scans", "decisions", "acts", "expected", "differences")


@dataclass(frozen=True, slots=True)
class Report:
    """`body` is the JSON file, `digest` its SHA-256, `content` what it says."""

    body: bytes
    digest: str
    content: dict[str, Any]


def make_report(parts: Parts, test: str, by: str, sign_off: str | None = None) -> Report:
    """A report of a test as it stands. `sign_off` names who vouches for it: then it is on record, by its digest.

    Raises UnknownThing, Refused (a name that is none).
    """
    if sign_off is not None and not (sign_off.strip() and sign_off.isprintable() and len(sign_off) <= 120):
        raise Refused(
            say("a report is signed off by somebody who has a name"), say("Give 1 to 120 printable characters.")
        )
    with parts.ledger.at_head() as (tx, head):
        facts = report_facts(tx, test, acts_up_to(parts, head.link or 0) if head else ())
    at = datetime.now(UTC).isoformat(timespec="seconds")
    told = (
        {"link": head.link, "event": head.id, "hash": head.hash} if head else {"link": 0, "event": 0, "hash": GENESIS}
    )
    made = {"at": at, "by": by, "version": __version__, "signed_off_by": sign_off}
    content = {"made": made, "head": told, **facts}
    report = _sealed(parts, content)
    if sign_off is not None:
        about = {"test": facts["test"]["id"], "name": sign_off, "digest": report.digest, "head": told}
        parts.ledger.write(lambda tx: tx.append("report_signed", **about, by=by))
    return report


def draw(report: Report) -> bytes:
    """The report as a PDF, with its JSON file inside."""
    language = report.content["test"]["language"]
    whole = json.loads(report.body)
    return draw_report(report.body, report.digest, whole, lambda d: TELLING[Difference(d["kind"])].what(language))


def _sealed(parts: Parts, content: dict[str, Any]) -> Report:
    key = parts.keyring.active
    signature = {"key": key.id, "hmac_sha256": seal(key, _PURPOSE, canonical(content).encode())}
    whole = {"report": content, "signature": signature}
    body = (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()
    return Report(body, hashlib.sha256(body).hexdigest(), content)


def check_report(parts: Parts, body: bytes) -> list[str]:
    """What is wrong with a report, as sentences; none: it is ours, unchanged, and follows from the events up to its head.

    `body` is the JSON file, or the PDF that has it inside. Raises UnknownThing for a file that is no report.
    """
    if body.startswith(b"%PDF"):
        body = attached(body) or b""
    whole = _parsed(body)
    content, signature = whole["report"], whole["signature"]
    problems = []
    sealed = canonical(content).encode()
    if not is_sealed(parts.keyring, str(signature.get("key")), _PURPOSE, sealed, str(signature.get("hmac_sha256"))):
        problems.append("the report is not as this installation sealed it: it was altered, or made by another one")
    problems += _signed_off(parts, content, hashlib.sha256(body).hexdigest())
    head = content["head"]
    broken = first_break(_up_to(parts, head["link"]))
    if broken is not None:
        problems.append(f"the ledger's hash chain is broken at event {broken}")
    if not _has_head(parts, head):
        said = f"event {head['event']}, {str(head['hash'])[:12]}…"
        return [
            *problems,
            f"the head that the report names ({said}) is not in the ledger's chain at place {head['link']}",
        ]
    return problems + _against_the_events(parts, content)


def _against_the_events(parts: Parts, content: dict[str, Any]) -> list[str]:
    number = content.get("format")
    if type(number) is not int or number not in FORMATS:
        return [f"the report has format {number}; this version knows {', '.join(map(str, FORMATS))} only"]
    link = content["head"]["link"]
    with parts.ledger.as_it_was(link) as tx:
        try:
            facts = report_facts(tx, str(content["test"]["id"]), acts_up_to(parts, link))
            told = json.loads(canonical(in_format(facts, number)))
        except (UnknownThing, KeyError, TypeError):
            return ["the ledger knows no such test at that point"]
    differs = first_difference({name: content[name] for name in _FACTS if name in content}, told)
    return [f"the events say otherwise: {differs}"] if differs else []


def _signed_off(parts: Parts, content: dict[str, Any], digest: str) -> list[str]:
    """One that says that a person signed it off must be on record as it is."""
    name = content.get("made", {}).get("signed_off_by")
    if name is None:
        return []
    with parts.ledger.read() as r:
        signed = [json.loads(e.data) for e in r.events_of("report_signed")]
    if any(s["digest"] == digest and s["name"] == name for s in signed):
        return []
    return [f"it is not on record that {name} signed off this file"]


def _has_head(parts: Parts, head: dict[str, Any]) -> bool:
    if head["link"] == 0:
        return bool(head["hash"] == GENESIS)
    found = next((e for e in _up_to(parts, head["link"], after=head["link"] - 1)), None)
    return found is not None and (found.id, found.hash) == (head["event"], head["hash"])


def _up_to(parts: Parts, link: int, after: int | None = None) -> Any:
    for event in parts.ledger.events(after):
        if event.link is None or event.link > link:
            return
        yield event


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(body)
        head = whole["report"]["head"]
        right = isinstance(whole["signature"], dict) and type(head["link"]) is int and 0 <= head["link"] < 2**53
        right = right and isinstance(whole["report"].get("made"), dict) and {"event", "hash"} <= head.keys()
    except (ValueError, KeyError, TypeError, AttributeError):
        right = False
    if not right:
        raise UnknownThing(say("this is not a report of scanpipe"), say("Give a file that `scanpipe report` wrote."))
    return dict(whole)
