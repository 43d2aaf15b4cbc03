"""Two pages that were fed as one sheet of paper in, what becomes of both out: do its sides belong together?

The paper is what counts: a printer that slips by one page prints the back of one candidate behind the front of another, and both
sides are authentic. So a side of a sheet that is printed on both waits, held, until the page of the same piece of paper is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scanpipe.model import Claims, Held, PageRecord, Reason, Verdict

Answer = Literal["together", "apart", "unknown"]


@dataclass(frozen=True, slots=True)
class Side:
    """A page of a file, or of a stack, as far as it matters whether its back is another one: in its order."""

    state: str
    reason: str | None
    serial: str | None
    side: int | None

    @property
    def settled(self) -> bool:
        return self.state not in ("waiting", "placing")


def await_other_side(verdict: Verdict, claims: Claims) -> Verdict:
    """What would be filed, or counted as empty, waits for the other side of its sheet of paper, where that is printed as well."""
    if claims.side is None or isinstance(verdict, Held):
        return verdict
    revision = getattr(verdict, "revision", None)
    return Held(Reason.OTHER_SIDE_MISSING, {**verdict.evidence, "side": claims.side}, claims, revision)


def waits(page: PageRecord) -> bool:
    """Does the page wait for the other side?"""
    return page.state == "held" and page.reason == Reason.OTHER_SIDE_MISSING and page.side is not None


def compare_sides(one: PageRecord, other: PageRecord) -> Answer:
    """Of a page that waits and the page of the same piece of paper. Apart: each side is of another sheet."""
    if other.side is None or not other.settled or other.serial is None:
        return "unknown"
    if one.serial == other.serial:
        if one.side == other.side or not (waits(other) or other.state in ("filed", "blank")):
            return "unknown"
        return "together" if _place(one) == _place(other) else "apart"  # a person put the other one elsewhere
    return "apart" if waits(other) or other.reason == Reason.SIDES_DISAGREE else "unknown"


def _place(page: PageRecord) -> tuple[str, ...]:
    return tuple((named or "").upper() for named in (page.test, page.candidate, page.question))


def pairs_are_whole(pages: Sequence[Side]) -> bool:
    """Pages two by two, as whole sheets give them: does a printed side never lie beside a page that is none?

    One that does shows that the count is off by one, by a page that was lost, or fed alone; then sides of two pieces of paper lie
    together, and where the printer slipped as well, they even agree. Nothing more comes, so none may be left over.
    """
    for one, other in zip(pages[::2], pages[1::2], strict=False):
        if (one.side is None) is not (other.side is None):
            return False
    return not (len(pages) % 2 and pages[-1].side is not None)


def looks_two_sided(pages: Sequence[Side]) -> bool:
    """Pages in their order, from a front on: do only those in the odd places have codes, as where both sides were scanned?"""
    return any(page.serial for page in pages[::2]) and not any(page.serial for page in pages[1::2])


def backs_are_certain(pages: Sequence[Side], counted: bool) -> bool:
    """All pages of a file that was scanned on both sides: does every back certainly belong to the front before it?

    One empty back at least shows that the scanner delivers them; without any, somebody must have counted the sheets (`counted`).
    Every sheet must have given two pages: fronts, each with its codes, in the odd places, and in the even ones nothing that has
    a code or print. One page that was dropped, scanned alone, or fed the other way round breaks that.
    """
    fronts, backs = pages[::2], pages[1::2]
    if len(fronts) != len(backs) or not fronts:
        return False
    delivers = counted or any(page.state == "blank" and page.serial is None for page in backs)
    return delivers and all(_is_front(page) for page in fronts) and all(_is_back(page) for page in backs)


def _is_front(page: Side) -> bool:
    known = page.serial is not None and page.side != 2
    return known and page.state in ("filed", "placing", "held", "blank", "separator")


def _is_back(page: Side) -> bool:
    """Blank, or written on by hand alone; or a second side, by its own codes or because this was certain before."""
    if page.side == 2:
        return True
    plain = page.state == "blank" or (page.state == "held" and page.reason == Reason.BACK_OF)
    return plain and page.serial is None
