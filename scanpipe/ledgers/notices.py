"""What people are told: notices, how each person wants to hear of them, and the letters that wait."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.standings import Standings

_n, _l = t.notice.c, t.letter.c


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """A notice on record. `id` is the event with which it began; `ended` when it was over; None: it stands."""

    id: int
    at: str
    kind: str
    subject: str
    since: str
    severity: str
    params: str
    ended: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        return dict(json.loads(self.params))


@dataclass(frozen=True, slots=True)
class Choice:
    """How a person wants to be told: kinds of notices by mail and in the browser. `role` is what they were when they chose.

    `quiet_hours` like `22:00-06:00`, and how many minutes notices are gathered for one mail; None: as the installation says.
    """

    name: str
    role: str
    address: str = ""
    language: str = "en"
    mail: tuple[str, ...] = ()
    browser: tuple[str, ...] = ()
    gather_minutes: int | None = None
    quiet_hours: str | None = None


@dataclass(frozen=True, slots=True)
class LetterRecord:
    """A notice that a person is to be told by mail."""

    name: str
    notice: int
    at: str
    urgent: bool
    state: str
    failures: int
    not_before: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class MailTrouble:
    """Mails that could not be sent: how many notices wait after a failure, how many were given up, and what was said last."""

    waiting: int
    given_up: int
    since: str | None
    problem: str


class Notices:
    """Part of a `Transaction`. Times are UTC in ISO 8601."""

    def __init__(self, connection: sa.Connection, lock: Callable[..., None]) -> None:
        self._c, self._lock = connection, lock

    @property
    def standings(self) -> Standings:
        """What notices are made from."""
        return Standings(self._c)

    def standing(self) -> list[NoticeRecord]:
        """Those that are not over, the newest first."""
        query = sa.select(t.notice).where(_n.ended.is_(None)).order_by(_n.id.desc())
        return [NoticeRecord(*row) for row in self._c.execute(query)]

    def lately_ended(self, limit: int) -> list[NoticeRecord]:
        query = sa.select(t.notice).where(_n.ended.is_not(None)).order_by(_n.ended.desc(), _n.id.desc()).limit(limit)
        return [NoticeRecord(*row) for row in self._c.execute(query)]

    def told(self, kinds: Iterable[str], subjects: Iterable[str]) -> set[tuple[str, str]]:
        """Which of these subjects had a notice of one of these kinds, whether it stands or not."""
        query = sa.select(_n.kind, _n.subject).where(_n.kind.in_(list(kinds)), _n.subject.in_(list(subjects)))
        return {(row[0], row[1]) for row in self._c.execute(query)}

    def one_standing(self, kind: str, subject: str) -> NoticeRecord | None:
        """Asked before one begins or ends: nobody else begins or ends one until this transaction is over."""
        self._lock("notices")
        query = sa.select(t.notice).where(_n.kind == kind, _n.subject == subject, _n.ended.is_(None))
        row = self._c.execute(query).first()
        return None if row is None else NoticeRecord(*row)

    def by_ids(self, ids: Iterable[int]) -> dict[int, NoticeRecord]:
        rows = self._c.execute(sa.select(t.notice).where(_n.id.in_(list(ids))))
        return {row[0]: NoticeRecord(*row) for row in rows}

    def choice(self, name: str) -> Choice | None:
        row = self._c.execute(sa.select(t.notice_choice).where(t.notice_choice.c.name == name)).first()
        return None if row is None else _choice(row)

    def choices(self) -> list[Choice]:
        return [_choice(row) for row in self._c.execute(sa.select(t.notice_choice).order_by(t.notice_choice.c.name))]

    def choose(self, choice: Choice) -> None:
        self.forget_choice(choice.name)
        row = asdict(choice) | {"mail": ",".join(choice.mail), "browser": ",".join(choice.browser)}
        self._c.execute(sa.insert(t.notice_choice), row)

    def forget(self, name: str) -> None:
        """A person who is gone: their address, and what waits to be mailed to them."""
        self.forget_choice(name)
        self._c.execute(sa.delete(t.letter).where(_l.name == name))

    def forget_choice(self, name: str) -> None:
        self._c.execute(sa.delete(t.notice_choice).where(t.notice_choice.c.name == name))

    def post(self, letter: LetterRecord) -> None:
        self._c.execute(sa.insert(t.letter), asdict(letter) | {"urgent": int(letter.urgent)})

    def waiting(self) -> dict[str, list[LetterRecord]]:
        """What waits to be mailed, by person, the oldest first."""
        query = sa.select(t.letter).where(_l.state == "waiting").order_by(_l.name, _l.notice)
        found: dict[str, list[LetterRecord]] = {}
        for row in self._c.execute(query):
            letter = LetterRecord(row[0], row[1], row[2], bool(row[3]), *row[4:])
            found.setdefault(letter.name, []).append(letter)
        return found

    def mark_letters(self, name: str, notices: Iterable[int], **columns: Any) -> None:
        query = sa.update(t.letter).where(_l.name == name, _l.notice.in_(list(notices)), _l.state == "waiting")
        self._c.execute(query.values(columns))

    def mail_trouble(self, since: str) -> MailTrouble | None:
        """What waits after a failure, or was given up since then."""
        late = sa.and_(_l.state == "waiting", _l.failures > 0)
        lost = sa.and_(_l.state == "given_up", _l.at >= since)
        query = sa.select(_l.state, sa.func.count(), sa.func.min(_l.at), sa.func.max(_l.problem))
        rows = list(self._c.execute(query.where(sa.or_(late, lost)).group_by(_l.state)))
        if not rows:
            return None
        counts: Mapping[str, int] = {row[0]: row[1] for row in rows}
        first = min(row[2] for row in rows)
        return MailTrouble(counts.get("waiting", 0), counts.get("given_up", 0), first, rows[-1][3] or "")


def _choice(row: sa.Row) -> Choice:  # type: ignore[type-arg]
    return Choice(row[0], row[1], row[2], row[3], _parted(row[4]), _parted(row[5]), row[6], row[7])


def _parted(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
