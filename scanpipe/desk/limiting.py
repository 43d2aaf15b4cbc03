"""How often somebody may ask: a bucket of requests for each name, which fills again all the time."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_MOST_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """`left` requests may come at once; `wait_s` is how long the next one must wait, 0 when it need not."""

    left: int
    wait_s: float


class Limiter:
    """Any thread may call. `burst` requests may come at once, and `per_minute` in the long run; 0: as many as one likes."""

    def __init__(self, per_minute: int, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute, self.burst = per_minute, max(burst, 1)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str, count: int = 1) -> Allowance:
        """Takes a request out of the bucket of this name, if there is one in it; `count` 0 only looks."""
        if not self.per_minute:
            return Allowance(self.burst, 0.0)
        with self._lock:
            now = self._clock()
            filled, at = self._buckets.pop(name, (float(self.burst), now))
            filled = min(float(self.burst), filled + (now - at) * self.per_minute / 60.0)
            allowed = filled >= 1.0
            self._buckets[name] = (filled - allowed * count, now)  # behind those that were not asked for since
            if len(self._buckets) > _MOST_NAMES:
                self._buckets.pop(next(iter(self._buckets)))
        if allowed:
            return Allowance(math.floor(filled - 1.0), 0.0)
        return Allowance(0, (1.0 - filled) * 60.0 / self.per_minute)
