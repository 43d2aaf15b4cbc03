"""What candidates and invigilators counted against what came; what serials tell already is taken off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from scanpipe.model import Difference as Kind
from scanpipe.stages.completeness.books import Books, papers
from scanpipe.stages.completeness.named import Named
from scanpipe.stages.completeness.told import Arrival, Counted, Declared, Found


def by_declared_counts(books: Books, named: Named) -> Iterator[Found]:
    """Fewer or more sheets than a candidate declared for a question."""
    missing = Counter(named.missing.values())
    for entry in books.told.declared:
        place = (entry.candidate, entry.question)
        came = books.by_place.get(place, [])
        if entry.serials:
            yield from _declared_by_serial(books, named, entry, came)
            continue
        surplus = _surplus(came, named)
        if (short := entry.number - papers(came) + surplus - missing[place]) > 0:
            named.short_places[place] = short
            yield _of_declared(books, Kind.FEWER_THAN_DECLARED, entry, came, ())
        elif (over := papers(came) - surplus - entry.number) > 0:
            named.over[entry.candidate] = named.over.get(entry.candidate, 0) + over
            yield _of_declared(books, Kind.MORE_THAN_DECLARED, entry, came, ())


def _declared_by_serial(books: Books, named: Named, entry: Declared, came: list[Arrival]) -> Iterator[Found]:
    """By the serials that were declared; those on a list of collected ones are told there."""
    gone = tuple(s for s in entry.serials if s in named.missing and s not in books.collected)
    if gone:
        yield _of_declared(books, Kind.FEWER_THAN_DECLARED, entry, came, gone)
    known = {*entry.serials, *named.surplus, *named.exchanged}
    more = tuple(dict.fromkeys(a.serial for a in came if a.serial and a.serial not in known))
    if more:
        named.surplus |= set(more)
        yield _of_declared(books, Kind.MORE_THAN_DECLARED, entry, came, more)


def _of_declared(books: Books, kind: Kind, entry: Declared, came: list[Arrival], serials: tuple[str, ...]) -> Found:
    place = (entry.candidate, entry.question)
    about = {"serials": serials, "pages": tuple(a.name for a in came), "received": papers(came)}
    return books.found(kind, "/".join(place), place, expected=entry.number, **about)


def by_collected_counts(books: Books, named: Named) -> Iterator[Found]:
    """Fewer or more sheets than an invigilator counted of a candidate, or in a room."""
    for entry in books.told.counted:
        if entry.what != "collected" or entry.count is None:
            continue
        candidates = [entry.candidate] if entry.candidate else [c for c, r in books.rooms.items() if r == entry.room]
        came = [a for c in candidates for a in books.by_candidate.get(c, ())]
        here = set(candidates)
        missing = sum(1 for place in named.missing.values() if place[0] in here)
        missing += sum(n for place, n in named.short_places.items() if place[0] in here)
        surplus = _surplus(came, named) + sum(named.over.get(c, 0) for c in here)
        difference = _of_collected(books, entry, came, papers(came) - surplus + missing)
        if difference is not None:
            if difference.kind is Kind.COLLECTED_NOT_SCANNED:
                named.short |= here if entry.candidate else set()
            yield difference


def _of_collected(books: Books, entry: Counted, came: list[Arrival], explained: int) -> Found | None:
    """`explained` is how many sheets there would be if nothing else were wrong than what is told already."""
    assert entry.count is not None
    if explained == entry.count:
        return None
    kind = Kind.COLLECTED_NOT_SCANNED if explained < entry.count else Kind.RECEIVED_NOT_COLLECTED
    subject = entry.candidate or f"room {entry.room}"
    pages = tuple(a.name for a in came) if entry.candidate else ()
    room, candidate = entry.room or None, entry.candidate or None
    return Found(kind, subject, room, candidate, pages=pages, expected=entry.count, received=papers(came))


def _surplus(came: Iterable[Arrival], named: Named) -> int:
    return len({a.serial for a in came if a.serial} & named.surplus)
