"""The journey of one page, from top to bottom. Read this first.

Two plain functions, both pure. `examine` (of a phone's picture: `examine_picture`) runs where the processors are: pixels in,
what is seen and the straightened picture out. `judge` runs beside the ledger: what is seen and what is on record in, a verdict
out. What happens with a verdict (filing, holding, all effects) is the desk's work: `desk/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from scanpipe.codes import Foreign, Keyring
from scanpipe.model import Blank, Claims, Code, Filed, Held, Named, Reason, Sheet, Slot, TestDefinition, Verdict
from scanpipe.saying import say
from scanpipe.shaded_layout import ShadedLayout
from scanpipe.sight import Sight, Taken
from scanpipe.stages.blank import find_marks
from scanpipe.stages.deskew import by_marks, deskew
from scanpipe.stages.empty import is_empty
from scanpipe.stages.frame import has_frame
from scanpipe.stages.identify import (
    Decoded,
    Identified,
    agree,
    decode_all,
    evidence_of_link,
    identify,
    serials,
    tests,
)
from scanpipe.stages.locate import locate
from scanpipe.stages.marked import ABSENT, EMPTY, MARKED, UNCLEAR, has_marks, not_possible, read_marks
from scanpipe.stages.phone import Rectified, rectify
from scanpipe.stages.plain import read_plain
from scanpipe.stages.quality import QualityRules, blur_px, codes_problem, darkness, quality_problem
from scanpipe.stages.read import Eyes, Gray, look, look_shrink, merged, read_all, search
from scanpipe.stages.render import Rendition, render
from scanpipe.stages.separate import find_separator
from scanpipe.stages.shaded import Coded, Shaded, name, read_shading
from scanpipe.stages.sides import await_other_side
from scanpipe.stages.streaks import find_streaks
from scanpipe.stages.unpack import Page, page_of_pixels
from scanpipe.stages.validate import Facts, closed_question, validate

_DPI_OF_NOBODY = 300.0
"""Of a scan that does not say; only the places of streaks depend on it."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What one look at a page gave."""

    sight: Sight
    rendition: Rendition


class Records(Protocol):
    """What the judge asks the ledger."""

    def printed(self, serial: str) -> Sheet | None:
        """The sheet that was printed under this serial."""
        ...

    def definition(self, test: str, revision: int | None = None) -> TestDefinition | None:
        """The test of this id, as it is now, or as it was in a revision."""
        ...

    def facts(self, claims: Claims) -> Facts:
        """What bears on these claims: the definition, an earlier page of the same serial, how full the slot is."""
        ...

    def coded(self, code: str) -> Sequence[Coded]:
        """Every place that this shaded code was given out for."""
        ...

    def numbered(self, slot: Slot) -> Mapping[int, str]:
        """The pages of a slot that have a number of their own, by it: `<scan>-<page>`."""
        ...


def examine(page: Page, eyes: Eyes, quality: int, layouts: Sequence[ShadedLayout] = ()) -> Examined:
    """Reads and straightens a page; `quality` is that of the JPEG, `layouts` are those of generic sheets.

    Raises `unpack.DecodeError` for a damaged picture.
    """
    sight = _seen(page, eyes, layouts, look(page, eyes))
    return Examined(sight, render(page, sight.turn_deg, sight.skew_deg, sight.dpi, quality))


def examine_picture(page: Page, eyes: Eyes, quality: int, layouts: Sequence[ShadedLayout] = ()) -> Examined:
    """What `examine` gives, of a picture that somebody took with a phone: of the page on it where it could be taken out with
    certainty, which stands upright and straight then, else of the picture as it came.

    All codes on the picture count there, also those that only the thorough pass of `rectify` sees. Nobody takes a picture of
    nothing: such a page is never blank, and never called empty.
    """
    return examine_taken(page, rectify(page.colour(), eyes), eyes, quality, layouts)


def examine_taken(
    page: Page, rectified: Rectified, eyes: Eyes, quality: int, layouts: Sequence[ShadedLayout] = ()
) -> Examined:
    """The same of a picture that was rectified already."""
    if rectified.certain:
        page = page_of_pixels(rectified.page, rectified.dpi, page.format)
        seen = _seen(page, eyes, layouts, look(page, eyes))
        turn_deg = seen.turn_deg if seen.misfit_mm is not None else 0  # told by codes that were not read on the picture
        share = min(rectified.paper_share or 1.0, seen.paper_share or 1.0)
        sight = replace(seen, turn_deg=turn_deg, skew_deg=0.0, skew_from=rectified.how.value, paper_share=share)
    else:
        sight = _seen(page, eyes, layouts, merged(look(page, eyes), rectified.codes))
    sight = replace(sight, blank=False, empty=False, streaks_mm=(), taken=_taken(rectified))
    return Examined(sight, render(page, sight.turn_deg, sight.skew_deg, sight.dpi, quality))


def _seen(page: Page, eyes: Eyes, layouts: Sequence[ShadedLayout], codes: tuple[Code, ...]) -> Sight:
    """`codes` are those of the first look."""
    shrink = look_shrink(page)
    small = page.gray(shrink)
    shaded = read_shading(small, shrink, codes, layouts)
    blank = not codes and shaded is None and find_marks(small).blank
    if not blank and shaded is None:
        codes = search(page, eyes, codes)
        shaded = read_shading(small, shrink, codes, layouts) if codes else None
    return describe(page, small, codes, blank, shaded)


def _taken(rectified: Rectified) -> Taken:
    advice = tuple((a.what.value, a.measured) for a in rectified.advice)
    return Taken(rectified.how.value, rectified.corners, rectified.why, advice)


def see(page: Page, eyes: Eyes, layouts: Sequence[ShadedLayout] = ()) -> Sight:
    """What `examine` sees, with every effort to read and without making a picture."""
    shrink = look_shrink(page)
    small, codes = page.gray(shrink), read_all(page, eyes)
    return describe(page, small, codes, False, read_shading(small, shrink, codes, layouts))


def describe(page: Page, small: Gray, codes: tuple[Code, ...], blank: bool, shaded: Shaded | None = None) -> Sight:
    """How the page stands and what is there of it, told from its codes or, where they do not suffice, from its lines."""
    marked = shaded.stance if shaded is not None else None
    stance = marked or locate(codes)
    skew = deskew(stance, small) if marked is None else by_marks(marked)
    blur = blur_px(small, codes, look_shrink(page)) if stance is not None else None
    shares = stance.shares(page.width_px, page.height_px) if stance is not None else (None, None)
    return Sight(
        codes=codes,
        turn_deg=skew.turn_deg,
        skew_deg=round(skew.skew_deg, 3),
        skew_from=skew.source,
        misfit_mm=stance.misfit_mm if stance is not None else None,
        dpi=stance.dpi if stance is not None and (marked or len(stance.kinds) > 1) else page.dpi,
        width_px=page.width_px,
        height_px=page.height_px,
        paper_share=shares[0],
        page_share=shares[1],
        darkness=darkness(small),
        blank=blank,
        blur_mm=round(blur / stance.px_per_mm, 3) if stance is not None and blur is not None else None,
        streaks_mm=find_streaks(small, (page.dpi or _DPI_OF_NOBODY) / look_shrink(page)),
        empty=shaded.empty if shaded is not None else is_empty(small, look_shrink(page), stance),
        shading=shaded.shading if shaded is not None else None,
        marks=read_marks(small, look_shrink(page), stance) if has_marks(codes) else "",
        printed=not codes and not blank and shaded is None and has_frame(small),
    )


def judge(
    sight: Sight, keyring: Keyring, records: Records, quality: QualityRules, named: Named | None = None
) -> Verdict:
    """Where the page belongs, or why nobody can say so with certainty. `named`: the slot that it was handed in for by a link.

    A poor scan is held, or filed with what is poor in its evidence: `quality` says which. What a candidate handed in by a link is
    neither blank nor too poor: nobody here has the paper to scan it again, and its slot is certain.
    """
    if sight.blank and named is None:
        return Blank({})
    decoded = decode_all(sight.codes, keyring)
    separator = find_separator(decoded)
    if separator is not None:
        return separator if named is None else _no_separator(separator.evidence, named)
    identified = _identified(sight, decoded, records, named)
    if isinstance(identified, Held):
        return _unused(identified, sight) or identified
    evidence = identified.evidence
    problem = (codes_problem(sight) if named is None else None) or quality_problem(sight, quality)
    if problem is not None:
        if named is None and (quality.hold or problem.reason is not Reason.POOR_QUALITY):
            return Held(problem.reason, {**evidence, **problem.detail}, identified.claims)
        evidence = {**evidence, "poor_quality": problem.detail}
    overdue = named.overdue if named is not None else None
    facts = replace(records.facts(identified.claims), rehearsal=identified.rehearsal, overdue=overdue)
    verdict = validate(identified.claims, facts, evidence)
    if sight.shading is not None:
        verdict = _in_order(verdict, identified.claims, records)
    if sight.marks and isinstance(verdict, Filed) and named is None:
        verdict = _with_marks(verdict, identified.claims, sight.marks, records)
    if named is not None:
        return verdict  # nobody here has the paper, to bring its other side
    return await_other_side(_of_empty(verdict, facts) if sight.empty else verdict, identified.claims)


def _no_separator(evidence: Mapping[str, Any], named: Named) -> Held:
    """A page that opens stacks is nobody's answer."""
    conflict = say("a separator lies on a page that was handed in by a link")
    return Held(Reason.CODES_DISAGREE, {**evidence, **evidence_of_link(named), "conflict": conflict}, named.claims)


def _identified(
    sight: Sight, decoded: Sequence[Decoded], records: Records, handed_in: Named | None
) -> Identified | Held:
    """Whose sheet the page says it is: by its codes, by what is shaded on it, or by the link that it was handed in by."""
    if sight.shading is not None:
        shaded = name(sight.shading, decoded, sight.misfit_mm, records.coded)
        if isinstance(shaded, Identified):
            return shaded if handed_in is None else agree(shaded, handed_in)
        return replace(shaded, evidence={**shaded.evidence, **evidence_of_link(handed_in)})
    decoded = _with_plain(decoded, records, handed_in)
    named = serials(decoded)
    printed = records.printed(named.pop()) if len(named) == 1 else None
    return identify(decoded, sight.misfit_mm, printed, handed_in)


def _with_plain(decoded: Sequence[Decoded], records: Records, handed_in: Named | None) -> list[Decoded]:
    """Codes from elsewhere that the one test takes that signed codes, or else the link, name: they claim something as well."""
    named = tests(decoded) if any(isinstance(d, Foreign) for _, d in decoded) else set()
    if not named and handed_in is not None and handed_in.claims.test is not None:
        named = {handed_in.claims.test}
    definition = records.definition(named.pop()) if len(named) == 1 else None
    if definition is None or not definition.plain_codes:
        return list(decoded)
    rules, test = definition.plain_codes, definition.id.upper()

    def of_test(code: str) -> list[Coded]:
        return [coded for coded in records.coded(code) if coded.test.upper() == test]

    return [(c, (read_plain(c, rules, of_test) or d) if isinstance(d, Foreign) else d) for c, d in decoded]


def _with_marks(filed: Filed, claims: Claims, marks: str, records: Records) -> Filed | Held:
    """The further questions that are marked, in the evidence; held where a box is unclear, or what is marked is not possible.

    What stands at the boxes was printed with the definition of that time.
    """
    printed = records.printed(filed.serial or "")
    definition = records.definition(filed.slot.test, printed.revision) if printed is not None else None
    offered = definition.markable(filed.slot.question) if definition is not None else ()
    boxes = dict(zip(offered, marks, strict=False))
    unclear = [question for question, mark in boxes.items() if mark in (UNCLEAR, ABSENT)]
    marked = [question for question, mark in boxes.items() if mark not in (UNCLEAR, ABSENT, EMPTY)]
    if definition is None and not {*marks} & {MARKED, UNCLEAR} and EMPTY in marks:
        return filed  # of a sheet that is not on record nobody knows what its boxes say; nothing is in them
    if definition is None or unclear:
        detail = say("marked: %(marked)s; not clear: %(unclear)s", marked=_listed(marked), unclear=_listed(unclear))
        told: dict[str, Any] = {"marked": marked, "unclear": unclear, "detail": detail}
        return Held(Reason.MARKS_UNCLEAR, {**filed.evidence, **told}, claims, filed.revision)
    closed = closed_question(filed.slot, marked, records.facts)
    if closed is not None:
        told = {"marked": marked, "detail": not_possible(closed)}
        return Held(Reason.MARKS_UNCLEAR, {**filed.evidence, **told}, claims, filed.revision)
    return replace(filed, evidence={**filed.evidence, "also": marked}) if marked else filed


def _listed(questions: Sequence[str]) -> str:
    return ", ".join(questions) or "–"


def _unused(identified: Held, sight: Sight) -> Blank | None:
    """A generic sheet that nobody touched is nobody's answer: it is counted, whoever put it on the stack."""
    untouched = sight.empty and sight.shading is not None and sight.shading.unused
    if not untouched or identified.reason is not Reason.SHADED_CODE_UNCLEAR:
        return None
    return Blank({**identified.evidence, "empty": True}, serial=identified.claims.serial)


def _of_empty(verdict: Filed | Held, facts: Facts) -> Verdict:
    """A sheet that nobody drew on is marked, and where its test only counts such sheets it takes no place in the slot."""
    if isinstance(verdict, Held):
        return verdict
    marked = replace(verdict, evidence={**verdict.evidence, "empty": True})
    if facts.definition is None or facts.definition.empty_sheets == "file":
        return marked
    return Blank(marked.evidence, marked.slot, marked.serial, marked.revision, marked.side)


def _in_order(verdict: Filed | Held, claims: Claims, records: Records) -> Filed | Held:
    """A generic sheet is held where another one with its page number lies in the slot: one of the two is not what it says."""
    number = verdict.evidence.get("page_number")
    if not isinstance(verdict, Filed) or number is None:
        return verdict
    other = records.numbered(verdict.slot).get(number)
    if other is None:
        return verdict
    told = {"detail": say("page %(n)s of this code is filed already", n=number), "other": other}
    return Held(Reason.SHADED_CODE_UNCLEAR, {**verdict.evidence, **told}, claims, verdict.revision)
