"""Is a test complete? What differs, `compare` says; here is what nobody decided yet, and of whom nobody said anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from scanpipe.model import Difference
from scanpipe.stages.completeness.books import Books, papers
from scanpipe.stages.completeness.stacks import nameless_of
from scanpipe.stages.completeness.told import Arrival, Found, Told

_ON_THE_WAY = frozenset({"waiting", "placing", "held"})


@dataclass(frozen=True, slots=True)
class Standing:
    """`undecided` counts pages that are on their way, held, or to be scanned again and not there yet, also those of the test's
    stacks that nobody knows the test of. `unaccounted` are candidates of whom nobody said what they handed in, and of whom not
    every sheet came that was handed out to them or, where nobody said that either, printed for them.
    """

    received: int
    undecided: int
    unaccounted: tuple[str, ...]
    differences: int

    @property
    def complete(self) -> bool:
        """All that anybody said of the test has come, something has, and nothing is left to decide."""
        return bool(self.received) and not (self.undecided or self.unaccounted or self.differences)


def stand(told: Told, open: Sequence[Found], closed: Sequence[Found] = ()) -> Standing:
    """How a test stands as a whole. `open` are differences, `closed` those that a person closed with a reason."""
    books = Books(told)
    empty_handed = {f.candidate for f in closed if f.kind is Difference.PRESENT_WITHOUT_SHEET and f.candidate}
    accounts = _Accounts(books, empty_handed)
    unaccounted = tuple(c.number for c in told.definition.candidates if not accounts.has(c.number))
    return Standing(papers(books.live), sum(1 for _ in _undecided(books)), unaccounted, len(open))


def _undecided(books: Books) -> Iterator[Arrival]:
    came = {a.serial for a in books.own if a.state == "filed"}
    for a in books.own:
        if a.state in _ON_THE_WAY or (a.state == "rescan" and (a.serial is None or a.serial not in came)):
            yield a
    yield from (a for a in nameless_of(books) if a.state in (*_ON_THE_WAY, "rescan"))


class _Accounts:
    """Of each candidate: did somebody say what they handed in, or did every sheet of theirs come? Where somebody did, what
    is missing is told as a difference.
    """

    def __init__(self, books: Books, empty_handed: set[str]) -> None:
        self._books = books
        absent = {c for c, present in books.told.attendance.items() if not present}
        self._said = absent | {d.candidate for d in books.told.declared} | empty_handed
        self._handed_out = {(e.room, e.candidate): e for e in books.told.counted if e.what == "handed_out"}

    def has(self, candidate: str) -> bool:
        books, room = self._books, self._books.room(candidate)
        if candidate in self._said or (room, candidate) in books.entries or (room, "") in books.entries:
            return True
        own, whole = self._handed_out.get((room, candidate)), self._handed_out.get((room, ""))
        if own is not None and not own.serials:
            return papers(books.by_candidate.get(candidate, ())) >= own.number
        if own is not None:
            return all(s in books.scanned for s in own.serials)
        if whole is not None and not whole.serials:
            return papers(self._came_in.get(room, ())) >= whole.number
        if whole is not None:
            return not {"", candidate} & self._short
        return bool(self._printed) and all(s in books.scanned for s in self._printed.get(candidate, ()))

    @cached_property
    def _short(self) -> set[str]:
        """Candidates of whom a sheet did not come that was handed out, by the list of a room ("": nobody knows whose)."""
        gone = (s for (_, whose), e in self._handed_out.items() if not whose for s in e.serials)
        return {self._books.belongs(s)[0] for s in gone if s not in self._books.scanned}

    @cached_property
    def _printed(self) -> dict[str, list[str]]:
        """By candidate; sheets of pads are nobody's."""
        found: dict[str, list[str]] = {}
        for sheet in self._books.told.sheets:
            if sheet.candidate is not None:
                found.setdefault(sheet.candidate, []).append(sheet.serial)
        return found

    @cached_property
    def _came_in(self) -> dict[str, list[Arrival]]:
        """What came of the candidates of each room."""
        found: dict[str, list[Arrival]] = {}
        for candidate, arrivals in self._books.by_candidate.items():
            found.setdefault(self._books.room(candidate), []).extend(arrivals)
        return found
