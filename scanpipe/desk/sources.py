"""How well each scanner scans, told from the pages that came from it last: what should somebody go and mend?"""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scanpipe.desk.parts import Parts
from scanpipe.model import PageRecord
from scanpipe.settings import SourceSettings

LATEST = 200
"""So many pages tell: a stack or two, and no older sins."""
_FEWEST = 10
_SKEWED_DEG, _SKEWED_SHARE = 2.0, 0.25
_CUT_SHARE, _CUT_PAGES = 0.97, 0.1
_WEAK_PAGES = 0.2
_CODES, _CODES_OF_PAD = 3, 2
_STREAK_APART_MM, _STREAK_PAGES = 1.0, 0.4
_DPI_APART = 0.05
_BACKS = 0.3
"""Of a stack that is scanned on both sides, half of the pages are backs, and most of these blank."""


@dataclass(frozen=True, slots=True)
class Health:
    """Measures of the latest pages. Shares are 0 to 1: of pages that stand more than 2° askew, that lack an edge, whose codes
    were not all read at the first look, that are held, that are blank. `streaks_mm` are places, from the left of the scan, where
    many have one.
    """

    name: str
    pages: int
    last_at: str | None
    skew_deg: float | None
    skewed_share: float
    cut_share: float
    weak_share: float
    held_share: float
    blank_share: float
    dpi: float | None
    streaks_mm: tuple[float, ...]
    advice: tuple[str, ...]


def health(parts: Parts, sources: Sequence[SourceSettings]) -> list[Health]:
    """Each source, in the order of the settings. Raises LedgerFault."""
    found = []
    for source in sources:
        with parts.ledger.read() as r:
            pages = r.latest_from(source.folder, LATEST)
        found.append(_health(source, pages))
    return found


def _health(source: SourceSettings, pages: list[PageRecord]) -> Health:
    evidence = [json.loads(page.evidence or "{}") for page in pages]
    skews = [abs(page.skew_deg) for page in pages if page.skew_deg is not None]
    dpis = [page.dpi for page in pages if page.dpi]
    scanner = [e["scanner"] for e in evidence if "scanner" in e]
    measured = {
        "skewed_share": _share(skew > _SKEWED_DEG for skew in skews),
        "cut_share": _share(s.get("paper_share", 1.0) < _CUT_SHARE for s in scanner),
        "weak_share": _share(is_weak(e) for e in evidence if e.get("codes")),
        "held_share": _share(page.state == "held" for page in pages),
        "blank_share": _share(page.state == "blank" for page in pages),
    }
    dpi = statistics.median(dpis) if dpis else None
    streaks = _streaks([s.get("streaks_mm", []) for s in scanner])
    advice = tuple(_advice(source, measured, dpi, streaks)) if len(pages) >= _FEWEST else ()
    return Health(
        name=source.name,
        pages=len(pages),
        last_at=pages[0].at if pages else None,
        skew_deg=round(statistics.median(skews), 2) if skews else None,
        dpi=round(dpi) if dpi else None,
        streaks_mm=streaks,
        advice=advice,
        **measured,
    )


def _advice(
    source: SourceSettings, measured: dict[str, float], dpi: float | None, streaks: tuple[float, ...]
) -> Iterator[str]:
    if streaks:
        places = ", ".join(f"{mm:g}" for mm in streaks)
        yield f"Clean the glass of {source.name}: streaks at {places} mm from the left."
    if measured["skewed_share"] > _SKEWED_SHARE:
        yield f"Set the paper guides of {source.name} closer: many sheets stand more than {_SKEWED_DEG:g}° askew."
    if measured["cut_share"] > _CUT_PAGES:
        yield f"Choose a larger scan area on {source.name}: edges of sheets are cut off."
    if measured["weak_share"] > _WEAK_PAGES:
        yield f"Have a look at sheets from {source.name}: codes are only read with help (print, exposure, dirt)."
    if source.dpi and dpi and abs(dpi / source.dpi - 1) > _DPI_APART:
        yield f"Set {source.name} to {source.dpi} dpi: its pages have {dpi:.0f}."
    yield from _sides(source, measured["blank_share"])


def _sides(source: SourceSettings, blank_share: float) -> Iterator[str]:
    """Does it scan the sides that it is said to scan?"""
    if source.duplex and blank_share == 0:
        yield f"Does {source.name} scan both sides? None of its pages is blank, as the backs of sheets are."
    if not source.duplex and blank_share > _BACKS:
        yield f"Let {source.name} scan one side only, or set duplex = true: many of its pages are blank."


def is_weak(evidence: dict[str, Any]) -> bool:
    """Was a code of the sheet not read, or only with help? Labels do not count: they say nothing of the print."""
    codes = [code for code in evidence["codes"] if code.get("kind") not in ("candidate_label", "question_label")]
    of_pad = any(code.get("kind") in ("pad", "open") for code in codes)
    return len(codes) < (_CODES_OF_PAD if of_pad else _CODES) or any(code.get("help") for code in codes)


def _streaks(pages: list[list[float]]) -> tuple[float, ...]:
    """Places that many pages have in common; what is on a single sheet is no dirt on the glass."""
    if len(pages) < _FEWEST:
        return ()
    bins = Counter(key for page in pages for key in {round(mm / _STREAK_APART_MM) for mm in page})
    near = {key: sum(bins[key + i] for i in (-1, 0, 1)) for key in bins}
    often = sorted(
        key
        for key, count in near.items()
        if count > _STREAK_PAGES * len(pages) and bins[key] == max(bins[key + i] for i in (-1, 0, 1))
    )
    return tuple(key * _STREAK_APART_MM for key in often)


def _share(of: Iterable[bool]) -> float:
    told = list(of)
    return round(sum(told) / len(told), 3) if told else 0.0
