"""Links by which candidates hand in from home: given out by the exam system or at the command line, opened, and ended.

The secret of a link is shown once, to whoever had it made; here there is its digest alone. It opens one slot until a time.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from scanpipe.desk.defining import find_test
from scanpipe.desk.parts import Parts
from scanpipe.desk.shelving import shelve
from scanpipe.desk.uploads import Uploads
from scanpipe.faults import Refused, UnknownThing, UsageFault
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.links import Link, Visit
from scanpipe.model import Candidate, Question, TestDefinition
from scanpipe.saying import say
from scanpipe.stages.deadline import Deadline

SECRET = "spl_"
"""So begins the secret of every link."""
VISIT_HOURS = 24
_MOST_GRACE_MINUTES = 24 * 60
_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class LinkRules:
    """What the settings say of links that say nothing else."""

    grace_minutes: int = 15
    most_pages: int = 20
    most_bytes: int = 200 * 10**6


@dataclass(frozen=True, slots=True)
class Wish:
    """A link as it is wished for. `closes` knows its time zone; None: as the settings say."""

    candidate: str
    question: str
    closes: datetime
    grace_minutes: int | None = None
    most_pages: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A link that was made, with its secret: the only time that it is shown."""

    id: str
    candidate: str
    question: str
    closes: str
    secret: str

    def address(self, base_url: str) -> str:
        """What a candidate opens. What is behind the # stays in the browser: no log and no other site sees it."""
        return f"{base_url.rstrip('/')}/hand-in#{self.secret}"


def give_out(parts: Parts, rules: LinkRules, test: str, wishes: Sequence[Wish], by: str) -> list[Given]:
    """Makes links, all or none. Raises UnknownThing (the test), UsageFault (what no link can be for), LedgerFault, StoreFault."""
    definition = find_test(parts, test)
    given, keys = [], {}
    groups: dict[tuple[int, int], list[list[str]]] = {}
    for wish in wishes:
        candidate, question = _place(definition, wish)
        limits = _limits(rules, wish, question.max_sheets)
        _check_ahead(wish)
        closes = wish.closes.astimezone(UTC).isoformat(timespec="seconds")
        place = candidate.number, question.id
        one = Given(secrets.token_hex(_ID_BYTES), *place, closes, SECRET + secrets.token_urlsafe(32))
        given.append(one)
        keys[digest(one.secret)] = one.id
        groups.setdefault(limits, []).append([one.id, *place, closes])

    def record(tx: Transaction) -> None:
        for (grace, pages), links in groups.items():
            told: dict[str, Any] = {"grace_minutes": grace, "most_pages": pages, "most_bytes": rules.most_bytes}
            tx.append("links_given_out", test=definition.id, links=links, by=by, **told)
        tx.links().add_keys(keys, _now())

    parts.ledger.write(record)
    shelve(parts)
    return given


def give_out_to_all(
    parts: Parts,
    rules: LinkRules,
    test: str,
    closes: datetime,
    by: str,
    candidates: Collection[str] = (),
    questions: Collection[str] = (),
    grace_minutes: int | None = None,
) -> list[Given]:
    """A link for every candidate and question that takes sketches (or for those named) that has none which is open.

    Whoever has more time than others has it here, too. Raises as `give_out`.
    """
    definition = find_test(parts, test)
    for number in candidates:
        if definition.candidate(number) is None:
            raise UsageFault(f"{definition.id} has no candidate {number}", "Check the number.")
    with parts.ledger.read() as r:
        now = datetime.now(UTC)
        have = {(link.candidate, link.question) for link in r.links().of_test(definition.id) if _open(link, now)}
    wanted = {c.upper() for c in candidates}
    wishes = [
        Wish(one.number, question, closes + timedelta(minutes=one.extra_time_min or 0), grace_minutes)
        for one in definition.candidates
        if not wanted or one.number.upper() in wanted
        for question in _questions(definition, questions)
        if (one.number, question) not in have
    ]
    return give_out(parts, rules, test, wishes, by) if wishes else []


def end_link(parts: Parts, id: str, by: str, why: str, may_see: Callable[[str], bool] | None = None) -> None:
    """Ends a link at once; what was handed in by it stays. Raises UnknownThing."""

    def record(tx: Transaction) -> None:
        link = tx.links().one(id)
        if link is None or (may_see is not None and not may_see(link.test)):
            raise UnknownThing(say("there is no link %(id)s", id=id), say("`scanpipe links list` shows them."))
        if link.ended is None:
            about: dict[str, Any] = {"test": link.test, "candidate": link.candidate, "question": link.question}
            tx.append("link_ended", link=link.id, by=by, why=why, **about)

    parts.ledger.write(record)


def forget_drafts(parts: Parts, submissions: Uploads, test: str) -> None:
    """After a test was retired: what was put together by its links goes, with what was shown of it."""
    with parts.ledger.read() as r:
        given = [json.loads(event.data) for event in r.events_of("links_given_out")]
    ids = {link[0] for told in given if told["test"].upper() == test.upper() for link in told["links"]}
    for folder in submissions.root.iterdir() if submissions.root.exists() else ():
        if folder.name[: 2 * _ID_BYTES] in ids:
            submissions.drop(folder.name)


def links_of(parts: Parts, test: str) -> list[Link]:
    """The links of a test, without what opens them. Raises UnknownThing."""
    definition = find_test(parts, test)
    with parts.ledger.read() as r:
        return r.links().of_test(definition.id)


def admit_link(parts: Parts, secret: str) -> Link | None:
    """The link that this secret opens, if nobody ended it."""
    if not secret.startswith(SECRET):
        return None
    with parts.ledger.read() as r:
        link = r.links().by_digest(digest(secret))
    return link if link is not None and link.ended is None else None


def open_link(parts: Parts, secret: str) -> tuple[Link, str] | None:
    """The link that this secret opens and the cookie of a browser that opens it; None where it opens nothing."""
    link = admit_link(parts, secret.strip())
    if link is None:
        return None
    cookie = secrets.token_urlsafe(32)
    visit = Visit(digest(cookie), link.id, secrets.token_urlsafe(24), _now())

    def record(tx: Transaction) -> None:
        tx.links().sweep(made_before=_oldest())
        tx.links().open(visit)

    parts.ledger.write(record)
    return link, cookie


@dataclass(frozen=True, slots=True)
class Guest:
    """A candidate whose browser opened a link. `secret` guards forms."""

    link: Link
    secret: str


def guest(parts: Parts, id: str, cookie: str) -> Guest | None:
    """Who comes with this cookie to this link; None where it is not its cookie, or the link was ended."""
    with parts.ledger.read() as r:
        visit = r.links().visit(digest(cookie))
        link = r.links().one(visit.link) if visit is not None and visit.link == id else None
    if visit is None or link is None or link.ended is not None or visit.made < _oldest():
        return None
    return Guest(link, visit.secret)


def deadline_of(link: Link) -> Deadline:
    return Deadline.of(link.closes, link.grace_minutes)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _open(link: Link, now: datetime) -> bool:
    return link.ended is None and not deadline_of(link).missed(now)


def _questions(definition: TestDefinition, wanted: Iterable[str]) -> list[str]:
    taking = [q.id for q in definition.questions if q.sketches != "none"]
    strange = [q for q in wanted if q.upper() not in {t.upper() for t in taking}]
    if strange or not taking or not definition.sketches:
        raise UsageFault(
            f"{definition.id} has no question {' '.join(strange) or 'at all'} that takes sketches",
            f"There are: {', '.join(taking) or 'none'}.",
        )
    named = {q.upper() for q in wanted}
    return [t for t in taking if not named or t.upper() in named]


def _place(definition: TestDefinition, wish: Wish) -> tuple[Candidate, Question]:
    candidate, question = definition.candidate(wish.candidate), definition.question(wish.question)
    if candidate is None:
        raise UsageFault(f"{definition.id} has no candidate {wish.candidate}", "Check the number.")
    if question is None or question.sketches == "none" or not definition.sketches:
        raise UsageFault(f"{definition.id} has no question {wish.question} that takes sketches", "Check the question.")
    return candidate, question


def _limits(rules: LinkRules, wish: Wish, max_sheets: int | None) -> tuple[int, int]:
    """Minutes of grace and pages; no more pages than the question takes, as far as nobody wishes for more."""
    grace = rules.grace_minutes if wish.grace_minutes is None else wish.grace_minutes
    pages = min(rules.most_pages, max_sheets or rules.most_pages) if wish.most_pages is None else wish.most_pages
    if not 0 <= grace <= _MOST_GRACE_MINUTES or not 1 <= pages <= 500:
        raise UsageFault("a link takes 0 to 1440 minutes of grace and 1 to 500 pages", "Choose others.")
    if wish.closes.tzinfo is None:
        raise Refused("a deadline needs a time zone", "Write it as 2026-12-01T14:00:00+01:00.")
    return grace, pages


def _check_ahead(wish: Wish) -> None:
    """Nobody means to give out a link that is over."""
    if wish.closes <= datetime.now(UTC):
        place = f"candidate {wish.candidate}, question {wish.question}"
        raise UsageFault(
            f"{place}: the deadline {wish.closes:%Y-%m-%d %H:%M %Z} has passed", "Name one that is to come."
        )


def _oldest() -> str:
    return (datetime.now(UTC) - timedelta(hours=VISIT_HOURS)).isoformat(timespec="seconds")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
