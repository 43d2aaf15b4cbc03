"""What was measured in, out: is it good, to be watched, or bad, and what should one do?

Where the bounds come from: docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from scanpipe.stages.calibration.measure import Calibration
from scanpipe.stages.calibration.reserve import CodeReserve
from scanpipe.stages.calibration.streaks import Streak

Verdict = Literal["good", "watch", "bad", "open"]
"""`open`: it could not be measured on this page."""

_DPI = 190.0, 140.0
_SAID_APART = 0.02, 0.10
_SKEW_DEG = 1.0, 5.0
_STRETCH_PERCENT = 0.5, 2.0
_CUT_MM = 2.0, 5.0
_CONTRAST_LEVELS = 120.0, 60.0
_FAINTEST_INK = 0.10, 0.20
_COARSER = 2.0, 1.4
_FAINTER = 0.35, 0.65


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `advice` is empty where all is good."""

    verdict: Verdict
    what: str
    value: str
    advice: str = ""


def findings(c: Calibration) -> list[Finding]:
    """In the order in which one would look at them."""
    return [*_geometry(c), *_picture(c), *(_code(code) for code in c.codes)]


def _geometry(c: Calibration) -> Iterator[Finding]:
    dpi = min(c.dpi_across, c.dpi_along)
    yield _told(_least(dpi, _DPI), "resolution", f"{c.dpi_across} × {c.dpi_along} dpi", "Scan at 200 dpi or more.")
    if c.said_dpi:
        apart = abs(c.dpi_across / c.said_dpi - 1)
        advice = "Printed at 100 %? Else the scanner reports a resolution that it does not have."
        yield _told(_most(apart, _SAID_APART), "the file says", f"{c.said_dpi:g} dpi", advice)
    yield _told(_most(abs(c.skew_deg), _SKEW_DEG), "skew", f"{c.skew_deg}°", "Set the paper guides closer.")
    advice = "The rollers slip or are worn: clean them."
    yield _told(_most(abs(c.stretch_percent), _STRETCH_PERCENT), "stretch", f"{c.stretch_percent} %", advice)
    cut = ", ".join(f"{edge} {mm:.1f}" for edge, mm in c.cut_mm.items())
    advice = "Choose a scan area that is no smaller than the paper."
    yield _told(_most(max(c.cut_mm.values()), _CUT_MM), "cut off, mm", cut, advice)


def _picture(c: Calibration) -> Iterator[Finding]:
    yield _told("watch" if c.streaks else "good", "streaks", _streaks(c.streaks), "Clean the glass and the rollers.")
    contrast = c.paper_level - c.ink_level
    value = f"paper {c.paper_level:.0f}, ink {c.ink_level:.0f}, noise {c.noise_levels:.1f}"
    yield _told(_least(contrast, _CONTRAST_LEVELS), "contrast, levels", value, "Change the toner; check the exposure.")
    if c.faintest_ink is None:
        yield Finding(
            "open", "faintest pencil", "not on this sheet", "Scan a sheet of `scanpipe sheets --calibration`."
        )
    else:
        value = f"{100 * c.faintest_ink:.0f} % ink" if c.faintest_ink < 1 else "none is seen"
        advice = "Turn off background removal and black-and-white modes."
        yield _told(_most(c.faintest_ink, _FAINTEST_INK), "faintest pencil", value, advice)


def _code(code: CodeReserve) -> Finding:
    worst = max(_least(code.coarser, _COARSER), _most(code.fainter, _FAINTER), key=("good", "watch", "bad").index)
    value = (
        f"module {code.module_px:.1f} px; still read at {code.coarser:.1f} times fewer dpi, "
        f"blurred by {code.blur_modules:.1f} modules, at {100 * code.fainter:.0f} % of the contrast"
    )
    return _told(worst, f"{code.kind} code", value, "Scan finer, print darker, clean the glass.")


def _streaks(streaks: tuple[Streak, ...]) -> str:
    told = [
        f"{'dark' if s.levels < 0 else 'bright'} {s.runs} the feed at {s.at_mm} mm ({s.levels:+.0f})" for s in streaks
    ]
    return "; ".join(told) or "none"


def _told(verdict: Verdict, what: str, value: str, advice: str) -> Finding:
    return Finding(verdict, what, value, "" if verdict == "good" else advice)


def _least(value: float, bounds: tuple[float, float]) -> Verdict:
    return "good" if value >= bounds[0] else "watch" if value >= bounds[1] else "bad"


def _most(value: float, bounds: tuple[float, float]) -> Verdict:
    return "good" if value <= bounds[0] else "watch" if value <= bounds[1] else "bad"
