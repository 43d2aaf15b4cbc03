"""The log of events, as people search it: by kind, person, test, candidate, serial, file and time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scanpipe.desk.parts import Parts
from scanpipe.faults import UsageFault
from scanpipe.ledgers import events_expected
from scanpipe.ledgers.chain import Event
from scanpipe.ledgers.events import TYPES
from scanpipe.ledgers.log import LogFilter

_AT_ONCE = 5000
_GROUPS: Mapping[str, frozenset[str]] = {
    "decisions": frozenset(
        {"decision_made", "decision_undone", "pack_move_asked", "pack_move_settled", "slot_ordered"}
    ),
    "sign_ins": frozenset({"signed_in", "signed_out", "sign_in_failed"}),
    "accounts": frozenset({"user_added", "user_changed", "password_set", "user_ended", "token_added", "token_revoked"}),
    "tests": frozenset({"definition_registered", "sheets_printed", "grading_locked", "grading_unlocked"})
    | {"retirement_asked", "test_retired", "results_exported", "links_given_out", "link_ended"}
    | frozenset(events_expected.PROJECTIONS),
    "notices": frozenset({"notice_begun", "notice_ended"}),
    "webhooks": frozenset(kind for kind in TYPES if kind.startswith("webhook_")),
    "views": frozenset({"drawing_viewed"}),
    "scans": frozenset({"scan_taken_in", "scan_unpacked", "scan_seen_again", "scan_taken_over", "scan_retired"})
    | {"upload_handed_in", "submission_handed_in"},
    "pages": frozenset(kind for kind in TYPES if kind.startswith("page_")),
}
GROUPS: Mapping[str, frozenset[str]] = {**_GROUPS, "other": TYPES - frozenset().union(*_GROUPS.values())}
"""Kinds of events by what they are about; each is in one group."""
_ABOUT_ACCOUNTS = GROUPS["accounts"] | GROUPS["sign_ins"]


def groups_for(role: str) -> dict[str, tuple[str, ...]]:
    """The kinds of events that a role may read of, by group: a user administrator those of accounts, and no candidate."""
    names = ("sign_ins", "accounts") if role == "user_administrator" else tuple(GROUPS)
    return {name: tuple(sorted(GROUPS[name])) for name in names}


def filter_for(role: str, wanted: LogFilter, kind: str) -> LogFilter:
    """The filter with this kind (a group or a type of event, "" for all), and with no more than the role may read of.

    Raises UsageFault for a kind that there is not.
    """
    if kind and kind not in GROUPS and kind not in TYPES:
        raise UsageFault(f"there is no kind of event {kind!r}", f"Groups: {', '.join(GROUPS)}; or a type of event.")
    kinds = frozenset(GROUPS.get(kind, {kind})) if kind else frozenset()
    if role == "user_administrator":
        kinds = kinds & _ABOUT_ACCOUNTS if kinds else _ABOUT_ACCOUNTS
        kinds = kinds or frozenset({"none"})
        return LogFilter(tuple(sorted(kinds)), wanted.by, since=wanted.since, until=wanted.until)
    return replace(wanted, kinds=tuple(sorted(kinds)))


def search(parts: Parts, wanted: LogFilter, limit: int, before: int | None = None) -> list[Event]:
    """The newest events that the filter lets through, below the number `before`."""
    with parts.ledger.read() as r:
        return r.figures().log.search(wanted, limit, before)


def search_all(parts: Parts, wanted: LogFilter) -> Iterator[Event]:
    """All of them, the newest first, some at a time."""
    before: int | None = None
    while found := search(parts, wanted, _AT_ONCE, before):
        yield from found
        if len(found) < _AT_ONCE:
            return
        before = found[-1].id


def moment(text: str, end: bool = False) -> str:
    """A day, or a local time, as the ledger writes times: the start of the day, or, where it is an end, that of the next.

    Raises UsageFault.
    """
    if not text:
        return ""
    try:
        at = datetime.fromisoformat(text)
        whole_day = len(text) == len("2026-12-03")
        at += timedelta(days=1) if whole_day and end else timedelta()
        return at.astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError) as e:
        raise UsageFault(f"{text} is no time", "Write one like 2026-12-03 or 2026-12-03T14:30.") from e
