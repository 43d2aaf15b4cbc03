"""Tells the operators by mail when the ledger fails: what is told otherwise stands in the ledger.

What was told lies in a file beside the data, so that a server that is started again and again tells it once, and in memory,
where that disk fails as well.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scanpipe.desk.mailing import Post
from scanpipe.desk.parts import Parts
from scanpipe.faults import MailFault
from scanpipe.mail import Letter
from scanpipe.stages.alarming import Alarm, Word, alarm
from scanpipe.stages.digest import pause_after

_log = logging.getLogger(__name__)
_PATIENCE_S = 10.0
_MOST_BYTES = 1000
_LEASE, _LASTS = "alarm", timedelta(seconds=30)
Writer = Callable[[Word, datetime], tuple[str, str]]
"""Subject and text of a mail: from what is to be told, and since when it is so."""


class Alarms:
    """Mails to `addresses`. `file` is where it stands what was told; `clock` answers the time in UTC. One thread may call."""

    def __init__(
        self,
        post: Post,
        addresses: Sequence[str],
        write: Writer,
        file: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._post, self._addresses, self._write, self._file, self._clock = post, addresses, write, file, clock
        self._state, self._kept = Alarm(), True
        self._sent: set[str] = set()
        self._failures = 0
        self._not_before = datetime.min.replace(tzinfo=UTC)

    def hear(self, fails: bool) -> Word | None:
        """Tells what is to be told now, and answers what was. A mail that cannot be sent is tried again later."""
        now = self._clock()
        with self._file_of_one() as file:
            before = (_read(file) if self._kept else None) or self._state
            after, word = alarm(before, fails, now)
            if word is not None and not (now >= self._not_before and self._tell(word, before.since or now, now)):
                after, word = before, None
            self._state, self._kept = after, _write(file, after)
        return word

    def _tell(self, word: Word, since: datetime, now: datetime) -> bool:
        """Did every address get it?"""
        subject, text = self._write(word, since)
        try:
            for address in self._addresses:
                about = f"{word} {since.isoformat()} {self._state.told} {address}"
                id = hashlib.sha256(about.encode()).hexdigest()[:32]
                if id not in self._sent:
                    self._post.send(Letter(address, subject, text, id))
                    self._sent.add(id)
        except MailFault as fault:
            _log.warning("a mail about the ledger was put off: %s", fault.message)
            self._failures += 1
            self._not_before = now + pause_after(self._failures)
            return False
        self._sent, self._failures = set(), 0
        return True

    @contextmanager
    def _file_of_one(self) -> Iterator[int | None]:
        """The file, while no other process of this machine has it; None where it cannot be used."""
        try:
            file = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            yield None
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


class LedgerProbe:
    """Can the ledger be read and written? Asked in a thread of its own: a network may swallow the question."""

    def __init__(self, parts: Parts, patience_s: float = _PATIENCE_S) -> None:
        self._parts, self._patience_s = parts, patience_s
        self._asked: Future[None] | None = None
        self._written = datetime.min.replace(tzinfo=UTC)

    def fails(self) -> bool:
        if self._asked is None:
            self._asked = Future()
            threading.Thread(target=self._ask, args=(self._asked,), name="probe", daemon=True).start()
        try:
            self._asked.result(self._patience_s)
        except TimeoutError:
            return not self._asked.done() or self._over()
        except Exception:  # whatever it is, nothing can be told by the ledger
            return self._over()
        self._asked = None
        return False

    def _over(self) -> bool:
        self._asked = None
        return True

    def _ask(self, asked: Future[None]) -> None:
        try:
            with self._parts.ledger.read() as r:
                r.leases().holder(_LEASE)
            now = datetime.now(UTC)
            if now - self._written >= _LASTS:
                times = (now.isoformat(timespec="milliseconds"), (now + _LASTS).isoformat(timespec="milliseconds"))
                self._parts.ledger.write(lambda tx: tx.leases().take(_LEASE, self._parts.folders.holder, *times))
                self._written = now
            asked.set_result(None)
        except BaseException as e:
            asked.set_exception(e)


def _read(file: int | None) -> Alarm | None:
    """None where nothing readable stands there."""
    try:
        told = json.loads(os.pread(file, _MOST_BYTES, 0)) if file is not None else None
        return Alarm(**{k: datetime.fromisoformat(v) if v else None for k, v in told.items()}) if told else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _write(file: int | None, state: Alarm) -> bool:
    """Does it stand there now?"""
    if file is None:
        return False
    told = json.dumps({k: v.isoformat() if v else None for k, v in asdict(state).items()}).encode()
    try:
        os.pwrite(file, told, 0)
        os.ftruncate(file, len(told))
    except OSError as e:  # a full disk: it is remembered in memory
        _log.warning("what was told of the ledger cannot be kept: %s", e.strerror)
        return False
    return True
