"""Ways to watch the hot folder behind one contract. One file each; the file's name is the registration.

An inbox answers one question again and again: which files are ready to be taken now? An event is a hint, the folder is
the truth: whatever is ready and still in the folder is offered again at the next sweep. Modules whose names start with
an underscore are shared by the kinds.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Protocol

from scanpipe.faults import ConfigFault
from scanpipe.stages.settle import SettleRules


@dataclass(frozen=True, slots=True)
class InboxRules:
    """`sweep_s`: seconds between sweeps of the folder where there are events; `polling_s`: where there are none."""

    root: Path
    settle: SettleRules = field(default_factory=SettleRules)
    sweep_s: float = 10.0
    polling_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file to be taken. `relative` is its path below the inbox. `complete` is False for one that never got its end."""

    path: Path
    relative: PurePosixPath
    complete: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that is not ready yet, and for how many seconds it has been followed."""

    path: Path
    waited_s: float


class Inbox(Protocol):
    """All but `close` belongs to one thread; `close` may be called from any, also from a signal handler."""

    def arrivals(self, timeout_s: float) -> list[Arrival]:
        """Blocks until files are ready, at most about `timeout_s`. In natural order by folder, then name.

        A file that stays where it is is offered again, at the next sweep at the latest. Many files come in portions. Never
        raises for what is in the folder or for the folder being gone: see `troubles`. Empty at once when closed.
        """
        ...

    def waiting(self) -> list[Waiting]:
        """The files that are not ready yet, the one that has waited longest first."""
        ...

    def ignored(self) -> dict[Path, str]:
        """What the last sweep found that is left alone and perhaps should not be there, with the reason as a sentence:
        links, pipes and devices, and files that kept a temporary name for as long as would make us give up on one."""
        ...

    def troubles(self) -> dict[Path, str]:
        """What cannot be read or watched at the moment, with what to do about it. Empty when all is well."""
        ...

    def close(self) -> None:
        """Ends watching and wakes `arrivals`. May be called twice."""
        ...


def names() -> list[str]:
    """The kinds of inbox there are."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def open_inbox(kind: str, rules: InboxRules) -> Inbox:
    """The inbox of this kind. The folder may be missing: it is then in `troubles`. Raises ConfigFault."""
    if kind not in names():
        raise ConfigFault(f"There is no inbox of the kind {kind!r}.", f"Kinds there are: {', '.join(names())}.")
    inbox: Inbox = import_module(f"{__name__}.{kind}").open_folder(rules)
    return inbox
