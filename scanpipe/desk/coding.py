"""The codes that candidates shade on generic sheets: made here, or imported from the exam system, and checked before the exam."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import SystemRandom

from scanpipe.definitions.problems import Problem, Spot, quoted
from scanpipe.definitions.statements_csv import Row, fault, read_rows
from scanpipe.desk.defining import find_test
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.faults import Refused, UnknownThing, UsageFault
from scanpipe.ledgers import Transaction
from scanpipe.model import TestDefinition
from scanpipe.saying import say
from scanpipe.shaded_codes import EXAMPLE, make, too_close
from scanpipe.sheets.writing import whole_file
from scanpipe.stages.shaded import Coded

Sees = Callable[[str], bool]
"""May whoever asks hear of this test?"""
_LONGEST, _SHORTEST = 12, 4
COLUMNS = ("code", "candidate", "question")


@dataclass(frozen=True, slots=True)
class GivenOut:
    """`codes` are those that were added, `close` pairs of codes that differ in fewer places than made ones: (one, other, places).

    A pair may be of two tests; `elsewhere` are codes that another test has as well, or had before it was retired: only a sheet
    that names its test tells which one is meant. Both tell of tests alone that whoever asks may see: with enough codes one would
    have all those of another.
    """

    codes: list[Coded]
    close: list[tuple[str, str, int]]
    elsewhere: list[Coded]


def all_tests(test: str) -> bool:
    """Of those who see every test."""
    return True


def make_codes(parts: Parts, test: str, questions: Collection[str] = (), by: str = "") -> GivenOut:
    """Gives every candidate a code for each question that takes sketches (or for those named) and has none yet.

    Raises UnknownThing, Refused (none are left, or no sketches here), LedgerFault, StoreFault.
    """
    definition = find_test(parts, test)
    wanted = _questions(definition, questions)

    def record(tx: Transaction) -> list[Coded]:
        tx.hold(_NAME)
        there = tx.shaded().of_test(definition.id)
        have = {(c.candidate, c.question) for c in there}
        places = [(c.number, q) for c in definition.candidates for q in wanted if (c.number, q) not in have]
        try:
            taken = {*(c.code for c in tx.shaded().all()), *tx.shaded().reserved()}
            codes = make(len(places), taken, SystemRandom()) if places else []
        except ValueError as e:
            raise Refused(
                say("there are not enough codes left for %(n)s places", n=len(places)),
                say("Release those of retired tests (`scanpipe codes release TEST`), or ask for fewer questions."),
            ) from e
        made = [Coded(code, definition.id, *place) for code, place in zip(codes, places, strict=True)]
        _append(tx, definition, made, True, by)
        return made

    added = parts.ledger.write(record)
    shelve(parts)
    return GivenOut(added, [], [])


def import_codes(parts: Parts, test: str, name: str, data: bytes, by: str) -> GivenOut:
    """Adds the codes of a CSV: code, candidate, question. Raises as `add_codes`."""
    problems: list[Problem] = []
    return add_codes(parts, test, read_rows(data, Spot(name, problems), COLUMNS), problems, by)


def add_codes(
    parts: Parts, test: str, rows: Sequence[Row], problems: list[Problem], by: str, sees: Sees = all_tests
) -> GivenOut:
    """Adds the codes of rows; those that are there already are left as they are. `problems` are the rows' own.

    Raises UnknownThing, UsageFault with every row that is wrong, LedgerFault, StoreFault.
    """
    definition = find_test(parts, test)

    def record(tx: Transaction) -> GivenOut:
        tx.hold(_NAME)
        there = {c.code: c for c in tx.shaded().of_test(definition.id)}
        added = [c for row in rows if (c := _coded(definition, row, there)) is not None]
        if problems:
            raise fault(problems)
        _append(tx, definition, added, False, by)
        everywhere = _seen(tx, sees)
        own = {c.code for c in everywhere if c.test == definition.id}
        return _looked_at(definition.id, everywhere, added, own, _reserved(tx, sees))

    given = parts.ledger.write(record)
    shelve(parts)
    return given


def check_codes(parts: Parts, test: str) -> GivenOut:
    """The codes of a test, and what is risky about them. Raises UnknownThing."""
    definition = find_test(parts, test)
    with parts.ledger.read() as r:
        codes, everywhere, gone = r.shaded().of_test(definition.id), _seen(r, all_tests), _reserved(r, all_tests)
    return _looked_at(definition.id, everywhere, codes, {c.code for c in codes}, gone)


def nowhere_to_shade(parts: Parts, test: str, codes: Iterable[Coded]) -> list[Coded]:
    """The codes for which no sheet in use has as many places; none where the test takes codes that are read, not shaded.

    Raises UnknownThing.
    """
    if any(plain.claims == "code" for plain in find_test(parts, test).plain_codes):
        return []
    places = {layout.code.places for layout in parts.errand.layouts}
    return [coded for coded in codes if len(coded.code) not in places]


def list_codes(parts: Parts, test: str, behind: str, limit: int, sees: Sees) -> tuple[GivenOut, str | None]:
    """The codes of a test above `behind`, at most so many, what is risky about these, and where the list goes on, if it does.

    Raises UnknownThing.
    """
    definition = find_test(parts, test)
    with parts.ledger.read() as r:
        everywhere, gone = _seen(r, sees), _reserved(r, sees)
    own = [c for c in everywhere if c.test == definition.id]
    left, told = [c for c in own if c.code > behind], {c.code for c in own if c.code <= behind}
    codes = left[:limit]
    given = _looked_at(definition.id, everywhere, codes, {c.code for c in codes}, gone)
    once = [pair for pair in given.close if pair[0] not in told]
    return replace(given, close=once), codes[-1].code if len(left) > limit else None


def release_codes(parts: Parts, test: str, by: str) -> int:
    """Lets the codes of a retired test be given out again; answers how many. Raises UnknownThing, LedgerFault."""

    def record(tx: Transaction) -> int:
        tx.hold(_NAME)
        reserved = tx.shaded().reserved()
        spelled = {t.upper(): t for tests in reserved.values() for t in tests}
        if (known := spelled.get(test.upper())) is None:
            raise UnknownThing(
                say("no codes of a retired test %(test)s are kept back", test=test),
                say("A test that is not retired keeps its codes."),
            )
        tx.append("codes_released", test=known, by=by)
        return len([tests for tests in reserved.values() if known in tests])

    return parts.ledger.write(record)


def write_codes(codes: Iterable[Coded], definition: TestDefinition, out: Path) -> None:
    """A CSV for the exam system, or for cards: a row a code, with the candidate's name, room and seat. Raises FolderFault."""
    with whole_file(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow((*COLUMNS, "name", "room", "seat"))
        for coded in codes:
            one = definition.candidate(coded.candidate)
            place = (one.name, one.room, one.seat) if one else (None, None, None)
            rows.writerow((coded.code, coded.candidate, coded.question, *place))


_NAME = "shaded codes"


def _append(tx: Transaction, definition: TestDefinition, codes: list[Coded], made: bool, by: str) -> None:
    if codes:
        rows = [[c.code, c.candidate, c.question] for c in codes]
        tx.append("codes_given_out", test=definition.id, made=made, codes=rows, by=by)


def _seen(tx: Transaction, sees: Sees) -> list[Coded]:
    """The codes of the tests that may be seen, in their own order."""
    return [c for c in tx.shaded().all() if sees(c.test)]


def _reserved(tx: Transaction, sees: Sees) -> list[Coded]:
    """Those of retired tests that may be seen."""
    reserved = tx.shaded().reserved().items()
    return [Coded(code, test, "", "") for code, tests in reserved for test in tests if sees(test)]


def _looked_at(test: str, everywhere: list[Coded], codes: list[Coded], own: set[str], gone: list[Coded]) -> GivenOut:
    """What is risky about the codes `own` of a test; `gone` are those of retired ones."""
    close = too_close((c.code for c in everywhere), own)
    return GivenOut(codes, close, [c for c in [*everywhere, *gone] if c.test != test and c.code in own])


def _questions(definition: TestDefinition, wanted: Collection[str]) -> list[str]:
    taking = [q.id for q in definition.questions if q.sketches != "none"]
    if not definition.sketches or not taking:
        raise Refused(
            say("no question of %(test)s takes sketches", test=definition.id), say("Set `sketches` in its definition.")
        )
    strange = [q for q in wanted if q.upper() not in {t.upper() for t in taking}]
    if strange:
        raise UsageFault(
            f"{definition.id} has no question {strange[0]} that takes sketches", f"There are: {', '.join(taking)}."
        )
    return [t for t in taking if not wanted or t.upper() in {q.upper() for q in wanted}]


def _coded(definition: TestDefinition, row: Row, there: dict[str, Coded]) -> Coded | None:
    """The code of a row, unless it is there already; what is wrong is noted."""
    code = row.text("code").replace(" ", "")
    if not (code.isascii() and code.isdigit() and _SHORTEST <= len(code) <= _LONGEST):
        row.wrong("code", quoted(code) if code else "nothing", f"{_SHORTEST} to {_LONGEST} digits")
        return None
    if code == EXAMPLE:
        row.wrong("code", code, "another number: this one is the example on every generic sheet")
        return None
    candidate, question = definition.candidate(row.text("candidate")), definition.question(row.text("question"))
    if candidate is None:
        row.wrong("candidate", quoted(row.text("candidate")), f"a candidate of {definition.id}")
    if question is None or question.sketches == "none":
        row.wrong("question", quoted(row.text("question")), f"a question of {definition.id} that takes sketches")
    if candidate is None or question is None or question.sketches == "none":
        return None
    coded = Coded(code, definition.id, candidate.number, question.id)
    known = there.setdefault(code, coded)
    if known is coded:
        return coded
    if known != coded:
        row.wrong("code", code, f"a code that names one place (it is {known.candidate}, {known.question} already)")
    return None
