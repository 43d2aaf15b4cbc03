"""What is shaded on a generic sheet and which codes were given out in, whose sheet it is out: candidate, question, page.

Only a number that is clear in every place, was given out once, and stands against nothing else on the page names a sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scanpipe.codes import Authentic, BadSignature, Foreign
from scanpipe.model import Claims, Held, Reason
from scanpipe.saying import joined, say
from scanpipe.shaded_codes import EXAMPLE, Coded
from scanpipe.sight import Shading
from scanpipe.stages.identify import MISFIT_MM, Decoded, Identified, evidence_of_codes
from scanpipe.stages.shaded.deciding import EMPTY, UNCLEAR


def name(
    shading: Shading, decoded: Sequence[Decoded], misfit_mm: float | None, given_out: Callable[[str], Sequence[Coded]]
) -> Identified | Held:
    """`given_out` answers every place that a code was given out for; `misfit_mm` is how far the marks are from their places."""
    evidence = evidence_of_codes(decoded, misfit_mm) | {"shaded": evidence_of(shading)}
    evidence.pop("one_code_only", None)  # it has no more
    if (number := page_number(shading)) is not None:
        evidence["page_number"] = number
    own, rehearsal = Claims(), False
    for _, said in decoded:
        if isinstance(said, Authentic):
            own, rehearsal = said.claims, said.rehearsal
    problem = _codes_problem(decoded, misfit_mm)
    if problem is not None:
        return Held(problem[0], evidence | problem[1], own)
    unclear = _unclear(shading)
    if unclear is not None:
        return Held(Reason.SHADED_CODE_UNCLEAR, evidence | unclear, own)
    named = given_out(shading.code)
    of_test = [c for c in named if own.test is None or c.test.upper() == own.test.upper()]
    if len(of_test) != 1 or of_test[0].reserved:
        return Held(Reason.SHADED_CODE_UNCLEAR, evidence | _nobodys(shading.code, own, named, of_test), own)
    found = of_test[0]
    names = {"test": found.test, "candidate": found.candidate, "question": found.question}
    evidence["shaded"] |= {"names": names}
    return Identified(Claims(found.test, found.candidate, found.question, own.serial), evidence, rehearsal)


def page_number(shading: Shading) -> int | None:
    """The number of the page; None where nobody shaded one, or not each of its places clearly: `_3` may be 3 or a faint 13."""
    return (int(shading.page) or None) if shading.page.isdigit() else None


def evidence_of(shading: Shading) -> dict[str, Any]:
    """What is kept of it with the page."""
    kept: dict[str, Any] = {"layout": shading.layout, "code": shading.code, "page": shading.page}
    if shading.grid is not None:
        kept |= {"digits": shading.digits, "fills": [list(row) for row in shading.fills], "grid": list(shading.grid)}
    return kept


def _codes_problem(decoded: Sequence[Decoded], misfit_mm: float | None) -> tuple[Reason, dict[str, Any]] | None:
    """What on the page speaks against its being one generic sheet of ours."""
    if any(isinstance(d, BadSignature) for _, d in decoded):
        return Reason.BAD_SIGNATURE, {}
    foreign = [d.why for _, d in decoded if isinstance(d, Foreign)]
    if foreign:
        return Reason.FOREIGN_CODE, {"foreign": foreign}
    if len(decoded) > 1:
        return Reason.CODES_DISAGREE, {"conflict": say("a generic sheet has one code, and there are more on the page")}
    if misfit_mm is not None and misfit_mm > MISFIT_MM:
        apart = say("marks stand %(mm)s mm from where they were printed", mm=f"{misfit_mm:.1f}")
        return Reason.CODES_DISAGREE, {"conflict": apart}
    return None


def _unclear(shading: Shading) -> dict[str, Any] | None:
    """What of the shading cannot be told with certainty."""
    if shading.grid is None:
        return {"detail": say("the grid was not found by its marks")}
    if set(shading.code) == {EMPTY}:
        return {"detail": say("no code is shaded")}
    if UNCLEAR in shading.code or EMPTY in shading.code:
        return {"detail": say("code %(code)s is unclear", code=shading.code)}
    if shading.code == EXAMPLE:
        return {"detail": say("code %(code)s is the example that is printed on the sheet", code=EXAMPLE)}
    nothing = set(shading.page) <= {EMPTY}
    if not nothing and page_number(shading) is None:
        return {"detail": say("page %(page)s is unclear", page=shading.page)}
    return None


def _nobodys(code: str, own: Claims, named: Sequence[Coded], of_test: Sequence[Coded]) -> dict[str, Any]:
    """Why a clear code names no place, or not one alone."""
    if not named:
        return {"detail": say("code %(code)s was given out to nobody", code=code)}
    if not of_test:
        return {"detail": say("code %(code)s is none of %(test)s", code=code, test=own.test)}
    tests = joined(sorted({c.test for c in of_test}))
    if all(c.reserved for c in of_test):
        return {"detail": say("code %(code)s was one of %(tests)s, which is retired", code=code, tests=tests)}
    return {"detail": say("code %(code)s is one of several tests: %(tests)s", code=code, tests=tests)}
