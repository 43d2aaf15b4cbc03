"""Working files off: what was named (`ingest`), what lies in the hot folder (`watch`), and what a dead process left."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from itertools import chain
from pathlib import Path

from scanpipe.desk import folders as rooms
from scanpipe.desk.conveyor import Carried, Conveyor
from scanpipe.desk.intake import Incoming, shown_name, take_over
from scanpipe.desk.left_sides import LeftSides
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.faults import UsageFault
from scanpipe.model import ScanRecord, Stack
from scanpipe.ordering import path_key
from scanpipe.stages.sides import waits


class Stacks:
    """Gives each file its position in what was fed together: a job folder, or the loose files of a day."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sizes: dict[str, int] = {}

    def place(self, folder: str) -> Stack:
        """The next position in the stack of this folder ("" for loose files)."""
        name = f"{folder or 'loose files'} {date.today().isoformat()}"
        if name not in self._sizes:
            with self._parts.ledger.read() as r:
                self._sizes[name] = r.figures().stack_size(name)
        self._sizes[name] += 1
        return Stack(name, self._sizes[name])

    def take_back(self, place: Stack) -> None:
        """The file that was to have this place, the last one given, is gone: the next one gets it."""
        self._sizes[place.name] -= 1


def ingest(parts: Parts, conveyor: Conveyor, paths: Iterable[Path]) -> Iterator[Carried]:
    """Takes these files in, and all files of these folders, and answers in their order; they stay where they are.

    Raises UsageFault for a path that is not there, and what the machine was at fault with.
    """
    yield from _with_other_sides(parts, _carried(parts, conveyor, paths))


def _with_other_sides(parts: Parts, carried: Iterable[Carried]) -> Iterator[Carried]:
    """A file whose page waits for its other side is answered after the next one, which may bring it."""
    kept: Carried | None = None
    for one in chain(carried, [None]):
        if kept is not None:
            with parts.ledger.read() as r:
                yield replace(kept, pages=tuple(r.pages(kept.scan.scan)))
        kept = one if one is not None and any(waits(page) for page in one.pages) else None
        if one is not None and kept is None:
            yield one


def _carried(parts: Parts, conveyor: Conveyor, paths: Iterable[Path]) -> Iterator[Carried]:
    stacks = Stacks(parts)
    window: deque[Future[Carried]] = deque()
    for path, folder in _files(paths):
        window.append(conveyor.take(Incoming(path, shown_name(path), stacks.place(folder))))
        if len(window) >= 2 * conveyor.scans_at_once:
            yield window.popleft().result()
    while window:
        yield window.popleft().result()


def finish_leftovers(parts: Parts, conveyor: Conveyor) -> Iterator[Carried]:
    """Finishes what dead processes began: what the store must carry, files that were claimed, scans with pages that wait."""
    shelve(parts)
    stacks = Stacks(parts)
    for incoming in orphans(parts, stacks):
        carried = conveyor.take(incoming).result()
        put_away(parts, incoming.path, carried)
        yield carried
    futures = deque(conveyor.resume(scan) for scan in abandoned(parts))
    while futures:
        yield futures.popleft().result()
    LeftSides(parts).look()


def finish_own(parts: Parts, conveyor: Conveyor) -> Iterator[Carried]:
    """Finishes what stands on record as this process's own and nobody has begun: a ledger that was made anew."""
    with parts.ledger.read() as r:
        own = [scan for scan in r.unfinished() if scan.holder == parts.folders.holder]
    futures = deque(conveyor.resume(scan) for scan in own)
    while futures:
        yield futures.popleft().result()


def orphans(parts: Parts, stacks: Stacks) -> Iterator[Incoming]:
    """Files that dead processes took out of the inbox; they are this process's from here on."""
    for path in list(parts.folders.orphans()):
        relative = Path(*path.relative_to(parts.folders.own_claimed).parts[1:])  # without the token
        yield Incoming(path, shown_name(relative), stacks.place(stack_folder(relative)), begun=True)


def abandoned(parts: Parts) -> Iterator[ScanRecord]:
    """Scans on record that a dead process did not finish; they are this process's from here on. Raises LedgerFault."""
    with parts.ledger.read() as r:
        unfinished = r.unfinished()
    for scan in unfinished:
        if not parts.folders.alive(scan.holder) and (mine := take_over(parts, scan)):
            yield mine


def put_away(parts: Parts, claimed: Path, carried: Carried) -> None:
    """Lets a claimed file go: its bytes are in the store. One that came again is moved aside."""
    if carried.again:
        rooms.set_aside(parts.folders, claimed, carried.scan.scan)
    else:
        rooms.let_go(parts.folders, claimed)


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Every file with the name of its stack; folders in natural order."""
    for path in paths:
        if path.is_dir():
            for p in sorted((p for p in path.rglob("*") if p.is_file()), key=lambda p: path_key(p.as_posix())):
                yield p, shown_name(p.parent.relative_to(path.parent))
        elif path.exists():
            yield path, shown_name(Path(path.absolute().parent.name))
        else:
            raise UsageFault(f"{path}: there is no such file or folder", "Check the path.")


def stack_folder(relative: Path) -> str:
    """The name of the stack that a file of the inbox belongs to; "" for loose files."""
    return "" if relative.parent == Path(".") else shown_name(relative.parent)
