"""Codes in, what they claim together out: whose sheet do they say that this is?

Every code is asked who wrote it; the authentic ones must belong to one serial, stand where they were printed, and not
contradict each other or what the ledger knows was printed under that serial. One code is then enough: the
record of printing completes the claims. What a sheet of a pad leaves open, a label says, or a plain code that the test takes:
they claim no serial, and contradict like any other. Anything else on the page is a reason to let a person look.

A page that was handed in by a link needs no code: the link names its slot, and what codes say must agree with that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scanpipe.codes import LABELS, Authentic, BadSignature, Foreign, Keyring, Kind, decode, parse
from scanpipe.model import Claims, Code, Held, Named, Reason, Sheet
from scanpipe.saying import Said, joined, say
from scanpipe.stages.locate import locate
from scanpipe.stages.plain import Plain

_TWICE = {
    Kind.CANDIDATE: say("the candidate code is on the page more than once"),
    Kind.QUESTION: say("the question code is on the page more than once"),
    Kind.SHEET: say("the sheet code is on the page more than once"),
    Kind.PAD: say("the code of a pad is on the page more than once"),
    Kind.OPEN: say("the code of an open pad is on the page more than once"),
}
MISFIT_MM = 2.0
"""Codes of one sheet lie within 0.3 mm of where they were printed, stretched feeds within 1; a pasted one does not."""

EDGE_MM = 2.0
"""Within so much of the edge of the paper nobody can tell whether a label lies on it."""

Decoded = tuple[Code, Authentic | BadSignature | Foreign | Plain]


@dataclass(frozen=True, slots=True)
class Identified:
    """Claims that are complete and free of conflict, the evidence for them, and whether the codes are a rehearsal's; None: there
    are none.
    """

    claims: Claims
    evidence: dict[str, Any]
    rehearsal: bool | None


def decode_all(codes: Sequence[Code], keyring: Keyring) -> list[Decoded]:
    """Each code with who says what in it."""
    return [(c, decode(c.text, keyring) if c.symbology == "qr" else _of_another_kind(c)) for c in codes]


def _of_another_kind(code: Code) -> Foreign:
    return Foreign(say("a code of another kind (%(kind)s)", kind=code.symbology))


def serials(decoded: Sequence[Decoded]) -> set[str]:
    """The serials that authentic codes name: what to look up in the record of printing before `identify`."""
    return {d.claims.serial for _, d in decoded if isinstance(d, Authentic) and d.claims.serial}


def tests(decoded: Sequence[Decoded]) -> set[str]:
    """The tests that authentic codes name, in capitals: whose plain codes may be on the page."""
    return {d.claims.test.upper() for _, d in decoded if isinstance(d, Authentic) and d.claims.test}


def identify(
    decoded: Sequence[Decoded], misfit_mm: float | None, printed: Sheet | None, named: Named | None = None
) -> Identified | Held:
    """`misfit_mm` is how far the codes are from where they were printed, None where no code is a sheet's.

    `printed` is what was printed under the one serial that the codes name, None when that is not on record; `named` the slot
    that the page was handed in for.
    """
    evidence = evidence_of_codes(decoded, misfit_mm) | evidence_of_link(named)
    said = _said(decoded, printed) + ([named.claims] if named else [])
    known = _union(said)
    problem = _problem(decoded, said, misfit_mm) if named is None else _contradicted(decoded, said)
    if problem is not None:
        reason, detail = problem
        return Held(reason, evidence | detail, known)
    missing = _missing(known) if named is None else None
    if missing is not None:
        return Held(missing, evidence | ({} if printed else {"print_record": "none for this serial"}), known)
    signed = [d.rehearsal for _, d in decoded if isinstance(d, Authentic)]
    return Identified(known, evidence, any(signed) if signed or named is None else None)


def agree(found: Identified, named: Named) -> Identified | Held:
    """What a page says of itself, and the slot that it was handed in for."""
    evidence = found.evidence | evidence_of_link(named)
    conflict = _conflict([found.claims, named.claims])
    if conflict is not None:
        return Held(Reason.CODES_DISAGREE, evidence | {"conflict": conflict}, _union([found.claims, named.claims]))
    return Identified(_union([found.claims, named.claims]), evidence, found.rehearsal)


def evidence_of_link(named: Named | None) -> dict[str, Any]:
    """What is kept with a page that was handed in by a link."""
    if named is None:
        return {}
    claims = named.claims
    names = {"test": claims.test, "candidate": claims.candidate, "question": claims.question}
    return {"upload": {"link": named.link, "version": named.version, "position": named.position, "names": names}}


def _said(decoded: Sequence[Decoded], printed: Sheet | None) -> list[Claims]:
    """What codes that are believed claim, and the record of printing."""
    said = [d.claims for _, d in decoded if isinstance(d, Authentic | Plain)]
    return said + ([_claims(printed)] if printed else [])


def _problem(
    decoded: Sequence[Decoded], said: Sequence[Claims], misfit_mm: float | None
) -> tuple[Reason, dict[str, Any]] | None:
    """What forbids to believe the codes, the gravest first."""
    if not decoded:
        return Reason.NO_CODES, {}
    conflict = _conflict(said) or _odd([d for _, d in decoded if isinstance(d, Authentic)])
    if conflict is not None:
        return Reason.CODES_DISAGREE, {"conflict": conflict}
    if any(isinstance(d, BadSignature) for _, d in decoded):
        return Reason.BAD_SIGNATURE, {}
    foreign = [d.why for _, d in decoded if isinstance(d, Foreign)]
    if foreign:
        return Reason.FOREIGN_CODE, {"foreign": foreign}
    if _lies_beside(decoded):
        return Reason.CODES_DISAGREE, {"conflict": say("a label lies beside the sheet, and not on it")}
    if misfit_mm is not None and misfit_mm > MISFIT_MM:
        far_off = say("codes stand %(misfit)s mm from where they were printed", misfit=f"{misfit_mm:.1f}")
        return Reason.CODES_DISAGREE, {"conflict": far_off}
    return None


def _lies_beside(decoded: Sequence[Decoded]) -> bool:
    """A label, or a code from elsewhere that stands for one, counts on the paper alone: a loose one on the glass is nobody's."""
    stuck = [c for c, d in decoded if isinstance(d, Plain) or (isinstance(d, Authentic) and d.kind in LABELS)]
    stance = locate([c for c, _ in decoded]) if stuck else None
    return stance is not None and not all(stance.has(c.corners, EDGE_MM) for c in stuck)


def _contradicted(decoded: Sequence[Decoded], said: Sequence[Claims]) -> tuple[Reason, dict[str, Any]] | None:
    """What on a page speaks against the slot that it was handed in for. A picture is taken from any side, so codes need not stand
    where they were printed; and what lies around the paper may have codes of its own: only those of our grammar are of a sheet.
    """
    conflict = _conflict(said) or _odd([d for _, d in decoded if isinstance(d, Authentic)])
    if conflict is not None:
        return Reason.CODES_DISAGREE, {"conflict": conflict}
    if any(isinstance(d, BadSignature) for _, d in decoded):
        return Reason.BAD_SIGNATURE, {}
    foreign = [d.why for c, d in decoded if isinstance(d, Foreign) and parse(c.text) is not None]
    return (Reason.FOREIGN_CODE, {"foreign": foreign}) if foreign else None


def _conflict(claims: Sequence[Claims]) -> Said | None:
    """The first contradiction among the claims, as a sentence."""
    for field in ("serial", "test", "candidate", "question"):
        values = sorted({v.upper() for c in claims if (v := getattr(c, field)) is not None})
        if len(values) > 1:
            return _contradiction(field, values)
    if len({c.side for c in claims if c.side is not None}) > 1:
        return say("codes of both sides of a sheet stand on one page")
    return None


def _odd(authentic: Sequence[Authentic]) -> Said | None:
    """What codes that agree cannot be on one sheet, as a sentence. Two labels that say the same do no harm."""
    for kind, twice in _TWICE.items():
        if sum(a.kind is kind for a in authentic) > 1:
            return twice
    if len({a.rehearsal for a in authentic}) > 1:
        return say("codes of a rehearsal stand beside codes of a real test")
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


def _union(claims: Sequence[Claims]) -> Claims:
    """All that is claimed; in a conflict a field that is not unanimous stays empty."""

    def one(field: str) -> str | None:
        values = {v.upper() for c in claims if (v := getattr(c, field)) is not None}
        return values.pop() if len(values) == 1 else None

    sides = {c.side for c in claims if c.side is not None}
    side = sides.pop() if len(sides) == 1 else None
    return Claims(one("test"), one("candidate"), one("question"), one("serial"), side)


def _missing(claims: Claims) -> Reason | None:
    if claims.candidate is None:
        return Reason.MISSING_CANDIDATE_CODE
    if claims.question is None:
        return Reason.MISSING_QUESTION_CODE
    if claims.serial is None:
        return Reason.MISSING_SHEET_CODE
    return None


def evidence_of_codes(decoded: Sequence[Decoded], misfit_mm: float | None) -> dict[str, Any]:
    """What is kept of the codes with the page."""
    evidence: dict[str, Any] = {"codes": [_code_evidence(c, d) for c, d in decoded]}
    if misfit_mm is not None:
        evidence["misfit_mm"] = round(misfit_mm, 2)
    if len(decoded) == 1:
        evidence["one_code_only"] = True
    return evidence


def _code_evidence(code: Code, said: Authentic | BadSignature | Foreign | Plain) -> dict[str, Any]:
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
    seen["claims"] = {k: v for k in ("test", "candidate", "question", "serial") if (v := getattr(said.claims, k))}
    if said.claims.side is not None:
        seen["side"] = said.claims.side
    if isinstance(said, Plain):
        return seen | {"standing": "plain"}
    standing = "authentic" if isinstance(said, Authentic) else "bad_signature"
    rehearsal = {"rehearsal": True} if isinstance(said, Authentic) and said.rehearsal else {}
    return seen | {"standing": standing, "kind": said.kind.name.lower()} | rehearsal
