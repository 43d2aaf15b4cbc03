"""What runs cost in, figures a page and ratios out.

Rates are marginal: what the start costs (on an empty page a worker, the least of the repeats) is taken off. The rate with
the start is given beside them, for as many pages as scanpipe was given; for the textbook script, which is given fewer, it
is computed.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scanpipe.bench.comparing import Plan, Runs
from scanpipe.bench.measure import Usage

_LEAST_S = 0.001


@dataclass(frozen=True, slots=True)
class Spread:
    """The median over the repeats, the least and the most."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of one contender, a page."""

    pages_s: float
    pages_s_with_start: float
    cpu_ms: float
    cpu_ms_with_start: float
    own_cpu_ms: float
    peak_mib: float
    written_per_byte: float


@dataclass(frozen=True, slots=True)
class Ratios:
    """What is published first."""

    speed_to_textbook: Spread
    speed_to_textbook_with_start: Spread
    cpu_to_floor: Spread
    cpu_textbook_to_scanpipe: Spread


def start_of(usages: Sequence[Usage]) -> Usage:
    """The least of each figure: what a busy machine adds to a start must not be taken off the runs."""
    return Usage(
        wall_s=min(u.wall_s for u in usages),
        cpu_s=min(u.cpu_s for u in usages),
        own_cpu_s=min(u.own_cpu_s for u in usages),
        peak_mib=min(u.peak_mib for u in usages),
        written_bytes=min(u.written_bytes for u in usages),
        out="",
    )


def costs(runs: Runs, contender: str, start: Usage, plan: Plan) -> list[Cost]:
    """One for each repeat."""
    count = plan.pages_for(contender)
    page_bytes = runs.input_bytes / plan.pages
    return [_cost(usage, start, count, plan, page_bytes) for usage in runs.usages[contender]]


def _cost(usage: Usage, start: Usage, count: int, plan: Plan, page_bytes: float) -> Cost:
    wall_s = max(usage.wall_s - start.wall_s, _LEAST_S) / count
    cpu_s = max(usage.cpu_s - start.cpu_s, _LEAST_S) / count
    return Cost(
        pages_s=1 / wall_s,
        pages_s_with_start=1 / (wall_s + start.wall_s / plan.pages),
        cpu_ms=1000 * cpu_s,
        cpu_ms_with_start=1000 * (cpu_s + start.cpu_s / plan.pages),
        own_cpu_ms=1000 * (usage.own_cpu_s - start.own_cpu_s) / count,
        peak_mib=usage.peak_mib,
        written_per_byte=usage.written_bytes / (count * page_bytes),
    )


def ratios(found: dict[str, list[Cost]]) -> Ratios:
    """From the runs of the three contenders on one input; runs of the same repeat are compared."""
    rounds = list(zip(found["floor"], found["textbook"], found["scanpipe"], strict=True))
    return Ratios(
        speed_to_textbook=spread([s.pages_s / t.pages_s for _, t, s in rounds]),
        speed_to_textbook_with_start=spread([s.pages_s_with_start / t.pages_s_with_start for _, t, s in rounds]),
        cpu_to_floor=spread([s.cpu_ms / f.cpu_ms for f, _, s in rounds]),
        cpu_textbook_to_scanpipe=spread([t.cpu_ms / s.cpu_ms for _, t, s in rounds]),
    )


def spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))
