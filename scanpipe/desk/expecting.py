"""What people say of the sheets of a test: handed out and collected, declared at hand-in, who was there, how large a stack is.

The last word stands; every earlier one stays on record. Serials are those of sheets that were printed for the test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scanpipe.desk.parts import Parts
from scanpipe.faults import UnknownThing, UsageFault
from scanpipe.ledgers import Transaction
from scanpipe.model import TestDefinition
from scanpipe.saying import say

What = Literal["handed_out", "collected"]
MOST_SHEETS = 9999


class UnknownSheet(UnknownThing):
    """No sheet with this serial was printed for the test."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How many sheets, or which; without a candidate of the room as a whole. Neither of both: nothing is said any more."""

    candidate: str
    count: int | None = None
    serials: tuple[str, ...] = ()


def tell_sheets(parts: Parts, test: str, what: What, rooms: Mapping[str, Sequence[Entry]], by: str) -> int:
    """Sheets handed out or collected, by room. Of each candidate in `rooms` the new entry stands. Answers how many were told.

    Raises UnknownThing (test, candidate, room, serial), UsageFault (two entries of one candidate, a count out of range).
    """

    def record(tx: Transaction) -> int:
        definition = known_test(tx, test)
        told = {known_room(definition, room): _checked(tx, definition, e) for room, e in rooms.items()}
        tx.hold(f"expected {definition.id}")
        for room, entries in told.items():
            rows = [[e.candidate, e.count, list(e.serials)] for e in entries]
            tx.append(f"sheets_{what}", test=definition.id, room=room, entries=rows, by=by)
        return sum(map(len, told.values()))

    return parts.ledger.write(record)


def declare(parts: Parts, test: str, candidate: str, question: str, entry: Entry, by: str) -> int:
    """What a candidate declared at hand-in for a question; answers the event. Raises UnknownThing, UsageFault."""
    return declare_all(parts, test, [(candidate, question, entry)], by)


def declare_all(parts: Parts, test: str, told: Iterable[tuple[str, str, Entry]], by: str) -> int:
    """What candidates declared, each with the question; answers the last event. What was declared already is not told again.

    Raises UnknownThing, UsageFault.
    """

    def record(tx: Transaction) -> int:
        definition, last = known_test(tx, test), 0
        tx.hold(f"expected {definition.id}")
        for candidate, question, entry in told:
            asked = definition.question(question)
            if asked is None:
                raise UnknownThing(
                    say("%(page)s has no question %(question)s", page=definition.id, question=question),
                    say("`scanpipe tests show` lists them."),
                )
            (one,) = _checked(tx, definition, [Entry(candidate, entry.count, entry.serials)])
            before = tx.expected().declared_for(definition.id, one.candidate, asked.id)
            if before is not None and (before.count, before.serials) == (one.count, one.serials):
                last = before.event
                continue
            said = {"count": one.count, "serials": list(one.serials)}
            slot = {"test": definition.id, "candidate": one.candidate, "question": asked.id}
            last = tx.append("hand_in_declared", **slot, **said, by=by)  # type: ignore[arg-type]
        return last

    return parts.ledger.write(record)


def note_attendance(parts: Parts, test: str, present: Mapping[str, bool], by: str) -> int:
    """Who was there and who was not; answers how many were told. Raises UnknownThing."""

    def record(tx: Transaction) -> int:
        definition = known_test(tx, test)
        entries = {known_candidate(definition, c): there for c, there in present.items()}
        tx.hold(f"expected {definition.id}")
        tx.append("attendance_noted", test=definition.id, entries=[[c, t] for c, t in entries.items()], by=by)
        return len(entries)

    return parts.ledger.write(record)


def expect_stacks(parts: Parts, counts: Mapping[str, int | None], by: str, test: str | None = None) -> int:
    """How many pages stacks must have (None: nobody knows any more), of which test where that is known. Raises UnknownThing."""

    def record(tx: Transaction) -> int:
        of = known_test(tx, test).id if test else None
        tx.hold("expected stacks")
        for stack, count in counts.items():
            _check_count(count)
            tx.append("stack_expected", stack=stack, test=of, count=count, by=by)
        return len(counts)

    return parts.ledger.write(record)


def known_test(tx: Transaction, test: str) -> TestDefinition:
    """Raises UnknownThing."""
    definition = tx.definition(test)
    if definition is None:
        raise UnknownThing(say("there is no test %(test)s", test=test), say("`scanpipe tests list` shows them."))
    return definition


def known_candidate(definition: TestDefinition, number: str) -> str:
    """The number as the definition spells it. Raises UnknownThing."""
    candidate = definition.candidate(number)
    if candidate is None:
        raise UnknownThing(
            say("%(page)s has no candidate %(number)s", page=definition.id, number=number),
            say("`scanpipe tests show` lists them."),
        )
    return candidate.number


def known_room(definition: TestDefinition, room: str) -> str:
    """The room as the definition spells it; "" for those who have none. Raises UnknownThing."""
    spelled = {(c.room or "").casefold(): c.room or "" for c in definition.candidates}
    if room.casefold() not in spelled:
        raise UnknownThing(
            say("nobody of %(page)s sits in room %(room)s", page=definition.id, room=room),
            say("`scanpipe tests show` lists the rooms."),
        )
    return spelled[room.casefold()]


def _checked(tx: Transaction, definition: TestDefinition, entries: Sequence[Entry]) -> list[Entry]:
    told: dict[str, Entry] = {}
    for e in entries:
        candidate = known_candidate(definition, e.candidate) if e.candidate else ""
        if candidate in told:
            whom = candidate or say("the room")
            raise UsageFault(say("two entries for %(whom)s", whom=whom), say("Give one."))
        _check_count(e.count)
        strange = [s for s in e.serials if (sheet := tx.printed(s)) is None or sheet.test != definition.id]
        if strange:
            message = say("no sheet %(serial)s was printed for %(test)s", serial=strange[0], test=definition.id)
            raise UnknownSheet(message, say("The serial stands on the sheet: eight digits."))
        serials = tuple(dict.fromkeys(e.serials))
        if e.count is not None and serials and e.count != len(serials):
            raise UsageFault(
                say("%(n)s serials and a count of %(count)s", n=len(serials), count=e.count),
                say("Give one of the two, or make them agree."),
            )
        told[candidate] = Entry(candidate, e.count, serials)
    return list(told.values())


def _check_count(count: int | None) -> None:
    if count is not None and not 0 <= count <= MOST_SHEETS:
        raise UsageFault(
            say("%(count)s sheets", count=count), say("Give a number from 0 to %(most)s.", most=MOST_SHEETS)
        )
