"""A sheet that was printed for nobody becomes somebody's: an invigilator reads its code, and that of the candidate.

From then on it is as if it had been printed for them. Its page, if it was held for want of just that, takes the journey again,
with the same checks as any other. A sheet that is somebody's already is never made another's: it is unbound first, with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from scanpipe.codes import Authentic, Keyring, Kind, decode, parse
from scanpipe.definitions.ids import LONGEST_CANDIDATE_NUMBER
from scanpipe.desk.deciding import send_again
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.faults import Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.model import Candidate, Claims, PageId, PageRecord, Reason, Sheet, TestDefinition
from scanpipe.saying import say

_FOR_WANT_OF_IT = (Reason.MISSING_CANDIDATE_CODE, Reason.MISSING_QUESTION_CODE)
_NAMES = ("test", "candidate", "question", "serial")
_AS_NORWEGIAN = str.maketrans("Ø+(Æ", ':-*"')
"""What a scanner that types as an American keyboard becomes on a Norwegian one."""
_LIKE_OURS = re.compile(rf"SP1[{''.join(Kind)}][A-Z2-7]{{4}}")
"""How a code of ours begins, also one that was read in part."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose sheet it is. `question` where the sheet is of an open pad; `test` where it is known which one is meant; `label`:
    the test that the candidate's label names.
    """

    serial: str
    candidate: str
    question: str | None = None
    test: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """`new` is false when it was bound just so before. `again` are the pages that take their journey again."""

    sheet: Sheet
    new: bool
    again: tuple[PageId, ...] = ()


def understood(text: str, keyring: Keyring) -> Claims | None:
    """What was read with a scanner or typed: the claims of a code of ours, or a serial. None: neither, so a number or an id.

    Raises Refused for a code that looks like ours and is none, and for what can be no candidate's number.
    """
    text = text.strip()
    for read in (text, text.upper(), text.upper().translate(_AS_NORWEGIAN)):
        if parse(read) is not None:
            said = decode(read, keyring)
            if isinstance(said, Authentic):
                return said.claims
            raise Refused(say("this code was not printed by this installation"), say("Nothing was changed."))
    if len(text) > LONGEST_CANDIDATE_NUMBER or _LIKE_OURS.match(text.upper()):
        raise Refused(say("this is neither a whole code of ours nor a candidate's number"), say("Read it once more."))
    digits = re.sub(r"[\s-]", "", text)
    return Claims(serial=digits) if re.fullmatch(r"[0-9]{8}", digits) else None


def told(parts: Parts, text: str, serial: str, works_on: Callable[[str], bool] = lambda test: True) -> Claims | None:
    """What was read with a scanner or typed, after the sheet `serial` (empty: none yet); None: a candidate's number or id.

    Eight digits may be either. They are a candidate's where the sheet's test has that one, or where no sheet has that serial and
    a test that the person `works_on` has the candidate.

    Raises Refused as `understood`, and UnknownThing: they are nothing at all.
    """
    with parts.ledger.read() as r:
        sheet = r.printed(serial) if serial else None
        test = r.definition(sheet.test) if sheet is not None else None
        if test is not None and test.candidate(text.strip()) is not None:
            return None
        claims = understood(text, parts.keyring)
        if claims is None or claims.serial is None or claims.test is not None or r.printed(claims.serial) is not None:
            return claims
        tests = (r.definition(id) for id in r.tests() if works_on(id))
        if any(test is not None and test.candidate(claims.serial) is not None for test in tests):
            return None
    raise UnknownThing(say("no sheet has this serial"), say("The serial stands on the sheet: eight digits."))


def pictured(parts: Parts, texts: Iterable[str]) -> Claims:
    """What the codes on one picture say together; those of others are passed over. Raises Refused: nothing, or not one thing."""
    ours = [text for text in texts if parse(text) is not None]
    found = [claims for text in ours if (claims := understood(text, parts.keyring)) is not None]
    said = [{v for claims in found if (v := getattr(claims, name))} for name in _NAMES]
    if not found:
        raise Refused(say("no code was found in the picture"), say("Come nearer, and hold still."))
    if any(len(values) > 1 for values in said):
        raise Refused(say("the picture shows codes of several sheets or candidates"), say("Take one at a time."))
    return Claims(**dict(zip(_NAMES, (next(iter(values), None) for values in said), strict=True)))


def bind(parts: Parts, wish: Wish, by: str) -> Bound:
    """Makes the sheet the candidate's. The pages in `again` are this process's work from here on.

    Raises UnknownThing (sheet, candidate, question), Refused (it is somebody else's), LedgerFault, StoreFault.
    """

    def record(tx: Transaction) -> Bound:
        tx.hold(f"serial {wish.serial}")
        sheet, test = _sheet(tx, wish.serial, wish.test)
        check_label(sheet, wish.label)
        candidate, question = _slot(test, sheet, wish)
        if sheet.candidate is not None:
            return _as_before(sheet, candidate, question)
        pages = tx.bindings().pages(sheet.serial)
        _check_lies(pages, candidate, question)
        about: dict[str, Any] = {"test": sheet.test, "serial": sheet.serial}
        about |= {"candidate": candidate, "question": question}
        tx.append("sheet_bound", **about, printed_question=sheet.question, by=by)
        now = tx.printed(sheet.serial)
        assert now is not None
        return Bound(now, True, _again(tx, pages, by, parts.folders.holder))

    bound = parts.ledger.write(record)
    shelve(parts)
    return bound


def unbind(parts: Parts, serial: str, by: str, why: str) -> Sheet:
    """The sheet is nobody's again. Raises UnknownThing, Refused (it was not bound, or is filed), LedgerFault, StoreFault."""

    def record(tx: Transaction) -> Sheet:
        tx.hold(f"serial {serial}")
        sheet, _ = _sheet(tx, serial, None)
        if sheet.bound is None:
            raise Refused(say("sheet %(serial)s is not bound", serial=serial), say("Nothing was changed."))
        if any(page.state in ("filed", "placing") for page in tx.bindings().pages(serial)):
            raise Refused(
                say("sheet %(serial)s is filed", serial=serial), say("Move its page first, or leave it there.")
            )
        question = tx.bindings().printed_question(sheet.bound)
        about: dict[str, Any] = {"test": sheet.test, "serial": serial, "candidate": None, "question": question}
        tx.append("sheet_unbound", **about, by=by, why=why)
        now = tx.printed(serial)
        assert now is not None
        return now

    unbound = parts.ledger.write(record)
    shelve(parts)
    return unbound


def send_bound(parts: Parts) -> set[str]:
    """Sends pages again whose sheet was bound while the machine looked at them; answers their scans. Raises LedgerFault."""
    with parts.ledger.read() as r:
        if not r.bindings().waiting_for(_FOR_WANT_OF_IT):
            return set()

    def record(tx: Transaction) -> set[str]:
        pages = tx.bindings().waiting_for(_FOR_WANT_OF_IT)
        for page in pages:
            send_again(tx, [page], "scanpipe", parts.folders.holder)
        return {page.scan for page in pages}

    return parts.ledger.write(record)


def _sheet(tx: Transaction, serial: str, test: str | None) -> tuple[Sheet, TestDefinition]:
    sheet = tx.printed(serial)
    definition = tx.definition(sheet.test) if sheet is not None else None
    if sheet is None or definition is None or (test is not None and test.upper() != sheet.test.upper()):
        raise UnknownThing(
            say("no sheet %(serial)s was printed for this test", serial=serial),
            say("The serial stands on the sheet: eight digits."),
        )
    return sheet, definition


def check_label(sheet: Sheet, test: str | None) -> None:
    """Raises Refused for the label of another test (None: none was read, or none that names one)."""
    if test is not None and test.upper() != sheet.test.upper():
        raise Refused(
            say(
                "the label is of test %(test)s, and sheet %(serial)s of %(other)s",
                test=test,
                serial=sheet.serial,
                other=sheet.test,
            ),
            say("Nothing was changed."),
        )


def candidate_of(test: TestDefinition, number: str) -> Candidate:
    """Raises UnknownThing."""
    candidate = test.candidate(number)
    if candidate is None:
        raise UnknownThing(
            say("%(page)s has no candidate %(candidate)s", page=test.id, candidate=number),
            say("Look at the number on the label."),
        )
    return candidate


def _slot(test: TestDefinition, sheet: Sheet, wish: Wish) -> tuple[str, str]:
    """Candidate and question as the definition spells them."""
    candidate = candidate_of(test, wish.candidate)
    asked = wish.question or sheet.question
    if asked is None:
        raise Refused(say("this sheet was printed for any question"), say("Say which one it answers."))
    question = test.question(asked)
    if question is None or question.sketches == "none":
        raise UnknownThing(
            say("%(test)s has no question %(question)s that takes sketches", test=test.id, question=asked),
            say("Choose another one."),
        )
    if sheet.question is not None and sheet.question.upper() != question.id.upper():
        raise Refused(
            say("sheet %(serial)s was printed for question %(question)s", serial=sheet.serial, question=sheet.question),
            say("Take a sheet of the right pad."),
        )
    return candidate.number, question.id


def _as_before(sheet: Sheet, candidate: str, question: str) -> Bound:
    """It is somebody's: just as wished, or not at all."""
    if (sheet.candidate, sheet.question) == (candidate, question):
        return Bound(sheet, False)
    assert sheet.candidate is not None
    raise Refused(
        say(
            "sheet %(serial)s is candidate %(candidate)s's, for question %(question)s",
            serial=sheet.serial,
            candidate=sheet.candidate,
            question=sheet.question,
        ),
        say("Nothing was changed. `scanpipe unbind` takes a binding back.")
        if sheet.bound is not None
        else say("Nothing was changed: it was printed for them."),
    )


def _check_lies(pages: list[PageRecord], candidate: str, question: str) -> None:
    """A page of the sheet that lies elsewhere speaks against it: a label said so, or a person."""
    for page in pages:
        if page.state in ("filed", "placing") and (page.candidate, page.question) != (candidate, question):
            raise Refused(
                say(
                    "sheet %(serial)s lies with candidate %(candidate)s, question %(question)s",
                    serial=page.serial,
                    candidate=page.candidate,
                    question=page.question,
                ),
                say("Look at the page: its label, or a person, says so."),
            )


def _again(tx: Transaction, pages: list[PageRecord], by: str, holder: str) -> tuple[PageId, ...]:
    waiting = [page for page in pages if page.state == "held" and page.reason in _FOR_WANT_OF_IT]
    if waiting:
        send_again(tx, waiting, by, holder)
    return tuple(page.id for page in waiting)
