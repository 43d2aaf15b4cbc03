"""The people who may sign in: their accounts, their roles, and which tests and rooms they work on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from argon2 import PasswordHasher

from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused, UnknownThing, UsageFault
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.accounts import Account
from scanpipe.saying import say

ROLES = (
    "planner",
    "author",
    "exam_office",
    "operator",
    "grader",
    "invigilator",
    "chief_invigilator",
    "reporter",
    "user_administrator",
)
SHORTEST_PASSWORD = 12
_LONGEST_NAME = 80
BOUND_TO_TESTS = ("author", "grader", "invigilator", "chief_invigilator")
"""Roles that see only the tests that were given to them; an invigilator only their rooms of those."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person shall be. `tests` and `rooms` are separated by commas."""

    role: str
    tests: str = ""
    rooms: str = ""


def add_user(
    parts: Parts, name: str, role: str, password: str | None, by: str, tests: str = "", rooms: str = ""
) -> None:
    """Makes an account; without a password it only says what somebody whom an identity provider lets in works on.

    Raises UsageFault (name, role or password will not do), UnknownThing (a test) and Refused (the name is taken).
    """
    check_name(name)
    _check_role(role)
    account = Account(name, role, _hashed(password), _now(), listed(tests.upper()), listed(rooms))

    def record(tx: Transaction) -> None:
        if tx.accounts().account(name) is not None:
            raise Refused(say("there is an account %(name)s already", name=name), say("Choose another name."))
        _check_tests(tx, account.tests)
        tx.accounts().add_account(account)
        tx.append("user_added", name=name, role=role, tests=account.tests, rooms=account.rooms, by=by)

    parts.ledger.write(record)


def change_user(parts: Parts, name: str, wish: Wish, by: str) -> None:
    """Gives a person another role, or other tests and rooms. It holds from their next click on. Raises as `add_user`."""
    _check_role(wish.role)
    if name == by:
        raise Refused(say("nobody changes their own role"), say("Another user administrator can."))
    columns: dict[str, Any] = {"role": wish.role, "tests": listed(wish.tests.upper()), "rooms": listed(wish.rooms)}

    def record(tx: Transaction) -> None:
        _account(tx, name)
        _check_tests(tx, columns["tests"])
        tx.accounts().change_account(name, **columns)
        tx.append("user_changed", name=name, by=by, **columns)

    parts.ledger.write(record)


def set_password(parts: Parts, name: str, password: str, by: str, keep: str = "") -> None:
    """Gives an account a new password and ends its sessions, but the one of the digest `keep`."""
    hashed = _hashed(password)

    def record(tx: Transaction) -> None:
        _account(tx, name)
        tx.accounts().change_account(name, password=hashed)
        tx.sessions().end_of(name, keep)
        tx.append("password_set", name=name, by=by)

    parts.ledger.write(record)


def end_user(parts: Parts, name: str, by: str) -> None:
    """Ends an account and its sessions at once. Its name stays on record and is not given again."""
    if name == by:
        raise Refused(say("nobody ends their own account"), say("Another user administrator can."))

    def record(tx: Transaction) -> None:
        _account(tx, name)
        tx.accounts().change_account(name, ended=_now())
        tx.sessions().end_of(name)
        tx.append("user_ended", name=name, by=by)

    parts.ledger.write(record)


def check_name(name: str) -> None:
    """Raises UsageFault."""
    if not name.isprintable() or not name.strip() or len(name) > _LONGEST_NAME:
        raise UsageFault(
            say("%(name)s will not do as a name", name=repr(name)),
            say("Give 1 to %(longest_name)s printable characters.", longest_name=_LONGEST_NAME),
        )


def listed(text: str) -> str:
    """What is separated by commas, without blanks and doubles."""
    return ",".join(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _account(tx: Transaction, name: str) -> Account:
    account = tx.accounts().account(name)
    if account is None or account.ended is not None:
        raise UnknownThing(say("there is no account %(name)s", name=name), say("`scanpipe users list` shows them."))
    return account


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageFault(say("there is no role %(role)s", role=role), say("Roles: %(what)s.", what=", ".join(ROLES)))


def _check_tests(tx: Transaction, tests: str) -> None:
    for test in tests.split(",") if tests else ():
        if tx.definition(test) is None:
            raise UnknownThing(say("there is no test %(test)s", test=test), say("`scanpipe tests list` shows them."))


def _hashed(password: str | None) -> str:
    if password is None:
        return ""
    if len(password) < SHORTEST_PASSWORD:
        raise UsageFault(
            say("the password is too short"),
            say("Give one of at least %(shortest_password)s characters.", shortest_password=SHORTEST_PASSWORD),
        )
    return PasswordHasher().hash(password)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
