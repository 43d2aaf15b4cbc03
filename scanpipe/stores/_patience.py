"""Trying again: what may pass is tried more than once, with a growing random wait between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from scanpipe.faults import StoreUnavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long. The wait before try n + 1 is random, at most backoff_s · 2ⁿ⁻¹ and backoff_max_s, so that many
    workers that failed together do not come back together."""

    attempts: int
    backoff_s: float
    backoff_max_s: float
    sleep: Callable[[float], None] = time.sleep

    def insist(self, work: Callable[[], T]) -> T:
        """What `work` gives in the end. Raises its last StoreUnavailable when all tries are used up, other faults at once."""
        for n in range(self.attempts - 1):
            try:
                return work()
            except StoreUnavailable:
                self.sleep(random.uniform(0, min(self.backoff_max_s, self.backoff_s * 2**n)))
        return work()
