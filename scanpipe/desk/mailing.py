"""Notices by e-mail: gathered, not at night, in the language of the person, tried again when the mail server is away.

No drawing, no name and no candidate is in a mail, since none is in what a notice is made of (`stages/noticing.py`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from scanpipe.desk.noticing import account_of, knows
from scanpipe.desk.parts import Parts
from scanpipe.faults import MailFault
from scanpipe.ledgers.notices import Choice, LetterRecord, NoticeRecord
from scanpipe.mail import Letter
from scanpipe.stages.digest import GIVE_UP_AFTER, DigestRules, Due, due_now, pause_after, personal

_log = logging.getLogger(__name__)
Writer = Callable[[str, str, Sequence[NoticeRecord]], tuple[str, str]]
"""Subject and text of a mail: from the language and the role of the reader, and the notices that it tells of."""


class Post(Protocol):
    def send(self, letter: Letter) -> None:
        """Raises MailFault."""
        ...


class Mailroom:
    """Sends what is due. Of several processes only the one that has the task of telling people may call it."""

    def __init__(
        self,
        parts: Parts,
        post: Post,
        write: Writer,
        rules: DigestRules,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._parts, self._post, self._write, self._rules = parts, post, write, rules
        self._clock = clock or (lambda: datetime.now(UTC))

    def deliver(self) -> int:
        """Sends what is due now, one mail for each person, and answers how many. What failed is tried again later.

        Raises LedgerFault.

        A process that dies between the server's yes and the note of it sends a mail twice, with the same Message-ID; never none.
        """
        with self._parts.ledger.read() as r:
            people = list(r.notices().waiting())
        return sum(self._deliver_to(name) for name in people)

    def _deliver_to(self, name: str) -> int:
        now = self._clock()
        choice, letters, notices = self._waiting(name)
        letters = self._dropped(letters, notices)
        due = [Due(_time(x.at), x.urgent, _time(x.not_before)) for x in letters]
        if choice is None:
            return 0
        rules = personal(self._rules, choice.gather_minutes, choice.quiet_hours)
        going = [letters[n] for n in due_now(due, now.astimezone(), rules)]
        if not going:
            return 0
        try:
            self._post.send(self._letter(choice, [notices[x.notice] for x in going]))
        except MailFault as fault:
            self._failed(name, going, fault, now)
            return 0
        self._mark(name, going, state="sent", problem=None)
        return 1

    def _waiting(self, name: str) -> tuple[Choice | None, list[LetterRecord], dict[int, NoticeRecord]]:
        """What waits for a person, how they want to be told, and the notices that they still want and may know of."""
        with self._parts.ledger.read() as r:
            choice = r.notices().choice(name)
            letters = r.notices().waiting().get(name, [])
            account = account_of(r, choice) if choice else None
            notices = r.notices().by_ids(x.notice for x in letters)
        wanted = {
            id: n
            for id, n in notices.items()
            if n.ended is None and choice and choice.address and n.kind in choice.mail and knows(choice, account, n)
        }
        return choice, letters, wanted

    def _dropped(self, letters: list[LetterRecord], wanted: dict[int, NoticeRecord]) -> list[LetterRecord]:
        """Without those that nobody needs any more: the notice is over, or the person does not want it."""
        gone = [x for x in letters if x.notice not in wanted]
        if gone:
            self._mark(gone[0].name, gone, state="dropped")
        return [x for x in letters if x.notice in wanted]

    def _letter(self, choice: Choice, notices: Sequence[NoticeRecord]) -> Letter:
        subject, text = self._write(choice.language, choice.role, notices)
        about = f"{choice.name} {' '.join(str(n.id) for n in notices)}"
        return Letter(choice.address, subject, text, hashlib.sha256(about.encode()).hexdigest()[:32], choice.language)

    def _failed(self, name: str, letters: list[LetterRecord], fault: MailFault, now: datetime) -> None:
        _log.warning("a mail was put off: %s", fault.message)
        for letter in letters:
            lost = now - _time(letter.at) >= GIVE_UP_AFTER
            failures = letter.failures + 1
            later = (now + pause_after(failures)).astimezone(UTC).isoformat(timespec="milliseconds")
            state = "given_up" if lost else "waiting"
            self._mark(name, [letter], state=state, failures=failures, not_before=later, problem=fault.message[:200])

    def _mark(self, name: str, letters: Sequence[LetterRecord], **columns: object) -> None:
        ids = [x.notice for x in letters]
        self._parts.ledger.write(lambda tx: tx.notices().mark_letters(name, ids, **columns))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
