"""One worker process against one a core: how much of the second core arrives at the pages."""

from __future__ import annotations

from functools import partial

from scanpipe.bench.comparing import Ring
from scanpipe.bench.figures import Spread, spread
from scanpipe.bench.pages import Stack
from scanpipe.bench.product import ingest


def gain(ring: Ring, stack: Stack) -> Spread:
    """Pages a second with all workers, divided by those with one; both without their start, in turn."""
    source = ring.source("scanpipe", stack, ring.plan.pages)
    rates: dict[int, list[float]] = {1: [], ring.plan.workers: []}
    for _ in range(ring.plan.repeat):
        for workers, found in rates.items():
            begin, work = (partial(ingest, what, workers=workers) for what in (ring.empty(), source))
            start_s = min(ring.on_installation(begin).wall_s for _ in range(2))
            wall_s = ring.on_installation(work).wall_s
            found.append(ring.plan.pages / max(wall_s - start_s, 0.001))
    return spread([many / one for one, many in zip(rates[1], rates[ring.plan.workers], strict=True)])
