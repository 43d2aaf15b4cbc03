"""The list of what is held, looked through in memory: what a page was held for does not change while it is held.

A list of ten thousand is looked through in a millisecond or two, and the ledger is asked for what came since, and for the rows
that are shown.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from scanpipe.ledgers import Transaction
from scanpipe.ledgers.queue import Entry, Filter, Row

_AT_ONCE = 500
Counts = Counter[tuple[str, str | None]]
Groups = list[tuple[str, str | None, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """The first rows that the filter lets through, the longest held first, and how many it lets through in all (`shown`).

    `total` are all that are held, `oldest` is since when the first of them is; `groups` are reason, test and number of what the
    filter would let through if it named neither.
    """

    rows: list[Row]
    shown: int
    total: int
    oldest: str | None
    newest: int
    groups: Groups


@dataclass(frozen=True, slots=True)
class Ages:
    """Since when the first waits: of each stack (with how many of its pages are held), and of each reason and test."""

    stacks: list[tuple[str, int, str]]
    groups: list[tuple[str, str | None, str]]


class _Held:
    """What is held at one moment, in the order of events; what is counted of it is counted once."""

    def __init__(self, state: tuple[int, int], entries: list[Entry]) -> None:
        self.state, self.entries = state, entries

    @cached_property
    def counts(self) -> Counts:
        return _counted(self.entries)

    @cached_property
    def ages(self) -> Ages:
        stacks: dict[str, str] = {}
        groups: dict[tuple[str, str | None], str] = {}
        for e in self.entries:
            stacks.setdefault(e.stack, e.at)
            groups.setdefault(e.group, e.at)
        counts = Counter(e.stack for e in self.entries)
        return Ages([(s, counts[s], at) for s, at in stacks.items()], [(*g, at) for g, at in groups.items()])


class HeldList:
    """Any thread may ask. One for a ledger."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = _Held((0, 0), [])

    def find(self, tx: Transaction, wanted: Filter, limit: int) -> Found:
        """`limit` is how many rows there may be."""
        held = self._now(tx)
        entries = held.entries
        everywhere = not (wanted.stack or wanted.since or wanted.before or wanted.text)
        around = _around(tx, entries, wanted)
        counts = held.counts if everywhere else _counted(around)
        named = {group for group in counts if _is_named(group, wanted)}
        first = islice((e.event for e in around if e.group in named), limit)
        return Found(
            rows=tx.queue().rows(list(first)),
            shown=sum(counts[group] for group in named),
            total=len(entries),
            oldest=entries[0].at if entries else None,
            newest=entries[-1].event if entries else 0,
            groups=_sorted(counts),
        )

    def ages(self, tx: Transaction) -> Ages:
        """All stacks of which something is held, and all groups; the longest waiting first."""
        return self._now(tx).ages

    def _now(self, tx: Transaction) -> _Held:
        """What is held as this transaction sees it."""
        state = tx.queue().state()
        with self._lock:
            if state != self._held.state:
                known = {e.event: e for e in self._held.entries}
                events = tx.queue().events()
                new = [event for event in events if event not in known]
                for start in range(0, len(new), _AT_ONCE):
                    known |= {e.event: e for e in tx.queue().entries(new[start : start + _AT_ONCE])}
                self._held = _Held(state, [known[event] for event in events])
            return self._held


def _counted(entries: Sequence[Entry]) -> Counts:
    return Counter(e.group for e in entries)


def _sorted(counts: Counts) -> Groups:
    return [(*group, n) for group, n in sorted(counts.items(), key=lambda c: (c[0][0], c[0][1] or ""))]


def _around(tx: Transaction, entries: list[Entry], wanted: Filter) -> list[Entry]:
    """What passes that of the filter which is neither reason nor test: one question after the other."""
    if wanted.stack:
        if tx.spans().one(wanted.stack) is None:
            entries = [e for e in entries if e.stack == wanted.stack]
        else:  # a part of a stack: the ledger knows what lies in it
            inside = tx.queue().events_in(wanted.stack)
            entries = [e for e in entries if e.event in inside]
    if wanted.since:
        entries = [e for e in entries if e.at >= wanted.since]
    if wanted.before:
        entries = [e for e in entries if e.at < wanted.before]
    if wanted.text:
        text = wanted.text.casefold()
        entries = [e for e in entries if text in e.text]
    return entries


def _is_named(group: tuple[str, str | None], wanted: Filter) -> bool:
    reason, test = group
    if wanted.reason and reason != wanted.reason:
        return False
    return not wanted.test or (test is not None and test.upper() == wanted.test.upper())
