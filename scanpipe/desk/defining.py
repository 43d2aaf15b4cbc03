"""Registering test definitions: the same content again changes nothing, a changed one is a new revision."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from scanpipe.definitions import diff, digest, to_json
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.faults import Overtaken, Refused, UnknownThing
from scanpipe.ledgers import Transaction
from scanpipe.model import TestDefinition
from scanpipe.saying import say


@dataclass(frozen=True, slots=True)
class Registered:
    """`changes` are sentences; empty when nothing changed or the test is new."""

    test: str
    revision: int
    new: bool
    changes: tuple[str, ...]


def register(parts: Parts, definition: TestDefinition, by: str | None = None, seen: int | None = None) -> Registered:
    """Puts a checked definition on record. `seen` is the revision that a person looked at, 0 for none.

    Raises Overtaken (it is another one meanwhile), Refused (a rehearsal whose sheets lie there would become a real test, or the
    other way round), LedgerFault, StoreFault.
    """

    def record(tx: Transaction) -> Registered:
        known = tx.definition(definition.id)
        if seen is not None and seen != (known.revision if known else 0):
            raise Overtaken(
                say("%(page)s has another revision meanwhile", page=definition.id),
                say("Look at it again; nothing was changed."),
            )
        if known is not None and digest(known) == digest(definition):
            return Registered(known.id, known.revision, False, ())
        _check_rehearsal(tx, known, definition)
        revision = 1 if known is None else known.revision + 1
        body = to_json(definition)
        about: dict[str, Any] = {"test": definition.id, "revision": revision, "digest": digest(definition)}
        tx.append("definition_registered", **about, body=body, by=by)
        return Registered(definition.id, revision, known is None, tuple(diff(known, definition)) if known else ())

    registered = parts.ledger.write(record)
    shelve(parts)
    return registered


def _check_rehearsal(tx: Transaction, known: TestDefinition | None, now: TestDefinition) -> None:
    """What lies in the slots of a rehearsal is nobody's answer, and never becomes one."""
    if known is None or known.rehearsal == now.rehearsal:
        return
    if any(page.state in ("filed", "placing") for page in tx.pages_of_test(known.id)):
        raise Refused(
            say("sheets lie in the slots of %(test)s: a rehearsal never becomes a real test", test=known.id),
            say("Give the rehearsal an id of its own."),
        )


def find_test(parts: Parts, test: str, revision: int | None = None) -> TestDefinition:
    """A registered definition, the newest unless a revision is named. Raises UnknownThing."""
    with parts.ledger.read() as r:
        found = r.definition(test, revision)
        known, gone = r.tests(), found is None and is_retired(r, test)
    if gone:
        raise UnknownThing(say("test %(test)s is retired", test=test), say("`scanpipe tests add` registers it anew."))
    if found is None:
        names = f"Registered are: {', '.join(known)}." if known else "Register one: scanpipe tests add FILE."
        what = f"test {test}" if revision is None else f"revision {revision} of test {test}"
        raise UnknownThing(say("there is no %(what)s", what=what), names)
    return found


def is_retired(tx: Transaction, test: str) -> bool:
    """Was a test retired, and not registered anew since?"""
    words = tx.events_of("definition_registered", "test_retired")
    of_test = [word.type for word in words if json.loads(word.data)["test"].upper() == test.upper()]
    return of_test[-1:] == ["test_retired"]
