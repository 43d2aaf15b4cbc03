"""An inbox with events: the kernel says when a file was closed or renamed in. Sweeps now and then all the same."""

from __future__ import annotations

import errno
import os
import time
import warnings

from watchdog.events import FileClosedEvent, FileCreatedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyFullEmitter
from watchdog.observers.inotify_c import CallbackId, InotifyEvent, InotifyFD, Mask, WatchCallback, WatchDescriptor

from scanpipe.inboxes import Inbox, InboxRules
from scanpipe.inboxes._folder import Call, FolderInbox, Hint, Hints
from scanpipe.stages.settle import HintKind
from scanpipe.timed_queue import TimedQueue

# watchdog warns when a folder that was made within a new folder is met twice, which is harmless
warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)

_RETRY_S = 60.0
_KINDS = {FileCreatedEvent: HintKind.SEEN, FileMovedEvent: HintKind.MOVED_IN, FileClosedEvent: HintKind.CLOSED}
_TOO_MANY_FOLDERS = (
    "The system watches no more folders for this user, so the inbox is swept every {polling_s:g} s instead. "
    "Raise fs.inotify.max_user_watches: sysctl -w fs.inotify.max_user_watches=524288"
)
_TOO_MANY_WATCHERS = (
    "The system allows no more watchers (or open files) for this user, so the inbox is swept every {polling_s:g} s "
    "instead. Raise fs.inotify.max_user_instances: sysctl -w fs.inotify.max_user_instances=1024; "
    "fs.inotify.max_user_watches may need it too."
)
_NO_EVENTS = "The inbox cannot be watched ({error}) and is swept every {polling_s:g} s instead."


class _Descriptor(InotifyFD):
    """The kernel's end of the line. Notices what watchdog keeps to itself: lost events, and subfolders over the limit."""

    def __init__(self, hints: Hints) -> None:
        super().__init__()
        self._scanpipe_hints = hints
        self.limit: OSError | None = None

    def add_callback(self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId) -> WatchDescriptor:
        try:
            watch = super().add_callback(path, mask, callback, id_)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self.limit = error
                self._scanpipe_hints.put(Call.SWEEP)
            raise
        if watch == -1:  # what watchdog answers when permission is denied
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return watch

    def handle_event(self, event: InotifyEvent) -> None:
        if event.is_queue_overflow:
            self._scanpipe_hints.put(Call.SWEEP)
        # a file that is claimed leaves by a rename; watchdog would hold all later events back for half a second
        if event.is_directory or not event.is_moved_from:
            super().handle_event(event)


class _Handler(FileSystemEventHandler):
    def __init__(self, root: str, hints: Hints) -> None:
        self._prefix = root.rstrip("/") + "/"
        self._hints = hints

    def dispatch(self, event: FileSystemEvent) -> None:
        path = os.fsdecode(event.dest_path or event.src_path)
        if path.startswith(self._prefix):
            # synthetic: inferred from what happened to the folder, says nothing about the file's writer
            kind = HintKind.SEEN if event.is_synthetic else _KINDS[type(event)]
            self._hints.put(Hint(path.removeprefix(self._prefix), kind))


class _Watch:
    """A running observer of one folder. Raises OSError when it cannot be had."""

    def __init__(self, root: str, hints: Hints) -> None:
        real_root = os.path.realpath(root)
        self.identity = _identity(root)
        self._descriptor = _Descriptor(hints)
        self._descriptor.start()
        self._observer = BaseObserver(InotifyFullEmitter, inotify_fd=self._descriptor)
        self._observer.schedule(_Handler(real_root, hints), real_root, recursive=True, event_filter=list(_KINDS))
        try:
            self._observer.start()
        except OSError:
            self._end_descriptor()
            raise

    @property
    def limit(self) -> OSError | None:
        return self._descriptor.limit

    def sound(self, root: str) -> bool:
        """Whether it still watches the folder that has this name now."""
        threads = [self._observer, self._descriptor, *self._observer.emitters]
        return all(t.is_alive() for t in threads) and self.identity == _identity(root)

    def close(self) -> None:
        self._observer.stop()
        self._observer.join()
        self._end_descriptor()

    def _end_descriptor(self) -> None:
        self._descriptor.stop()
        self._descriptor.join()


class _Events:
    def __init__(self, rules: InboxRules, hints: Hints) -> None:
        self._rules = rules
        self._root = os.path.abspath(rules.root)
        self._hints = hints
        self._watch: _Watch | None = None
        self._trouble: str | None = None
        self._retry_at_s = 0.0

    def attend(self) -> float:
        watch = self._watch
        if watch and watch.limit:
            self._fall_back(watch.limit)
        elif watch and not watch.sound(self._root):
            self.close()
        if self._watch is None and time.monotonic() >= self._retry_at_s and os.path.isdir(self._root):
            self._begin()
        return self._rules.sweep_s if self._watch else self._rules.polling_s

    def trouble(self) -> str | None:
        return self._trouble

    def close(self) -> None:
        watch, self._watch = self._watch, None
        if watch:
            watch.close()

    def _begin(self) -> None:
        try:
            self._watch = _Watch(self._root, self._hints)
        except OSError as error:
            self._fall_back(error)
        else:
            self._trouble = None

    def _fall_back(self, error: OSError) -> None:
        self.close()
        self._trouble = _sentence(error, self._rules.polling_s)
        self._retry_at_s = time.monotonic() + _RETRY_S


def _identity(root: str) -> tuple[int, int] | None:
    try:
        found = os.stat(root)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _sentence(error: OSError, polling_s: float) -> str:
    sentences = {errno.ENOSPC: _TOO_MANY_FOLDERS, errno.EMFILE: _TOO_MANY_WATCHERS}
    return sentences.get(error.errno or 0, _NO_EVENTS).format(error=error.strerror, polling_s=polling_s)


def open_folder(rules: InboxRules) -> Inbox:
    """Watches with inotify; sweeps every `rules.sweep_s` seconds, or `rules.polling_s` while there are no events."""
    hints: Hints = TimedQueue()
    return FolderInbox(rules, hints, _Events(rules, hints))
