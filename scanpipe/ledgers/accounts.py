"""Accounts and tokens: rows beside the ledger's events, since what is secret about them belongs into no event."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared

_BY_DIGEST = Prepared(sa.select(t.token).where(t.token.c.digest == sa.bindparam("digest")))
"""Asked with every request of a program, so that a token that was revoked opens nothing from then on."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person; `password` is an Argon2id hash, or empty. `tests` and `rooms` are those that they work on."""

    name: str
    role: str
    password: str
    at: str
    tests: str = ""
    rooms: str = ""
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A program's way in; `digest` is the SHA-256 of the token itself. Times are UTC in ISO 8601. `provider`: the identity
    provider gave it, and it stands nowhere here.
    """

    name: str
    digest: str
    scopes: str
    tests: str
    made: str
    expires: str | None = None
    revoked: str | None = None
    last_used: str | None = None
    provider: bool = False

    @property
    def who(self) -> str:
        """Who acts, for the record."""
        return f"{self.name} ({'OAuth' if self.provider else 'API'})"


class Accounts:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def add_account(self, account: Account) -> None:
        self._c.execute(sa.insert(t.account), asdict(account))

    def account(self, name: str) -> Account | None:
        row = self._c.execute(sa.select(t.account).where(t.account.c.name == name)).first()
        return None if row is None else Account(*row)

    def change_account(self, name: str, **columns: str) -> None:
        self._c.execute(sa.update(t.account).where(t.account.c.name == name).values(columns))

    def all_accounts(self) -> list[Account]:
        return [Account(*row) for row in self._c.execute(sa.select(t.account).order_by(t.account.c.name))]

    def add_token(self, token: Token) -> None:
        row = {k: v for k, v in asdict(token).items() if k != "provider"}
        self._c.execute(sa.insert(t.token), row)

    def token(self, name: str) -> Token | None:
        row = self._c.execute(sa.select(t.token).where(t.token.c.name == name)).first()
        return None if row is None else Token(*row)

    def token_by_digest(self, digest: str) -> Token | None:
        row = _BY_DIGEST.first(self._c, {"digest": digest})
        return None if row is None else Token(*row)

    def all_tokens(self) -> list[Token]:
        return [Token(*row) for row in self._c.execute(sa.select(t.token).order_by(t.token.c.name))]

    def mark_token(self, name: str, column: str, at: str) -> None:
        """Notes a time for a token: `revoked` or `last_used`."""
        self._c.execute(sa.update(t.token).where(t.token.c.name == name).values({column: at}))
