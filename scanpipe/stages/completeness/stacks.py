"""Stacks: how many pages each must have, and what lies in them that is of another test."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from scanpipe.model import Difference as Kind
from scanpipe.stages.completeness.books import LIVE, Books, is_back
from scanpipe.stages.completeness.told import Arrival, Found

_STRANGE = frozenset({"unknown_test", "foreign_code", "sketches_not_enabled"})
_NEARLY_ALL = 0.9
"""Where so many pages of a stack are of one test, a page of another one went astray, even if it is filed where it belongs."""


def stacks_that_differ(books: Books) -> Iterator[Found]:
    """Stacks with fewer or more sheets than was said; blank sides and what a person set aside do not count, nor do backs."""
    stacks = _stacks(books)
    for stack, expected in books.told.stacks.items():
        pages = stacks.get(stack) or [*books.told.of_files.get(stack, ())]
        if stack not in books.told.promised and not _is_own(books, pages):
            continue
        received = _sheets(pages)
        if received != expected:
            yield Found(Kind.STACK_DIFFERS, stack, expected=expected, received=received)


def foreign_sheets(books: Books) -> Iterator[Found]:
    """Pages of another test, or of another installation, in the stacks of this one."""
    for pages in _stacks(books).values():
        if not _is_own(books, pages):
            continue
        tests = Counter((a.test or "").upper() for a in pages if a.test and a.state in LIVE)
        astray = tests[books.definition.id.upper()] >= _NEARLY_ALL * sum(tests.values())
        for a in pages:
            if _is_strange(books, a) or (astray and a.state in LIVE and _is_elsewhere(books, a)):
                yield Found(Kind.SHEET_OF_OTHER_TEST, a.name, serials=_serial(a), pages=(a.name,), other=a.test)


def nameless_of(books: Books) -> Iterator[Arrival]:
    """Pages of the stacks of this test that nobody knows the test of, nor the sheet."""
    for pages in _stacks(books).values():
        if _is_own(books, pages):
            yield from (a for a in pages if a.test is None and a.serial not in books.sheets)


def _stacks(books: Books) -> dict[str, list[Arrival]]:
    found: dict[str, list[Arrival]] = defaultdict(list)
    for a in books.told.arrivals:
        found[a.stack].append(a)
    return found


def _sheets(pages: list[Arrival]) -> int:
    """How many sheets of paper they are: both sides of one count once, and a back is on the sheet before it."""
    here = [a for a in pages if a.state in LIVE and not is_back(a)]
    fronts = {a.serial for a in here if a.side != 2}
    return sum(1 for a in here if a.side != 2 or a.serial not in fronts)


def _is_own(books: Books, pages: list[Arrival]) -> bool:
    """Are most pages of the stack, among those whose test is known, of this test?"""
    here = sum(1 for a in pages if not _is_elsewhere(books, a) and a.test)
    elsewhere = sum(1 for a in pages if _is_elsewhere(books, a))
    return here > elsewhere


def _is_elsewhere(books: Books, a: Arrival) -> bool:
    return a.test is not None and a.test.upper() != books.definition.id.upper()


def _is_strange(books: Books, a: Arrival) -> bool:
    """Held as belonging to no test that takes it."""
    own = a.test is not None and not _is_elsewhere(books, a)
    return a.state == "held" and not own and (a.reason in _STRANGE or _is_elsewhere(books, a))


def _serial(a: Arrival) -> tuple[str, ...]:
    return (a.serial,) if a.serial else ()
