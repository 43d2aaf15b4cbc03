"""A watcher in a process of its own that kills itself at the n-th effect. Used by test_every_effect.py.

    python -m tests.crash.driver DATA_DIR [N]

Effects are counted by the interpreter's own audit hook (every rename, link, removal, folder made, file opened for writing),
and by SQLAlchemy's commit event: nothing in the product knows of it. The hook is called before an effect, so the n-th run
dies after effect n-1 and before effect n. Pages are examined in this process, one after the other, so that the effects come in
one order. Without N it runs to the end and prints how many effects there were.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import Future
from importlib import import_module
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scanpipe.desk.conveyor import Conveyor
from scanpipe.desk.watching import Watch
from scanpipe.settings import load_settings
from scanpipe.wiring import open_hot_folder, open_parts

_EFFECTS = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Countdown:
    """Dies by SIGKILL when the count of effects is reached."""

    def __init__(self, fatal: int | None) -> None:
        self.count = 0
        self._fatal = fatal

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _EFFECTS or (event == "open" and isinstance(args[2], int) and args[2] & _WRITING):
            self.step()

    def step(self, *_: Any) -> None:
        self.count += 1
        if self.count == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


class InProcess:
    """An engine without processes: the answer is there when `submit` returns."""

    workers = 1
    _lock = threading.Lock()

    def submit(self, function: str, *args: Any) -> Future[Any]:
        module, name = function.split(":")
        done: Future[Any] = Future()
        with self._lock:
            done.set_result(getattr(import_module(module), name)(*args))
        return done


def run(data_dir: Path, countdown: Countdown) -> None:
    """Works the inbox until it is empty and nothing is in flight."""
    environ = {
        "SCANPIPE__DATA_DIR": str(data_dir),
        "SCANPIPE__INBOX__POLLING": "true",
        "SCANPIPE__INBOX__POLLING_S": "0.05",
        "SCANPIPE__INBOX__QUIET_S": "0",
    }
    settings, _ = load_settings(None, environ)
    with open_parts(settings) as parts:
        conveyor = Conveyor(parts, InProcess())
        inbox = open_hot_folder(settings)
        watch = Watch(parts, conveyor, inbox, lambda _: None, lambda fault: print(fault, file=sys.stderr))
        sys.addaudithook(countdown.audit)
        sa.event.listen(sa.Engine, "commit", countdown.step)
        threading.Thread(target=_stop_when_empty, args=(settings.inbox_path, watch), daemon=True).start()
        watch.run()
        inbox.close()
        conveyor.close()


def _stop_when_empty(inbox: Path, watch: Watch) -> None:
    tick = threading.Event()
    while any(p.is_file() for p in inbox.rglob("*")):
        tick.wait(0.01)
    watch.stop()


if __name__ == "__main__":
    countdown = Countdown(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    run(Path(sys.argv[1]), countdown)
    print(countdown.count)
