"""Who is signed in, in which language they read, and who has which page open: rows beside the ledger's events."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.model import PageId

_s, _l = t.session.c, t.looking.c


@dataclass(frozen=True, slots=True)
class Session:
    """`digest` is the SHA-256 of the cookie, `secret` guards forms. `role` is what an identity provider said, else None; `grant`,
    sealed, is what it is asked again with, `checked` when that was.
    """

    digest: str
    name: str
    role: str | None
    made: str
    seen: str
    secret: str
    language: str | None = None
    grant: str | None = None
    checked: str | None = None


class Sessions:
    """Part of a `Transaction`. Times are UTC in ISO 8601."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def add(self, session: Session) -> None:
        self._c.execute(sa.insert(t.session), asdict(session))

    def one(self, digest: str) -> Session | None:
        row = self._c.execute(sa.select(t.session).where(_s.digest == digest)).first()
        return None if row is None else Session(*row)

    def mark(self, digest: str, **columns: str) -> None:
        """Notes `seen`, or what an identity provider said: `role`, `grant`."""
        self._c.execute(sa.update(t.session).where(_s.digest == digest).values(columns))

    def language(self, name: str) -> str | None:
        """The language that a person chose, in whichever browser."""
        chosen = t.chosen_language.c
        return self._c.execute(sa.select(chosen.language).where(chosen.name == name)).scalar()

    def choose_language(self, name: str, language: str) -> None:
        """For all sessions of the person, those to come as well."""
        chosen = t.chosen_language
        if self._c.execute(sa.update(chosen).where(chosen.c.name == name).values(language=language)).rowcount == 0:
            self._c.execute(sa.insert(chosen), {"name": name, "language": language})
        self._c.execute(sa.update(t.session).where(_s.name == name).values(language=language))

    def take_check(self, digest: str, checked: str | None, now: str) -> bool:
        """Notes that the provider is asked now; False where another request was first."""
        query = sa.update(t.session).where(_s.digest == digest, _s.checked == checked).values(checked=now)
        return self._c.execute(query).rowcount == 1

    def end(self, digest: str) -> None:
        self._c.execute(sa.delete(t.session).where(_s.digest == digest))

    def end_of(self, name: str, but: str = "") -> None:
        """Ends all sessions of a person, but the one of this digest."""
        self._c.execute(sa.delete(t.session).where(_s.name == name, _s.digest != but))

    def sweep(self, made_before: str) -> None:
        """Forgets sessions that are over."""
        self._c.execute(sa.delete(t.session).where(_s.made < made_before))

    def look_at(self, page: PageId, by: str, at: str) -> None:
        """Notes that a person has a page open; they have no other one open any more."""
        self._c.execute(sa.delete(t.looking).where(_l.by == by))
        self._c.execute(sa.insert(t.looking), {"scan": page.scan, "page": page.index, "by": by, "at": at})

    def looking(self, since: str, but: str) -> dict[PageId, str]:
        """Which pages are open since then, and who, but this person, has them."""
        rows = self._c.execute(sa.select(_l.scan, _l.page, _l.by).where(_l.at >= since, _l.by != but))
        return {PageId(row[0], row[1]): row[2] for row in rows}
