"""Is anything of a test missing? What is expected against what was received, and what persons close with a reason.

A difference is gone when what it says is no longer so: a page arrived, a list was corrected. A person can close one that remains.
It stays closed as long as its figures are those that the person saw.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scanpipe.desk.expecting import known_test
from scanpipe.desk.parts import Parts
from scanpipe.faults import Overtaken, Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.expected import Closed
from scanpipe.model import Difference, TestDefinition
from scanpipe.saying import say
from scanpipe.stages.completeness import Arrival, Figures, Found, Standing, Told, add_up, compare, stand

_MOST_KEPT = 8
_QUICK_S, _REST = 0.3, 4.0


@dataclass(frozen=True, slots=True)
class View:
    """How a test stands after the event `event`: by candidate, by room and as a whole; what is open, and what persons closed.

    `standing` is that of the whole test.
    """

    definition: TestDefinition
    event: int
    people: Sequence[Figures]
    rooms: Sequence[Figures]
    whole: Figures
    open: Sequence[Found]
    closed: Sequence[tuple[Found, Closed]]
    standing: Standing


def gather(tx: Transaction, definition: TestDefinition) -> Told:
    """All that the ledger knows of what a test expects and what came."""
    expected = tx.expected()
    stacks = {stack: (test, count) for stack, test, count in [*_by_separators(tx), *expected.stack_counts()]}
    arrivals = expected.arrivals(definition.id)
    return Told(
        definition,
        tx.sheets(definition.id),
        expected.counted(definition.id),
        expected.declared(definition.id),
        expected.attendance(definition.id),
        {stack: count for stack, (_, count) in stacks.items()},
        frozenset(stack for stack, (test, _) in stacks.items() if test == definition.id),
        _in_spans(tx, arrivals),
        _of_files(tx, stacks, arrivals),
    )


def _by_separators(tx: Transaction) -> Iterator[tuple[str, str | None, int]]:
    """What separators say, as `stack_counts` does. One that was printed for a test announces its stack; of others that never came
    nobody knows whether they were used.
    """
    came = tx.spans().first_names()
    for printed in tx.spans().all_printed():
        if printed.count is not None and (printed.serial in came or printed.test is not None):
            yield came.get(printed.serial, f"separator {printed.serial}"), printed.test, printed.count


def _in_spans(tx: Transaction, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Each in the stack that a separator opened, where one did. What one separator opened is one stack, also if it came twice."""
    came, spans = tx.spans().first_names(), {stack: tx.spans().of(stack) for stack in {a.stack for a in arrivals}}
    found = []
    for a in arrivals:
        span = next((s for s in spans[a.stack] if s.has((a.position, a.page))), None)
        found.append(a if span is None else replace(a, stack=came[span.serial]))
    return found


def _of_files(tx: Transaction, stacks: Iterable[str], arrivals: Sequence[Arrival]) -> dict[str, list[Arrival]]:
    """What lies in those of these stacks that are a file of several pages."""
    wanted = set(stacks)
    around = {stack for stack, _, _ in (name.rpartition(" / ") for name in wanted) if stack}
    files = [file for stack in around for file in tx.spans().files(stack) if file.name in wanted]
    return {f.name: [a for a in arrivals if a.stack == f.stack and f.has((a.position, a.page))] for f in files}


def look(tx: Transaction, test: str) -> View:
    """How a test stands. Raises UnknownThing."""
    definition = known_test(tx, test)
    event, told = tx.expected().last_event(), gather(tx, definition)
    found = compare(told)
    closed = {(c.kind, c.subject): c for c in tx.expected().closed(definition.id)}
    open = [f for f in found if not _holds(closed.get((f.kind, f.subject)), f)]
    settled = [(f, closed[f.kind, f.subject]) for f in found if _holds(closed.get((f.kind, f.subject)), f)]
    people, rooms, whole = add_up(told, open)
    return View(definition, event, people, rooms, whole, open, settled, stand(told, open, [f for f, _ in settled]))


class Monitor:
    """Looks at tests for many watchers: what was seen last is kept until the ledger has another event."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[View, float, float]] = {}
        self._looking = threading.Lock()

    def look(self, parts: Parts, test: str, patient: bool = False) -> View:
        """How a test stands. Who is `patient` may be told what was so a few seconds ago: looking at a large test then takes no
        more than a fifth of the time. Raises UnknownThing.
        """
        with self._looking, parts.ledger.read() as r:
            definition = known_test(r, test)
            view, looked_s, took_s = self._kept.get(definition.id, (None, 0.0, 0.0))
            rests = patient and took_s > _QUICK_S and time.monotonic() - looked_s < _REST * took_s
            if view is None or not (rests or view.event == r.expected().last_event()):
                began_s = time.monotonic()
                view = look(r, definition.id)
                self._keep(view, time.monotonic() - began_s)
            return view

    def _keep(self, view: View, took_s: float) -> None:
        self._kept.pop(view.definition.id, None)
        self._kept[view.definition.id] = view, time.monotonic(), took_s
        if len(self._kept) > _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))


def in_rooms(view: View, rooms: Sequence[str]) -> View:
    """The part of it that is about these rooms."""
    here = set(rooms)
    people = [p for p in view.people if p.room in here]
    of = [r for r in view.rooms if r.room in here]
    open = [f for f in view.open if f.room in here]
    return replace(view, people=people, rooms=of, open=open, closed=[c for c in view.closed if c[0].room in here])


def close(
    parts: Parts,
    test: str,
    kind: str,
    subject: str,
    why: str,
    by: str,
    seen: tuple[int | None, int | None] | None = None,
) -> Found:
    """A person settles a difference with a reason. `seen` are the figures (expected, received) that they looked at.

    Raises UnknownThing (no such difference is open), Overtaken (its figures are others meanwhile), Refused (no reason).
    """
    if not why.strip():
        raise Refused(say("a difference is closed with a reason only"), say("Say why, for the record."))

    def record(tx: Transaction) -> Found:
        definition = known_test(tx, test)
        tx.hold(f"expected {definition.id}")
        found = next((f for f in look(tx, definition.id).open if (f.kind, f.subject) == (kind, subject)), None)
        if found is None:
            raise UnknownThing(
                say("no difference %(kind)s %(subject)s is open", kind=kind, subject=subject),
                say("`scanpipe expect differences` lists them."),
            )
        if seen is not None and seen != (found.expected, found.received):
            raise Overtaken(
                say("%(kind)s %(subject)s has other figures meanwhile", kind=kind, subject=subject),
                say("Look again; nothing of yours was done."),
            )
        told = {"expected": found.expected, "received": found.received, "why": why.strip()}
        about = {"test": definition.id, "kind": str(found.kind), "subject": found.subject}
        tx.append("difference_closed", **about, **told, by=by)  # type: ignore[arg-type]
        return found

    return parts.ledger.write(record)


def reopen(parts: Parts, test: str, kind: str, subject: str, by: str) -> None:
    """Takes a closing back. Raises UnknownThing."""

    def record(tx: Transaction) -> None:
        definition = known_test(tx, test)
        tx.hold(f"expected {definition.id}")
        if (kind, subject) not in {(c.kind, c.subject) for c in tx.expected().closed(definition.id)}:
            raise UnknownThing(
                say("no difference %(kind)s %(subject)s was closed", kind=kind, subject=subject),
                say("`scanpipe expect differences --closed`."),
            )
        tx.append("difference_reopened", test=definition.id, kind=kind, subject=subject, by=by)

    parts.ledger.write(record)


def _holds(closed: Closed | None, found: Found) -> bool:
    return closed is not None and (closed.expected, closed.received) == (found.expected, found.received)


KINDS = tuple(str(kind) for kind in Difference)
