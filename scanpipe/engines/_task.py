"""What was submitted, and what has become of it so far."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from scanpipe.engines import TaskLost

_IN_VAIN = 5


@dataclass(slots=True, eq=False)
class Task:
    """`frame` goes to the worker as it is. `losses` says how it was lost, at most `tries` times; `in_vain` counts the workers
    that were gone before they began: that is not the task's fault, unless it happens again and again."""

    number: int
    frame: bytes
    tries: int = 2
    future: Future[Any] = field(default_factory=Future)
    losses: list[str] = field(default_factory=list)
    in_vain: int = 0
    _begun: bool = False

    def begin(self) -> bool:
        """False when it was cancelled. From now on it cannot be."""
        self._begun = self._begun or self.future.set_running_or_notify_cancel()
        return self._begun

    def cancel(self) -> bool:
        """False when it has begun."""
        return not self._begun and self.future.cancel() and not self.begin()

    def fail(self, error: Exception) -> None:
        """Ends it, unless it was cancelled."""
        if self.begin():
            self.future.set_exception(error)

    def lose(self, how: str, begun: bool) -> bool:
        """A worker died over it, or `begun` is False and the worker was gone before. True: offer it once more."""
        if not begun and self.in_vain < _IN_VAIN:
            self.in_vain += 1
            return True
        self.losses.append(how)
        if len(self.losses) < self.tries:
            return True
        self.future.set_exception(TaskLost(_told(self.losses)))
        return False


def _told(losses: list[str]) -> str:
    if len(losses) == 2 and losses[0] == losses[1]:
        return f"{losses[0]} (twice)"
    return ", then ".join(losses)
