"""Links by which candidates hand in from home, and what was handed in by them, as a `Transaction` answers it.

The secret of a link and the cookie of who opened it are known by their digests alone, beside the events.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.prepared import Prepared
from scanpipe.model import PageId, PageRecord, Slot

_l, _s, _f, _p = t.link.c, t.submission.c, t.submitted.c, t.page.c
_SLOT = ("test", "candidate", "question")
_b = sa.bindparam


@dataclass(frozen=True, slots=True)
class Link:
    """A way in to one slot until a time. `closes` is UTC in ISO 8601; `ended` is when somebody ended it, else None."""

    id: str
    test: str
    candidate: str
    question: str
    closes: str
    grace_minutes: int
    most_pages: int
    most_bytes: int
    ended: str | None
    by: str
    at: str
    event: int

    @property
    def slot(self) -> Slot:
        return Slot(self.test, self.candidate, self.question)

    @property
    def who(self) -> str:
        """Who acts, for the record: the link, never its secret."""
        return f"link {self.id}"


@dataclass(frozen=True, slots=True)
class SubmittedFile:
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Submission:
    """What was handed in at once by a link: version `version` of its slot. `id` is its event."""

    id: int
    at: str
    link: str
    test: str
    candidate: str
    question: str
    version: int
    late: bool
    files: tuple[SubmittedFile, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """A link that was opened in a browser: `digest` is the SHA-256 of the cookie, `secret` guards forms."""

    digest: str
    link: str
    secret: str
    made: str


_newer = t.submission.alias("newer")
_CURRENT = (
    sa.select(sa.func.max(_newer.c.version))
    .where(*(_newer.c[name] == _s[name] for name in _SLOT), _newer.c.late == 0)
    .correlate(t.submission)
    .scalar_subquery()
)
_NAMED = Prepared(
    sa.select(
        _s.test,
        _s.candidate,
        _s.question,
        _s.link,
        _s.version,
        _f.position,
        _s.late,
        _s.at,
        _l.closes,
        _l.grace_minutes,
        _CURRENT.label("current"),
    )
    .select_from(t.submitted.join(t.submission, _f.submission == _s.id).join(t.link, _s.link == _l.id))
    .where(_f.scan == _b("scan"))
)
_BY_DIGEST = Prepared(
    sa.select(t.link).join(t.link_key, t.link_key.c.link == _l.id).where(t.link_key.c.digest == _b("digest"))
)
_VISIT = Prepared(sa.select(t.visit).where(t.visit.c.digest == _b("digest")))


@dataclass(frozen=True, slots=True)
class NamedScan:
    """What is on record of a scan that came by a link: the last submission in time that has it, and `current`, the one of its
    slot that counts; None: all were late.
    """

    test: str
    candidate: str
    question: str
    link: str
    version: int
    position: int
    late: bool
    at: str
    closes: str
    grace_minutes: int
    current: int | None

    @property
    def slot(self) -> Slot:
        return Slot(self.test, self.candidate, self.question)

    @property
    def superseded(self) -> bool:
        """A newer submission of its slot came in time, and it is not in it."""
        return not self.late and self.current is not None and self.version < self.current


class Links:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection, lock: Callable[..., None]) -> None:
        self._c = connection
        self._lock = lock

    def one(self, id: str) -> Link | None:
        row = self._c.execute(sa.select(t.link).where(_l.id == id)).first()
        return None if row is None else Link(*row)

    def of_test(self, test: str) -> list[Link]:
        """By candidate and question, the oldest first."""
        query = sa.select(t.link).where(sa.func.upper(_l.test) == test.upper())
        return [Link(*row) for row in self._c.execute(query.order_by(_l.candidate, _l.question, _l.event))]

    def add_keys(self, keys: Mapping[str, str], made: str) -> None:
        """The digests of secrets, and the link that each opens."""
        rows = [{"digest": digest, "link": link, "made": made} for digest, link in keys.items()]
        if rows:
            self._c.execute(sa.insert(t.link_key), rows)

    def by_digest(self, digest: str) -> Link | None:
        """The link whose secret has this digest."""
        row = _BY_DIGEST.first(self._c, {"digest": digest})
        return None if row is None else Link(*row)

    def open(self, visit: Visit) -> None:
        self._c.execute(sa.insert(t.visit), asdict(visit))

    def visit(self, digest: str) -> Visit | None:
        row = _VISIT.first(self._c, {"digest": digest})
        return None if row is None else Visit(*row)

    def sweep(self, made_before: str) -> None:
        """Forgets who opened links."""
        self._c.execute(sa.delete(t.visit).where(t.visit.c.made < made_before))

    def hold(self, slot: Slot, scans: Sequence[str] = ()) -> None:
        """Nobody else hands in for this slot, or one of these files, until the end of the write."""
        self._lock(f"submission {slot}", *(f"submitted {scan}" for scan in sorted(scans)))

    def submissions(self, slot: Slot) -> list[Submission]:
        """What was handed in for a slot, the first version first."""
        query = sa.select(t.submission).where(*(_s[name] == getattr(slot, name) for name in _SLOT))
        return [_submission(row) for row in self._c.execute(query.order_by(_s.version))]

    def by_link(self, link: str) -> list[Submission]:
        """What was handed in by a link, the first one first."""
        query = sa.select(t.submission).where(_s.link == link).order_by(_s.id)
        return [_submission(row) for row in self._c.execute(query)]

    def counts(self, test: str) -> Counter[str]:
        """How often something was handed in by each link of a test."""
        query = sa.select(_s.link, sa.func.count()).where(sa.func.upper(_s.test) == test.upper()).group_by(_s.link)
        return Counter({row[0]: int(row[1]) for row in self._c.execute(query)})

    def told(self, submission: int) -> str:
        """The data of the event of a submission, as it stands in the chain."""
        return str(self._c.execute(sa.select(t.event.c.data).where(t.event.c.id == submission)).scalar_one())

    def named(self, scan: str) -> NamedScan | None:
        """The submission that a scan belongs to, if it came by a link."""
        row = _NAMED.first(self._c, {"scan": scan})
        if row is None:
            return None
        test, candidate, question, link, version, position, late, *rest = row
        return NamedScan(test, candidate, question, link, version, position, bool(late), *rest)

    def positions(self, slot: Slot) -> dict[PageId, tuple[int, int]]:
        """The pages in a slot, or on their way there, that came by a link, and the order that they were handed in in."""
        query = (
            sa.select(_p.scan, _p.page, _f.position)
            .select_from(t.page.join(t.submitted, _p.scan == _f.scan))
            .where(*(_p[name] == getattr(slot, name) for name in _SLOT), _p.state.in_(("placing", "filed")))
        )
        return {PageId(row[0], row[1]): (row[2], row[1]) for row in self._c.execute(query.order_by(_p.event))}

    def pages_of(self, slot: Slot) -> list[PageRecord]:
        """The pages of all scans that were ever handed in for a slot."""
        of_slot = [_s[name] == getattr(slot, name) for name in _SLOT]
        scans = sa.select(_f.scan).join(t.submission, _f.submission == _s.id).where(*of_slot)
        query = sa.select(t.page).where(_p.scan.in_(scans)).order_by(_p.scan, _p.page)
        return [PageRecord(*row) for row in self._c.execute(query)]


def _submission(row: Any) -> Submission:
    files = tuple(SubmittedFile(**file) for file in json.loads(row.files))
    return Submission(**dict(row._mapping) | {"late": bool(row.late), "files": files})
