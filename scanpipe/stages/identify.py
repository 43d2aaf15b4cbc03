"""Codes in, what they claim together out: whose sheet do they say that this is?

Every code is asked who wrote it; the authentic ones must belong to one serial, stand where they were printed, and not
contradict each other or what the ledger knows was printed under that serial. One code is then enough: the
record of printing completes the claims. Anything else on the page is a reason to let a person look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scanpipe.codes import Authentic, BadSignature, Foreign, Keyring, Kind, decode
from scanpipe.model import Claims, Code, Held, Reason, Sheet
from scanpipe.saying import Said, joined, say

_TWICE = {
    Kind.CANDIDATE: say("the candidate code is on the page more than once"),
    Kind.QUESTION: say("the question code is on the page more than once"),
    Kind.SHEET: say("the sheet code is on the page more than once"),
}
MISFIT_MM = 2.0
"""Codes of one sheet lie within 0.3 mm of where they were printed, stretched feeds within 1; a pasted one does not."""

Decoded = tuple[Code, Authentic | BadSignature | Foreign]


@dataclass(frozen=True, slots=True)
class Identified:
    """Claims that are complete and free of conflict, and the evidence for them."""

    claims: Claims
    evidence: dict[str, Any]


def decode_all(codes: Sequence[Code], keyring: Keyring) -> list[Decoded]:
    """Each code with who says what in it."""
    return [(c, decode(c.text, keyring) if c.symbology == "qr" else _of_another_kind(c)) for c in codes]


def _of_another_kind(code: Code) -> Foreign:
    return Foreign(say("a code of another kind (%(kind)s)", kind=code.symbology))


def serials(decoded: Sequence[Decoded]) -> set[str]:
    """The serials that authentic codes name: what to look up in the record of printing before `identify`."""
    return {d.claims.serial for _, d in decoded if isinstance(d, Authentic) and d.claims.serial}


def identify(decoded: Sequence[Decoded], misfit_mm: float | None, printed: Sheet | None) -> Identified | Held:
    """`misfit_mm` is how far the codes are from where they were printed, None where no code is a sheet's.

    `printed` is what was printed under the one serial that the codes name, None when that is not on record.
    """
    evidence = _evidence(decoded, misfit_mm)
    authentic = [d for _, d in decoded if isinstance(d, Authentic)]
    known = _union(authentic, printed)
    problem = _problem(decoded, authentic, misfit_mm, printed)
    if problem is not None:
        reason, detail = problem
        return Held(reason, evidence | detail, known)
    missing = _missing(known)
    if missing is not None:
        return Held(missing, evidence | {"print_record": "none for this serial"}, known)
    return Identified(known, evidence)


def _problem(
    decoded: Sequence[Decoded], authentic: Sequence[Authentic], misfit_mm: float | None, printed: Sheet | None
) -> tuple[Reason, dict[str, Any]] | None:
    """What forbids to believe the codes, the gravest first."""
    if not decoded:
        return Reason.NO_CODES, {}
    conflict = _conflict(authentic, printed)
    if conflict is not None:
        return Reason.CODES_DISAGREE, {"conflict": conflict}
    if any(isinstance(d, BadSignature) for _, d in decoded):
        return Reason.BAD_SIGNATURE, {}
    foreign = [d.why for _, d in decoded if isinstance(d, Foreign)]
    if foreign:
        return Reason.FOREIGN_CODE, {"foreign": foreign}
    if misfit_mm is not None and misfit_mm > MISFIT_MM:
        far_off = say("codes stand %(misfit)s mm from where they were printed", misfit=f"{misfit_mm:.1f}")
        return Reason.CODES_DISAGREE, {"conflict": far_off}
    return None


def _conflict(authentic: Sequence[Authentic], printed: Sheet | None) -> Said | None:
    """The first contradiction among the claims, as a sentence."""
    claims = [a.claims for a in authentic] + ([_claims(printed)] if printed else [])
    for field in ("serial", "test", "candidate", "question"):
        values = sorted({v.upper() for c in claims if (v := getattr(c, field)) is not None})
        if len(values) > 1:
            return _contradiction(field, values)
    for kind in Kind:
        if sum(a.kind is kind for a in authentic) > 1:
            return _TWICE[kind]
    return None


def _contradiction(field: str, values: Sequence[str]) -> Said:
    both = joined(values, say(" against "))
    match field:
        case "serial":
            return say("serial: %(values)s", values=both)
        case "test":
            return say("test: %(values)s", values=both)
        case "candidate":
            return say("candidate: %(values)s", values=both)
    return say("question: %(values)s", values=both)


def _claims(sheet: Sheet) -> Claims:
    return Claims(sheet.test, sheet.candidate, sheet.question, sheet.serial)


def _union(authentic: Sequence[Authentic], printed: Sheet | None) -> Claims:
    """All that is claimed; in a conflict a field that is not unanimous stays empty."""
    claims = [a.claims for a in authentic] + ([_claims(printed)] if printed else [])

    def one(field: str) -> str | None:
        values = {v.upper() for c in claims if (v := getattr(c, field)) is not None}
        return values.pop() if len(values) == 1 else None

    return Claims(one("test"), one("candidate"), one("question"), one("serial"))


def _missing(claims: Claims) -> Reason | None:
    if claims.candidate is None:
        return Reason.MISSING_CANDIDATE_CODE
    if claims.question is None:
        return Reason.MISSING_QUESTION_CODE
    return None


def _evidence(decoded: Sequence[Decoded], misfit_mm: float | None) -> dict[str, Any]:
    evidence: dict[str, Any] = {"codes": [_code_evidence(c, d) for c, d in decoded]}
    if misfit_mm is not None:
        evidence["misfit_mm"] = round(misfit_mm, 2)
    if len(decoded) == 1:
        evidence["one_code_only"] = True
    return evidence


def _code_evidence(code: Code, said: Authentic | BadSignature | Foreign) -> dict[str, Any]:
    seen: dict[str, Any] = {
        "text": code.text[:200],
        "symbology": code.symbology,
        "corners": [[round(x, 1), round(y, 1)] for x, y in code.corners],
        "reader": code.reader,
    }
    if code.help:
        seen["help"] = code.help
    if isinstance(said, Foreign):
        return seen | {"standing": "foreign", "why": said.why}
    standing = "authentic" if isinstance(said, Authentic) else "bad_signature"
    claims = {k: v for k in ("test", "candidate", "question", "serial") if (v := getattr(said.claims, k))}
    return seen | {"standing": standing, "kind": said.kind.name.lower(), "claims": claims}
