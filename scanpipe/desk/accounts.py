"""Who may come in: accounts of people, tokens of programs."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from scanpipe.desk.parts import Parts
from scanpipe.faults import Refused, UnknownThing, UsageFault
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.accounts import Account, Token

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
SCOPES = ("slots:read", "content:read", "events:read")
SHORTEST_PASSWORD = 12
_TOUCH_S = 60
_LONGEST_NAME = 80


def add_user(parts: Parts, name: str, role: str, password: str, by: str) -> None:
    """Makes an account. Raises UsageFault (name, role or password will not do) and Refused (the name is taken)."""
    _check_name(name)
    if role not in ROLES:
        raise UsageFault(f"there is no role {role}", f"Roles: {', '.join(ROLES)}.")
    if len(password) < SHORTEST_PASSWORD:
        raise UsageFault("the password is too short", f"Give one of at least {SHORTEST_PASSWORD} characters.")
    account = Account(name, role, PasswordHasher().hash(password), _now())

    def record(tx: Transaction) -> None:
        if tx.accounts().account(name) is not None:
            raise Refused(f"there is an account {name} already", "Choose another name.")
        tx.accounts().add_account(account)
        tx.append("user_added", name=name, role=role, by=by)

    parts.ledger.write(record)


def add_token(parts: Parts, token: Token, by: str) -> str:
    """Puts a token on record and answers its secret: the only time that it is shown. Raises UsageFault and Refused."""
    secret = "sp_" + secrets.token_urlsafe(32)
    tests = [t for t in token.tests.split(",") if t]

    def record(tx: Transaction) -> None:
        if tx.accounts().token(token.name) is not None:
            raise Refused(f"there is a token {token.name} already", "Choose another name; one is never used again.")
        for test in tests:
            if tx.definition(test) is None:
                raise UnknownThing(f"there is no test {test}", "`scanpipe tests list` shows them.")
        tx.accounts().add_token(replace(token, digest=_digest(secret)))
        tx.append("token_added", name=token.name, scopes=token.scopes, tests=token.tests, by=by)

    parts.ledger.write(record)
    return secret


def plan_token(name: str, scopes: list[str], tests: list[str], days: int | None) -> Token:
    """A token as it is wished for, not yet on record. Raises UsageFault."""
    _check_name(name)
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise UsageFault(f"unknown scopes: {', '.join(unknown) or 'none given'}", f"Scopes: {', '.join(SCOPES)}, all.")
    expires = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds") if days else None
    return Token(name, "", ",".join(scopes), ",".join(t.upper() for t in tests), _now(), expires)


def revoke_token(parts: Parts, name: str, by: str) -> None:
    """Ends a token at once. Raises UnknownThing."""

    def record(tx: Transaction) -> None:
        if tx.accounts().token(name) is None:
            raise UnknownThing(f"there is no token {name}", "`scanpipe tokens list` shows them.")
        tx.accounts().mark_token(name, "revoked", _now())
        tx.append("token_revoked", name=name, by=by)

    parts.ledger.write(record)


def admit(parts: Parts, secret: str) -> Token | None:
    """The token that this secret is, if it may come in now; notes its use, at most once a minute."""
    with parts.ledger.read() as r:
        token = r.accounts().token_by_digest(_digest(secret))
    if token is None or token.revoked is not None or (token.expires is not None and token.expires <= _now()):
        return None
    stale = (datetime.now(UTC) - timedelta(seconds=_TOUCH_S)).isoformat(timespec="seconds")
    if token.last_used is None or token.last_used < stale:
        parts.ledger.write(lambda tx: tx.accounts().mark_token(token.name, "last_used", _now()))
    return token


def may_see(token: Token, test: str) -> bool:
    """Is this test among those that the token was made for?"""
    return not token.tests or test.upper() in token.tests.split(",")


def _check_name(name: str) -> None:
    if not name.isprintable() or not name.strip() or len(name) > _LONGEST_NAME:
        raise UsageFault(f"{name!r} will not do as a name", f"Give 1 to {_LONGEST_NAME} printable characters.")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
