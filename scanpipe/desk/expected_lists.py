"""Lists in CSV of what is expected of a test: read, checked line by line, and recorded all at once or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from scanpipe.definitions.problems import Problem, Spot, quoted
from scanpipe.definitions.statements_csv import Row, fault, read_rows
from scanpipe.desk import expecting
from scanpipe.desk.expecting import Entry, What
from scanpipe.desk.parts import Parts
from scanpipe.model import TestDefinition


@dataclass(slots=True)
class _Sum:
    """What the rows about one candidate, room or question add up to."""

    count: int | None = None
    serials: list[str] = field(default_factory=list)

    def add(self, row: Row, count: int | None, serials: Sequence[str]) -> None:
        if count is not None:
            self.count = (self.count or 0) + count
        self.serials += [s for s in serials if s not in self.serials]
        if self.count is not None and self.serials and self.count != len(self.serials):
            row.wrong(
                "count", f"{self.count} with {len(self.serials)} serials", "serials, or a count, or both that agree"
            )

    def entry(self, candidate: str) -> Entry:
        return Entry(candidate, self.count, tuple(self.serials))


@dataclass(frozen=True, slots=True)
class _Test:
    """What rows are checked against."""

    definition: TestDefinition
    printed: frozenset[str]
    seen: dict[str, Row] = field(default_factory=dict)

    def candidate(self, row: Row) -> str | None:
        """The candidate of the row as the definition spells it; None, and noted, where there is none such."""
        found = self.definition.candidate(row.text("candidate"))
        if found is None:
            text = row.text("candidate")
            row.wrong("candidate", quoted(text) if text else "nothing", f"a candidate of {self.definition.id}")
        return found.number if found else None

    def question(self, row: Row) -> str | None:
        found = self.definition.question(row.text("question"))
        if found is None:
            text = row.text("question")
            row.wrong("question", quoted(text) if text else "nothing", f"a question of {self.definition.id}")
        return found.id if found else None

    def serials(self, row: Row) -> tuple[str, ...]:
        """The serials of the row; those that were not printed, or stand in another row, are noted."""
        for serial in row.serials():
            if serial not in self.printed:
                row.wrong("serial", quoted(serial), f"the serial of a sheet that was printed for {self.definition.id}")
            elif serial in self.seen:
                row.wrong(
                    "serial", quoted(serial), f"each sheet once (it stands in line {self.seen[serial].spot.line}, too)"
                )
            self.seen.setdefault(serial, row)
        return row.serials()


def sheets_from(parts: Parts, test: str, what: What, name: str, data: bytes, by: str) -> int:
    """A list of sheets handed out or collected: room or candidate, and serial or count. It says all about the rooms in it.

    Raises UsageFault with every line that is wrong, UnknownThing (no such test). Answers how many entries it has.
    """
    problems: list[Problem] = []
    of = _open(parts, test)
    rows = read_rows(data, Spot(name, problems), (), ("room", "candidate", "serial", "count"))
    sums: dict[str, dict[str, _Sum]] = {}
    for row in rows:
        place = _place(of, row)
        count, serials = row.count(), of.serials(row)
        if count is None and not serials and not problems:
            row.wrong("count", "neither serial nor count", "one of the two")
        if place is not None:
            sums.setdefault(place[0], {}).setdefault(place[1], _Sum()).add(row, count, serials)
    if problems:
        raise fault(problems)
    told = {room: [s.entry(c) for c, s in of_room.items()] for room, of_room in sums.items()}
    n = sum(map(len, told.values()))
    expecting.tell_sheets(parts, of.definition.id, what, _with_corrections(parts, of, what, told), by)
    return n


def _place(of: _Test, row: Row) -> tuple[str, str] | None:
    """Room and candidate that a row is about; the room alone where no candidate is named."""
    rooms = {(c.room or "").casefold(): c.room or "" for c in of.definition.candidates}
    room = rooms.get(row.text("room").casefold())
    if row.text("room") and room is None:
        row.wrong("room", quoted(row.text("room")), f"a room in which candidates of {of.definition.id} sit")
        return None
    if not row.text("candidate"):
        if not row.text("room"):
            row.wrong("candidate", "neither candidate nor room", "one of the two")
            return None
        return room or "", ""
    candidate = of.candidate(row)
    known = of.definition.candidate(candidate) if candidate else None
    return None if known is None else (known.room or "", known.number)


def _with_corrections(parts: Parts, of: _Test, what: What, told: dict[str, list[Entry]]) -> dict[str, list[Entry]]:
    """What was said before of these rooms, and is not in the list, is said no more."""
    with parts.ledger.read() as r:
        before = [e for e in r.expected().counted(of.definition.id) if e.what == what and e.room in told]
    there = {(room, e.candidate) for room, entries in told.items() for e in entries}
    for e in before:
        if (e.room, e.candidate) not in there:
            told[e.room].append(Entry(e.candidate))
    return told


def declared_from(parts: Parts, test: str, name: str, data: bytes, by: str) -> int:
    """What candidates declared: candidate, question, and serial or count. Raises as `sheets_from`."""
    problems: list[Problem] = []
    of = _open(parts, test)
    sums: dict[tuple[str, str], _Sum] = {}
    for row in read_rows(data, Spot(name, problems), ("candidate", "question"), ("serial", "count")):
        candidate, question = of.candidate(row), of.question(row)
        count, serials = row.count(), of.serials(row)
        if count is None and not serials and not problems:
            row.wrong("count", "neither serial nor count", "one of the two")
        if candidate is not None and question is not None:
            sums.setdefault((candidate, question), _Sum()).add(row, count, serials)
    if problems:
        raise fault(problems)
    expecting.declare_all(parts, of.definition.id, [(c, q, s.entry(c)) for (c, q), s in sums.items()], by)
    return len(sums)


def attendance_from(parts: Parts, test: str, name: str, data: bytes, by: str) -> int:
    """Who was there: candidate, present. Raises as `sheets_from`."""
    problems: list[Problem] = []
    of = _open(parts, test)
    told: dict[str, bool] = {}
    for row in read_rows(data, Spot(name, problems), ("candidate", "present")):
        candidate, present = of.candidate(row), row.present()
        if candidate is not None and present is not None:
            if told.get(candidate, present) is not present:
                row.wrong("present", "present and absent", f"one of the two for candidate {candidate}")
            told[candidate] = present
    if problems:
        raise fault(problems)
    return expecting.note_attendance(parts, of.definition.id, told, by)


def stacks_from(parts: Parts, test: str | None, name: str, data: bytes, by: str) -> int:
    """How many pages stacks must have: stack, count. Raises as `sheets_from`."""
    problems: list[Problem] = []
    told: dict[str, int | None] = {}
    for row in read_rows(data, Spot(name, problems), ("stack", "count")):
        count = row.count()
        if not row.text("stack") or row.text("stack") in told:
            row.wrong("stack", quoted(row.text("stack")), "the name of a stack, each once")
        elif count is None and not row.text("count"):
            row.wrong("count", "nothing", "how many pages it must have")
        told[row.text("stack")] = count
    if problems:
        raise fault(problems)
    return expecting.expect_stacks(parts, told, by, test)


def _open(parts: Parts, test: str) -> _Test:
    with parts.ledger.read() as r:
        definition = expecting.known_test(r, test)
        return _Test(definition, frozenset(s.serial for s in r.sheets(definition.id)))
