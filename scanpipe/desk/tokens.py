"""The tokens of programs that use the API."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scanpipe.desk.parts import Parts
from scanpipe.desk.people import check_name
from scanpipe.faults import Refused, UnknownThing, UsageFault
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.accounts import Token
from scanpipe.saying import say

SCOPES: Mapping[str, str] = {
    "slots:read": "what lies in the slots",
    "content:read": "the pictures of pages",
    "events:read": "what has changed",
    "receipts:read": "how many sheets of a candidate have come",
    "expected:write": "how many sheets are expected",
    "tests:write": "read, create and revise definitions, and give out shaded codes",
    "locks:write": "lock and unlock a test's slots",
    "sheets:write": "say whose spare sheets are",
    "links:write": "give candidates links to hand in by",
    "scans:write": "send scans, and ask what became of them",
    "webhooks:write": "have changes sent",
}
"""What a token may be for. They are stored with it: add, never rename."""
_TOUCH_S = 60


def add_token(parts: Parts, token: Token, by: str) -> str:
    """Puts a token on record and answers its secret: the only time that it is shown. Raises UsageFault and Refused."""
    secret = "sp_" + secrets.token_urlsafe(32)
    tests = [t for t in token.tests.split(",") if t]

    def record(tx: Transaction) -> None:
        if tx.accounts().token(token.name) is not None:
            raise Refused(
                say("there is a token %(name)s already", name=token.name),
                say("Choose another name; one is never used again."),
            )
        for test in tests:
            if tx.definition(test) is None:
                raise UnknownThing(
                    say("there is no test %(test)s", test=test), say("`scanpipe tests list` shows them.")
                )
        tx.accounts().add_token(replace(token, digest=_digest(secret)))
        tx.append("token_added", name=token.name, scopes=token.scopes, tests=token.tests, by=by)

    parts.ledger.write(record)
    return secret


def plan_token(name: str, scopes: list[str], tests: list[str], days: int | None) -> Token:
    """A token as it is wished for, not yet on record. Raises UsageFault."""
    check_name(name)
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise UsageFault(
            say("unknown scopes: %(what)s", what=", ".join(unknown) or "none given"),
            say("Scopes: %(what)s.", what=", ".join(SCOPES)),
        )
    expires = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds") if days else None
    return Token(name, "", ",".join(scopes), ",".join(t.upper() for t in tests), _now(), expires)


def revoke_token(parts: Parts, name: str, by: str) -> None:
    """Ends a token at once. Raises UnknownThing."""

    def record(tx: Transaction) -> None:
        if tx.accounts().token(name) is None:
            raise UnknownThing(say("there is no token %(name)s", name=name), say("`scanpipe tokens list` shows them."))
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


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
