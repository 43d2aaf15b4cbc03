"""Codes in, a separator out where the page is one: does it open a stack?

A separator carries its code in all four corners. Two of them, a page apart, show that it lies there as a whole: what may lie
below a cut-out of one, or beside it, is for a person to look at. No sheet's code may be on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanpipe.codes import Authentic, BadSignature, Kind
from scanpipe.model import Code, Held, Reason, Separator
from scanpipe.saying import say
from scanpipe.stages.identify import Decoded, evidence_of_codes

_FEWEST = 2
_APART_SIDES = 4.0
"""Two codes of a separator are this many of their sides apart at least; in print it is seven, across the page."""


def find_separator(decoded: Sequence[Decoded]) -> Separator | Held | None:
    """None: there is no code of a separator that we signed. Held: there is one, and something else, or not enough of it."""
    own = [(c, d) for c, d in decoded if isinstance(d, Authentic) and d.kind is Kind.SEPARATOR]
    if not own:
        return None
    evidence, serials = evidence_of_codes(decoded, None), {d.claims.serial for _, d in own}
    others = [d for _, d in decoded if isinstance(d, Authentic | BadSignature) and d.kind is not Kind.SEPARATOR]
    if others or len(serials) > 1 or any(isinstance(d, BadSignature) for _, d in decoded):
        conflict = say("a separator lies on this page together with something else")
    elif len(own) < _FEWEST or not _apart([c for c, _ in own]):
        conflict = say("only part of a separator can be read on this page")
    else:
        return Separator(serials.pop() or "", evidence)
    return Held(Reason.CODES_DISAGREE, {**evidence, "conflict": conflict})


def _apart(codes: Sequence[Code]) -> bool:
    """Are two of them as far from each other as on the printed page?"""
    middles = [np.mean(c.corners, axis=0) for c in codes]
    side = max(float(np.hypot(*np.subtract(c.corners[0], c.corners[1]))) for c in codes)
    return any(float(np.hypot(*(a - b))) > _APART_SIDES * side for a in middles for b in middles)
