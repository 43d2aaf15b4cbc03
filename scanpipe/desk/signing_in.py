"""People at the door: sign-in with name and password, sessions, and their end."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error

from scanpipe.desk.parts import Parts
from scanpipe.desk.people import BOUND_TO_TESTS
from scanpipe.faults import Refused
from scanpipe.identity import Arrival, IdentityProvider, ProviderUnavailable
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.sessions import Session

_TOUCH_S = 60
_FORGOTTEN = timedelta(days=30)
"""Sessions that began so long ago have ended, whatever the rules are."""


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lasts: unused, and at all."""

    idle: timedelta = timedelta(minutes=60)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who is signed in. `secret` guards forms; `language` is what they chose, if they did. `tests` and `rooms` are those
    that they work on; `local`: they have a password here.
    """

    name: str
    role: str
    secret: str
    language: str | None
    session: str
    tests: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    local: bool = True

    def works_on(self, test: str) -> bool:
        """Is this one of their tests? Everybody's whose role is bound to none."""
        return self.role not in BOUND_TO_TESTS or test.upper() in self.tests


def sign_in(parts: Parts, name: str, password: str) -> str | None:
    """The cookie of a new session, or None where name and password do not belong together. Both are on record."""
    with parts.ledger.read() as r:
        account = r.accounts().account(name)
    known = account is not None and account.ended is None and account.password != ""
    if not _right(account.password if account and known else _nobody(), password) or not known:
        parts.ledger.write(lambda tx: tx.append("sign_in_failed", name=name[:80]))
        return None
    return _begin(parts, name, secrets.token_urlsafe(32), {})


def sign_in_by(parts: Parts, arrival: Arrival) -> str | None:
    """The cookie of a new session of somebody whom the identity provider sent; None where that gives them no role here."""
    if arrival.role is None:
        parts.ledger.write(lambda tx: tx.append("sign_in_failed", name=arrival.name, why="no role"))
        return None
    with parts.ledger.read() as r:
        account = r.accounts().account(arrival.name)
    if account is not None and account.password:  # a provider's name may be chosen by its bearer
        parts.ledger.write(
            lambda tx: tx.append("sign_in_failed", name=arrival.name, why="the name is a local account's")
        )
        return None
    cookie = secrets.token_urlsafe(32)
    said = {"role": arrival.role, "grant": _sealing(cookie).encrypt(arrival.grant.encode()).decode(), "checked": _now()}
    return _begin(parts, arrival.name, cookie, said)


def _begin(parts: Parts, name: str, cookie: str, said: dict[str, str]) -> str:
    """`said` is what an identity provider did; nothing: the account says the role."""
    now = _now()
    session = Session(_digest(cookie), name, said.get("role"), now, now, secrets.token_urlsafe(24))
    session = replace(session, grant=said.get("grant"), checked=said.get("checked"))

    def record(tx: Transaction) -> None:
        tx.sessions().sweep(made_before=(datetime.now(UTC) - _FORGOTTEN).isoformat(timespec="seconds"))
        tx.sessions().add(replace(session, language=tx.sessions().language(name)))
        why: dict[str, Any] = {"why": session.role} if session.role else {}
        tx.append("signed_in", name=name, **why)

    parts.ledger.write(record)
    return cookie


def visitor(
    parts: Parts, cookie: str, rules: SessionRules, provider: IdentityProvider | None = None, by_itself: bool = False
) -> Visitor | None:
    """Who this cookie belongs to, if their session lasts and they still may come in.

    The role that an account says is asked anew each time, that of an identity provider as often as its rules say.
    `by_itself`: the page asks, not the person; that does not make a session last.
    """
    with parts.ledger.read() as r:
        session = r.sessions().one(_digest(cookie))
        account = r.accounts().account(session.name) if session else None
    if session is None:
        return None
    now = datetime.now(UTC)
    ended = account is not None and account.ended is not None
    if session.role is None or ended:
        role = account.role if account and not ended else None
    else:
        role = _role_by_provider(parts, session, cookie, provider)
    if role is None or _past(session.made, rules.absolute, now) or _past(session.seen, rules.idle, now):
        parts.ledger.write(lambda tx: tx.sessions().end(session.digest))
        return None
    if not by_itself and _past(session.seen, timedelta(seconds=_TOUCH_S), now):
        parts.ledger.write(lambda tx: tx.sessions().mark(session.digest, seen=_now()))
    bound = (_parted(account.tests), _parted(account.rooms)) if account else ((), ())
    return Visitor(
        session.name, role, session.secret, session.language, session.digest, *bound, local=session.role is None
    )


def _role_by_provider(parts: Parts, session: Session, cookie: str, provider: IdentityProvider | None) -> str | None:
    """The role of a session that an identity provider began. Where that cannot be reached, what it said last holds on."""
    if provider is None or session.grant is None or session.checked is None:
        return None
    again = timedelta(seconds=provider.rules.recheck_s)
    if not _past(session.checked, again, datetime.now(UTC)):
        return session.role
    if not parts.ledger.write(lambda tx: tx.sessions().take_check(session.digest, session.checked, _now())):
        return session.role  # another request asks at this moment
    seal = _sealing(cookie)
    try:
        role, grant = provider.ask_again(seal.decrypt(session.grant.encode()).decode())
    except ProviderUnavailable:
        return session.role
    except Refused:
        role, grant = None, ""
    columns = {"role": role or "", "grant": seal.encrypt(grant.encode()).decode()}

    def record(tx: Transaction) -> None:
        tx.sessions().mark(session.digest, **columns)
        if role is None:
            tx.append("signed_out", name=session.name, why="the identity provider gives no role any more")

    parts.ledger.write(record)
    return role


def sign_out(parts: Parts, visitor: Visitor) -> None:
    """Ends the session: the cookie is worth nothing from now on."""

    def record(tx: Transaction) -> None:
        tx.sessions().end(visitor.session)
        tx.append("signed_out", name=visitor.name)

    parts.ledger.write(record)


def choose_language(parts: Parts, visitor: Visitor, language: str) -> None:
    """The person reads in this language from now on, in every browser."""
    parts.ledger.write(lambda tx: tx.sessions().choose_language(visitor.name, language))


@cache
def _nobody() -> str:
    """Checked where there is no such account, so that the answer takes as long."""
    return PasswordHasher().hash(secrets.token_hex(16))


def is_right(parts: Parts, name: str, password: str) -> bool:
    """Is this the password of the account?"""
    with parts.ledger.read() as r:
        account = r.accounts().account(name)
    return account is not None and account.ended is None and _right(account.password or _nobody(), password)


def prove(parts: Parts, name: str, password: str, role: str) -> str:
    """The name of somebody with this role, by their password. A wrong one is on record. Raises Refused."""
    if not is_right(parts, name, password):
        parts.ledger.write(lambda tx: tx.append("sign_in_failed", name=name[:80]))
        raise Refused(
            "name and password do not belong together",
            "Whom an identity provider lets in has no password here: they do it on the page.",
        )
    with parts.ledger.read() as r:
        account = r.accounts().account(name)
    if account is None or account.role != role:
        raise Refused(f"{name} is not {role}", "`scanpipe users list` shows who is.")
    return account.name


def _right(password_hash: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(password_hash, password)
    except Argon2Error:
        return False


def _sealing(cookie: str) -> Any:
    """What only the holder of the cookie can open: a copy of the ledger opens nothing at the provider."""
    fernet = import_module("cryptography.fernet").Fernet
    return fernet(
        base64.urlsafe_b64encode(hashlib.sha256(f"grant {cookie}".encode("utf-8", "surrogateescape")).digest())
    )


def _parted(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _past(at: str, lasts: timedelta, now: datetime) -> bool:
    return datetime.fromisoformat(at) + lasts <= now


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
