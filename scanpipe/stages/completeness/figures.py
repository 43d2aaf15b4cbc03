"""How many sheets were printed, handed out, collected, declared and received: by candidate, by room, of the whole test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanpipe.stages.completeness.books import Books, papers
from scanpipe.stages.completeness.told import Counted, Found, Told


@dataclass(frozen=True, slots=True)
class Figures:
    """Sheets of a candidate, a room or the test; None: nobody said. `filed` are those of the received ones that lie in a slot."""

    room: str
    candidate: str
    printed: int
    handed_out: int | None
    collected: int | None
    declared: int | None
    received: int
    filed: int
    present: bool | None
    open: int
    candidates: int = 1


def add_up(told: Told, open: Sequence[Found]) -> tuple[list[Figures], list[Figures], Figures]:
    """Of each candidate, of each room (in the order of their names), and of the whole test."""
    books = Books(told)
    printed = Counter(s.candidate for s in told.sheets)
    differ = Counter(f.candidate for f in open if f.candidate)
    said: dict[tuple[str, str, str], Counted] = {(e.what, e.room, e.candidate): e for e in told.counted}
    declared: Counter[str] = Counter()
    for d in told.declared:
        declared[d.candidate] += d.number
    telling = {d.candidate for d in told.declared}
    people = [
        Figures(
            c.room or "",
            c.number,
            printed[c.number],
            _number(said.get(("handed_out", c.room or "", c.number))),
            _number(said.get(("collected", c.room or "", c.number))),
            declared[c.number] if c.number in telling else None,
            papers(came := books.by_candidate.get(c.number, [])),
            papers(a for a in came if a.state == "filed"),
            told.attendance.get(c.number),
            differ[c.number],
        )
        for c in told.definition.candidates
    ]
    differ_in = Counter(f.room for f in open if f.room)
    rooms = [_room(room, people, said, differ_in[room]) for room in sorted({p.room for p in people})]
    return people, rooms, _sum("", rooms, len(open))


def _room(room: str, people: Sequence[Figures], said: dict[tuple[str, str, str], Counted], differences: int) -> Figures:
    """The room's own count, where somebody said one, else what was said of its candidates."""
    one = _sum(room, [p for p in people if p.room == room], differences)
    whole = {what: _number(said.get((what, room, ""))) for what in ("handed_out", "collected")}
    handed_out = one.handed_out if whole["handed_out"] is None else whole["handed_out"]
    collected = one.collected if whole["collected"] is None else whole["collected"]
    return Figures(
        room,
        "",
        one.printed,
        handed_out,
        collected,
        one.declared,
        one.received,
        one.filed,
        None,
        differences,
        one.candidates,
    )


def _sum(room: str, parts: Sequence[Figures], differences: int) -> Figures:
    return Figures(
        room,
        "",
        sum(p.printed for p in parts),
        _total(p.handed_out for p in parts),
        _total(p.collected for p in parts),
        _total(p.declared for p in parts),
        sum(p.received for p in parts),
        sum(p.filed for p in parts),
        None,
        differences,
        sum(p.candidates for p in parts),
    )


def _total(numbers: Iterable[int | None]) -> int | None:
    known = [n for n in numbers if n is not None]
    return sum(known) if known else None


def _number(entry: Counted | None) -> int | None:
    return None if entry is None else entry.number
