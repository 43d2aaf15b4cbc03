"""What was told of a test, put in order so that it can be asked: which sheet came, whose is it, which room speaks of it?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from scanpipe.model import Difference, Sheet
from scanpipe.stages.completeness.told import Arrival, Counted, Declared, Found, Told

LIVE = frozenset({"waiting", "placing", "filed", "held", "rescan"})
"""States of a page that stands for a sheet of paper that is here. Others were set aside by a person, or have nothing on them."""
_NOT_HERE = frozenset({"withdrawn"})
Place = tuple[str, str]
"""Candidate and question, as the definition spells them; empty where nobody knows."""


class Books:
    """Sheets are known by their serials. A page that no serial is known of counts as a sheet of its own."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.definition = told.definition
        self.sheets = {s.serial: s for s in told.sheets}
        self._spelled: dict[str, str] = {c.number.upper(): c.number for c in told.definition.candidates}
        self._asked: dict[str, str] = {q.id.upper(): q.id for q in told.definition.questions}
        self.rooms = {c.number: c.room or "" for c in told.definition.candidates}

    @cached_property
    def own(self) -> list[Arrival]:
        """The pages of this test."""
        id = self.definition.id.upper()
        return [a for a in self.told.arrivals if (a.test or "").upper() == id or a.serial in self.sheets]

    @cached_property
    def live(self) -> list[Arrival]:
        """The pages of this test that stand for paper, without further scans of a sheet that is filed."""
        return [a for a in self.own if (a.state in LIVE or is_empty_sheet(a)) and not (is_copy(a) or is_back(a))]

    @cached_property
    def scanned(self) -> set[str]:
        """Serials of which a scan came, wherever it ended."""
        return {a.serial for a in self.own if a.serial and a.state not in _NOT_HERE}

    @cached_property
    def collected(self) -> dict[str, Counted]:
        """Serials that were collected, each with the entry that says so."""
        return {s: entry for entry in self.told.counted if entry.what == "collected" for s in entry.serials}

    @cached_property
    def declared(self) -> dict[str, Declared]:
        """Serials that were declared at hand-in, each with the entry that says so."""
        return {s: entry for entry in self.told.declared for s in entry.serials}

    @cached_property
    def handed_out(self) -> dict[str, Counted]:
        """Serials that were handed out, each with the entry that says so."""
        return {s: entry for entry in self.told.counted if entry.what == "handed_out" for s in entry.serials}

    @cached_property
    def by_place(self) -> dict[Place, list[Arrival]]:
        """The live pages of each place: where people say that they belong, else where they lie."""
        found: dict[Place, list[Arrival]] = defaultdict(list)
        for a in self.live:
            found[self.place_of(a)].append(a)
        return found

    @cached_property
    def by_candidate(self) -> dict[str, list[Arrival]]:
        """The live pages of each candidate."""
        found: dict[str, list[Arrival]] = defaultdict(list)
        for (candidate, _), arrivals in self.by_place.items():
            found[candidate] += arrivals
        return found

    def place_of(self, a: Arrival) -> Place:
        """Where a page belongs."""
        lies = self.lies(a)
        said = self.said_of(a.serial) if a.serial else None
        return (said[0] or lies[0], said[1] or lies[1]) if said else lies

    def lies(self, a: Arrival) -> Place:
        """Where a page lies, or what its codes say; where they say too little, what it was printed for."""
        sheet = self.sheets.get(a.serial or "")
        candidate, question = a.candidate, a.question
        if sheet is not None:
            candidate, question = candidate or sheet.candidate, question or sheet.question
        return self.spelled(candidate), self._asked.get((question or "").upper(), question or "")

    def said_of(self, serial: str) -> Place | None:
        """Whose sheet it is and for which question, as far as people said: the candidate's own word first."""
        declared = self.declared.get(serial)
        if declared is not None:
            return declared.candidate, declared.question
        for entries in (self.collected, self.handed_out):
            entry = entries.get(serial)
            if entry is not None and entry.candidate:
                return entry.candidate, ""
        return None

    def belongs(self, serial: str) -> Place:
        """Where a sheet belongs that did not come: what people said, else what it was printed for."""
        sheet, said = self.sheets.get(serial), self.said_of(serial)
        printed = (sheet.candidate or "", sheet.question or "") if sheet else ("", "")
        return (said[0] or printed[0], said[1] or printed[1]) if said else printed

    def printed_for(self, serial: str | None) -> Sheet | None:
        return self.sheets.get(serial or "")

    def found(self, kind: Difference, subject: str, place: Place, **figures: Any) -> Found:
        """A difference about a candidate, or about one of their questions."""
        candidate, question = place
        return Found(kind, subject, self.room(candidate) or None, candidate or None, question or None, **figures)

    def spelled(self, candidate: str | None) -> str:
        """A candidate's number as the definition spells it."""
        return self._spelled.get((candidate or "").upper(), candidate or "")

    def room(self, candidate: str) -> str:
        return self.rooms.get(candidate, "")

    @cached_property
    def entries(self) -> dict[Place, Counted]:
        """What was collected, by room and candidate (empty: the room as a whole)."""
        return {(e.room, e.candidate): e for e in self.told.counted if e.what == "collected"}

    @cached_property
    def listed(self) -> set[str]:
        """Rooms of which sheets were collected by their serials."""
        return {e.room for e in self.entries.values() if e.serials}

    def lists(self, candidate: str) -> bool:
        """Would a sheet of this candidate stand on a list, had it been collected?"""
        room = self.room(candidate)
        own = self.entries.get((room, candidate))
        if own is not None and own.count is not None and not own.serials:
            whole = self.entries.get((room, ""))
            return own.count == 0 or bool(whole and whole.serials)
        return room in self.listed


def is_copy(a: Arrival) -> bool:
    """Another scan of a sheet that is filed; a person has not yet said which is to stand."""
    return a.state == "held" and a.reason == "sheet_seen_before"


def is_back(a: Arrival) -> bool:
    """Writing on the back of a sheet, and nobody has said yet of which: it is no sheet of its own."""
    return a.state == "held" and a.reason == "back_of"


def is_empty_sheet(a: Arrival) -> bool:
    """A sheet that nobody drew on, of a test that only counts such sheets."""
    return a.state == "blank" and a.serial is not None


def papers(arrivals: Iterable[Arrival]) -> int:
    """How many sheets of paper these pages are: several scans of one serial are one."""
    serials: set[str] = set()
    nameless = 0
    for a in arrivals:
        if a.serial:
            serials.add(a.serial)
        else:
            nameless += 1
    return len(serials) + nameless
