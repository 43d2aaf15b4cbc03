"""The events, searched. Every question is answered by an index, or by a look at the newest; ledgers have millions of events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scanpipe.ledgers import tables as t
from scanpipe.ledgers.chain import Event

_p, _s, _e, _m = t.page.c, t.scan.c, t.event.c, t.mentioned.c
Column = Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]
Which = Callable[[Column], sa.ColumnElement[bool]]
_NEAR = 20_000
"""The answer is mostly among the newest events: these are looked through first, one by one."""
_MANY = 20_000
_SLACK = 1000
"""Events of several processes, or of a clock that was set, may be out of order by so many."""
_VIEWED = "drawing_viewed"


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What of the log a person wants to see; empty: all. `kinds` are types of events, `since` and `until` UTC in ISO 8601.

    `text` is sought in candidate, serial, file, and the start of a scan's digest.
    """

    kinds: tuple[str, ...] = ()
    by: str = ""
    test: str = ""
    candidate: str = ""
    question: str = ""
    serial: str = ""
    file: str = ""
    since: str = ""
    until: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """One word of a filter, said in two ways: of an event at hand, and as the numbers of all events that it lets through."""

    holds: sa.ColumnElement[bool]
    ids: sa.Select[Any]


class Log:
    """Part of a `Transaction`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._c = connection

    def search(self, wanted: LogFilter, limit: int, before: int | None = None) -> list[Event]:
        """The newest events that the filter lets through, with a number below `before`. Views of drawings only when asked for."""
        low, top = self._bounds(wanted, before)
        near, words = max(low, top - _NEAR), self._words(wanted)
        query = self._plain(wanted).where(_e.id < top).order_by(_e.id.desc()).limit(limit)
        one_by_one = [sa.or_(*(part.holds for part in word)) for word in words.values()]
        found = self._events(query.where(_e.id >= near, *one_by_one))
        if len(found) < limit and near > low:
            far = [
                sa.or_(*(part.holds for part in word))
                if self._is_large(name, wanted)
                else _e.id.in_(sa.union_all(*(part.ids for part in word)))
                for name, word in words.items()
            ]
            found = self._events(query.where(_e.id >= low, *far))
        return found

    def _bounds(self, wanted: LogFilter, before: int | None) -> tuple[int, int]:
        """Numbers between which the events of the wanted time are: from the first on, below the second."""
        newest = int(self._c.execute(sa.select(sa.func.max(_e.id))).scalar() or 0)
        top = newest + 1 if before is None else before
        if wanted.until:
            top = min(top, self._number_at(wanted.until, newest) + _SLACK)
        return (max(0, self._number_at(wanted.since, newest) - _SLACK) if wanted.since else 0), top

    def _number_at(self, at: str, newest: int) -> int:
        """About the first event of this time or later: their times ascend with their numbers, more or less."""
        low, high = 0, newest + 1
        while low < high:
            middle = (low + high) // 2
            row = self._c.execute(sa.select(_e.at).where(_e.id >= middle).order_by(_e.id).limit(1)).first()
            if row is None or row[0] >= at:
                high = middle
            else:
                low = middle + 1
        return low

    def _events(self, query: sa.Select[Any]) -> list[Event]:
        return [Event(*row) for row in self._c.execute(query)]

    def _plain(self, wanted: LogFilter) -> sa.Select[Any]:
        """What an event says of itself."""
        query = sa.select(t.event)
        if wanted.kinds:
            query = query.where(_e.type.in_(wanted.kinds))
        elif not (wanted.by or wanted.text or wanted.candidate or wanted.serial or wanted.file):
            query = query.where(_e.type != _VIEWED)
        if wanted.since:
            query = query.where(_e.at >= wanted.since)
        return query.where(_e.at < wanted.until) if wanted.until else query

    def _words(self, wanted: LogFilter) -> dict[str, list[_Part]]:
        """All of these must hold, each in one of its ways."""
        words: dict[str, list[_Part]] = {}
        if wanted.test:
            words["test"] = [_mentions("test", wanted.test.upper()), _of_pages(self._of_test(wanted.test))]
        if wanted.question:
            words["question"] = [_mentions("question", wanted.question.upper()), _of_pages(self._of_question(wanted))]
        if wanted.by:
            words["by"] = [_mentions("by", wanted.by)]
        if wanted.candidate:
            words["candidate"] = self._candidate(wanted.candidate)
        if wanted.serial:
            words["serial"] = [_of_pages(lambda c: c(_p.serial) == wanted.serial)]
        if wanted.file:
            words["file"] = [_of_scans(_s.file.icontains(wanted.file, autoescape=True))]
        if wanted.text:
            words["text"] = self._anything(wanted.text)
        if (
            len(wanted.kinds) > 1 and not words
        ):  # else the database would rather walk through all events from the newest on
            types = _e.type.in_(wanted.kinds)
            words["kinds"] = [_Part(types, sa.select(_e.id).where(types))]
        return words

    def _of_test(self, test: str) -> Which:
        spelled = self._spelled(test.upper())
        return lambda c: c(_p.test).in_(spelled)

    def _of_question(self, wanted: LogFilter) -> Which:
        """No index begins with the question: the test, where it is given, says where to look."""
        of_test = self._of_test(wanted.test) if wanted.test else lambda c: sa.true()
        named = sa.func.upper(wanted.question)
        return lambda c: sa.and_(of_test(c), sa.func.upper(c(_p.question)) == named)

    def _candidate(self, number: str) -> list[_Part]:
        """By test: pages are in an index by test and candidate, and not by the candidate alone."""
        tests = [row[0] for row in self._c.execute(sa.select(t.definition.c.test).distinct())]
        spelled = sorted({*tests, *(test.upper() for test in tests)})
        numbers = sorted({number, number.upper()})

        def pages(c: Column) -> sa.ColumnElement[bool]:
            return sa.and_(sa.or_(c(_p.test).in_(spelled), _p.test.is_(None)), c(_p.candidate).in_(numbers))

        return [_mentions("candidate", number.upper()), _of_pages(pages)]

    def _anything(self, text: str) -> list[_Part]:
        files = _s.file.icontains(text, autoescape=True)
        digest = _s.scan.startswith(text.lower(), autoescape=True)
        return [*self._candidate(text), _of_pages(lambda c: c(_p.serial) == text), _of_scans(sa.or_(digest, files))]

    def _is_large(self, word: str, wanted: LogFilter) -> bool:
        """A test or a question with so many pages that their events are found sooner on a walk from the newest than all of them
        by index. Beside a word that leaves few events a question is looked at one by one.
        """
        if word not in ("test", "question"):
            return False
        if word == "question" and (wanted.candidate or wanted.serial or wanted.file or wanted.text):
            return True
        which = self._of_question(wanted) if word == "question" else self._of_test(wanted.test)
        query = sa.select(sa.func.count()).select_from(t.page).where(which(lambda column: column))
        return int(self._c.execute(query).scalar() or 0) > _MANY

    def _spelled(self, test: str) -> list[str]:
        c = t.definition.c
        known = self._c.execute(sa.select(c.test).distinct().where(c.test_id == test))
        return sorted({test, *(row[0] for row in known)})


def _mentions(what: str, value: str) -> _Part:
    """The event itself names it."""
    named = sa.and_(_m.what == what, _m.value == value)
    return _Part(sa.exists().where(named, _m.event == _e.id), sa.select(_m.event).where(named))


def _of_pages(which: Which) -> _Part:
    """It is about such a page, or about the scan that the page is of.

    Of an event at hand the page is looked up by its scan: veiled columns keep the database from all pages of the test.
    """
    same = sa.and_(_p.scan == _e.scan, sa.or_(_e.page.is_(None), _e.page == _p.page))
    holds = sa.exists().where(same, which(lambda column: sa.func.coalesce(column, "")))
    return _Part(holds, sa.select(_e.id).join_from(t.page, t.event, same).where(which(lambda column: column)))


def _of_scans(which: sa.ColumnElement[bool]) -> _Part:
    scans = sa.select(_s.scan).where(which)
    return _Part(sa.exists().where(_s.scan == _e.scan, which), sa.select(_e.id).where(_e.scan.in_(scans)))
