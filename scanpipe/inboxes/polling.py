"""An inbox that sweeps the folder at short intervals: works everywhere, network shares included."""

from __future__ import annotations

from queue import SimpleQueue

from scanpipe.inboxes import Inbox, InboxRules
from scanpipe.inboxes._folder import FolderInbox


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
    return FolderInbox(rules, SimpleQueue(), _NoEvents(rules))
