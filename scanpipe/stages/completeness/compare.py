"""What is expected and what was received in, the differences out: each thing that is wrong is told once.

What is known by serial comes first, and what is told there is not told again by a count: where a candidate declared three sheets
and one of them is on the list of those that were collected and not scanned, nothing more is said of the two that came.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanpipe.model import Difference as Kind
from scanpipe.stages.completeness.books import Books, Place, papers
from scanpipe.stages.completeness.by_count import by_collected_counts, by_declared_counts
from scanpipe.stages.completeness.named import Named
from scanpipe.stages.completeness.stacks import foreign_sheets, stacks_that_differ
from scanpipe.stages.completeness.told import Arrival, Found, Told


def compare(told: Told) -> list[Found]:
    """The differences, by kind, room, candidate and subject."""
    books = Books(told)
    named = Named()
    found = [
        *_exchanged_by_hand(books, named),
        *_of_absent(books, named),
        *_lists(books, named),
        *by_declared_counts(books, named),
        *by_collected_counts(books, named),
        *_copies(books),
        *_nothing_came(books, named),
        *stacks_that_differ(books),
        *foreign_sheets(books),
    ]
    order = {kind: n for n, kind in enumerate(Kind)}
    return sorted(found, key=lambda f: (order[f.kind], f.room or "", f.candidate or "", f.subject))


def _exchanged_by_hand(books: Books, named: Named) -> Iterator[Found]:
    """Sheets that lie, or are to lie, elsewhere than people say, or than they were printed for."""
    for a in books.live:
        if not a.serial:
            continue
        lies, said, sheet = books.lies(a), books.said_of(a.serial), books.printed_for(a.serial)
        printed = (sheet.candidate or lies[0], sheet.question or lies[1]) if sheet else lies
        wanted = (said[0] or lies[0], said[1] or lies[1]) if said else printed
        if lies != wanted and a.serial not in named.exchanged:
            named.exchanged.add(a.serial)
            about = {"serials": (a.serial,), "pages": (a.name,), "other": " · ".join(lies)}
            yield books.found(Kind.SHEET_EXCHANGED, a.serial, wanted, **about)


def _of_absent(books: Books, named: Named) -> Iterator[Found]:
    absent = [c for c, present in books.told.attendance.items() if not present]
    for candidate in absent:
        came = books.by_candidate.get(candidate, [])
        serials = _serials(came)
        named.surplus |= set(serials)
        if came:
            about = {"serials": serials, "pages": tuple(a.name for a in came), "expected": 0, "received": papers(came)}
            yield books.found(Kind.SHEETS_OF_ABSENT, candidate, (candidate, ""), **about)


def _lists(books: Books, named: Named) -> Iterator[Found]:
    """Lists of serials against scans. Where one sheet of a place is missing and another came, they are told together."""
    missing = _missing(books)
    came = {
        a.serial: a
        for a in books.live
        if a.serial and a.serial not in books.collected and books.lists(books.place_of(a)[0])
    }
    came = {serial: a for serial, a in came.items() if serial not in named.surplus | named.exchanged}
    for serial in sorted(s for s in missing if s in books.collected):
        place = books.belongs(serial)
        instead = next((s for s in sorted(came) if books.place_of(came[s]) == place), None)
        named.missing[serial] = place
        if instead is None:
            about = {
                "serials": (serial,),
                "expected": 1,
                "received": 0,
                "other": _printed_for_another(books, serial, place),
            }
            yield books.found(Kind.COLLECTED_NOT_SCANNED, serial, place, **about)
            continue
        page = came.pop(instead)
        named.surplus.add(instead)
        about = {"serials": (serial, instead), "pages": (page.name,), "other": instead}
        yield books.found(Kind.SHEET_EXCHANGED, f"{serial}/{instead}", place, **about)
    for serial, a in sorted(came.items()):
        named.surplus.add(serial)
        about = {"serials": (serial,), "pages": (a.name,), "expected": 0, "received": 1}
        yield books.found(Kind.RECEIVED_NOT_COLLECTED, serial, books.place_of(a), **about)
    named.missing |= {s: books.belongs(s) for s in sorted(missing) if s not in books.collected}


def _missing(books: Books) -> set[str]:
    """Serials that were collected or declared, and not scanned; without those of a place that holds as many pages without one."""
    wanted = [s for s in {**books.collected, **books.declared} if s not in books.scanned]
    by_place: dict[Place, list[str]] = {}
    for serial in wanted:
        by_place.setdefault(books.belongs(serial), []).append(serial)
    nameless = {
        place: sum(1 for a in books.by_place.get(place, ()) if not a.serial and a.state == "filed")
        for place in by_place
    }
    return {s for place, serials in by_place.items() if len(serials) > nameless[place] for s in serials}


def _printed_for_another(books: Books, serial: str, place: Place) -> str | None:
    sheet = books.printed_for(serial)
    return sheet.candidate if sheet and sheet.candidate not in (None, place[0]) else None


def _copies(books: Books) -> Iterator[Found]:
    """Second scans of which nobody has said yet whether they are to stand."""
    copies: dict[str, list[Arrival]] = {}
    for a in books.own:
        if a.state == "held" and a.reason == "sheet_seen_before":
            copies.setdefault(a.serial or a.name, []).append(a)
    for subject, pages in copies.items():
        about = {"serials": _serials(pages), "pages": tuple(a.name for a in pages)}
        place = books.lies(pages[0])
        yield books.found(Kind.SCANNED_TWICE, subject, place, **about, expected=1, received=1 + len(pages))


def _nothing_came(books: Books, named: Named) -> Iterator[Found]:
    """Candidates who were there and of whom nothing came; questions that a sheet was expected for."""
    taking = [q for q in books.definition.questions if q.sketches != "none"] if books.definition.sketches else []
    if not taking:
        return
    explained = {*named.missing.values(), *named.short_places}
    accounted = {candidate for candidate, _ in explained} | named.short | {d.candidate for d in books.told.declared}
    accounted |= {e.candidate for e in books.told.counted if e.what == "collected"}
    explained |= {(d.candidate, d.question) for d in books.told.declared if d.number == 0}
    for candidate in (c.number for c in books.definition.candidates):
        present = books.told.attendance.get(candidate)
        came = bool(books.by_candidate.get(candidate))
        if present is True and not came:
            if candidate not in accounted:
                yield books.found(Kind.PRESENT_WITHOUT_SHEET, candidate, (candidate, ""), received=0)
        elif present is not False and came:
            yield from _expected_of(books, explained, candidate)


def _expected_of(books: Books, explained: set[Place], candidate: str) -> Iterator[Found]:
    for question in (q.id for q in books.definition.questions if q.sketches == "expected"):
        place = (candidate, question)
        if place not in books.by_place and place not in explained:
            yield books.found(Kind.EXPECTED_WITHOUT_SHEET, f"{candidate}/{question}", place, expected=1, received=0)


def _serials(arrivals: list[Arrival]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a.serial for a in arrivals if a.serial))
