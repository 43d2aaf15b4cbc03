"""Telling people: looks how the installation stands, and records what begins and what is over. One process does it at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from scanpipe.desk.leasing import Lease
from scanpipe.desk.parts import Parts
from scanpipe.desk.people import BOUND_TO_TESTS
from scanpipe.desk.surveying import Survey
from scanpipe.faults import Fault
from scanpipe.ledgers import Transaction
from scanpipe.ledgers.accounts import Account
from scanpipe.ledgers.notices import Choice, LetterRecord, NoticeRecord
from scanpipe.stages.noticing import KINDS, Key, Notice, NoticeRules, kinds_for, may_know, notice

_LEASE, _LASTS = "notices", timedelta(seconds=60)


class Lookout:
    """Keeps the task of telling people as long as no other process has it. `clock` answers the time in UTC."""

    def __init__(self, parts: Parts, survey: Survey, rules: NoticeRules, clock: Callable[[], datetime] | None = None):
        self._parts, self._survey, self._rules = parts, survey, rules
        self._clock = clock or (lambda: datetime.now(UTC))
        self._contrary: Mapping[Key, datetime] = {}
        self._lease = Lease(parts, _LEASE, _LASTS, _LASTS / 2, self._clock)

    def look(self) -> bool:
        """One look; True where this process has the task. Raises LedgerFault."""
        if not self._lease.keep():
            return False
        now = self._clock()
        facts = self._survey.facts(now)
        with self._parts.ledger.read() as r:
            standing = {(n.kind, n.subject) for n in r.notices().standing()}
            once = [name for name, kind in KINDS.items() if kind.once]
            told = r.notices().told(once, [stack.name for stack in facts.stacks])
        outcome = notice(facts, self._rules, standing, told, self._contrary)
        self._contrary = outcome.contrary
        for begun in outcome.begun:
            self._parts.ledger.write(_begin(begun, _text(now)))
        for key in outcome.ended:
            self._parts.ledger.write(_end(key))
        return True

    def close(self) -> None:
        """Leaves the task to the next process."""
        with suppress(Fault):
            self._lease.end()


def _begin(begun: Notice, now: str) -> Callable[[Transaction], None]:
    def record(tx: Transaction) -> None:
        if tx.notices().one_standing(begun.kind, begun.subject) is not None:
            return  # another process was first
        what: dict[str, Any] = {
            "kind": begun.kind,
            "subject": begun.subject,
            "since": _text(begun.since),
            "severity": begun.severity,
        }
        id = tx.append("notice_begun", **what, params=dict(begun.params))
        for choice in tx.notices().choices():
            if begun.kind in choice.mail and choice.address and knows(choice, account_of(tx, choice), begun):
                tx.notices().post(LetterRecord(choice.name, id, now, begun.severity == "urgent", "waiting", 0, now))

    return record


def _end(key: Key) -> Callable[[Transaction], None]:
    def record(tx: Transaction) -> None:
        stands = tx.notices().one_standing(*key)
        if stands is not None:
            tx.append("notice_ended", notice=stands.id)

    return record


def account_of(tx: Transaction, choice: Choice) -> Account | None:
    """The account of whoever chose; None where only an identity provider knows them."""
    return tx.accounts().account(choice.name)


def knows(choice: Choice, account: Account | None, about: Notice | NoticeRecord) -> bool:
    """May this person be told? Their account says what they are; without a password here, what they were when they chose."""
    if account is not None and account.ended is not None:
        return False
    role = account.role if account is not None and account.password else choice.role
    return may_know(role, bound_tests(role, account.tests if account else ""), about.kind, about.subject)


def bound_tests(role: str, tests: str) -> frozenset[str] | None:
    """The tests that somebody of this role is bound to; None where the role is bound to none."""
    return frozenset(filter(None, tests.upper().split(","))) if role in BOUND_TO_TESTS else None


def shown(
    tx: Transaction, name: str, role: str, tests: str, now: datetime
) -> tuple[list[NoticeRecord], list[NoticeRecord]]:
    """The notices that stand and that this person may know of: those that count in the browser, and the others."""
    choice = tx.notices().choice(name)
    wanted = choice.browser if choice else kinds_for(role)
    may = [n for n in tx.notices().standing() if may_know(role, bound_tests(role, tests), n.kind, n.subject)]
    counting = [n for n in may if n.kind in wanted and _is_fresh(n, now)]
    return counting, [n for n in may if n not in counting]


def _is_fresh(record: NoticeRecord, now: datetime) -> bool:
    fresh = KINDS[record.kind].fresh
    return fresh is None or now - datetime.fromisoformat(record.at) < fresh


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
