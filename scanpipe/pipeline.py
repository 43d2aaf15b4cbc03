"""The journey of one page, from top to bottom. Read this first.

Two plain functions, both pure. `examine` runs where the processors are: pixels in, what is seen and the straightened
picture out. `judge` runs beside the ledger: what is seen and what is on record in, a verdict out. What happens with a verdict
(filing, holding, all effects) is the desk's work: `desk/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from scanpipe.codes import Foreign, Keyring
from scanpipe.model import Blank, Claims, Code, Filed, Held, Reason, Sheet, Sight, TestDefinition, Verdict
from scanpipe.stages.blank import find_marks
from scanpipe.stages.deskew import deskew
from scanpipe.stages.empty import is_empty
from scanpipe.stages.identify import Decoded, decode_all, identify, serials, tests
from scanpipe.stages.locate import locate
from scanpipe.stages.plain import read_plain
from scanpipe.stages.quality import QualityRules, blur_px, codes_problem, darkness, quality_problem
from scanpipe.stages.read import Eyes, Gray, look, look_shrink, read_all, search
from scanpipe.stages.render import Rendition, render
from scanpipe.stages.streaks import find_streaks
from scanpipe.stages.unpack import Page
from scanpipe.stages.validate import Facts, validate

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

    def definition(self, test: str) -> TestDefinition | None:
        """The test of this id, as it is now."""
        ...

    def facts(self, claims: Claims) -> Facts:
        """What bears on these claims: the definition, an earlier page of the same serial, how full the slot is."""
        ...


def examine(page: Page, eyes: Eyes, quality: int) -> Examined:
    """Reads and straightens a page; `quality` is that of the JPEG. Raises `unpack.DecodeError` for a damaged picture."""
    small = page.gray(look_shrink(page))
    codes = look(page, eyes)
    blank = not codes and find_marks(small).blank
    if not blank:
        codes = search(page, eyes, codes)
    sight = describe(page, small, codes, blank)
    return Examined(sight, render(page, sight.turn_deg, sight.skew_deg, sight.dpi, quality))


def see(page: Page, eyes: Eyes) -> Sight:
    """What `examine` sees, with every effort to read and without making a picture."""
    small = page.gray(look_shrink(page))
    return describe(page, small, read_all(page, eyes), blank=False)


def describe(page: Page, small: Gray, codes: tuple[Code, ...], blank: bool) -> Sight:
    """How the page stands and what is there of it, told from its codes or, where they do not suffice, from its lines."""
    stance = locate(codes)
    skew = deskew(stance, small)
    blur = blur_px(small, codes, look_shrink(page)) if stance is not None else None
    shares = stance.shares(page.width_px, page.height_px) if stance is not None else (None, None)
    return Sight(
        codes=codes,
        turn_deg=skew.turn_deg,
        skew_deg=round(skew.skew_deg, 3),
        skew_from=skew.source,
        misfit_mm=stance.misfit_mm if stance is not None else None,
        dpi=stance.dpi if stance is not None and len(stance.kinds) > 1 else page.dpi,
        width_px=page.width_px,
        height_px=page.height_px,
        paper_share=shares[0],
        page_share=shares[1],
        darkness=darkness(small),
        blank=blank,
        blur_mm=round(blur / stance.px_per_mm, 3) if stance is not None and blur is not None else None,
        streaks_mm=find_streaks(small, (page.dpi or _DPI_OF_NOBODY) / look_shrink(page)),
        empty=is_empty(small, look_shrink(page), stance),
    )


def judge(sight: Sight, keyring: Keyring, records: Records, quality: QualityRules) -> Verdict:
    """Where the page belongs, or why nobody can say so with certainty.

    A poor scan is held, or filed with what is poor in its evidence: `quality` says which.
    """
    if sight.blank:
        return Blank({})
    decoded = _with_plain(decode_all(sight.codes, keyring), records)
    named = serials(decoded)
    printed = records.printed(named.pop()) if len(named) == 1 else None
    identified = identify(decoded, sight.misfit_mm, printed)
    if isinstance(identified, Held):
        return identified
    evidence = identified.evidence
    problem = codes_problem(sight) or quality_problem(sight, quality)
    if problem is not None:
        if quality.hold or problem.reason is not Reason.POOR_QUALITY:
            return Held(problem.reason, {**evidence, **problem.detail}, identified.claims)
        evidence = {**evidence, "poor_quality": problem.detail}
    facts = replace(records.facts(identified.claims), rehearsal=identified.rehearsal)
    verdict = validate(identified.claims, facts, evidence)
    return _of_empty(verdict, facts) if sight.empty else verdict


def _with_plain(decoded: Sequence[Decoded], records: Records) -> list[Decoded]:
    """Codes from elsewhere that the one test takes that signed codes name: they claim something as well."""
    named = tests(decoded) if any(isinstance(d, Foreign) for _, d in decoded) else set()
    definition = records.definition(named.pop()) if len(named) == 1 else None
    if definition is None or not definition.plain_codes:
        return list(decoded)
    rules = definition.plain_codes
    return [(c, (read_plain(c, rules) or d) if isinstance(d, Foreign) else d) for c, d in decoded]


def _of_empty(verdict: Filed | Held, facts: Facts) -> Verdict:
    """A sheet that nobody drew on is marked, and where its test only counts such sheets it takes no place in the slot."""
    if isinstance(verdict, Held):
        return verdict
    marked = replace(verdict, evidence={**verdict.evidence, "empty": True})
    if facts.definition is None or facts.definition.empty_sheets == "file":
        return marked
    return Blank(marked.evidence, marked.slot, marked.serial, marked.revision)
