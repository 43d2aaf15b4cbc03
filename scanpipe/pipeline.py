"""The journey of one page, from top to bottom. Read this first.

Two plain functions, both pure. `examine` runs where the processors are: pixels in, what is seen and the straightened
picture out. `judge` runs beside the ledger: what is seen and what is on record in, a verdict out. What happens with a verdict
(filing, holding, all effects) is the desk's work: `desk/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from scanpipe.codes import Keyring
from scanpipe.model import Blank, Claims, Code, Held, Reason, Sheet, Sight, Verdict
from scanpipe.stages.blank import find_marks
from scanpipe.stages.deskew import deskew
from scanpipe.stages.identify import decode_all, identify, serials
from scanpipe.stages.locate import locate
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
    )


def judge(sight: Sight, keyring: Keyring, records: Records, quality: QualityRules) -> Verdict:
    """Where the page belongs, or why nobody can say so with certainty.

    A poor scan is held, or filed with what is poor in its evidence: `quality` says which.
    """
    if sight.blank:
        return Blank({})
    decoded = decode_all(sight.codes, keyring)
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
    return validate(identified.claims, records.facts(identified.claims), evidence)
