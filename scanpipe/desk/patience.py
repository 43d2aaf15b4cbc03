"""What failed because the machine was at fault, and when it is to be tried again: with growing pauses, for ever."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from scanpipe.faults import Fault

T = TypeVar("T")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_SAY_AGAIN_S = 60.0


def pause_s(tries: int) -> float:
    """Doubles from 1 to 30 seconds, less up to a quarter by chance, so that not all come back at one moment."""
    pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(tries - 1, 10))
    return pause * (1 - random.random() / 4)


@dataclass
class Waiting(Generic[T]):
    """Things that wait for their next try. Times are those of a clock that only goes forward."""

    _due: list[tuple[float, int, T]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._due)

    def add(self, thing: T, tries: int, now_s: float) -> None:
        """`thing` failed for the `tries`-th time."""
        self._due.append((now_s + pause_s(tries), tries, thing))

    def take(self, now_s: float) -> list[tuple[int, T]]:
        """Those whose time has come, with the number of tries so far."""
        ready = [(tries, thing) for due_s, tries, thing in self._due if due_s <= now_s]
        self._due = [item for item in self._due if item[0] > now_s]
        return ready


class Complaints:
    """Which faults have to be said now: each once a minute as long as it lasts, not once for every file."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def worth_saying(self, fault: Fault, now_s: float) -> bool:
        """Was this not said within the last minute? Faults that differ in numbers and names alone count as one."""
        kind = f"{type(fault).__name__} {fault.hint}"
        if now_s < self._said.get(kind, -_SAY_AGAIN_S) + _SAY_AGAIN_S:
            return False
        self._said[kind] = now_s
        return True

    def over(self) -> bool:
        """Something went well: was anything said before? Forgets it."""
        said, self._said = bool(self._said), {}
        return said
