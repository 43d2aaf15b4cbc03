"""An inbox that sweeps the folder at short intervals: works everywhere, network shares included."""

from __future__ import annotations

from scanpipe.inboxes import Inbox, InboxRules
from scanpipe.inboxes._folder import FolderInbox
from scanpipe.timed_queue import TimedQueue


class _NoEvents:
    """Stands where the other kind has its events."""

    def __init__(self, rules: InboxRules) -> None:
        self._polling_s = rules.polling_s

    def attend(self) -> float:
        return self._polling_s

    def trouble(self) -> str | None:
        return None

    def close(self) -> None:
        """There is nothing to end."""


def open_folder(rules: InboxRules) -> Inbox:
    """Sweeps every `rules.polling_s` seconds."""
    return FolderInbox(rules, TimedQueue(), _NoEvents(rules))
