"""Who watches the work itself: how long each step of a page's journey takes, and what became of it. Nobody, unless asked for."""

from __future__ import annotations

from typing import Protocol

STAGES = ("take_in", "unpack", "examine", "judge", "put", "record")
"""Intake with the original into the store; counting pages; reading and straightening, with the wait for a worker; the verdict;
the picture into the store; the end on record."""


class Observer(Protocol):
    """Hears of every step that is done. Called by many threads; must be quick, and raise nothing."""

    def done(self, stage: str, began_s: float, scan: str, page: int | None = None) -> None:
        """A step of `STAGES` that began at `began_s` (`time.perf_counter`) is done."""
        ...


class Nobody:
    """Does not listen."""

    def done(self, stage: str, began_s: float, scan: str, page: int | None = None) -> None:
        """Nothing."""
